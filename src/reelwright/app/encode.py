"""Encode films: the settings and the command become requests, and each source takes the straight line."""

from dataclasses import replace

from reelwright.app.plugins import use_encoders
from reelwright.app.wiring import load, services
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings
from reelwright.encoding_settings import check_svt
from reelwright.engine.discover import outputs_for
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.pace import Limits
from reelwright.engine.pipeline import Options, encode_film
from reelwright.engine.scenes import load_scenes
from reelwright.errors import UsageError
from reelwright.events import Event, EventName, EventSink
from reelwright.planning.encoding import check_encoder
from reelwright.planning.excerpt import excerpt_mark
from reelwright.planning.plan import Request
from reelwright.planning.remuxing import REMUX, encoding_asked
from reelwright.planning.sound import OpusRates
from reelwright.planning.zones import Zone


def request_for(settings: Settings, job: EncodeJob) -> Request:
    """What is wanted of a film: the settings, with the command's own values over them.

    Raises:
        UsageError: the encoder cannot do what is asked of it.
    """
    use_encoders(settings)
    encoding = settings.encoding
    if encoding.strategy == REMUX:
        return copying(job)
    low, high = encoding.band
    scenes = load_scenes(job.scenes) if job.scenes else None
    svt = {**encoding.svt, **dict(job.svt)}
    request = Request(
        # As floats: a default that is written 12 is the same work as a flag that is read as 12.0.
        target_vmaf=float(encoding.target_vmaf),
        band_low=encoding.target_vmaf - low,
        band_high=encoding.target_vmaf + high,
        preset=encoding.preset,
        svt=tuple(sorted((name, str(value)) for name, value in svt.items())),
        crf=job.crf,
        min_crf=float(encoding.min_crf),
        max_crf=float(encoding.max_crf),
        chunk_seconds=float(settings.processing.chunk_size),
        vmaf_model=encoding.vmaf_model,
        deterministic=job.deterministic or settings.processing.deterministic,
        zones=checked((*(scenes.zones if scenes else ()), *job.zones)),
        cuts=scenes.cuts if scenes else None,
        cuts_frames=scenes.frames if scenes else None,
        scale=job.scale,
        start=job.start,
        duration=job.duration,
        strategy=encoding.strategy,
        direct_crf=(float(encoding.crf.sd), float(encoding.crf.hd), float(encoding.crf.uhd)),
        encoder=encoding.encoder,
        film_grain=encoding.film_grain,
        deinterlace=encoding.deinterlace or None,
        crop=encoding.crop,
        audio=encoding.audio,
        # Where nothing becomes Opus, its rates make no other work.
        opus=OpusRates(**encoding.opus.model_dump()) if encoding.audio == "opus" else OpusRates(),
        hwaccel=encoding.hwaccel,
        # The setting of that name is for libraries: somebody who names a film wants it encoded.
        max_encoded_percent=job.max_encoded_percent,
        max_output_size=job.max_output_size,
        objective=encoding.objective,
        floor_vmaf=encoding.floor_vmaf or None,
        floor_p5=encoding.floor_p5 or None,
        scored_frames=encoding.scored_frames,
    )
    check_encoder(request)
    return request


def copying(job: EncodeJob) -> Request:
    """What is wanted of a film whose streams are copied: settings of encodes mean nothing to it, but flags do.

    Raises:
        UsageError: a flag asks for what only an encode can do.
    """
    asked = [key for key in job.flags.get("encoding", {}) if key != "strategy"]
    request = Request(
        strategy=REMUX, crf=job.crf, zones=tuple(map(str, job.zones)), scale=job.scale, start=job.start,
        duration=job.duration, cuts=() if job.scenes else None,
    )  # fmt: skip
    flag = encoding_asked(request) or next((f"--{key.replace('_', '-')}" for key in asked), None)
    if flag is None and (job.svt or job.export_scenes):
        flag = "--svt" if job.svt else "--export-scenes"
    if flag is not None:
        raise UsageError(
            f"--strategy remux copies every stream as it is, and {flag} needs an encode.",
            hint=f"Leave {flag} or --strategy remux out.",
        )
    return request


def checked(zones: tuple[Zone, ...]) -> tuple[str, ...]:
    """Zones as text, their encoder parameters checked.

    Raises:
        UsageError: one may not.
    """
    for zone in zones:
        for name, value in zone.svt:
            try:
                check_svt(name, value)
            except ValueError as error:
                raise UsageError(f"The zone {zone}: {error}.") from error
    return tuple(map(str, zones))


def options_for(settings: Settings, job: EncodeJob) -> Options:
    """How a run is carried out."""
    return Options(
        work_dir=settings.work_dir,
        limits=limits_for(settings),
        overwrite=job.overwrite,
        dry_run=job.dry_run,
        export_scenes=job.export_scenes,
        learns=settings.encoding.learn,
    )


def limits_for(settings: Settings) -> Limits:
    """What a run may take."""
    processing = settings.processing
    return Limits(
        workers=processing.parallel_jobs,
        nice=processing.nice,
        memory_per_encode=processing.memory_per_encode,
        disk_wait=processing.disk_wait,
    )


def made_of(settings: Settings) -> str:
    """What tells an output beside its source from it: ".av1", or nothing where only the container is another."""
    return "" if settings.encoding.strategy == REMUX else ".av1"


async def encode_all(job: EncodeJob, sink: EventSink) -> list[OutcomeRecord]:
    """Encode each source in turn. One that fails does not stop the rest."""
    return await encode_with(load(job.flags), job, sink)


async def encode_with(settings: Settings, job: EncodeJob, sink: EventSink) -> list[OutcomeRecord]:
    """Encode each source in turn, with these settings."""
    mark = excerpt_mark(Request(start=job.start, duration=job.duration))
    placement = settings.placement
    pairs = outputs_for(
        job.sources,
        job.output,
        settings.input,
        placement.output_dir,
        mark=mark,
        container=placement.container,
        made=made_of(settings),
    )
    request, options = request_for(settings, job), options_for(settings, job)
    if len(pairs) > 1 and (job.scenes or job.export_scenes):
        raise UsageError("A scene list is of one film.", hint="Name one film with --scenes and --export-scenes.")
    async with services(settings, sink, request) as ready:
        outcomes = []
        for number, (source, output) in enumerate(pairs, start=1):
            told = replace(ready, sink=Numbered(ready.sink, number, len(pairs)))
            outcomes.append(await encode_film(source, output, request, options, told))
        return outcomes


class Numbered:
    """Says of a film's first and last event which film of how many it is."""

    def __init__(self, sink: EventSink, number: int, of: int) -> None:
        self._sink = sink
        self._place = {"number": number, "of": of}

    def emit(self, event: Event) -> None:
        """Take one event."""
        if event.event in {EventName.FILE_DISCOVERED, EventName.RESULT}:
            event = replace(event, data={**event.data, **self._place})
        self._sink.emit(event)
