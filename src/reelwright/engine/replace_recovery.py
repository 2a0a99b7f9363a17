"""After a crash or an error: a replacement is finished, or undone."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from reelwright.engine.disk import Disk
from reelwright.engine.moving import AwayError, Mover, lost, parent
from reelwright.engine.quarantine import finish_restoring
from reelwright.engine.replacing import UNFINISHED, Entry, PlacementJournal, Stage
from reelwright.engine.undoing import check_presence, roll_back
from reelwright.errors import ReelwrightError


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """What became of an entry that a crash had left."""

    entry: Entry
    #: Why it could not be settled now; empty where it was.
    stuck: str = ""


def recover(
    journal: PlacementJournal,
    disk: Disk,
    *,
    now: Callable[[], dt.datetime],
    mine: Callable[[Entry], bool] = lambda _: True,
) -> list[Recovered]:
    """Finish or undo every replacement that a crash has left. Doing it twice changes nothing.

    One whose disk is away, or which another process is carrying out, is left for the next time.

    Args:
        journal: where they are.
        disk: the file system.
        now: the time, in UTC.
        mine: which entries this machine may settle, where several share a journal.
    """
    return [_recovered(entry, journal, disk, now) for entry in journal.entries(UNFINISHED) if mine(entry)]


def _recovered(entry: Entry, journal: PlacementJournal, disk: Disk, now: Callable[[], dt.datetime]) -> Recovered:
    folder = parent(entry.order.source.path)
    try:
        if disk.look(folder) is None:
            raise AwayError(f"The folder {folder} is not there.")
        with disk.hold(folder, wait=False):
            # What another process has written meanwhile counts, not what was listed.
            current = journal.entry(entry.order.id) or entry
            return Recovered(entry=settle(Mover(disk=disk, journal=journal, now=now, entry=current)))
    except BlockingIOError:
        return Recovered(entry=entry, stuck=f"Another process is placing something in {folder}.")
    except OSError as error:
        return Recovered(entry=entry, stuck=f"{error.filename or folder}: {error.strerror}.")
    except ReelwrightError as error:
        return Recovered(entry=entry, stuck=error.message)


def settle(mover: Mover, why: str = "It was interrupted.") -> Entry:
    """Finish or undo one replacement; its folder is held by the caller.

    Raises:
        AwayError: none of its files is where it was, or what is there cannot be put right.
        OSError: the disk does not let us.
    """
    stage = mover.entry.stage
    if stage not in UNFINISHED:
        return mover.entry
    if stage is Stage.RESTORING:
        return finish_restoring(mover)
    if stage is Stage.KEPT:
        try:
            return finish(mover)
        except AwayError:
            raise
        except (ReelwrightError, OSError) as error:
            why = error.message if isinstance(error, ReelwrightError) else f"{error.strerror}."
    return roll_back(mover, why)


def finish(mover: Mover) -> Entry:
    """From Stage.KEPT to Stage.DONE.

    Raises:
        ConflictError: the place holds something else.
        AwayError: nothing is where it was.
    """
    check_presence(mover)
    mover.take_place()
    why = "" if mover.holds_original(mover.entry.kept) else lost(mover.entry)
    return mover.write(Stage.DONE, why=why, until=mover.now() + dt.timedelta(days=mover.entry.order.keep_days))
