"""The job a person means: by its output, its source, its id, or the beginning of its id."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from reelwright.engine.jobs import Job, JobStatus, JobStore, OutcomeRecord, StepKind
from reelwright.engine.outcome import MADE
from reelwright.errors import SourceError, UsageError
from reelwright.words import printable_path

#: Digits of an id that must be given at least.
SHORTEST_PREFIX = 4
LONGEST_LIST = 5
#: One more than are listed: to know that there are others.
MOST_NAMED = LONGEST_LIST + 1


def find_named(store: JobStore, what: str) -> Job:
    """The job that made this output or read this source, or has this id.

    Where several jobs wrote one output, it is the one whose bytes lie there now, else the one that ended last.

    Raises:
        UsageError: the ledger knows no such job, or several by that id.
        SourceError: it looks like a path, but there is no such file.
    """
    path = os.path.abspath(what)  # noqa: PTH100 - keeps symbolic links and odd bytes
    paths = list(dict.fromkeys([path, os.path.realpath(path)]))
    found = [job for one in paths for job in store.jobs_for_output(one)]
    found = found or [job for one in paths for job in store.jobs_for_source(one)]
    if found:
        return most_recent(store, found)
    if re.fullmatch(r"[0-9a-fA-F]+", what) and (job := by_id(store, what.lower())):
        return job
    raise unknown(what, path)


def by_id(store: JobStore, prefix: str) -> Job | None:
    """The job whose id begins like this; None where there is none.

    Raises:
        UsageError: there are several, or the beginning is too short to mean one.
    """
    if len(prefix) < SHORTEST_PREFIX:
        raise UsageError(f"{prefix} is too short for a job's id.", hint=f"Give {SHORTEST_PREFIX} digits or more of it.")
    found = store.jobs_like(prefix, MOST_NAMED)
    if len(found) > 1:
        named = ", ".join(job.id for job in found[:LONGEST_LIST])
        more = " and others" if len(found) > LONGEST_LIST else ""
        raise UsageError(f"Several jobs begin with {prefix}: {named}{more}.", hint="Give more digits of the one meant.")
    return found[0] if found else None


def most_recent(store: JobStore, jobs: Sequence[Job]) -> Job:
    """Of several jobs the one whose output is there now, else the one that ended last."""
    if len(jobs) == 1:
        return jobs[0]

    def rank(place: int) -> tuple[bool, bool, float, int]:
        job = jobs[place]
        outcomes = store.outcomes(job.id)
        return is_there(store, job), job.status is JobStatus.DONE, last_end(outcomes), place

    return jobs[max(range(len(jobs)), key=rank)]


def is_there(store: JobStore, job: Job) -> bool:
    """Whether a file of the placed output's size lies where it was placed."""
    placed = store.steps(job.id).get(StepKind.PLACE)
    try:
        return placed is not None and Path(job.output_path).stat().st_size == placed.result["size_bytes"]
    except OSError:
        return False


def last_end(outcomes: Sequence[OutcomeRecord]) -> float:
    """When the last run that encoded ended, in seconds of the epoch."""
    ends = [o.finished.timestamp() for o in outcomes if o.finished and o.outcome in MADE]
    return max(ends, default=0.0)


def unknown(what: str, path: str) -> UsageError | SourceError:
    """The error for a word that means no job."""
    hint = "`reelwright encode` makes one; database.path says which ledger is asked."
    if os.path.lexists(path):
        return UsageError(f"The ledger knows no job that made or read {printable_path(path)}.", hint=hint)
    if os.sep in what or "." in what:
        return SourceError(
            f"There is no file {printable_path(path)}, and no job made or read it.", hint="Check the path."
        )
    return UsageError(f"The ledger knows no job called {printable_path(what)}.", hint=hint)
