"""Parts of a sequence's movie that go through the quality engine: each is encoded as a film of its own, at the target.

So it is cut into chunks, its trials are kept and reused, and a run that is killed goes on where it stopped.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from reelwright.engine.jobs import JobStore, OutcomeRecord, StepKind, TrialRecord
from reelwright.engine.pipeline import Options, encode_film
from reelwright.engine.services import Services
from reelwright.errors import InterruptedRunError, error_for
from reelwright.events import Emitter, Event, EventName, EventSink
from reelwright.planning.plan import Request
from reelwright.quality.score import Run, pool_runs
from reelwright.sequences.parts import Span

#: How the sentence on a chunk begins that ended outside the band.
MISSED = "Chunk "
#: Events of a reel that its sequence's line tells itself.
HELD_BACK = frozenset({EventName.FILE_DISCOVERED, EventName.RESULT, EventName.PLACED, EventName.ENCODING_COMPLETE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """How the quality engine encodes."""

    request: Request
    options: Options
    #: Frames of a reel: as many chunks as are encoded at once.
    frames: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReelSink:
    """Hands a reel's events on as its sequence's."""

    sink: EventSink
    file: str
    job: str | None
    span: Span

    def emit(self, event: Event) -> None:
        """Hand an event on, with the sequence's name and the frames it is about."""
        if event.event not in HELD_BACK:
            data = {**event.data, "part": list(self.span)}
            self.sink.emit(replace(event, file=self.file, job=self.job, data=data))


async def encode_reel(
    film: Path, output: Path, target: Target, services: Services, *, emit: Emitter, span: Span
) -> dict[str, Any]:
    """Encode a lossless film at the target; what the engine did, as plain values.

    Raises:
        ReelwrightError: it cannot be encoded.
    """
    sink = ReelSink(sink=services.sink, file=emit.file, job=emit.job, span=span)
    options = replace(target.options, overwrite=True)
    outcome = await encode_film(film, output, target.request, options, replace(services, sink=sink))
    if outcome.exit_code == InterruptedRunError.exit_code:
        raise InterruptedRunError("Interrupted.", hint="Run the same command to go on.")
    if outcome.exit_code or outcome.outcome not in {"encoded", "already_done"}:
        raise error_for(outcome.exit_code, outcome.reasons)
    found = await services.offload(reel_facts, services.store, outcome, span)
    await asyncio.to_thread(forget, found.pop("work_folder"), target.options.work_dir)
    return found


def reel_facts(store: JobStore, outcome: OutcomeRecord, span: Span) -> dict[str, Any]:
    """What is kept of a reel: its trials and the scores of its frames."""
    job = store.find_job(outcome.job_id or "")
    steps = store.steps(outcome.job_id or "")
    curves = [chunk["curve"] for chunk in steps[StepKind.ANALYSE].result["chunks"]]
    keys = list(steps[StepKind.ASSEMBLE].result["trials"])
    trials = {trial.trial_key: trial for trial in store.trials(curves)}
    said = {row["trial"]: row for row in steps[StepKind.ASSEMBLE].result.get("chunks", ())}
    return {
        "span": list(span),
        "job": outcome.job_id,
        "work_folder": job.work_folder if job else None,
        "trials": outcome.trials,
        "cpu_seconds": outcome.cpu_seconds,
        "notes": [f"Part {span[0]} to {span[1] - 1}: {note}" for note in outcome.reasons if note.startswith(MISSED)],
        "checks": [dict(check) for check in outcome.checks],
        "chunks": [chunk_facts(trials[key], span[0], said.get(key, {})) for key in keys],
    }


def chunk_facts(trial: TrialRecord, lead: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """An accepted trial, as a manifest tells it: which frames of the movie it holds, and what they scored."""
    return {
        "start": lead + trial.start,
        "end": lead + trial.end,
        "trial": trial.trial_key,
        "curve": trial.curve_key,
        "why": said.get("why", trial.why),
        "within_band": said.get("within_band", True),
        "crf": trial.crf,
        "frames": trial.frames,
        "scores": [round(score, 4) for score in trial.frame_scores],
        "model": trial.score.model,
        "n_subsample": trial.score.n_subsample,
        "scaled_to": trial.score.scaled_to,
    }


def forget(folder: str | None, work_dir: Path) -> None:
    """Remove a reel's work folder: its part is committed, and its film is gone."""
    if folder is not None and Path(folder).parent == work_dir.absolute():
        shutil.rmtree(folder, ignore_errors=True)


def pooled(chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """VMAF of the whole movie, from the scores of its chunks' frames; None where there are none."""
    if not chunks:
        return None
    score = pool_runs(
        [Run(scores=chunk["scores"], frames=chunk["frames"]) for chunk in chunks],
        model=chunks[0]["model"],
        n_subsample=max(chunk["n_subsample"] for chunk in chunks),
        scaled_to=chunks[0]["scaled_to"],
    )
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(score).items()}
