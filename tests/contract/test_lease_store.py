"""One suite for every store of leased work: each sentence of the port."""

import datetime as dt
import math
from collections.abc import Iterator

import pytest

from leasing import FILM, LASTS, SECOND, World, work, worker, world_of
from reelwright.engine.leases import LOST, Beat, Lease, LeaseStore, WorkRow, WorkState

ANNA, BERT = worker("anna"), worker("bert")
DAY = dt.timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with world_of(request.param) as found:
        yield found


@pytest.fixture
def store(world: World) -> LeaseStore:
    """Two workers are heard of."""
    world.beat(ANNA)
    world.beat(BERT)
    return world.store


def names(leases: list[Lease]) -> list[str]:
    return [lease.work.id for lease in leases]


def row(store: LeaseStore, name: str = "w1") -> WorkRow:
    found = store.work(name)
    assert found is not None
    return found


def state(store: LeaseStore, name: str = "w1") -> WorkState:
    return row(store, name).state


def one_lease(world: World, **changes: object) -> Lease:
    world.store.add_work([work(**changes)])
    (lease,) = world.claim(ANNA)
    return lease


class TestAdding:
    def test_work_comes_back_as_it_was_added(self, store: LeaseStore) -> None:
        one = work(owner="films", payload={"path": "/f/\udcff.mkv", "n": [1, None]}, needs=frozenset({"gpu", "big"}),
                   priority=2.5, attempts_allowed=5)  # fmt: skip
        assert store.add_work([one]) == 1
        assert store.work("w1") == WorkRow(work=one, state=WorkState.READY, attempts=0, token=0)
        assert store.works() == [store.work("w1")]

    def test_adding_it_again_changes_nothing(self, world: World, store: LeaseStore) -> None:
        assert store.add_work([work(), work("w2"), work(priority=9)]) == 2
        (lease,) = world.claim(ANNA)
        assert store.add_work([work(priority=3), work("w3")]) == 1
        assert store.finish(lease, {"bytes": 1})
        assert store.add_work([work()]) == 0
        assert state(store) is WorkState.DONE
        assert store.count_work() == {("", WorkState.DONE): 1, ("", WorkState.READY): 2}

    def test_thousands_are_added_in_their_order(self, world: World, store: LeaseStore) -> None:
        many = [work(f"w{number}") for number in range(1100)]
        assert store.add_work(many[5:]) == 1095
        assert store.add_work(many) == 5
        assert [one.work for one in store.works(limit=2000)] == [*many[5:], *many[:5]]
        assert names(world.claim(ANNA, limit=3)) == ["w5", "w6", "w7"]

    def test_unknown_work_is_none(self, store: LeaseStore) -> None:
        assert store.work("nobody") is None
        assert store.works() == []
        assert store.count_work() == {}
        assert store.add_work([]) == 0

    def test_work_without_an_order_or_an_attempt_is_a_defect(self) -> None:
        for wrong in ({"priority": math.nan}, {"attempts_allowed": 0}):
            with pytest.raises(ValueError, match="w1"):
                work(**wrong)


