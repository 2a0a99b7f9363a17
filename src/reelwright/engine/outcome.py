"""Outcomes: a film's score from its chunks', and errors as rows."""

import math
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from reelwright.engine.film import Film
from reelwright.engine.job_state import JobState
from reelwright.engine.jobs import OutcomeRecord, TrialRecord
from reelwright.errors import (
    CancelledJobError,
    InterruptedRunError,
    ReelwrightError,
    RefusedError,
    ValidationFailedError,
)
from reelwright.planning.plan import EncodePlan
from reelwright.planning.requests import plain_request
from reelwright.planning.stream_ledger import Entry
from reelwright.quality.score import Run, pool_runs

#: Outcomes of films that were made: encoded, or copied into another container.
MADE = frozenset({"encoded", "remuxed"})
#: Outcomes of errors that are no failure; the first that fits.
KINDS: dict[type[ReelwrightError], str] = {
    RefusedError: "refused",
    CancelledJobError: "cancelled",
    InterruptedRunError: "interrupted",
}


def film_score(chosen: Sequence[TrialRecord]) -> dict[str, Any] | None:
    """VMAF of the film, each accepted trial counted by its frames; None where there is none.

    `n_subsample` is the widest step of any of them; `frames` says how many frames were scored.
    """
    if not chosen:
        return None
    like = chosen[0].score
    score = pool_runs(
        [Run(scores=trial.frame_scores, frames=trial.frames) for trial in chosen],
        model=like.model,
        n_subsample=max(trial.score.n_subsample for trial in chosen),
        scaled_to=like.scaled_to,
    )
    return {k: round(v, 3) if isinstance(v, float) and math.isfinite(v) else v for k, v in asdict(score).items()}


def outcome_of_error(error: ReelwrightError, so_far: OutcomeRecord) -> OutcomeRecord:
    """The row for a source that ended with an error."""
    kind = next((name for of, name in KINDS.items() if isinstance(error, of)), "failed")
    checks = error.checks if isinstance(error, ValidationFailedError) else ()
    reasons = tuple(part for part in (error.message, error.hint) if part)
    return replace(so_far, outcome=kind, exit_code=error.exit_code, reasons=reasons, checks=checks)


def analysis_of(film: Film) -> dict[str, Any]:
    """The analysis as plain values: the film, and by which keys the trials of each of its chunks are found."""
    index = film.index
    return {
        "source_id": index.source_id,
        "frames": index.frames,
        "seconds": float(index.duration),
        "index": os.fspath(film.workspace.index),
        "chunks": [
            {"start": c.start, "end": c.end, "seconds": float(index.seconds(c.start)), "curve": film.curve_key(c)}
            for c in film.chunks
        ],
    }


def plain_ledger(ledger: Sequence[Entry]) -> list[dict[str, Any]]:
    """The stream ledger as plain values."""
    return [
        {
            "subject": row.subject.value,
            "stream": row.stream,
            "chapter": row.chapter,
            "name": row.name,
            "value": row.value,
            "fate": row.fate.value,
            "rule": None if row.rule is None else row.rule.value,
            "reason": row.reason,
        }
        for row in ledger
    ]


def plain_plan(plan: EncodePlan) -> dict[str, Any]:
    """The plan as plain values, for printing and the ledger."""
    return {
        "strategy": plan.strategy.value,
        "request": plain_request(plan.request),
        "video_index": plan.video_index,
        "size": f"{plan.width}x{plan.height}",
        "encoder": plan.encoder,
        "preset": plan.request.preset,
        "pix_fmt": plan.pix_fmt,
        "parameters": dict(plan.parameters),
        "ahead": list(plan.ahead),
        "filters": list(plan.filters),
        "crop": str(plan.crop) if plan.crop else None,
        "scoring": {
            "model": plan.scoring.model,
            "n_subsample": plan.scoring.n_subsample,
            "scaled_to": plan.scoring.scale_name,
        },
        "streams": [
            {
                "index": s.index,
                "kind": s.kind.value,
                "codec": s.codec,
                "fate": s.fate.value,
                "rule": None if s.rule is None else s.rule.value,
                "reason": s.reason,
            }
            for s in plan.streams
        ],
        "notes": list(plan.notes),
    }


def result_data(outcome: OutcomeRecord) -> dict[str, Any]:
    """The data of the last event of a source."""
    row = asdict(outcome)
    return {
        "decision": row["decision"],
        "outcome": row["outcome"],
        "output": row["output_path"],
        "reasons": list(row["reasons"]),
        "bytes_before": row["bytes_before"],
        "bytes_after": row["bytes_after"],
        "vmaf": row["vmaf"],
        "trials": row["trials"],
        "seconds": row["seconds"],
        "checks": list(row["checks"]),
        "trial_cpu_seconds": row["cpu_seconds"],
        "exit_code": row["exit_code"],
    }


def best_efforts(state: JobState) -> tuple[str, ...]:
    """Sentences on chunks that ended outside the band."""
    missed = [s for s in state.chunks if s.accepted and not s.accepted.within_band]
    return tuple(
        f"Chunk {s.chunk.index} (frames {s.chunk.start} to {s.chunk.end - 1}): {s.accepted.why}."
        for s in missed
        if s.accepted
    )
