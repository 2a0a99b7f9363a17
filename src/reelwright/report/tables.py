"""The tables of a report: chunks with their trials, streams, checks, times, settings, notes."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reelwright.encoders import DEFAULT, ENCODERS
from reelwright.engine.jobs import OutcomeRecord, StepKind, TrialRecord, Usage
from reelwright.media.model import MediaInfo
from reelwright.planning.fates import Rule
from reelwright.planning.stream_ledger import Entry, Subject
from reelwright.report.dossier import Dossier
from reelwright.report.headline import best_outcome, moment
from reelwright.report.story import ChunkStory
from reelwright.words import duration, printable_path, size, timecode

UNKNOWN = "–"


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash where it is not known."""
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def seconds(value: float | None) -> str:
    """A span of work: tenths below a minute, as `duration` above."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f} s" if value < 60 else duration(value)  # noqa: PLR2004


def chunk_table(chunks: Sequence[ChunkStory]) -> list[dict[str, Any]]:
    """One row for each chunk, with its trials inside."""
    return [
        {
            "index": c.index,
            "time": f"{timecode(c.begins)} – {timecode(c.ends)}",
            "frames": f"{c.start} – {c.end - 1}",
            "count": c.end - c.start,
            "crf": UNKNOWN if c.accepted is None else f"{c.accepted.crf:g}",
            "mean": number(c.accepted.score.mean if c.accepted else None),
            "p5": number(c.accepted.score.p5 if c.accepted else None),
            "low": number(c.accepted.score.min if c.accepted else None),
            "bytes": size(c.accepted.size_bytes) if c.accepted else UNKNOWN,
            "kbps": UNKNOWN if c.kbps is None else f"{c.kbps:,.0f}".replace(",", "\u2009"),
            "state": "open" if c.accepted is None else "in" if c.within_band else "out",
            "why": printable_path(c.why or "the search has not ended"),
            "trials": [_trial_row(place, t, c) for place, t in enumerate(c.trials, start=1)],
        }
        for c in chunks
    ]


def _trial_row(place: int, trial: TrialRecord, chunk: ChunkStory) -> dict[str, Any]:
    off = None if trial.predicted is None else trial.score.mean - trial.predicted
    return {
        "place": place,
        "crf": f"{trial.crf:g}",
        "expected": number(trial.predicted) + ("" if trial.unsure is None else f" ± {number(trial.unsure)}"),
        "vmaf": number(trial.score.mean),
        "off": UNKNOWN if off is None else f"{off:+.2f}".replace("-", "\u2212"),
        "bytes": size(trial.size_bytes),
        "encode": seconds(trial.encode_usage.wall_seconds),
        "score": seconds(trial.score_usage.wall_seconds),
        "why": printable_path(trial.why),
        "taken": trial is chunk.accepted,
    }


def foresight(chunks: Iterable[ChunkStory]) -> list[dict[str, str]]:
    """How far trials came from what the search expected: first trials, aimed by the prior, and all later ones."""
    first: list[float] = []
    later: list[float] = []
    for chunk in chunks:
        for trial in chunk.trials:
            if trial.predicted is not None:
                aimed = first if trial.why.startswith("first trial") else later
                aimed.append(abs(trial.score.mean - trial.predicted))
    named = (("First trials", first), ("Later trials", later))
    return [
        {
            "label": name,
            "count": str(len(found)),
            "median": number(statistics.median(found)),
            "worst": number(max(found)),
        }
        for name, found in named
        if found
    ]


def stream_table(
    plan: Mapping[str, Any], source: MediaInfo | None, ledger: Sequence[Entry] = ()
) -> list[dict[str, Any]]:
    """Every stream of the source and what became of it, with what belongs to it and did not stay as it was."""
    known = {s.index: s for s in source.streams} if source else {}
    rows = []
    for planned in plan.get("streams", ()):
        stream = known.get(planned["index"])
        language = stream.language if stream and stream.language != "und" else None
        words = [language, stream.title or stream.file_name] if stream else []
        rows.append(
            {
                "index": str(planned["index"]),
                "kind": planned["kind"],
                "codec": planned["codec"] or "unknown",
                "words": printable_path(", ".join(word for word in words if word)),
                "fate": planned["fate"],
                "reason": printable_path(planned["reason"]),
                "rule": planned.get("rule") or "",
                **below([row for row in ledger if row.stream == planned["index"]][1:]),
            }
        )
    return rows


def below(rows: Sequence[Entry]) -> dict[str, Any]:
    """How much belongs to one thing and stayed as it was, in words, and what did not, row by row."""
    kept = Counter(row.subject for row in rows if row.rule is None)
    return {
        "kept": ", ".join(
            f"{count} {subject.value}{PLURAL[subject] if count > 1 else ''}" for subject, count in kept.items()
        ),
        "changed": [
            {
                "subject": row.subject.value,
                "name": printable_path(row.name),
                "value": printable_path(row.value),
                "fate": FATES.get(row.fate.value, row.fate.value),
                "rule": row.rule.value if row.rule else "",
                "reason": printable_path(row.reason),
            }
            for row in rows
            if row.rule is not None
        ],
    }


def ledger_table(ledger: Sequence[Entry]) -> list[dict[str, Any]]:
    """What belongs to the file itself and to its chapters, and what became of it; and streams that appeared late."""
    groups = {
        "The file": [row for row in ledger if row.stream is None and row.chapter is None],
        "Chapters": [row for row in ledger if row.chapter is not None],
        "Late streams": [row for row in ledger if row.rule is Rule.APPEARED_LATE],
    }
    return [{"name": name, **below(rows)} for name, rows in groups.items() if rows]


PLURAL = {subject: "" if subject is Subject.SIDE_DATA else "s" for subject in Subject}


FATES = {
    "encode": "encoded",
    "copy": "copied",
    "attach": "attached",
    "convert": "converted",
    "drop": "dropped",
}


def check_table(dossier: Dossier) -> list[dict[str, Any]]:
    """The checks the output passed, or did not."""
    step = dossier.steps.get(StepKind.VALIDATE)
    last = dossier.outcomes[-1].checks if dossier.outcomes else ()
    rows: Sequence[Mapping[str, Any]] = step.result["checks"] if step else last
    return [{"name": r["name"], "passed": r["passed"], "detail": printable_path(str(r["detail"]))} for r in rows]


def time_table(dossier: Dossier, chunks: Sequence[ChunkStory]) -> list[dict[str, Any]]:
    """Where the time went. Trials run beside each other, so their wall times add up to more than the clock's."""
    trials = [t for c in chunks for t in c.trials]
    spent = {
        "Reading and analysing": _step(dossier, StepKind.ANALYSE),
        "Copying the pictures": _step(dossier, StepKind.COPY),
        "Trials: encoding": _sum(t.encode_usage for t in trials),
        "Trials: scoring": _sum(t.score_usage for t in trials),
        "Sounds to Opus": _step(dossier, StepKind.AUDIO),
        "Assembling": _step(dossier, StepKind.ASSEMBLE),
        "Validating": _step(dossier, StepKind.VALIDATE),
    }
    most = max((u.wall_seconds for u in spent.values() if u), default=0) or 1
    return [
        {
            "name": name,
            "wall": seconds(usage.wall_seconds if usage else None),
            "cpu": seconds(usage.cpu_seconds if usage and usage.cpu_seconds else None),
            "share": f"{100 * usage.wall_seconds / most:.1f}" if usage else "0",
        }
        for name, usage in spent.items()
    ]


