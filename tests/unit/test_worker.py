"""A worker of leased work: what it does with what it claims, with cancels, lost leases, defects and its own end."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reelwright.engine.leases import UNDER_WAY, Lease, Work, Worker, WorkState, told_of
from reelwright.engine.leases_memory import MemoryLeaseStore
from reelwright.engine.offload import Offload
from reelwright.engine.worker import Done, Ending, Failed, GivenBack, Held, Manners, Tools, Why, WorkLoop
from reelwright.errors import ResourceError

ME = Worker(id="me", host="here", pid=1, slots=2)
QUICK = Manners(beat=0.02, lasts=5.0, poll=0.02, grace=0.05)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def film(name: str, **options: Any) -> Work:
    return Work(id=name, kind="film", **options)


async def no_labels() -> frozenset[str]:
    return frozenset()


class Bench:
    """A worker over a store in memory; each piece of work is carried out by the function given."""

    def __init__(
        self, carry_out: Callable[[Held], Awaitable[Ending]], *works: Work, store: MemoryLeaseStore | None = None
    ) -> None:
        self.store = store or MemoryLeaseStore()
        self.store.add_work(works)
        self.carry_out = carry_out

    async def run(
        self, beside: Callable[["Bench", WorkLoop], Awaitable[None]] | None = None, *, manners: Manners = QUICK
    ) -> None:
        """Work until nothing is ready or leased."""
        with Offload() as offload, Offload() as pulse:
            tools = Tools(store=self.store, offload=offload, pulse=pulse, now=now, manners=manners)
            loop = WorkLoop(ME, tools, {"film": self.carry_out}, no_labels)
            helping = asyncio.ensure_future(beside(self, loop)) if beside is not None else None
            await asyncio.wait_for(loop.run(self.finished), 60)
            if helping is not None:
                await helping

    async def finished(self) -> bool:
        return not self.store.works({WorkState.READY, WorkState.LEASED})

    def state(self, name: str) -> WorkState:
        found = self.store.work(name)
        assert found is not None
        return found.state


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - whoever changes it does not know that somebody waits
            await asyncio.sleep(0.005)


def test_everything_is_carried_out_once_and_no_more_at_once_than_there_are_slots() -> None:
    met: list[str] = []
    most = [0, 0]

    async def carry_out(held: Held) -> Ending:
        met.append(held.lease.work.id)
        most[0] += 1
        most[1] = max(most)
        await asyncio.sleep(0.005)
        most[0] -= 1
        return Done(result={"of": held.lease.work.id})

    bench = Bench(carry_out, *(film(f"f{n}") for n in range(20)))
    asyncio.run(bench.run())
    assert sorted(met) == sorted(f"f{n}" for n in range(20))
    assert most[1] == 2
    found = bench.store.work("f3")
    assert found is not None
    assert (found.state, found.result) == (WorkState.DONE, {"of": "f3"})
    assert bench.store.workers(now()) == []  # it said goodbye


def test_failures_are_tried_again_with_what_they_taught_and_defects_stop_nothing() -> None:
    async def carry_out(held: Held) -> Ending:
        if held.lease.work.id == "defect":
            raise ZeroDivisionError
        if held.lease.work.payload.get("remedy"):
            return Done(result={})
        return Failed(cause="memory", message="Too little.", retry_at=now(), payload={"remedy": True})

    bench = Bench(carry_out, film("defect", priority=9), film("a"))
    asyncio.run(bench.run())
    assert bench.state("a") is WorkState.DONE
    found = bench.store.work("defect")
    assert found is not None
    assert (found.state, found.result["cause"]) == (WorkState.FAILED, "defect")


def test_a_cancel_ends_the_work_and_only_that() -> None:
    ended: list[Why | None] = []

    async def carry_out(held: Held) -> Ending:
        if held.lease.work.id == "b":
            return Done(result={})
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(held.why)
        return Done(result={})

    async def beside(bench: Bench, _: WorkLoop) -> None:
        await until(lambda: bench.state("a") is WorkState.LEASED)
        bench.store.ask_cancel(["a"])

    bench = Bench(carry_out, film("a"), film("b"))
    asyncio.run(bench.run(beside))
    assert ended == [Why.CANCELLED]
    assert (bench.state("a"), bench.state("b")) == (WorkState.CANCELLED, WorkState.DONE)


def test_a_lost_lease_ends_the_work_and_commits_nothing() -> None:
    ended: list[Why | None] = []
    taken: list[Lease] = []
    other = Worker(id="other", host="there", pid=2)

    async def carry_out(held: Held) -> Ending:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(held.why)
        return Done(result={"by": "me"})

    async def beside(bench: Bench, loop: WorkLoop) -> None:
        await until(lambda: bench.state("a") is WorkState.LEASED)
        loop.stop()  # it claims nothing more, and waits for what runs
        later = now() + dt.timedelta(hours=1)
        bench.store.reap(later)
        bench.store.beat(other, frozenset(), later, lasts=dt.timedelta(hours=2))
        taken.extend(bench.store.claim(other, {"film"}, later))

    bench = Bench(carry_out, film("a"))
    asyncio.run(bench.run(beside, manners=Manners(beat=0.02, lasts=5.0, poll=0.02, grace=30)))
    assert ended == [Why.LOST]
    assert bench.store.finish(taken[0], {"by": "other"})


def test_told_to_end_it_lets_short_work_end_and_gives_long_work_back_uncounted() -> None:
    async def carry_out(held: Held) -> Ending:
        await asyncio.sleep(0.1 if held.lease.work.id == "short" else 60)
        return Done(result={})

    async def beside(bench: Bench, loop: WorkLoop) -> None:
        await until(lambda: {bench.state("short"), bench.state("long")} == {WorkState.LEASED})
        loop.stop()

    bench = Bench(carry_out, film("short"), film("long"), film("never begun"))
    asyncio.run(bench.run(beside, manners=Manners(beat=0.02, lasts=5.0, poll=0.02, grace=0.5)))
    assert bench.state("short") is WorkState.DONE
    for name in ("long", "never begun"):
        found = bench.store.work(name)
        assert found is not None
        assert (found.state, found.attempts) == (WorkState.READY, 0)


def test_work_that_is_past_the_point_of_no_return_is_committed_although_it_was_to_end() -> None:
    async def carry_out(held: Held) -> Ending:
        while held.why is None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue
        return Done(result={"placed": True})

    async def beside(bench: Bench, loop: WorkLoop) -> None:
        await until(lambda: bench.state("a") is WorkState.LEASED)
        loop.stop()

    bench = Bench(carry_out, film("a"))
    asyncio.run(bench.run(beside))
    assert bench.state("a") is WorkState.DONE


def test_work_that_could_not_be_begun_is_given_back_uncounted() -> None:
    goes: list[int] = []

    async def carry_out(held: Held) -> Ending:
        goes.append(held.lease.attempt)
        return GivenBack() if len(goes) < 3 else Done(result={})

    asyncio.run(Bench(carry_out, film("a")).run())
    assert goes == [1, 1, 1]


def test_paused_work_waits_and_labels_decide_what_is_claimed() -> None:
    met: list[str] = []

    async def carry_out(held: Held) -> Ending:
        met.append(held.lease.work.id)
        return Done(result={})

    async def beside(bench: Bench, loop: WorkLoop) -> None:
        await until(lambda: "free" in met)
        await asyncio.sleep(0.1)
        assert met == ["free"]
        bench.store.pause("held", paused=False)
        await until(lambda: "paused" in met)
        loop.stop()

    bench = Bench(
        carry_out, film("paused", owner="held"), film("away", needs=frozenset({"library:away"})), film("free")
    )
    bench.store.pause("held", paused=True)
    asyncio.run(bench.run(beside))
    assert bench.state("away") is WorkState.READY


class Locked(MemoryLeaseStore):
    """Its first two claims and beats meet a locked ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles = {"claim": 2, "beat": 2}

    def _trouble(self, what: str) -> None:
        if self.troubles[what]:
            self.troubles[what] -= 1
            raise ResourceError("The ledger is locked.")

    def claim(self, *args: Any, **options: Any) -> list[Lease]:
        self._trouble("claim")
        return super().claim(*args, **options)

    def beat(self, *args: Any, **options: Any) -> Any:
        if options.get("lasts") and self.workers(now()):
            self._trouble("beat")
        return super().beat(*args, **options)


