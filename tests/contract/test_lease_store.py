"""One suite for every store of leased work: each sentence of the port."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledgers import new_ledger
from reelwright.engine.leases import Beat, Lease, LeaseStore, Work, Worker, WorkRow, WorkState
from reelwright.engine.leases_memory import MemoryLeaseStore

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
LASTS = dt.timedelta(seconds=30)
SECOND = dt.timedelta(seconds=1)
FILM = ("film",)


def work(name: str = "w1", **changes: Any) -> Work:
    return Work(id=name, kind=changes.pop("kind", "film"), **changes)


def worker(name: str = "anna", *labels: str, **changes: Any) -> Worker:
    return Worker(id=name, host="box", pid=7, labels=frozenset(labels), **changes)


ANNA, BERT = worker("anna"), worker("bert")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LeaseStore]:
    if request.param == "memory":
        yield MemoryLeaseStore()
        return
    ledger = new_ledger(tmp_path / "ledger.sqlite3")
    from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

    yield DjangoLeaseStore(ledger.path)
    ledger.close()


def alive(store: LeaseStore, one: Worker = ANNA, holding: tuple[str, ...] = (), now: dt.datetime = NOON) -> Beat:
    return store.beat(one, holding, now, lasts=LASTS)


def claimed(store: LeaseStore, one: Worker = ANNA, now: dt.datetime = NOON, limit: int = 1) -> list[Lease]:
    alive(store, one, now=now)
    return store.claim(one, FILM, now, limit=limit)


def names(leases: list[Lease]) -> list[str]:
    return [lease.work.id for lease in leases]


def state(store: LeaseStore, name: str = "w1") -> WorkState:
    row = store.work(name)
    assert row is not None
    return row.state


class TestAdding:
    def test_work_comes_back_as_it_was_added(self, store: LeaseStore) -> None:
        one = work(owner="films", payload={"path": "/f/\udcff.mkv", "n": [1, None]}, needs=frozenset({"gpu", "big"}),
                   priority=2.5, attempts_allowed=5)  # fmt: skip
        assert store.add_work([one]) == 1
        assert store.work("w1") == WorkRow(work=one, state=WorkState.READY, attempts=0, token=0)
        assert store.works() == [store.work("w1")]

    def test_adding_it_again_changes_nothing(self, store: LeaseStore) -> None:
        assert store.add_work([work(), work("w2"), work(priority=9)]) == 2
        (lease,) = claimed(store)
        assert store.add_work([work(priority=3), work("w3")]) == 1
        assert store.finish(lease, {"bytes": 1})
        assert store.add_work([work()]) == 0
        assert state(store) is WorkState.DONE
        assert store.count_work() == {("", WorkState.DONE): 1, ("", WorkState.READY): 2}

    def test_unknown_work_is_none(self, store: LeaseStore) -> None:
        assert store.work("nobody") is None
        assert store.works() == []
        assert store.count_work() == {}


class TestClaiming:
    def test_who_was_never_heard_of_is_given_nothing(self, store: LeaseStore) -> None:
        store.add_work([work()])
        assert store.claim(ANNA, FILM, NOON) == []
        alive(store)
        assert store.claim(ANNA, FILM, NOON + LASTS) == []
        assert store.claim(ANNA, FILM, NOON + LASTS - SECOND) == [
            Lease(work=work(), token=1, attempt=1, worker="anna")
        ]

    def test_priority_comes_before_age(self, store: LeaseStore) -> None:
        store.add_work([work("a"), work("b", priority=1), work("c", priority=1), work("d", priority=-1)])
        assert names(claimed(store, limit=3)) == ["b", "c", "a"]
        assert names(claimed(store, BERT, limit=3)) == ["d"]
        assert claimed(store) == []

    def test_owners_share(self, store: LeaseStore) -> None:
        store.add_work([work(f"a{n}", owner="a", priority=9) for n in range(4)])
        store.add_work([work(f"b{n}", owner="b") for n in range(4)])
        assert names(claimed(store, limit=5)) == ["a0", "b0", "a1", "b1", "a2"]
        assert names(claimed(store, BERT, limit=9)) == ["b2", "a3", "b3"]

    def test_only_kinds_that_were_asked_for(self, store: LeaseStore) -> None:
        store.add_work([work(kind="chunk", priority=9), work("w2")])
        assert names(claimed(store, limit=9)) == ["w2"]
        assert store.claim(ANNA, (), NOON) == []
        assert names(store.claim(ANNA, ("chunk", "film"), NOON)) == ["w1"]

    def test_only_what_the_workers_labels_allow(self, store: LeaseStore) -> None:
        store.add_work([work("a", needs=frozenset({"gpu"})), work("b", needs=frozenset({"gpu", "big"})), work("c")])
        assert names(claimed(store, limit=9)) == ["c"]
        assert names(claimed(store, worker("gpu", "gpu", "fast"), limit=9)) == ["a"]
        assert names(claimed(store, worker("both", "gpu", "big"), limit=9)) == ["b"]
