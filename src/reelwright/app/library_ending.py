"""What follows from how a library's film ended: for its work, and for the file."""

import datetime as dt
import os
from dataclasses import dataclass

from reelwright.config import Settings
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.worker import Done, Ending, Failed, GivenUp
from reelwright.errors import ReelwrightError
from reelwright.library.catalog import FileState, Standing
from reelwright.library.films import FilmWork, plain_film, with_remedy
from reelwright.library.retrying import Cause, Conditions, after, cause_of

#: Slowest and fastest preset of our scale.
PRESETS = (0, 13)
MADE = frozenset({"encoded", "already_done", "replaced"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How one go at a film ended."""

    film: FilmWork
    outcome: OutcomeRecord
    #: None: it did not fail.
    error: ReelwrightError | None
    settings: Settings
    attempt: int


def conclude(ended: Ended, retry_delay: float, now: dt.datetime) -> tuple[Ending, Standing]:
    """What is committed of the work, and where the file stands.

    Args:
        ended: how it ended.
        retry_delay: seconds before a second go.
        now: the time, in UTC.
    """
    outcome = ended.outcome
    if outcome.outcome in MADE:
        standing = Standing(
            state=FileState.DONE, note=outcome.reasons, job_id=outcome.job_id, bytes_before=outcome.bytes_before,
            bytes_after=outcome.bytes_after,
        )  # fmt: skip
        return Done(result=_result(FileState.DONE, outcome)), standing
    if outcome.outcome == "skipped":
        standing = Standing(state=FileState.SKIPPED, note=outcome.reasons, job_id=outcome.job_id)
        return Done(result=_result(FileState.SKIPPED, outcome)), standing
    if outcome.outcome == "cancelled":
        return GivenUp(), Standing(state=FileState.SKIPPED, note=outcome.reasons, job_id=outcome.job_id)
    return _after_failure(ended, retry_delay, now)


def _after_failure(ended: Ended, retry_delay: float, now: dt.datetime) -> tuple[Ending, Standing]:
    settings, outcome = ended.settings, ended.outcome
    hwaccel = settings.encoding.hwaccel
    cause = Cause.DEFECT if ended.error is None else cause_of(ended.error, hwaccel=hwaccel)
    how = Conditions(
        parallel=settings.processing.parallel_jobs or os.cpu_count() or 1, preset=settings.encoding.preset,
        presets=PRESETS, hwaccel=hwaccel, attempt=ended.attempt,
    )  # fmt: skip
    again = after(cause, how, dt.timedelta(seconds=retry_delay))
    message = outcome.reasons[0] if outcome.reasons else "It failed."
    if again is None:
        failed = Failed(cause=cause.value, message=" ".join(outcome.reasons) or message)
        return failed, Standing(state=FileState.FAILED, note=outcome.reasons, job_id=outcome.job_id)
    told = f"Attempt {ended.attempt} failed ({cause}); it is tried again {again.said}."
    failed = Failed(
        cause=cause.value, message=message, retry_at=now + again.delay,
        payload=plain_film(with_remedy(ended.film, again.settings)),
    )  # fmt: skip
    return failed, Standing(state=FileState.QUEUED, note=(message, told), job_id=outcome.job_id)


def _result(state: FileState, outcome: OutcomeRecord) -> dict[str, object]:
    return {
        "state": state.value,
        "outcome": outcome.outcome,
        "reasons": list(outcome.reasons),
        "job": outcome.job_id,
        "output": outcome.output_path,
        "bytes_before": outcome.bytes_before,
        "bytes_after": outcome.bytes_after,
    }