def test_a_ledger_that_is_locked_for_a_while_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    store = Locked()

    async def carry_out(_: Held) -> Ending:
        await until(lambda: not store.troubles["beat"])
        return Done(result={})

    bench = Bench(carry_out, film("a"), store=store)
    asyncio.run(bench.run())
    assert bench.state("a") is WorkState.DONE
    assert "The heartbeat could not be noted" in caplog.text
    assert "No work could be claimed" in caplog.text


def test_work_that_a_message_names_is_carried_out_once_however_often_it_is_named() -> None:
    met: list[str] = []
    answers: list[bool] = []

    async def carry_out(held: Held) -> Ending:
        met.append(held.lease.work.id)
        await asyncio.sleep(0.01)
        return Done(result={})

    async def beside(bench: Bench, loop: WorkLoop) -> None:
        await until(lambda: bool(bench.store.workers(now())))
        answers.extend(await asyncio.gather(*(loop.offered("b") for _ in range(5))))
        answers.append(await loop.offered("b"))
        answers.append(await loop.offered("unknown"))

    bench = Bench(carry_out, film("a"), film("b"), film("c"))
    asyncio.run(bench.run(beside))
    assert sorted(met) == ["a", "b", "c"]
    assert answers[5:] == [False, False]
    assert bench.state("b") is WorkState.DONE


def test_heartbeats_tell_how_far_work_is_and_forget_it_when_it_ended() -> None:
    heard: list[dict[str, tuple[str, int]]] = []

    def told() -> dict[str, tuple[str, int]]:
        return told_of(worker for worker, _, _ in bench.store.workers(now()))

    async def carry_out(held: Held) -> Ending:
        if held.lease.work.id == "b":
            await until(lambda: not told())  # what "a" told went with it
            return Done(result={})
        for far in (("encode", 12), ("encode", 24), ("score", 3)):
            held.tell(*far)
            await until(lambda far=far: told() == {"a": far})  # type: ignore[misc]
            heard.append(told())
        bench.store.add_work([film("b")])
        return Done(result={})

    bench = Bench(carry_out, film("a"))
    asyncio.run(bench.run())
    assert [one["a"] for one in heard] == [("encode", 12), ("encode", 24), ("score", 3)]


@pytest.mark.parametrize(
    "wrong", [None, 3, ["a"], {"a": None}, {"a": ["encode"]}, {"a": ["encode", -1]}, {"a": [1, 2]}]
)
def test_what_another_version_says_of_its_work_is_passed_over(wrong: object) -> None:
    odd = Worker(id="odd", host="h", pid=2, about={UNDER_WAY: wrong})
    even = Worker(id="even", host="h", pid=3, about={UNDER_WAY: {"w": ["score", 5]}})
    assert told_of([odd, even]) == {"w": ("score", 5)}
