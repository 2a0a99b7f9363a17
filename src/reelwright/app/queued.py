"""The queue as the `jobs` command shows it, and what can be done to a piece of work in it."""

import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from reelwright.app.library_queue import Queue
from reelwright.app.library_words import find_in
from reelwright.cli.commands import QueueChange, QueueShown
from reelwright.config import Settings, load_settings
from reelwright.engine.jobs import Job
from reelwright.engine.leases import FILM, LeaseStore, WorkRow, WorkState
from reelwright.engine.listing import LEAST, State
from reelwright.errors import ConflictError, UsageError
from reelwright.library.catalog import Catalog, FileState, LibraryFile, Standing
from reelwright.store.database import open_ledger

#: States of work that are shown with jobs in a state; of jobs alone the ledger tells more.
SHOWN = {State.RUNNING: WorkState.LEASED, State.FAILED: WorkState.FAILED, State.CANCELLED: WorkState.CANCELLED}
#: Between two looks at a row that is waited for.
LOOK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ledger:
    settings: Settings
    catalog: Catalog
    leases: LeaseStore

    @property
    def queue(self) -> Queue:
        """The queue as libraries see it."""
        return Queue(self.settings, self.catalog, self.leases)


def _ledger(settings: Settings | None = None) -> _Ledger | None:
    """None where there is no ledger yet: looking makes none."""
    settings = settings or load_settings()
    if not settings.ledger.exists():
        return None
    place = open_ledger(settings.ledger).place
    from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up
    from reelwright.store.libraries import DjangoCatalog

    return _Ledger(settings=settings, catalog=DjangoCatalog(place), leases=DjangoLeaseStore(place))


def shown(states: Collection[State] | None, *, queued: bool, limit: int | None) -> QueueShown:
    """What waits, what runs and what failed.

    Args:
        states: of jobs that are asked for; None: any, and what waits as well.
        queued: what waits is asked for by name.
        limit: rows at the most; None: all.
    """
    ledger = _ledger()
    if ledger is None:
        return QueueShown()
    wanted = {SHOWN[state] for state in states or () if state in SHOWN}
    if states is None:
        wanted = {WorkState.LEASED, WorkState.FAILED}
    if queued or states is None:
        wanted.add(WorkState.READY)
    rows = ledger.leases.works(wanted, kinds=[FILM], limit=10**7 if limit is None else limit) if wanted else []
    counts: dict[WorkState, int] = {}
    for (_, state), number in ledger.leases.count_work([FILM]).items():
        counts[state] = counts.get(state, 0) + number
    return QueueShown(rows=rows, counts=counts, paused=ledger.leases.paused())


def cancelled(which: str, settings: Settings | None = None) -> QueueChange | None:
    """Cancel a piece of work: one that waits is out of the queue, one that runs is asked to end.

    Raises:
        UsageError: it is not clear which is meant.
    """
    ledger = _ledger(settings)
    if ledger is None or (found := _find(ledger, which)) is None:
        return None
    file, row = found
    ledger.leases.ask_cancel([row.work.id])
    if row.state is WorkState.READY:
        note = ("You cancelled it; `reelwright jobs retry` takes it up again.",)
        ledger.catalog.stand(file.id, Standing(state=FileState.SKIPPED, note=note))
    return QueueChange(before=row, after=ledger.leases.work(row.work.id) or row)


def retried(which: str, settings: Settings | None = None) -> QueueChange | None:
    """Begin an ended piece of work anew, with its attempts counted anew.

    Raises:
        UsageError: it is not clear which is meant.
    """
    ledger = _ledger(settings)
    if ledger is None or (found := _find(ledger, which)) is None:
        return None
    file, row = found
    if ledger.leases.reopen([row.work.id]):
        ledger.catalog.stand(file.id, Standing(state=FileState.QUEUED))
    return QueueChange(before=row, after=ledger.leases.work(row.work.id) or row)


def work_at(path: str, settings: Settings) -> WorkRow | None:
    """The work a film's library has for it; None where it is in none, or never was queued."""
    ledger = _ledger(settings)
    found = None if ledger is None else _find(ledger, path)
    return None if found is None else found[1]


def cancelled_elsewhere(job: Job, settings: Settings, grace: float, tell: Callable[[str], None]) -> bool:
    """End a job whose film another machine leads, by its row: its worker hears it with its next heartbeat.

    Args:
        job: whose run cannot be seen from here.
        settings: of the program.
        grace: seconds that it is waited for, beside two heartbeats.
        tell: takes a sentence on what is waited for.

    Returns:
        Whether a worker had it.

    Raises:
        ConflictError: its worker has not ended it in that time.
    """
    ledger = _ledger(settings)
    found = None if ledger is None else find_in(ledger.catalog, Path(job.source_path))
    work_id = found[1].work_id if found else None
    row = ledger.leases.work(work_id) if ledger and work_id else None
    if ledger is None or row is None or row.state is not WorkState.LEASED:
        return False
    ledger.leases.ask_cancel([row.work.id])
    tell(f"Worker {row.worker} is asked to give it up.")
    deadline = time.monotonic() + grace + 2 * settings.cluster.beat
    while (now := ledger.leases.work(row.work.id)) is not None and now.state is WorkState.LEASED:
        if time.monotonic() >= deadline:
            raise ConflictError(
                f"Worker {row.worker} has not given it up yet.",
                hint="It is noted in the ledger: the worker hears it with its next heartbeat, and if it is gone nobody "
                "begins the film anew.",
            )
        time.sleep(LOOK_SECONDS)
    return True


def _find(ledger: _Ledger, which: str) -> tuple[LibraryFile, WorkRow] | None:
    """The file and the work meant by the beginning of the work's id, or by the film's path."""
    files = []
    if re.fullmatch(rf"[0-9a-f]{{{LEAST},}}", which):
        files = ledger.catalog.files_of_work(which, 3)
    elif os.path.lexists(which) and (found := find_in(ledger.catalog, Path(which))) is not None:
        files = [found[1]]
    pairs = [(file, row) for file in files if file.work_id and (row := ledger.leases.work(file.work_id)) is not None]
    if len(pairs) > 1:
        named = ", ".join(f"{row.work.id[:12]} ({file.path})" for file, row in pairs)
        raise UsageError(f"{which} may be any of these: {named}.", hint="Give more of the id.")
    return pairs[0] if pairs else None
