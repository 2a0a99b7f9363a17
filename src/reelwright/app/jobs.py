"""The ledger's jobs from another terminal: list, show, watch, cancel, run again."""

import datetime as dt
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reelwright.cli.commands import CancelledJob, Look
from reelwright.config import Settings, load_settings
from reelwright.engine.details import JobDetails, details_of
from reelwright.engine.jobs import Job, JobStatus, JobStore, OutcomeRecord
from reelwright.engine.listing import JobRow, State, find_one, list_jobs, row_of, rows_of, running_jobs, workspace_of
from reelwright.engine.memory import MemoryJobStore
from reelwright.engine.workspace import Lock
from reelwright.store.database import open_ledger

#: How often somebody who watches looks.
LOOK_SECONDS = 0.5
#: A run lets go of its folder a moment before it writes down how it ended.
OUTCOME_SECONDS = 5.0


@contextmanager
def ledger(settings: Settings) -> Iterator[JobStore]:
    """The ledger; an empty one where there is none yet: looking makes no file."""
    if not settings.ledger.exists():
        yield MemoryJobStore()
        return
    store = open_ledger(settings.ledger)
    try:
        yield store
    finally:
        store.close()


def listed(states: Collection[State] | None, limit: int | None) -> list[JobRow]:
    """The newest jobs."""
    settings = load_settings()
    with ledger(settings) as store:
        return list_jobs(store, settings.work_dir, states, limit)


def shown(which: str) -> JobDetails:
    """Everything about one job.

    Raises:
        UsageError: it is not clear which.
    """
    settings = load_settings()
    with ledger(settings) as store:
        job = find_one(store, which)
        return details_of(store, rows_of(store, [job], settings.work_dir)[0])


def watched(which: str | None) -> Iterator[Look]:
    """What runs, again and again, until the job that was named has ended, or nothing runs any more.

    Raises:
        UsageError: it is not clear which job is meant.
    """
    settings = load_settings()
    with ledger(settings) as store:
        if which is None:
            yield from watched_all(store, settings)
            return
        job = find_one(store, which)
        known, ran = len(store.outcomes(job.id)), False
        while (row := current(store, job, settings)).state is State.RUNNING:
            ran = True
            yield Look(rows=[row])
            time.sleep(LOOK_SECONDS)
        last = ended_row(store, row, settings, known) if ran else rows_of(store, [row.job], settings.work_dir)[0]
        yield Look(rows=[], ended=[last])


def watched_all(store: JobStore, settings: Settings) -> Iterator[Look]:
    """Every job that runs, until none does."""
    before: dict[str, tuple[JobRow, int]] = {}
    while True:
        rows = running_jobs(store, settings.work_dir)
        now = {row.job.id for row in rows}
        left = [pair for job_id, pair in before.items() if job_id not in now]
        ended = [ended_row(store, row, settings, known) for row, known in left]
        yield Look(rows=rows, ended=ended)
        if not rows:
            return
        outcomes = store.outcomes_of(now)
        before = {row.job.id: before.get(row.job.id, (row, len(outcomes.get(row.job.id, ())))) for row in rows}
        time.sleep(LOOK_SECONDS)


def current(store: JobStore, job: Job, settings: Settings) -> JobRow:
    """The job as it stands now."""
    return row_of(store.find_job(job.id) or job, (), settings.work_dir)


def ended_row(store: JobStore, row: JobRow, settings: Settings, known: int) -> JobRow:
    """A job whose run is over, with how it ended, which is written down a moment later."""
    deadline = time.monotonic() + OUTCOME_SECONDS
    while len(store.outcomes(row.job.id)) <= known and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS / 5)
    job = store.find_job(row.job.id) or row.job
    return rows_of(store, [job], settings.work_dir)[0]


def cancelled(which: str, grace: float, tell: Callable[[str], None], settings: Settings | None = None) -> CancelledJob:
    """Give a job up: end its run, if there is one, and note it in the ledger.

    Raises:
        UsageError: it is not clear which job is meant.
        ConflictError: its run cannot be ended from here.
    """
    from reelwright.app.queued import cancelled_elsewhere
    from reelwright.engine.ending import Ended, How, end_run
    from reelwright.tools.process import sweep

    settings = settings or load_settings()
    with ledger(settings) as store:
        job = find_one(store, which)
        before = row_of(job, (), settings.work_dir).state
        workspace = workspace_of(job, settings.work_dir)
        ended = end_run(workspace, job.id, grace=grace, sweep=sweep, tell=tell)
        if ended.how is How.IDLE and cancelled_elsewhere(job, settings, grace, tell):
            before, ended = State.RUNNING, Ended(how=How.ASKED, pid=None, processes=())
        elif ended.how is How.IDLE:
            before = row_of(store.find_job(job.id) or job, (), settings.work_dir).state
        status = give_up(store, job, settings)
        return CancelledJob(
            job=replace(job, status=status), before=before, how=ended.how.value, pid=ended.pid,
            processes=ended.processes,
        )  # fmt: skip


def give_up(store: JobStore, job: Job, settings: Settings) -> JobStatus:
    """Note in the ledger that a job that does not run is given up; a done one stays done.

    Raises:
        ConflictError: a run has taken it up meanwhile.
    """
    from reelwright.engine.holder import holder_of
    from reelwright.engine.placement import temporary_path
    from reelwright.tools.process import sweep

    workspace = workspace_of(job, settings.work_dir)

    def note() -> JobStatus:
        now = store.find_job(job.id) or job
        if now.status in {JobStatus.DONE, JobStatus.CANCELLED}:
            return now.status
        status = store.cancel_job(job.id)
        if status is JobStatus.CANCELLED:
            store.record_outcome(given_up(job))
            temporary_path(Path(job.output_path), job.id).unlink(missing_ok=True)
        return status

    holder = holder_of(workspace.lock)
    if not workspace.lock.parent.is_dir() or (holder is not None and holder.job not in {None, job.id}):
        return note()  # nobody can be at it: the folder is gone, or held for another job
    now = store.find_job(job.id)
    if now is not None and now.status in {JobStatus.DONE, JobStatus.CANCELLED}:
        return now.status
    what = os.path.basename(job.source_path)  # noqa: PTH119 - keeps odd bytes
    with Lock(workspace.lock, token=f"cancel-{os.getpid()}", what=what, sweep=sweep):
        return note()


def given_up(job: Job) -> OutcomeRecord:
    """The outcome of a job that was cancelled by somebody else than its run."""
    return OutcomeRecord(
        source_path=job.source_path,
        output_path=job.output_path,
        job_id=job.id,
        decision="encode",
        outcome="cancelled",
        exit_code=130,
        reasons=("Cancelled from another terminal.", "The same command takes it up again."),
        finished=dt.datetime.now(dt.UTC),
    )
