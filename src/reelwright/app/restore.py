"""Replaced films: which there are, and putting an original back."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reelwright.app.wiring import load, utc_now
from reelwright.config import Settings
from reelwright.engine.memory_placements import MemoryPlacementJournal
from reelwright.engine.quarantine import restore
from reelwright.engine.real_disk import RealDisk
from reelwright.engine.replace_recovery import recover
from reelwright.engine.replacing import Entry, PlacementJournal, Stage
from reelwright.errors import UsageError
from reelwright.store.database import open_ledger

#: Characters of an id that name it.
FEWEST = 4


@contextmanager
def journal(settings: Settings | None = None) -> Iterator[PlacementJournal]:
    """The ledger's journal; an empty one where there is no ledger yet: looking makes no file."""
    place = (settings or load({})).ledger
    if not place.exists():
        yield MemoryPlacementJournal()
        return
    store = open_ledger(place)
    from reelwright.store.placements import DjangoPlacementJournal  # models load once Django is set up

    try:
        yield DjangoPlacementJournal(store.place)
    finally:
        store.close()


def listed() -> list[Entry]:
    """Every replacement there is or was, the oldest first."""
    with journal() as found:
        return found.entries()


def restored(which: str, settings: Settings | None = None) -> Entry:
    """Put an original back, once what a crash has left is settled.

    Raises:
        UsageError: nothing, or more than one thing, is named so, or no original of it is kept.
        ConflictError: something else lies at its place.
        ValidationFailedError: what is kept is not the original any more.
        ResourceError: the disk does not let us.
    """
    with journal(settings) as found:
        disk = RealDisk()
        recover(found, disk, now=utc_now)
        entry = chosen(found.entries(), which)
        return restore(entry.order.id, found, disk, now=utc_now)


def chosen(entries: Sequence[Entry], which: str) -> Entry:
    """The replacement that is meant: by its id's first characters, or by the film's path before or after.

    Raises:
        UsageError: there is none, or there are several.
    """
    named = [entry for entry in entries if entry.order.label.startswith(which)] if len(which) >= FEWEST else []
    path = os.path.realpath(which)
    at_path = [entry for entry in entries if path in {entry.order.source.path, entry.order.final}]
    # A film that was taken back and replaced anew: its last replacement is meant.
    meant = named or [entry for entry in at_path if entry.stage in {Stage.DONE, Stage.RESTORING}][-1:] or at_path[-1:]
    if not meant:
        raise UsageError(f"No replaced film is called {which}.", hint="`reelwright restore list` shows them.")
    if len(meant) > 1:
        raise UsageError(f"{which} is the beginning of {len(meant)} ids.", hint="Give more characters.")
    return meant[0]
