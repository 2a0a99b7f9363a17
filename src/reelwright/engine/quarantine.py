"""What becomes of an original that was kept: it is taken back by its owner, or deleted when its time is over."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reelwright.engine.disk import Disk
from reelwright.engine.moving import AwayError, Mover, failed, lost, parent
from reelwright.engine.replacing import Entry, PlacementJournal, Stage
from reelwright.engine.undoing import put_over
from reelwright.errors import ConflictError, UsageError, ValidationFailedError

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """What became of an original whose time is over."""

    entry: Entry
    #: Bytes that are free now.
    freed: int = 0
    #: Why it stays; empty where it went.
    stays: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Savings:
    """What replacements have saved, in bytes."""

    #: Of originals that were deleted, less their outputs. What other hard links hold is not saved.
    saved: int = 0
    #: Originals in quarantine, which still take their space.
    quarantined: int = 0
    #: What will be saved when their time is over.
    promised: int = 0


def savings(entries: Iterable[Entry]) -> Savings:
    """What these replacements have saved: quarantined bytes only once they were deleted, hard links never."""
    saved = quarantined = promised = 0
    for entry in entries:
        frees = 0 if entry.other_links else entry.bytes_before
        if entry.stage is Stage.EXPIRED:
            saved += frees - entry.bytes_after
        elif entry.stage in {Stage.DONE, Stage.RESTORING}:
            quarantined += frees
            promised += frees - entry.bytes_after
    return Savings(saved=saved, quarantined=quarantined, promised=promised)


def restore(order_id: str, journal: PlacementJournal, disk: Disk, *, now: Clock) -> Entry:
    """Give an original its name again, with its sidecars'; its output is deleted.

    Args:
        order_id: which replacement.
        journal: where it is.
        disk: the file system.
        now: the time, in UTC.

    Raises:
        UsageError: there is no such replacement, or no original of it is kept.
        ConflictError: something else lies at its place, or its folder has gone.
        ValidationFailedError: what lies in quarantine is not the original any more.
        ResourceError, UsageError: the disk does not let us; `recover` or another `restore` goes on.
    """
    entry = journal.entry(order_id)
    if entry is None:
        raise UsageError(f"There is no replacement {order_id}.", hint="`reelwright restore` lists them.")
    folder = parent(entry.order.source.path)
    if disk.look(folder) is None:
        raise ConflictError(f"The folder {folder} is not there.", hint=f"The original lies at {entry.kept}.")
    try:
        with disk.hold(folder):
            mover = Mover(disk=disk, journal=journal, now=now, entry=journal.entry(order_id) or entry)
            if mover.entry.stage is Stage.RESTORED:
                return mover.entry
            if mover.entry.stage is not Stage.RESTORING:
                check_restorable(mover)
                mover.write(Stage.RESTORING)
            return finish_restoring(mover)
    except OSError as error:
        raise failed(error, entry.order.source.path) from error


def check_restorable(mover: Mover) -> None:
    """Make sure that an original can have its name again.

    Raises:
        UsageError, ConflictError, ValidationFailedError: see `restore`.
    """
    entry, disk = mover.entry, mover.disk
    if entry.stage is Stage.EXPIRED:
        raise UsageError(f"The original of {entry.order.source.path} was deleted when its time was over.")
    if entry.stage is not Stage.DONE:
        raise UsageError(f"The replacement of {entry.order.source.path} is {entry.stage.value.replace('_', ' ')}.")
    found = disk.look(entry.kept)
    if found is None:
        raise UsageError(f"The original is not at {entry.kept} any more.")
    if found.size != entry.bytes_before or disk.digest(entry.kept) != entry.original:
        raise ValidationFailedError(
            f"What lies at {entry.kept} is not the original as it was kept: it was changed or has decayed.",
            hint="Nothing was changed. Move it by hand if you want it nevertheless.",
        )
    at_place = disk.look(mover.source)
    if at_place is not None and not (entry.same_name and mover.holds_output(mover.source)):
        raise ConflictError(
            f"{mover.source} is something else than what was placed there.",
            hint=f"Move it away and try again; the original lies at {entry.kept}.",
        )


def finish_restoring(mover: Mover) -> Entry:
    """From Stage.RESTORING to Stage.RESTORED.

    Raises:
        ConflictError: something else lies at the original's place.
        OSError: the disk does not let us.
    """
    entry = mover.entry
    if not mover.holds_original(mover.source):
        if mover.disk.look(entry.kept) is None and mover.holds_output(mover.final):
            return mover.write(Stage.DONE, why=lost(entry))
        _take_back(mover)
    mover.rename_sidecars(back=True)
    # Also where a run before this one gave it its name: it may have ended before the disk had it.
    mover.disk.sync(mover.folder)
    if not entry.same_name and mover.holds_output(mover.final):
        mover.unlink(mover.final)
    if mover.holds_original(entry.draft):
        mover.unlink(entry.draft)
    if mover.disk.look(entry.kept) is None or mover.holds_original(entry.kept):
        mover.leave_quarantine()
    mover.disk.sync(mover.folder)
    return mover.write(Stage.RESTORED)


def _take_back(mover: Mover) -> None:
    """Give the original its name, which is free or the output's."""
    entry = mover.entry
    if mover.disk.look(entry.kept) is None:
        raise AwayError(f"Neither {mover.source} nor its output is where it was; is its disk mounted?")
    if mover.disk.look(mover.source) is None:
        if entry.linked:
            mover.link(entry.kept, mover.source)
        else:
            mover.move_new(entry.kept, mover.source)
    elif entry.same_name and mover.holds_output(mover.source):
        put_over(mover, entry.kept)
    else:
        raise ConflictError(f"{mover.source} is something else than what was placed there.")


def expire(journal: PlacementJournal, disk: Disk, *, now: Clock) -> list[Expiry]:
    """Delete originals whose time is over, where the output that replaced them is still there and whole.

    Every such output is read in full. One that has changed, or gone, keeps its original in quarantine.
    """
    time = now()
    over = [entry for entry in journal.entries({Stage.DONE}) if entry.until is not None and entry.until <= time]
    return [_expired(entry, journal, disk, now) for entry in over]


def _expired(entry: Entry, journal: PlacementJournal, disk: Disk, now: Clock) -> Expiry:
    folder = parent(entry.order.source.path)
    try:
        if disk.look(folder) is None:
            return Expiry(entry=entry, stays=f"the folder {folder} is not there")
        with disk.hold(folder, wait=False):
            mover = Mover(disk=disk, journal=journal, now=now, entry=journal.entry(entry.order.id) or entry)
            return _let_go(mover)
    except BlockingIOError:
        return Expiry(entry=entry, stays=f"another process is placing something in {folder}")
    except OSError as error:
        return Expiry(entry=entry, stays=f"{error.filename or folder}: {error.strerror}")


def _let_go(mover: Mover) -> Expiry:
    entry = mover.entry
    if entry.stage is not Stage.DONE:
        return Expiry(entry=entry, stays=f"it is {entry.stage.value} by now")
    if not mover.holds_output(mover.final):
        return Expiry(entry=entry, stays=f"{mover.final} is not what was placed there")
    found = mover.disk.look(entry.kept)
    if found is None:
        mover.leave_quarantine()
        return Expiry(entry=mover.write(Stage.EXPIRED, why="The original had gone from quarantine before."))
    if found.size != entry.bytes_before:
        return Expiry(entry=entry, stays=f"{entry.kept} is not what was kept there")
    mover.leave_quarantine()
    return Expiry(entry=mover.write(Stage.EXPIRED), freed=0 if found.links > 1 else found.size)
