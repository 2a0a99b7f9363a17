"""Put a verified output in its original's place; whatever happens, the original or the output stays.

Blocking: call it in a thread. The journal is spoken to from that same thread; close it there at the end.
"""

import datetime as dt
from collections.abc import Callable

from reelwright.engine.disk import Disk
from reelwright.engine.replacing import Entry, Order, PlacementJournal

#: Looks at the copy that will take the place, and raises ValidationFailedError where it is not fit.
Validate = Callable[[str], None]
Clock = Callable[[], dt.datetime]


def replace(order: Order, journal: PlacementJournal, disk: Disk, *, validate: Validate, now: Clock) -> Entry:
    """Put the output in the original's place, and keep the original in quarantine.

    May be called again with the same order: what is done is done, what a crash left is settled first.

    Args:
        order: what is to be put where.
        journal: every stage is committed to it before the next is begun.
        disk: the file system.
        validate: called with the path of the copy beside the original, before the original is touched.
        now: the time, in UTC.

    Returns:
        The entry at Stage.DONE. The staged output is still there, for the caller to remove.

    Raises:
        ConflictError: the source has changed, or the place is taken; both are kept.
        RefusedError: the source has other hard links, is a symbolic link, or its owner cannot be carried over.
        SourceError: the source is not there.
        ValidationFailedError: the copy is not what was made, or `validate` said so.
        ResourceError: the disk is full or broken.
        UsageError: the folder cannot be written.
    """
    raise AssertionError((order, journal, disk, validate, now))
