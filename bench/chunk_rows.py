"""What a run's events and its ledger say: chunks with their scores, encodes, where the time went."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any

Event = dict[str, Any]


def of_kind(events: list[Event], kind: str) -> list[dict[str, Any]]:
    """The data of one kind of event."""
    return [e["data"] for e in events if e["event"] == kind]


def whole(trial: dict[str, Any]) -> bool:
    """Whether a trial's bytes may be a chunk."""
    return trial.get("kind", "trial") == "trial"


def chunk_rows(
    events: list[Event], ours: list[float], plain: list[float], *, target: float, band: float
) -> list[dict[str, Any]]:
    """Each chunk's own score beside the independent run's and the plain encode's over the same frames."""
    trials = of_kind(events, "trial_complete")
    chosen = {c["chunk"]: c for c in of_kind(events, "segment_complete")}
    rows, start = [], 0
    for chunk, settled in sorted(chosen.items()):
        tried = [t for t in trials if t["chunk"] == chunk]
        accepted = next(t for t in reversed(tried) if whole(t) and t["crf"] == settled["crf"])
        part = slice(start, start + accepted["frames"])
        start = part.stop
        rows.append(
            {
                "chunk": chunk,
                "frames": accepted["frames"],
                "crf": settled["crf"],
                "aim": settled.get("aim") or target,
                "bytes": accepted["bytes"],
                "own": accepted["score"],
                "independent": round(fmean(ours[part]), 3),
                "plain": round(fmean(plain[part]), 3),
                "answered": answered(settled, [t["score"] for t in tried if whole(t)], target, band),
                "predicted": next((t.get("predicted") for t in tried if whole(t)), None),
                "trials": len({t["crf"] for t in tried if whole(t)}),
                "samples": sum(not whole(t) for t in tried),
                "why": settled["why"],
            }
        )
    return rows


def answered(settled: dict[str, Any], scores: list[float], target: float, band: float) -> bool:
    """Whether a chunk has an answer: it ended in its band, or its trials lie on both sides of it, so that there is one.

    One whose trials all lie above the band, or all below it, up to the bounds of the CRF has shown none.
    """
    if settled["within_band"]:
        return True
    return min(scores) <= target + band and max(scores) >= target - band


def phases(events: list[Event], workers: int) -> dict[str, float]:
    """Where the wall time went, in seconds: reading the film, trials, their tail, putting together, checking, placing.

    The tail is the time at the end of the trials in which fewer ran than could; `slots_filled` is the share of all
    slots of the time of trials in which one ran.
    """
    when = {e["event"]: datetime.fromisoformat(e["timestamp"]).timestamp() for e in events if e["event"] != "progress"}
    begun, ended = when["encoding_started"], when["encoding_complete"]
    spans = [
        (stop - e["data"]["seconds"], stop)
        for e in events
        if e["event"] == "trial_complete" and not e["data"]["reused"]
        for stop in [datetime.fromisoformat(e["timestamp"]).timestamp()]
    ]
    full = [start for start, _ in spans if running(spans, start) >= workers]
    ends = sorted(stop for _, stop in spans)
    thinner = (t for t in ends if full and t > max(full) and running(spans, t) < workers)
    tail = ended - next(thinner, begun)
    return {
        "analysis": when["analysis_complete"] - when["file_discovered"],
        "trials": ended - begun,
        "tail": tail,
        "assemble_and_validate": when["validation_complete"] - ended,
        "place": when["result"] - when["validation_complete"],
        "slots_filled": sum(stop - start for start, stop in spans) / (workers * max(0.01, ended - begun)),
    }


def running(spans: list[tuple[float, float]], moment: float) -> int:
    """How many trials ran just after a moment."""
    return sum(start <= moment < stop for start, stop in spans)


def ledger_costs(ledger: Path, source_id: str) -> dict[str, float]:
    """CPU seconds of a film's trials in the ledger: encoding and scoring, of whole chunks and of samples."""
    kinds = {"whole": "windows IS NULL", "samples": "windows IS NOT NULL"}
    sums = "SELECT COALESCE(SUM(encode_cpu_seconds), 0), COALESCE(SUM(score_cpu_seconds), 0) FROM store_trial"
    with closing(sqlite3.connect(ledger)) as base:
        found = {
            kind: base.execute(f"{sums} WHERE source_id = ? AND {which}", (source_id,)).fetchone()
            for kind, which in kinds.items()
        }
    return {f"{what}_{kind}": row[k] for kind, row in found.items() for k, what in enumerate(("encode", "score"))}
