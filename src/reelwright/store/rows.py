"""Rows of the ledger and values of the engine, each made of the other.

A row that holds what no value can hold raises ValueError, TypeError or KeyError; whoever lists rows skips it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from reelwright import events
from reelwright.engine.jobs import (
    Job,
    JobStatus,
    OutcomeRecord,
    PastTrial,
    SourceRecord,
    SourceStamp,
    StepKind,
    StepRecord,
    TrialRecord,
    Usage,
    UsageSample,
    size_class,
)
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.stream_ledger import Entry, Subject
from reelwright.quality.score import Score
from reelwright.store import models
from reelwright.store.columns import exact, path_of, readable


def _mapping(column: object) -> dict[str, Any]:
    if not isinstance(column, dict):
        raise TypeError(f"expected a JSON object, found {type(column).__name__}")
    return column


def _list(column: object) -> list[Any]:
    if not isinstance(column, list):
        raise TypeError(f"expected a JSON array, found {type(column).__name__}")
    return column


def _columns(prefix: str, value: Score | Usage) -> dict[str, Any]:
    return {prefix + key: item for key, item in dataclasses.asdict(value).items()}


def _usage(row: models.Step | models.Trial, prefix: str = "") -> Usage:
    return Usage(
        wall_seconds=float(getattr(row, prefix + "wall_seconds")),
        cpu_seconds=float(getattr(row, prefix + "cpu_seconds")),
        peak_rss_bytes=int(getattr(row, prefix + "peak_rss_bytes")),
    )


def stamp_columns(stamp: SourceStamp) -> dict[str, Any]:
    """What a stamp is found by."""
    return {
        "path_exact": exact(stamp.path),
        "device": str(stamp.device),
        "inode": str(stamp.inode),
        "size_bytes": stamp.size_bytes,
        "mtime_ns": str(stamp.mtime_ns),
    }


def source_row(record: SourceRecord) -> models.Source:
    """The row of an analysed film."""
    return models.Source(
        path=readable(record.stamp.path),
        **stamp_columns(record.stamp),
        source_id=record.source_id,
        index_digest=record.index_digest,
        frames=record.frames,
        facts=record.facts,
    )


def source_value(row: models.Source) -> SourceRecord:
    """The analysed film of a row."""
    return SourceRecord(
        stamp=SourceStamp(
            path=path_of(row.path_exact),
            device=int(row.device),
            inode=int(row.inode),
            size_bytes=int(row.size_bytes),
            mtime_ns=int(row.mtime_ns),
        ),
        source_id=row.source_id,
        index_digest=row.index_digest,
        frames=int(row.frames),
        facts=_mapping(row.facts),
    )


def job_row(job: Job) -> models.Job:
    """The row of a job."""
    return models.Job(
        id=job.id,
        source_id=job.source_id,
        source_path=readable(job.source_path),
        source_path_exact=exact(job.source_path),
        output_path=readable(job.output_path),
        output_path_exact=exact(job.output_path),
        plan=job.plan,
        status=job.status.value,
        work_folder=None if job.work_folder is None else readable(job.work_folder),
        work_folder_exact=None if job.work_folder is None else exact(job.work_folder),
    )


def job_value(row: models.Job) -> Job:
    """The job of a row."""
    return Job(
        id=row.id,
        source_id=row.source_id,
        source_path=path_of(row.source_path_exact),
        output_path=path_of(row.output_path_exact),
        plan=_mapping(row.plan),
        status=JobStatus(row.status),
        work_folder=None if row.work_folder_exact is None else path_of(row.work_folder_exact),
        created=row.created,
        updated=row.updated,
    )


def step_row(job_id: str, step: StepRecord) -> models.Step:
    """The row of a committed step."""
    return models.Step(job_id=job_id, kind=step.kind.value, result=step.result, **_columns("", step.usage))


def step_value(row: models.Step) -> StepRecord:
    """The committed step of a row."""
    return StepRecord(kind=StepKind(row.kind), result=_mapping(row.result), usage=_usage(row))


def fate_row(job_id: str, place: int, entry: Entry) -> models.StreamFate:
    """The row of one thing in a job's source."""
    return models.StreamFate(
        job_id=job_id,
        place=place,
        subject=entry.subject.value,
        stream=entry.stream,
        chapter=entry.chapter,
        name=entry.name,
        value=entry.value,
        fate=entry.fate.value,
        rule=None if entry.rule is None else entry.rule.value,
        reason=entry.reason,
    )


def fate_value(row: models.StreamFate) -> Entry:
    """What a row says of one thing in a job's source."""
    return Entry(
        subject=Subject(row.subject),
        stream=row.stream,
        chapter=row.chapter,
        name=row.name,
        value=row.value,
        fate=Fate(row.fate),
        rule=None if row.rule is None else Rule(row.rule),
        reason=row.reason,
    )


def _unless_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda column: None if column is None else read(column)


