"""Whatever is done to leased work, in whatever order: one live token for each, nothing undone, attempts bounded."""

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leasing import World, work, worker, world_of
from reelwright.engine.leases import Lease, Work, WorkRow, WorkState
from reelwright.engine.leases_memory import MemoryLeaseStore

IDS = [f"w{number}" for number in range(6)]
WORKERS = {one.id: one for one in (worker("anna"), worker("bert", "gpu"), worker("carl", "gpu", "big"))}
#: Seconds by which time passes or clocks jump; no sum of a few is what a heartbeat lasts.
JUMPS = [0.1, 11.0, 17.0, 31.0, 90_000.0, -13.0, -3607.0]

names = st.sampled_from(sorted(WORKERS))
kinds = st.sampled_from([("film",), ("film", "chunk")])
works = st.builds(
    work,
    st.sampled_from(IDS),
    owner=st.sampled_from(["", "films", "series"]),
    kind=st.sampled_from(["film", "chunk"]),
    needs=st.sampled_from([frozenset(), frozenset({"gpu"}), frozenset({"gpu", "big"})]),
    priority=st.sampled_from([0.0, 1.0, 2.5]),
    attempts_allowed=st.integers(1, 3),
)


class Leases(RuleBasedStateMachine):
    """A store is told what workers, people and clocks do; it must never break a promise, and agree with its twin."""

    kind: ClassVar[str]

    @initialize()
    def begin(self) -> None:
        self.open = ExitStack()
        self.world = self.open.enter_context(world_of(self.kind))
        self.twin = World(MemoryLeaseStore())
        self.twin.start, self.twin.ticks = self.world.start, self.world.ticks
        #: Every lease that was ever given, and which of them committed.
        self.leases: list[Lease] = []
        self.committed: dict[str, Lease] = {}
        self.believes: dict[str, set[str]] = {name: set() for name in WORKERS}

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()

    def both(self, call: Callable[[World], Any]) -> Any:
        """Done to both; they answer alike."""
        answer = call(self.world)
        assert self.alike(answer) == self.alike(call(self.twin))
        return answer

    def alike(self, answer: Any) -> Any:
        """An answer without what only one clock says."""
        if isinstance(answer, list):
            return [self.alike(item) for item in answer]
        if isinstance(answer, WorkRow) and self.world.has_own_clock and answer.not_before is not None:
            return replace(answer, not_before=self.world.start)
        return answer

    def commit(self, at: int, call: Callable[[World, Lease], bool]) -> bool:
        """A commit by some lease that was once given; where it is stale it changes nothing."""
        lease = self.leases[at % len(self.leases)]
        before = self.world.store.work(lease.work.id)
        assert before is not None
        valid = (before.state, before.token) == (WorkState.LEASED, lease.token)
        accepted = bool(self.both(lambda world: call(world, lease)))
        if not valid:
            assert self.world.store.work(lease.work.id) == before
            again = before.state is WorkState.DONE and self.committed.get(lease.work.id) == lease
            assert again or not accepted
        assert accepted or not valid
        return accepted and valid

    @rule(some=st.lists(works, max_size=4))
    def add(self, some: list[Work]) -> None:
        self.both(lambda world: world.store.add_work(some))

    @rule(name=names, limit=st.integers(1, 3), kinds=kinds, answer=st.sampled_from(["heard", "lost"]))
    def claim(self, name: str, limit: int, kinds: tuple[str, ...], answer: str) -> None:
        given = self.both(lambda world: world.claim(WORKERS[name], limit, kinds))
        for lease in given:
            assert not any(lease.token <= old.token for old in self.leases if old.work.id == lease.work.id)
            assert lease.work.needs <= WORKERS[name].labels
            assert lease.attempt <= lease.work.attempts_allowed
        self.leases += given
        if answer == "heard":  # else it is lost with its connection
            self.believes[name] |= {lease.work.id for lease in given}

    @rule(name=names)
    def beat(self, name: str) -> None:
        told = self.both(lambda world: world.beat(WORKERS[name], *self.believes[name]))
        held = {row.work.id for row in self.world.store.works({WorkState.LEASED}) if row.worker == name}
        assert self.believes[name] - held == told.lost
        self.believes[name] &= held

    @rule(seconds=st.sampled_from(JUMPS))
    def wait(self, seconds: float) -> None:
        for world in (self.world, self.twin):
            world.wait(dt.timedelta(seconds=seconds))

    @rule()
    def reap(self) -> None:
        for row in self.both(lambda world: world.store.reap(world.now)):
            assert row.state is not WorkState.LEASED

    @rule(name=names, how=st.sampled_from(["politely", "killed"]))
    def end(self, name: str, how: str) -> None:
        self.believes[name] = set()
        if how == "politely":
            self.both(lambda world: world.store.goodbye(WORKERS[name]))

    @precondition(lambda self: self.leases)
    @rule(at=st.integers(0, 99), result=st.sampled_from([{}, {"bytes": 5}]))
    def finish(self, at: int, result: dict[str, int]) -> None:
        if self.commit(at, lambda world, lease: world.store.finish(lease, result)):
            lease = self.leases[at % len(self.leases)]
            self.committed[lease.work.id] = lease

    @precondition(lambda self: self.leases)
    @rule(at=st.integers(0, 99), wait=st.none() | st.sampled_from([-1.0, 60.0]))
    def fail(self, at: int, wait: float | None) -> None:
        def call(world: World, lease: Lease) -> bool:
            again = None if wait is None else world.now + dt.timedelta(seconds=wait)
            return world.store.fail(lease, cause="crash", message="It crashed.", retry_at=again, payload={"slots": 1})

        self.commit(at, call)

    @precondition(lambda self: self.leases)
    @rule(at=st.integers(0, 99))
    def release(self, at: int) -> None:
        self.commit(at, lambda world, lease: world.store.release(lease))

    @precondition(lambda self: self.leases)
    @rule(at=st.integers(0, 99))
    def confirm(self, at: int) -> None:
        self.commit(at, lambda world, lease: world.store.confirm_cancelled(lease))

    @rule(ids=st.lists(st.sampled_from(IDS), max_size=3))
    def cancel(self, ids: list[str]) -> None:
        self.both(lambda world: world.store.ask_cancel(ids))

    @rule(ids=st.lists(st.sampled_from(IDS), max_size=3))
    def reopen(self, ids: list[str]) -> None:
        self.both(lambda world: world.store.reopen(ids))
        for name in ids:
            self.committed.pop(name, None)

    @rule(owner=st.sampled_from(["", "films"]), how=st.sampled_from(["held back", "let go"]))
    def pause(self, owner: str, how: str) -> None:
        self.both(lambda world: world.store.pause(owner, paused=how == "held back"))
        self.both(lambda world: world.store.paused())

    @rule()
    def look(self) -> None:
        self.both(lambda world: world.store.count_work())
        self.both(lambda world: [(one, alive) for one, _, alive in world.store.workers(world.now)])

    @rule()
    def open_the_ledger_again(self) -> None:
        if not isinstance(self.world.store, MemoryLeaseStore):
            self.world.store.close()  # type: ignore[attr-defined]

    @invariant()
    def promises_are_kept(self) -> None:
        if not hasattr(self, "world"):
            return
        rows = {row.work.id: row for row in self.both(lambda world: world.store.works())}
        for name, row in rows.items():
            given = [lease for lease in self.leases if lease.work.id == name]
            assert row.token == len(given)  # one token for each lease, and no other way to get one
            assert 0 <= row.attempts <= row.work.attempts_allowed
            if row.state is WorkState.LEASED:
                assert (given[-1].token, given[-1].worker) == (row.token, row.worker)
        for name, lease in self.committed.items():
            assert (rows[name].state, rows[name].token) == (WorkState.DONE, lease.token)


def walk(kind: str, examples: int, steps: int) -> None:
    """Many walks on a store."""
    run_state_machine_as_test(
        type("LeasesOn" + kind.title(), (Leases,), {"kind": kind}),
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None),
    )


@pytest.mark.parametrize(("kind", "examples"), [("memory", 20), ("sqlite", 6), ("postgresql", 3)])
def test_no_walk_breaks_a_promise(kind: str, examples: int) -> None:
    walk(kind, examples, 25)


@pytest.mark.prove
@pytest.mark.parametrize(("kind", "examples"), [("memory", 2000), ("sqlite", 2000), ("postgresql", 300)])
def test_no_long_walk_breaks_a_promise(kind: str, examples: int) -> None:
    walk(kind, examples, 30)
