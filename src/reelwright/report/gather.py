"""What the ledger knows of a job, gathered for a report or a page."""

import datetime as dt
from contextlib import suppress
from pathlib import Path

from reelwright.engine.jobs import Job, JobStore, StepKind, StepRecord
from reelwright.media.timing import FrameIndex
from reelwright.report.dossier import Dossier
from reelwright.tools.index import load_index


def recorded(store: JobStore, job: Job, made: dt.datetime, *, exact_times: bool = True) -> Dossier:
    """What the ledger knows of a job.

    Args:
        store: the ledger.
        job: which job.
        made: now.
        exact_times: read the film's index, where it is at hand, to say to the frame when something is shown.
    """
    steps = store.steps(job.id)
    analysed = steps.get(StepKind.ANALYSE)
    curves = [chunk["curve"] for chunk in analysed.result.get("chunks", ())] if analysed else []
    return Dossier(
        job=job, steps=steps, outcomes=store.outcomes(job.id), trials=store.trials(curves),
        events=store.events_of(job.id), ledger=store.fates(job.id),
        index=known_index(job, analysed) if exact_times else None, made=made,
    )  # fmt: skip


def known_index(job: Job, analysed: StepRecord | None) -> FrameIndex | None:
    """The film's index, where its work folder still has it."""
    path = analysed.result.get("index") if analysed else None
    if path is None:
        return None
    with suppress(ValueError):
        index = load_index(Path(path))
        return index if index.source_id == job.source_id else None
    return None