def _step(dossier: Dossier, kind: StepKind) -> Usage | None:
    step = dossier.steps.get(kind)
    return step.usage if step and step.usage.wall_seconds else None


def _sum(usages: Iterable[Usage]) -> Usage | None:
    rows = list(usages)
    if not rows:
        return None
    return Usage(wall_seconds=sum(u.wall_seconds for u in rows), cpu_seconds=sum(u.cpu_seconds for u in rows))


def run_table(outcomes: Sequence[OutcomeRecord]) -> list[dict[str, str]]:
    """Each time the command was run for this job."""
    return [
        {
            "when": moment(o.finished) if o.finished else UNKNOWN,
            "outcome": o.outcome.replace("_", " "),
            "trials": str(o.trials),
            "seconds": seconds(o.seconds),
        }
        for o in outcomes
    ]


def notes(dossier: Dossier) -> list[str]:
    """What the last run had to say, and what the plan notes."""
    made = best_outcome(dossier.outcomes)
    said = [*(made.reasons if made else ()), *dossier.job.plan.get("notes", ())]
    return [printable_path(text) for text in dict.fromkeys(said)]


def frames_scored(trials: Sequence[TrialRecord]) -> str:
    """How many of the trials were scored on which frames; samples of a chunk are left out."""
    steps = Counter(trial.score.n_subsample for trial in trials if trial.windows is None)
    if set(steps) == {1}:
        return "every frame"
    return ", ".join(
        f"{'every frame' if step == 1 else f'one frame in {step}'} of {count} trials"
        for step, count in sorted(steps.items())
    )


def setting_groups(dossier: Dossier, trials: Sequence[TrialRecord]) -> list[dict[str, Any]]:
    """Tools, what was asked for, every encoder parameter and filter."""
    plan, like = dossier.job.plan, trials[0] if trials else None
    assembled = dossier.steps.get(StepKind.ASSEMBLE)
    scoring = plan.get("scoring", {})
    tools = {
        "Reelwright": assembled.result.get("version") if assembled else None,
        "FFmpeg": like.build.get("ffmpeg") if like else None,
        **encoder_of(like, plan),
        "processor": like.build.get("machine") if like else None,
        "VMAF model": scoring.get("model"),
        "frames scored": frames_scored(trials) or None,
        "scored at": scoring.get("scaled_to") or plan.get("size"),
    }
    encoder = {"encoder": plan.get("encoder"), "preset": plan.get("preset"), "pixel format": plan.get("pix_fmt")}
    return [
        _group("Tools", tools),
        _group("Asked for", {k.replace("_", " "): v for k, v in plan.get("request", {}).items()}),
        _group("Encoder", {**encoder, **plan.get("parameters", {})}),
        _group("Filters", {str(k): text for k, text in enumerate(plan.get("filters", ()), start=1)}),
    ]


def encoder_of(like: TrialRecord | None, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The encoder by the name people use, with its version."""
    name = plan.get("request", {}).get("encoder", DEFAULT)
    encoder = ENCODERS.get(name)
    build = like.build if like else {}
    return {encoder.title if encoder else name: build.get("svt" if name == DEFAULT else name)}


def _group(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "rows": [{"name": key, "value": _plain(value)} for key, value in values.items()]}


def _plain(value: Any) -> str:
    if value is None or value in ("", []):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(" ".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return printable_path(f"{value:g}" if isinstance(value, float) else str(value))
