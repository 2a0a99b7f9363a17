"""Jobs in words, and as plain values for JSON."""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reelwright.cli.text import duration, printable_path, share, size
from reelwright.engine.details import JobDetails
from reelwright.engine.jobs import OutcomeRecord, StepKind, StepRecord
from reelwright.engine.listing import SHORT, JobRow, State

#: LUFS below which a loudness says nothing.
SILENCE = -60.0
HEADINGS = ("ID", "STATE", "PROGRESS", "VMAF", "SIZE", "WHEN", "FILM")


def percent_of(row: JobRow) -> float | None:
    """How much of the phase that runs is through; None where nothing is known."""
    facts = row.progress
    try:
        return min(100.0, 100 * float(facts["done"]) / float(facts["total"])) if facts and facts["total"] else None
    except (TypeError, ValueError):
        return None


def plain_row(row: JobRow) -> dict[str, Any]:
    """One job of a list, for JSON."""
    job, made, last = row.job, row.made, row.last
    return {
        "id": job.id,
        "state": row.state.value,
        "source": job.source_path,
        "output": job.output_path,
        "percent": percent_of(row),
        "progress": dict(row.progress) if row.progress else None,
        "pid": row.holder.pid if row.holder else None,
        "vmaf_mean": mean_of(made),
        "bytes_before": made.bytes_before if made else last.bytes_before if last else None,
        "bytes_after": made.bytes_after if made else None,
        "outcome": last.outcome if last else None,
        "exit_code": last.exit_code if last else None,
        "reasons": list(last.reasons) if last else [],
        "created": stamp(job.created),
        "updated": stamp(job.updated),
    }


def plain_details(found: JobDetails) -> dict[str, Any]:
    """Everything about one job, for JSON."""
    job = found.row.job
    return {
        **plain_row(found.row),
        "request": job.plan.get("request"),
        "plan": dict(job.plan),
        "work_folder": job.work_folder,
        "chunks": {"done": found.settled, "total": found.chunks},
        "trials": [dict(trial) for trial in found.trials],
        "steps": {k.value: {"result": dict(s.result), **asdict(s.usage)} for k, s in found.steps.items()},
        "outcomes": [{**asdict(o), "finished": stamp(o.finished)} for o in found.outcomes],
        "events": [
            {"event": e.event.value, "timestamp": stamp(e.timestamp), "status": e.status, "data": e.data}
            for e in found.tail
        ],
    }


def stamp(moment: dt.datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else None


def when(moment: dt.datetime | None) -> str:
    """A moment for people, in their own time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "?"


def mean_of(outcome: OutcomeRecord | None) -> float | None:
    """The film's VMAF; None where it was not scored or cannot be read."""
    value = outcome.vmaf.get("mean") if outcome and outcome.vmaf else None
    return float(value) if isinstance(value, int | float) else None


def table(rows: Sequence[JobRow]) -> list[str]:
    """Jobs as lines under headings; names come last, whole, because they are of any length."""
    cells = [HEADINGS, *[cells_of(row) for row in rows]]
    widths = [max(len(line[k]) for line in cells) for k in range(len(HEADINGS) - 1)]
    return ["  ".join([*(f"{c:<{w}}" for c, w in zip(line, widths, strict=False)), line[-1]]) for line in cells]


def cells_of(row: JobRow) -> tuple[str, ...]:
    """One job's cells."""
    percent, made = percent_of(row), row.made
    mean = mean_of(made)
    facts = row.progress or {}
    if row.state is State.RUNNING and isinstance(facts.get("mean"), int | float):
        mean = facts["mean"]
    source = row.job.source_path
    return (
        row.job.id[:SHORT],
        row.state.value,
        "" if percent is None else f"{percent:.0f} %",
        "" if mean is None else f"{mean:.2f}",
        f"{size(made.bytes_before)} → {size(made.bytes_after)}" if made else "",
        when(row.job.updated),
        f"{printable_path(os.path.basename(source))} → {printable_path(row.job.output_path)}",  # noqa: PTH119
    )


def describe(found: JobDetails) -> list[str]:
    """Everything about one job, in lines."""
    row, job = found.row, found.row.job
    pid = f", process {row.holder.pid}" if row.holder and row.holder.pid else ""
    percent = percent_of(row)
    phase = f", {row.progress['phase']} {percent:.0f} %" if row.progress and percent is not None else ""
    lines = [
        f"job      {job.id}",
        f"state    {row.state.value}{phase}{pid}{STATE_HINTS.get(row.state, '')}",
        f"source   {printable_path(job.source_path)}",
        f"output   {printable_path(job.output_path)}",
        f"times    made {when(job.created)}, last opened or ended {when(job.updated)}",
        f"work     {printable_path(job.work_folder or 'not noted')}",
        *request_lines(job.plan),
    ]
    if job.plan.get("strategy") != "deliver":  # a sequence's frames are rendered in one go
        lines += [f"chunks   {found.settled} of {'?' if found.chunks is None else found.chunks} settled"]
    lines += [trial_line(trial) for trial in found.trials]
    lines += [sound_line(sound) for sound in sounds_of(found.steps)]
    lines += [step_line(kind.value, step.usage.wall_seconds) for kind, step in found.steps.items()]
    for outcome in found.outcomes:
        lines += outcome_lines(outcome)
    lines += [event_line(e.timestamp, e.event.value, e.status, e.data) for e in found.tail]
    return lines


STATE_HINTS = {State.STOPPED: "; the same command or `jobs retry` goes on"}


def request_lines(plan: Mapping[str, Any]) -> list[str]:
    """What was asked for; what is not said in the row is left out."""
    request = plan.get("request")
    if not isinstance(request, Mapping):
        return []
    said = {name: value for name, value in request.items() if value not in (None, [], False)}
    parameters = plan.get("parameters")
    encoder = " ".join(f"{k}={v}" for k, v in parameters.items()) if isinstance(parameters, Mapping) else ""
    words = printable_path(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in said.items()))
    return [f"request  {words}", f"encoder  {plan.get('encoder', '?')} {printable_path(encoder)}".rstrip()]


