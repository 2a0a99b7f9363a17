"""Stores of leased work with a clock that the tests turn."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledgers import new_ledger
from postgres import empty_ledger_there, the_server
from reelwright.engine.leases import Beat, Lease, LeaseStore, Work, Worker
from reelwright.engine.leases_memory import MemoryLeaseStore
from reelwright.store.database import open_ledger

#: Ledgers of tests that are not about disks: walks of thousands of commits would wait for one most of the time.
_MEMORY = Path("/dev/shm")  # noqa: S108 -- TemporaryDirectory makes a folder of its own there
LASTS = dt.timedelta(seconds=30)
SECOND = dt.timedelta(seconds=1)
FILM = ("film",)


def work(name: str = "w1", **changes: Any) -> Work:
    """A piece of work."""
    return Work(id=name, kind=changes.pop("kind", "film"), **changes)


def worker(name: str = "anna", *labels: str, **changes: Any) -> Worker:
    """Somebody who carries it out."""
    return Worker(id=name, host="box", pid=7, labels=frozenset(labels), **changes)


class World:
    """A store, and time.

    Args:
        store: the store.
        age: makes what a server has noted older: its clock cannot be turned. None: the store goes by its callers'.
    """

    def __init__(self, store: LeaseStore, age: Callable[[dt.timedelta], None] | None = None) -> None:
        self.store = store
        self.has_own_clock = age is not None
        #: Whether the callers' clock runs by itself.
        self.ticks = self.has_own_clock
        self.start = dt.datetime.now(dt.UTC)
        self._age = age
        self._turned = dt.timedelta(0)

    @property
    def now(self) -> dt.datetime:
        """What the callers' clock says."""
        return (dt.datetime.now(dt.UTC) if self.ticks else self.start) + self._turned

    def wait(self, delta: dt.timedelta) -> None:
        """Time passes; or every clock jumps, which is the same."""
        if self._age is not None:
            self._age(delta)
        else:
            self._turned += delta

    def beat(self, one: Worker, *holding: str) -> Beat:
        """A worker lives."""
        return self.store.beat(one, holding, self.now, lasts=LASTS)

    def claim(self, one: Worker, limit: int = 1, kinds: tuple[str, ...] = FILM) -> list[Lease]:
        """A worker takes work."""
        return self.store.claim(one, kinds, self.now, limit=limit)


def _age_there(name: str) -> Callable[[dt.timedelta], None]:
    """A server's clock cannot be turned: all it has noted becomes older instead."""

    def age(delta: dt.timedelta) -> None:
        shift = f"- interval '{delta.total_seconds()} seconds'"
        the_server().ask(f"UPDATE store_workerbeat SET heard = heard {shift}, until = until {shift}", name)  # noqa: S608 -- our own words
        the_server().ask(f"UPDATE store_workitem SET leased = leased {shift}, not_before = not_before {shift}", name)  # noqa: S608 -- as above

    return age


@contextmanager
def world_of(kind: str) -> Iterator[World]:
    """A new store of a kind: "memory", "sqlite" or "postgresql"."""
    if kind == "memory":
        yield World(MemoryLeaseStore())
        return
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        if kind == "sqlite":
            ledger, age = new_ledger(Path(folder) / "ledger.sqlite3"), None
        else:
            place = empty_ledger_there()
            ledger, age = open_ledger(place), _age_there(place.name)
        from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

        yield World(DjangoLeaseStore(ledger.place), age)
        ledger.close()