class TestClaiming:
    def test_who_was_never_heard_of_or_not_for_too_long_is_given_nothing(self, world: World) -> None:
        world.store.add_work([work()])
        assert world.claim(ANNA) == []
        world.beat(ANNA)
        world.wait(LASTS)
        assert world.claim(ANNA) == []
        world.beat(ANNA)
        world.wait(LASTS - 5 * SECOND)
        assert world.claim(ANNA) == [Lease(work=work(), token=1, attempt=1, worker="anna")]

    def test_leased_work_is_marked_and_nobody_elses(self, world: World, store: LeaseStore) -> None:
        one_lease(world)
        expected = WorkRow(work=work(), state=WorkState.LEASED, attempts=1, token=1, worker="anna")
        assert store.work("w1") == expected
        assert world.claim(BERT) == world.claim(ANNA) == []

    def test_priority_comes_before_age(self, world: World, store: LeaseStore) -> None:
        store.add_work([work("a"), work("b", priority=1), work("c", priority=1), work("d", priority=-math.inf)])
        assert names(world.claim(ANNA, limit=3)) == ["b", "c", "a"]
        assert names(world.claim(BERT, limit=3)) == ["d"]
        assert world.claim(ANNA) == []

    def test_owners_share(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(f"a{n}", owner="a", priority=9) for n in range(4)])
        store.add_work([work(f"b{n}", owner="b") for n in range(4)])
        assert names(world.claim(ANNA, limit=5)) == ["a0", "b0", "a1", "b1", "a2"]
        assert names(world.claim(BERT, limit=9)) == ["b2", "a3", "b3"]

    def test_an_owner_whose_work_is_done_holds_no_share(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(f"a{n}", owner="a", priority=9) for n in range(4)])
        store.add_work([work("b", owner="b")])
        for number in range(4):
            (lease,) = world.claim(ANNA)
            assert (lease.work.id, store.finish(lease, {})) == (f"a{number}", True)

    def test_only_kinds_that_were_asked_for(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(kind="chunk", priority=9), work("w2")])
        assert names(world.claim(ANNA, limit=9)) == ["w2"]
        assert world.claim(ANNA, kinds=()) == []
        assert names(world.claim(ANNA, kinds=("chunk", "film"))) == ["w1"]

    def test_only_what_the_workers_labels_allow(self, world: World, store: LeaseStore) -> None:
        store.add_work([work("a", needs=frozenset({"gpu"})), work("b", needs=frozenset({"gpu", "big"})), work("c")])
        gpu, both = worker("gpu", "gpu", "fast"), worker("both", "gpu", "big")
        world.beat(gpu)
        world.beat(both)
        assert names(world.claim(ANNA, limit=9)) == ["c"]
        assert names(world.claim(gpu, limit=9)) == ["a"]
        assert names(world.claim(both, limit=9)) == ["b"]

    def test_rows_that_a_message_named_and_no_others(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(f"w{k}", kind="film" if k < 4 else "trial") for k in range(5)])
        store.add_work([work("gpu", needs=frozenset({"gpu"}))])

        def named(*ids: str, limit: int = 9) -> list[str]:
            return names(store.claim(ANNA, FILM, world.now, limit=limit, only=ids))

        assert named("w2", "w4", "gpu", "unknown") == ["w2"]
        assert named("w2") == []
        assert named() == []
        store.pause("", paused=True)
        assert named("w1") == []
        store.pause("", paused=False)
        assert named("w3", "w0", limit=1) in (["w0"], ["w3"])
        stranger = worker("nobody")
        assert store.claim(stranger, FILM, world.now, only=["w1"]) == []

    def test_what_is_paused_is_held_back(self, world: World, store: LeaseStore) -> None:
        store.add_work([work("a", owner="a"), work("b", owner="b"), work("c")])
        assert store.paused() == frozenset()
        for _ in range(2):
            store.pause("a", paused=True)
        assert store.paused() == {"a"}
        assert names(world.claim(ANNA, limit=1)) == ["b"]
        store.pause("", paused=True)
        assert store.paused() == {"", "a"}
        assert world.claim(ANNA) == []
        for _ in range(2):
            store.pause("", paused=False)
            store.pause("a", paused=False)
        assert names(world.claim(ANNA, limit=9)) == ["a", "c"]
        assert store.paused() == frozenset()

    def test_a_pause_lets_leased_work_go_on(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world, owner="a")
        store.pause("a", paused=True)
        assert world.beat(ANNA, "w1") == Beat()
        assert store.finish(lease, {})