def trial_line(trial: Mapping[str, Any]) -> str:
    """One trial in one line."""
    score, count = trial.get("score"), trial.get("bytes")
    said = f"{score:6.2f}" if isinstance(score, int | float) else "     ?"
    bytes_said = size(count) if isinstance(count, int | float) else "?"
    chosen = "  chosen" if trial.get("accepted") else ""
    step = trial.get("n_subsample")
    some = f" of one frame in {step}" if isinstance(step, int) and step > 1 else ""
    return f"trial    chunk {trial['chunk']:>4}  CRF {trial['crf']:>5.2f}  VMAF {said}{some}  {bytes_said}{chosen}"


def sounds_of(steps: Mapping[StepKind, StepRecord]) -> list[Mapping[str, Any]]:
    """What is written down of each sound that became Opus."""
    step = steps.get(StepKind.AUDIO)
    rows = step.result.get("sounds") if step else None
    return list(rows.values()) if isinstance(rows, Mapping) else []


def sound_line(sound: Mapping[str, Any]) -> str:
    """One encoded sound in one line."""
    loud = sound.get("loudness")
    said = f"{loud:.1f} LUFS" if isinstance(loud, int | float) and loud > SILENCE else "silent or short"
    seconds = sound.get("samples", 0) / 48_000
    coded = f"Opus {sound.get('layout', '?')}, {sound.get('kbps', '?')} kb/s"
    facts = f"{duration(seconds)}, {said}  {size(sound.get('size_bytes', 0))}"
    return f"sound    stream {sound.get('index', '?'):>3}  {coded}  {facts}"


def step_line(kind: str, seconds: float) -> str:
    """One step in one line."""
    return f"step     {kind}" + (f" in {duration(seconds)}" if seconds >= 1 else "")


def outcome_lines(outcome: OutcomeRecord) -> list[str]:
    """How one run ended."""
    mean = mean_of(outcome)
    facts = [f"{outcome.trials} trials in {duration(outcome.seconds)}"] if outcome.trials else []
    if outcome.bytes_after is not None:
        part = share(outcome.bytes_after, outcome.bytes_before)
        facts.append(f"{size(outcome.bytes_before)} → {size(outcome.bytes_after)}, {part}")
    facts += [f"VMAF {mean:.2f}"] if mean is not None else []
    facts += [f"exit code {outcome.exit_code}"] if outcome.exit_code else []
    lines = [f"outcome  {outcome.outcome.replace('_', ' ')}, {when(outcome.finished)}"]
    lines[0] += "".join(f", {fact}" for fact in facts)
    lines += [f"         {printable_path(str(reason))}" for reason in outcome.reasons]
    for check in outcome.checks:
        passed = "passed" if check.get("passed") else "FAILED"
        detail = printable_path(str(check.get("detail") or ""))
        lines.append(f"check    {passed}  {check.get('name')}" + (f": {detail}" if detail else ""))
    return lines


def event_line(moment: dt.datetime, name: str, status: str, data: Mapping[str, Any]) -> str:
    """One event in one line, of its data what is short."""
    short = {k: v for k, v in data.items() if isinstance(v, int | float | str | bool)}
    said = " ".join(f"{key}={value}" for key, value in short.items())
    time = moment.astimezone().strftime("%H:%M:%S")
    return f"event    {time}  {name} {printable_path(status)}  {printable_path(said)}".rstrip()
