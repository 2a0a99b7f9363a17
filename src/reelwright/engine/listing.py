"""Jobs as they stand right now: what the ledger says, and whether somebody is at work on them."""

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from reelwright.engine.holder import Holder, holder_of
from reelwright.engine.jobs import Job, JobStatus, JobStore, OutcomeRecord
from reelwright.engine.outcome import MADE
from reelwright.engine.published import read_progress
from reelwright.engine.workspace import Workspace, workspace_for
from reelwright.errors import UsageError

#: Ids are hexadecimal digits; so many say which one, for people.
SHORT, LEAST = 8, 4
#: Open jobs are looked at so many at a time: whether one runs is not in the ledger.
PAGE = 500


class State(StrEnum):
    """Where a job stands, for people: as in the ledger, but an open one runs or has stopped."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """A job as it stands."""

    job: Job
    state: State
    #: How its last run ended; None where none has.
    last: OutcomeRecord | None
    #: What its last run that made the output found; None where none did.
    made: OutcomeRecord | None
    #: What the run says of its progress; None where it does not run, or has not said anything.
    progress: Mapping[str, Any] | None
    holder: Holder | None


def workspace_of(job: Job, work_dir: Path) -> Workspace:
    """A job's work folder; for rows that do not name it, the one below the folder of the settings."""
    return Workspace(root=Path(job.work_folder)) if job.work_folder else workspace_for(work_dir, job.source_id)


def row_of(job: Job, outcomes: Sequence[OutcomeRecord], work_dir: Path) -> JobRow:
    """A job as it stands: an open one runs only if its work folder is held at this moment, and for this job."""
    workspace = workspace_of(job, work_dir)
    holder = holder_of(workspace.lock) if job.status is JobStatus.OPEN else None
    running = holder is not None and holder.job == job.id
    state = State.RUNNING if running else State.STOPPED if job.status is JobStatus.OPEN else State(job.status.value)
    return JobRow(
        job=job,
        state=state,
        last=outcomes[-1] if outcomes else None,
        made=next((o for o in reversed(outcomes) if o.outcome in {*MADE, "already_done"}), None),
        progress=read_progress(workspace.root, job.id) if running else None,
        holder=holder if running else None,
    )


def rows_of(store: JobStore, jobs: Iterable[Job], work_dir: Path) -> list[JobRow]:
    """Jobs as they stand, in the order given."""
    found = list(jobs)
    outcomes = store.outcomes_of(job.id for job in found)
    return [row_of(job, outcomes.get(job.id, []), work_dir) for job in found]


def list_jobs(store: JobStore, work_dir: Path, states: Collection[State] | None, limit: int | None) -> list[JobRow]:
    """The newest jobs in these states, of all where None; `limit` None: all of them."""
    if states is None:
        return rows_of(store, store.recent_jobs(None, limit), work_dir)
    alive = {State.RUNNING, State.STOPPED}
    statuses = {JobStatus.OPEN if state in alive else JobStatus(state.value) for state in states}
    if JobStatus.OPEN not in statuses or alive <= set(states):
        return rows_of(store, store.recent_jobs(statuses, limit), work_dir)
    return sifted(store, work_dir, states, statuses, limit)


def sifted(
    store: JobStore, work_dir: Path, states: Collection[State], statuses: Collection[JobStatus], limit: int | None
) -> list[JobRow]:
    """As `list_jobs`, where more must be asked for than is wanted: the ledger does not know which open jobs run."""
    asked = PAGE
    while True:
        jobs = store.recent_jobs(statuses, None if limit is None else asked)
        found = [row for row in rows_of(store, jobs, work_dir) if row.state in states]
        if limit is None or len(found) >= limit or len(jobs) < asked:
            return found[:limit]
        asked *= 4


def running_jobs(store: JobStore, work_dir: Path) -> list[JobRow]:
    """Jobs that somebody works on now. They were opened lately, so they are among the first of the open ones."""
    jobs = store.recent_jobs({JobStatus.OPEN}, PAGE)
    return [row for row in (row_of(job, (), work_dir) for job in jobs) if row.state is State.RUNNING]


def find_one(store: JobStore, text: str) -> Job:
    """The job that is meant by the beginning of its id or by the path of its output.

    Raises:
        UsageError: there is none, or more than one.
    """
    output = os.path.abspath(text)  # noqa: PTH100 - as outputs are named: `..` is resolved, symbolic links are not
    found = {job.id: job for job in store.jobs_for_output(output)}
    if re.fullmatch(rf"[0-9a-f]{{{LEAST},}}", text):
        found |= {job.id: job for job in store.jobs_like(text, limit=SHORT)}
    if text in found:
        return found[text]
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        named = ", ".join(f"{job.id[: max(SHORT, len(text) + 2)]} ({job.output_path})" for job in found.values())
        raise UsageError(f"{text} may be any of these jobs: {named}.", hint="Give more of the id.")
    hint = "`reelwright jobs list --all` shows every job."
    if re.fullmatch(rf"[0-9a-f]{{1,{LEAST - 1}}}", text):
        hint = f"An id is given by its first {LEAST} characters or more; {hint}"
    raise UsageError(f"There is no job {text}, and none with that output.", hint=hint)