class TestEnding:
    def test_done_work_stays_done(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        assert store.finish(lease, {"bytes": 5, "path": "\udcff"})
        assert row(store).result == {"bytes": 5, "path": "\udcff"}
        assert not store.fail(lease, cause="x", message="y", retry_at=None)
        assert not store.release(lease)
        assert not store.confirm_cancelled(lease)
        assert store.ask_cancel(["w1"]) == 0
        assert world.claim(BERT) == []
        assert row(store).state is WorkState.DONE

    def test_a_commit_whose_answer_was_lost_may_be_repeated(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        assert [store.finish(lease, {"try": n}) for n in range(2)] == [True, True]
        assert row(store).result == {"try": 0}

    def test_a_failed_attempt_is_tried_again_from_then_on(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world, payload={"path": "/a", "slots": 4})
        later = world.now + 60 * SECOND
        assert store.fail(lease, cause="memory", message="No memory.", retry_at=later, payload={"slots": 1})
        told = row(store)
        assert (told.state, told.not_before) == (WorkState.READY, later)
        assert told.result == {"cause": "memory", "message": "No memory."}
        world.beat(ANNA)
        assert world.claim(ANNA) == []
        world.wait(61 * SECOND)
        world.beat(ANNA)
        (again,) = world.claim(ANNA)
        assert (again.token, again.attempt, again.work.payload) == (2, 2, {"path": "/a", "slots": 1})
        assert row(store).not_before is None

    def test_attempts_are_bounded(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(attempts_allowed=2)])
        for attempt in (1, 2):
            (lease,) = world.claim(ANNA)
            assert lease.attempt == attempt
            assert store.fail(lease, cause="crash", message=f"Crash {attempt}.", retry_at=world.now - SECOND)
        assert (row(store).state, row(store).result["message"]) == (WorkState.FAILED, "Crash 2.")
        assert world.claim(ANNA) == []

    def test_what_makes_no_sense_to_repeat_failed(self, world: World, store: LeaseStore) -> None:
        assert store.fail(one_lease(world), cause="source", message="Damaged.", retry_at=None)
        assert (row(store).state, row(store).not_before) == (WorkState.FAILED, None)

    def test_work_given_back_counts_no_attempt(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        assert store.release(lease)
        assert (row(store).state, row(store).attempts) == (WorkState.READY, 0)
        (again,) = world.claim(BERT)
        assert (again.token, again.attempt) == (2, 1)

    def test_a_stale_token_changes_nothing(self, world: World, store: LeaseStore) -> None:
        stale = one_lease(world)
        store.release(stale)
        (fresh,) = world.claim(BERT)
        before = store.work("w1")
        assert not store.finish(stale, {"wrong": True})
        assert not store.fail(stale, cause="x", message="y", retry_at=None, payload={"wrong": True})
        assert not store.release(stale)
        assert not store.confirm_cancelled(stale)
        assert store.work("w1") == before
        assert store.finish(fresh, {})

    def test_a_lease_of_nothing_is_stale(self, store: LeaseStore) -> None:
        nothing = Lease(work=work("nobody"), token=0, attempt=0, worker="anna")
        store.add_work([work()])
        for lease in (nothing, Lease(work=work(), token=0, attempt=0, worker="anna")):
            assert not store.finish(lease, {})
            assert not store.release(lease)
            assert not store.confirm_cancelled(lease)
            assert not store.fail(lease, cause="x", message="y", retry_at=None)

    @pytest.mark.parametrize("how", ["done", "failed", "cancelled"])
    def test_ended_work_is_opened_again_with_its_attempts_counted_anew(
        self, world: World, store: LeaseStore, how: str
    ) -> None:
        lease = one_lease(world, attempts_allowed=1)
        if how == "done":
            assert store.finish(lease, {})
        elif how == "failed":
            assert store.fail(lease, cause="x", message="y", retry_at=None)
        else:
            assert store.ask_cancel(["w1"]) == 1
            assert store.confirm_cancelled(lease)
        assert state(store).value == how
        assert store.reopen(["w1", "w1", "nobody"]) == 1
        fresh = WorkRow(work=lease.work, state=WorkState.READY, attempts=0, token=1, worker="anna")
        assert store.work("w1") == fresh
        assert not store.finish(lease, {})
        (again,) = world.claim(ANNA)
        assert (again.token, again.attempt) == (2, 1)

    def test_what_has_not_ended_is_not_opened_again(self, world: World, store: LeaseStore) -> None:
        one_lease(world)
        store.add_work([work("w2")])
        assert store.reopen(["w1", "w2"]) == 0
        assert row(store).attempts == 1


class TestCancelling:
    def test_ready_work_is_cancelled_at_once(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(), work("w2")])
        assert store.ask_cancel(["w1", "w1", "nobody"]) == 1
        assert store.ask_cancel(["w1"]) == 0
        assert state(store) is WorkState.CANCELLED
        assert names(world.claim(ANNA, limit=9)) == ["w2"]

    def test_leased_work_is_asked_to_end_and_its_heart_beat_tells(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        assert store.ask_cancel(["w1"]) == 1
        assert store.ask_cancel(["w1"]) == 0
        assert row(store).cancel_asked
        assert world.beat(BERT) == Beat()
        assert world.beat(ANNA, "w1") == Beat(cancelled=frozenset({"w1"}))
        assert store.confirm_cancelled(lease)
        assert state(store) is WorkState.CANCELLED
        assert world.beat(ANNA) == Beat()

    def test_what_was_done_meanwhile_is_done(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        store.ask_cancel(["w1"])
        assert store.finish(lease, {})
        assert state(store) is WorkState.DONE

    def test_what_fails_or_is_given_back_after_that_is_cancelled(self, world: World, store: LeaseStore) -> None:
        store.add_work([work(f"w{number}") for number in range(3)])
        leases = world.claim(ANNA, limit=3)
        store.ask_cancel(names(leases))
        assert store.fail(leases[0], cause="x", message="y", retry_at=world.now)
        assert store.release(leases[1])
        world.wait(LASTS + SECOND)
        assert [one.work.id for one in store.reap(world.now)] == ["w2"]
        assert {one.state for one in store.works()} == {WorkState.CANCELLED}


class TestHeartbeats:
    def test_a_heart_that_beats_keeps_its_leases(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        for _ in range(4):
            world.wait(LASTS / 2)
            assert world.beat(ANNA, "w1") == Beat()
            assert store.reap(world.now) == []
        assert store.finish(lease, {})

    def test_what_a_silent_worker_held_is_taken_back(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        store.add_work([work("w2")])
        world.wait(LASTS - 5 * SECOND)
        assert store.reap(world.now) == []
        world.beat(BERT)
        world.wait(5 * SECOND)
        (changed,) = store.reap(world.now)
        assert changed == store.work("w1")
        assert (changed.state, changed.attempts, changed.result["cause"]) == (WorkState.READY, 1, LOST)
        assert store.reap(world.now) == []
        assert not store.finish(lease, {})
        assert [(one.work.id, one.token, one.attempt) for one in world.claim(BERT, limit=9)] == [
            ("w1", 2, 2),
            ("w2", 1, 1),
        ]

    def test_who_wakes_up_is_told_what_it_lost_before_it_is_given_anything(
        self, world: World, store: LeaseStore
    ) -> None:
        one_lease(world)
        world.wait(LASTS)
        store.reap(world.now)
        world.wait(-LASTS)  # and the clock is put back, so that its heartbeat looks young
        assert world.claim(ANNA) == []
        assert world.beat(ANNA, "w1") == Beat(lost=frozenset({"w1"}))
        (again,) = world.claim(ANNA)
        assert (again.token, again.attempt) == (2, 2)
        assert world.beat(ANNA, "w1") == Beat()

    def test_a_worker_that_wakes_up_before_anybody_noticed_goes_on(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        world.wait(10 * LASTS)
        assert world.beat(ANNA, "w1") == Beat()
        assert store.reap(world.now) == []
        assert store.finish(lease, {})

    def test_what_was_lost_too_often_failed(self, world: World, store: LeaseStore) -> None:
        one_lease(world, attempts_allowed=1)
        world.wait(LASTS)
        (changed,) = store.reap(world.now)
        assert (changed.state, changed.result["cause"]) == (WorkState.FAILED, LOST)

    def test_a_lease_its_worker_never_heard_of_goes_back(self, world: World, store: LeaseStore) -> None:
        one_lease(world)
        assert world.beat(ANNA) == Beat()
        assert state(store) is WorkState.LEASED  # the claim's answer may be on its way
        world.wait(LASTS + SECOND)
        assert world.beat(ANNA) == Beat()
        assert (state(store), row(store).attempts) == (WorkState.READY, 0)

    def test_what_nobody_leased_is_lost(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        store.finish(lease, {})
        assert world.beat(ANNA, "w1", "nobody") == Beat(lost=frozenset({"w1", "nobody"}))

    def test_a_worker_that_ends_gives_back_what_it_held(self, world: World, store: LeaseStore) -> None:
        lease = one_lease(world)
        store.goodbye(ANNA)
        store.goodbye(ANNA)
        assert (state(store), row(store).attempts) == (WorkState.READY, 0)
        assert not store.finish(lease, {})
        assert world.claim(ANNA) == []
        assert names(world.claim(BERT)) == ["w1"]

    def test_workers_are_known_by_what_they_said_last(self, world: World, store: LeaseStore) -> None:
        told = worker("anna", "gpu", slots=3, about={"ffmpeg": "n9", "warnings": ["\udcff"]})
        world.beat(told)
        found = store.workers(world.now)
        assert [(one, alive) for one, _, alive in found] == [(told, True), (BERT, True)]
        assert abs(found[0][1] - world.now) < 60 * SECOND
        world.wait(LASTS)
        world.beat(BERT)
        assert [(one.id, alive) for one, _, alive in store.workers(world.now)] == [("anna", False), ("bert", True)]
        store.goodbye(BERT)
        assert [one.id for one, _, _ in store.workers(world.now)] == ["anna"]

    def test_a_worker_nobody_heard_of_for_long_is_forgotten(self, world: World, store: LeaseStore) -> None:
        one_lease(world)
        world.wait(2 * DAY)
        world.beat(BERT)
        assert len(store.reap(world.now)) == 1
        assert [one.id for one, _, _ in store.workers(world.now)] == ["anna", "bert"]
        store.reap(world.now)
        assert [one.id for one, _, _ in store.workers(world.now)] == ["bert"]

    def test_a_clock_that_was_put_back_keeps_nobody_alive_for_ever(self, world: World, store: LeaseStore) -> None:
        one_lease(world)
        world.wait(-DAY)
        assert store.reap(world.now) == []
        world.wait(LASTS)
        assert [one.work.id for one in store.reap(world.now)] == ["w1"]


def test_a_wrong_clock_of_a_callers_counts_for_nothing_where_the_server_has_one() -> None:
    with world_of("postgresql") as world:
        store = world.store
        world.beat(ANNA)
        store.add_work([work()])
        for wrong in (-DAY, DAY):
            assert store.reap(world.now + wrong) == []
            assert all(alive for *_, alive in store.workers(world.now + wrong))
            (lease,) = store.claim(ANNA, FILM, world.now + wrong)
            store.beat(ANNA, ["w1"], world.now + wrong, lasts=LASTS)
            assert store.reap(world.now - wrong) == []
            assert store.release(lease)


class TestListing:
    @pytest.fixture
    def filled(self, world: World, store: LeaseStore) -> LeaseStore:
        """In the order they were added: a leased, b done, c and f ready, d failed, e cancelled."""
        store.add_work([work(name, owner=name if name < "c" else "", kind="chunk" if name == "f" else "film",
                             priority=-1 if name == "c" else 0) for name in "abcdef"])  # fmt: skip
        leases = {lease.work.id: lease for lease in world.claim(ANNA, limit=5)}
        store.release(leases["c"])
        store.finish(leases["b"], {})
        store.fail(leases["d"], cause="x", message="y", retry_at=None)
        store.ask_cancel(["e"])
        store.confirm_cancelled(leases["e"])
        return store

    def test_leased_then_ready_then_the_ended_newest_first(self, filled: LeaseStore) -> None:
        assert [one.work.id for one in filled.works()] == ["a", "f", "c", "e", "d", "b"]
        for limit in range(7):
            assert [one.work.id for one in filled.works(limit=limit)] == ["a", "f", "c", "e", "d", "b"][:limit]

    def test_by_state_and_by_kind(self, filled: LeaseStore) -> None:
        ended = {WorkState.DONE, WorkState.FAILED}
        assert [one.work.id for one in filled.works(ended)] == ["d", "b"]
        assert [one.work.id for one in filled.works({WorkState.READY}, kinds=["film"])] == ["c"]
        assert [one.work.id for one in filled.works(kinds=["chunk"])] == ["f"]
        assert filled.works(()) == filled.works(kinds=()) == []

    def test_some_are_found_by_their_ids(self, filled: LeaseStore) -> None:
        every = {row.work.id: row for row in filled.works()}
        some = sorted(every)[:2]
        found = {row.work.id: row for row in filled.rows([*some, "unknown"])}
        assert found == {name: every[name] for name in some}
        assert filled.rows([]) == []

    def test_those_of_a_kind_are_counted(self, filled: LeaseStore) -> None:
        kinds = {row.work.kind for row in filled.works()}
        for kind in kinds:
            assert sum(filled.count_work([kind]).values()) == len(filled.works(kinds=[kind]))
        assert filled.count_work(["nothing"]) == {}

    def test_all_of_them_are_counted(self, filled: LeaseStore) -> None:
        assert filled.count_work() == {
            ("a", WorkState.LEASED): 1, ("b", WorkState.DONE): 1, ("", WorkState.READY): 2,
            ("", WorkState.FAILED): 1, ("", WorkState.CANCELLED): 1,
        }  # fmt: skip

    def test_rows_say_when_they_were_made_and_changed(self, filled: LeaseStore) -> None:
        made = row(filled, "b")
        assert made.created is not None
        assert made.updated is not None
        assert made.created <= made.updated
