"""Encode films: the settings and the command become requests, and each source takes the straight line."""

from collections.abc import Sequence
from pathlib import Path

from reelwright.app.wiring import load, services
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings
from reelwright.engine.discover import outputs_for
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.pipeline import Options, encode_film
from reelwright.events import EventSink
from reelwright.planning.plan import Request


def request_for(settings: Settings, job: EncodeJob) -> Request:
    """What is wanted of a film: the settings, with the command's own values over them."""
    encoding = settings.encoding
    low, high = encoding.band
    svt = {**encoding.svt, **dict(job.svt)}
    return Request(
        target_vmaf=encoding.target_vmaf,
        band_low=encoding.target_vmaf - low,
        band_high=encoding.target_vmaf + high,
        preset=encoding.preset,
        svt=tuple(sorted((name, str(value)) for name, value in svt.items())),
        crf=job.crf,
        min_crf=encoding.min_crf,
        max_crf=encoding.max_crf,
        chunk_seconds=settings.processing.chunk_size,
        vmaf_model=encoding.vmaf_model,
        deterministic=job.deterministic,
    )


def options_for(settings: Settings, job: EncodeJob) -> Options:
    """How a run is carried out."""
    return Options(
        work_dir=settings.work_dir,
        workers=settings.processing.parallel_jobs,
        overwrite=job.overwrite,
        dry_run=job.dry_run,
    )


async def encode_all(job: EncodeJob, sink: EventSink) -> list[OutcomeRecord]:
    """Encode each source in turn. One that fails does not stop the rest."""
    settings = load(job.flags)
    pairs = outputs_for(job.sources, job.output, settings.input, settings.placement.output_dir)
    return await encode_pairs(pairs, job, settings, sink)


async def encode_pairs(
    pairs: Sequence[tuple[Path, Path]], job: EncodeJob, settings: Settings, sink: EventSink
) -> list[OutcomeRecord]:
    """Encode each source to its output, in turn."""
    request, options = request_for(settings, job), options_for(settings, job)
    async with services(settings, sink) as ready:
        return [await encode_film(source, output, request, options, ready) for source, output in pairs]