#: Columns of a trial that are the value's own attributes, read back as this type.
_TRIAL: dict[str, Callable[[Any], Any]] = {
    "trial_key": str,
    "curve_key": str,
    "source_id": str,
    "start": int,
    "end": int,
    "crf": float,
    "file_name": str,
    "size_bytes": int,
    "packets_digest": str,
    "score_key": str,
    "frame_scores": lambda column: tuple(float(value) for value in _list(column)),
    "features": _mapping,
    "width": int,
    "height": int,
    "encoder": str,
    "preset": int,
    "parameters": _mapping,
    "build": _mapping,
    "why": str,
    "threads": _unless_none(int),
    "cpu_idle": _unless_none(float),
    "predicted": _unless_none(float),
    "windows": _unless_none(lambda column: tuple((int(start), int(end)) for start, end in _list(column))),
}


def trial_row(trial: TrialRecord) -> models.Trial:
    """The row of a trial."""
    return models.Trial(
        **{name: getattr(trial, name) for name in _TRIAL},
        size_class=size_class(trial.width, trial.height),
        **_columns("score_", trial.score),
        **_columns("encode_", trial.encode_usage),
        **_columns("score_", trial.score_usage),
    )


def trial_value(row: models.Trial) -> TrialRecord:
    """The trial of a row."""
    own = {name: read(getattr(row, name)) for name, read in _TRIAL.items()}
    return TrialRecord(
        **own,
        score=Score(
            mean=float(row.score_mean),
            harmonic_mean=float(row.score_harmonic_mean),
            p5=float(row.score_p5),
            p1=float(row.score_p1),
            min=float(row.score_min),
            frames=int(row.score_frames),
            model=row.score_model,
            n_subsample=int(row.score_n_subsample),
            scaled_to=row.score_scaled_to,
        ),
        encode_usage=_usage(row, "encode_"),
        score_usage=_usage(row, "score_"),
    )


#: The columns `past_value` reads: the frames' scores of a trial are many times larger.
PAST_COLUMNS = (
    *("start", "end", "crf", "score_mean", "score_model", "score_scaled_to", "features", "width", "height"),
    *("encoder", "preset", "parameters", "build"),
)


def past_value(row: models.Trial) -> PastTrial:
    """What the trial of a row tells of other films."""
    own = ("start", "end", "crf", "features", "width", "height", "encoder", "preset", "parameters", "build")
    return PastTrial(
        **{name: _TRIAL[name](getattr(row, name)) for name in own},
        score=float(row.score_mean),
        model=row.score_model,
        scaled_to=row.score_scaled_to,
    )


#: The columns `usage_value` reads: the frames' scores and features of a trial are many times larger.
USAGE_COLUMNS = (
    *("width", "height", "threads", "cpu_idle"),
    *(f"{of}_{what}" for of in ("encode", "score") for what in ("wall_seconds", "cpu_seconds", "peak_rss_bytes")),
)


def usage_value(row: models.Trial) -> UsageSample:
    """What the trial of a row needed."""
    return UsageSample(
        **{name: _TRIAL[name](getattr(row, name)) for name in ("width", "height", "threads", "cpu_idle")},
        encode=_usage(row, "encode_"),
        score=_usage(row, "score_"),
    )


def outcome_row(outcome: OutcomeRecord) -> models.Outcome:
    """The row of an outcome."""
    output = outcome.output_path
    return models.Outcome(
        job_id=outcome.job_id,
        source_path=readable(outcome.source_path),
        source_path_exact=exact(outcome.source_path),
        output_path=None if output is None else readable(output),
        output_path_exact=None if output is None else exact(output),
        decision=outcome.decision,
        outcome=outcome.outcome,
        exit_code=outcome.exit_code,
        reasons=outcome.reasons,
        bytes_before=outcome.bytes_before,
        bytes_after=outcome.bytes_after,
        vmaf=outcome.vmaf,
        trials=outcome.trials,
        seconds=outcome.seconds,
        cpu_seconds=outcome.cpu_seconds,
        checks=outcome.checks,
        finished=outcome.finished,
    )


def outcome_value(row: models.Outcome) -> OutcomeRecord:
    """The outcome of a row."""
    return OutcomeRecord(
        source_path=path_of(row.source_path_exact),
        output_path=None if row.output_path_exact is None else path_of(row.output_path_exact),
        job_id=row.job_id,
        decision=row.decision,
        outcome=row.outcome,
        exit_code=int(row.exit_code),
        reasons=tuple(_list(row.reasons)),
        bytes_before=row.bytes_before,
        bytes_after=row.bytes_after,
        vmaf=None if row.vmaf is None else _mapping(row.vmaf),
        trials=int(row.trials),
        seconds=float(row.seconds),
        cpu_seconds=float(row.cpu_seconds),
        checks=tuple(_list(row.checks)),
        finished=row.finished,
    )


def event_row(event: events.Event) -> models.Event:
    """The row of an event."""
    return models.Event(
        event=event.event.value,
        timestamp=event.timestamp,
        file=readable(event.file),
        file_exact=exact(event.file),
        job_id=event.job,
        status=event.status.encode("utf-8", "backslashreplace").decode("utf-8"),
        data=event.data,
    )


def event_value(row: models.Event) -> events.Event:
    """The event of a row."""
    return events.Event(
        event=events.EventName(row.event),
        timestamp=row.timestamp,
        file=path_of(row.file_exact),
        job=row.job_id,
        status=row.status,
        data=_mapping(row.data),
    )
