"""Reelwright from Python: the same work as the command, with typed values.

Nothing is read from configuration files or the environment unless you ask for it with `settings=load_settings()`.
Each function comes twice: `encode` waits for the end, `encode_async` is awaited in a running event loop.

The examples below are run by the tests; `film.mkv` is three seconds long.

>>> import reelwright
>>> info = reelwright.probe("film.mkv")
>>> info.container, info.film.codec, info.film.video.width
('matroska,webm', 'h264', 160)

>>> planned = reelwright.plan("film.mkv", target_vmaf=90, preset=12)
>>> planned.decision.verdict.value, planned.plan.encoder, planned.plan.scoring.model
('encode', 'libsvtav1', 'vmaf_v0.6.1')

>>> outcome = reelwright.encode("film.mkv", "film.av1.mkv", target_vmaf=90, preset=12)
>>> outcome.outcome, outcome.exit_code, all(check["passed"] for check in outcome.checks)
('encoded', 0, True)

Done is done: the same call again looks, and does nothing.

>>> reelwright.encode("film.mkv", "film.av1.mkv", target_vmaf=90, preset=12).outcome
'already_done'

A part of it, smaller, with the profile of your choice; every option is listed in `Options`.

>>> part = reelwright.encode("film.mkv", "part.mkv", start=1, duration="0:01", scale=(80, 0), preset=13, crf=50)
>>> part.outcome, reelwright.probe("part.mkv").film.video.width
('encoded', 80)
>>> reelwright.plan("film.mkv", profile="archive").plan.request.target_vmaf
95.5

What cannot be done is an exception with one sentence, a hint and the exit code the command would end with.

>>> reelwright.encode("missing.mkv", "out.mkv")
Traceback (most recent call last):
reelwright.errors.SourceError: There is no such file. Check the path.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from reelwright.app.encode import encode_with, request_for
from reelwright.app.score import score_files
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings, settings_from
from reelwright.engine.jobs import OutcomeRecord
from reelwright.errors import ReelwrightError, UsageError, error_for
from reelwright.events import Event
from reelwright.layers import find_profile, merge
from reelwright.media.model import MediaInfo
from reelwright.planning.decision import Decision, Verdict, decide
from reelwright.planning.plan import EncodePlan, make_plan
from reelwright.planning.times import decimal, parse_time
from reelwright.planning.zones import parse_zone
from reelwright.profiles import PROFILES
from reelwright.quality.comparison import ScoreOptions, ScoreProgress, ScoreResult
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.probe import probe as probe_with
from reelwright.tools.process import Runner

Result = TypeVar("Result")
AnyPath = str | os.PathLike[str]


class Options(TypedDict, total=False):
    """What may be asked for; everything left out is as in the settings."""

    #: VMAF every chunk is to reach, 1 to 99.9, and how far below and above it a score may be.
    target_vmaf: float
    band: float | tuple[float, float]
    #: SVT-AV1 preset, 0 to 13, and parameters of its own.
    preset: int
    svt: Mapping[str, str | int | float]
    #: One CRF for every chunk instead of a search; the CRFs a search stays within.
    crf: float
    min_crf: float
    max_crf: float
    #: Named settings below the other options: "archive", "small", "grain", "anime", "balanced".
    profile: str
    #: Only a part, in seconds from the first frame or as "1:30.5".
    start: float | str
    duration: float | str
    #: Width and height to encode at; a side that is 0 follows from the other.
    scale: tuple[int, int]
    #: Parts with settings of their own, such as "0:10-0:20:target=95" or "240f-end:crf=40,svt.tune=0".
    zones: Sequence[str]
    #: A scene list to take cuts and zones from.
    scenes: AnyPath
    #: Give up where the output would be larger than this share of the source.
    max_encoded_percent: float
    #: Give up where the output would have more bytes than this.
    max_output_size: int
    #: "uniform" or "min-size"; floors of a chunk's mean (min-size) and 5th percentile; "v0.6.1" or "v1"; how much is
    #: scored, "sequential" or "every"; whether the search learns from other films.
    objective: str
    floor_vmaf: float
    floor_p5: float
    vmaf_model: str
    scored_frames: str
    learn: bool
    #: "auto", "chunked", "direct" or "remux"; the encoder by its name; strength of the synthesised grain, 0 to 50.
    strategy: str
    encoder: str
    film_grain: int
    #: How fields become frames, such as "bwdif"; what is kept of the picture: "auto" or "W:H:X:Y".
    deinterlace: str
    crop: str
    #: "copy" or "opus"; what decodes: "none", "auto" or a device's name.
    audio: str
    hwaccel: str
    #: Encodes at once; 0 decides.
    workers: int
    #: How much the encodes yield to other programs, 0 to 19.
    nice: int
    #: Where trials and the ledger are kept.
    work_dir: AnyPath
    ledger: AnyPath
    #: Replace an existing output; choose every trial independently of timing.
    overwrite: bool
    deterministic: bool


#: Options that are settings: section and key.
SETTINGS = {
    "target_vmaf": ("encoding", "target_vmaf"),
    "band": ("encoding", "band"),
    "preset": ("encoding", "preset"),
    "svt": ("encoding", "svt"),
    "min_crf": ("encoding", "min_crf"),
    "max_crf": ("encoding", "max_crf"),
    **{
        name: ("encoding", name)
        for name in ("objective", "floor_vmaf", "floor_p5", "vmaf_model", "scored_frames", "learn")
    },
    **{
        name: ("encoding", name)
        for name in ("strategy", "encoder", "film_grain", "deinterlace", "crop", "audio", "hwaccel")
    },
    "workers": ("processing", "parallel_jobs"),
    "nice": ("processing", "nice"),
    "work_dir": ("processing", "temp_dir"),
    "ledger": ("database", "path"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What would be done with a film, and why."""

    info: MediaInfo
    decision: Decision
    #: None where nothing would be encoded.
    plan: EncodePlan | None


class Listener:
    """Hands each event to a function."""

    def __init__(self, listen: Callable[[Event], None] | None) -> None:
        self._listen = listen

    def emit(self, event: Event) -> None:
        """Hand the event on."""
        if self._listen is not None:
            self._listen(event)


def arranged(settings: Settings | None, options: Options) -> Settings:
    """The settings with the options over them.

    Raises:
        UsageError: a value that cannot be.
    """
    tree: dict[str, dict[str, Any]] = {}
    for name, value in options.items():
        if name in SETTINGS:
            section, key = SETTINGS[name]
            tree.setdefault(section, {})[key] = os.fspath(value) if isinstance(value, os.PathLike) else value
    if profile := options.get("profile"):
        tree = merge(find_profile(profile, PROFILES, "The call").settings, tree)
    return settings_from(settings, tree)


def told(read: Callable[[str], Result], what: str, text: str) -> Result:
    """An option that is written as text.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return read(text)
    except ValueError as error:
        raise UsageError(f"The call: {what}: {error}.") from error


def job_for(source: AnyPath, output: AnyPath | None, options: Options) -> EncodeJob:
    """The call as a command."""
    return EncodeJob(
        sources=(Path(source),),
        output=os.fspath(output) if output is not None else None,
        crf=options.get("crf"),
        start=seconds("start", options.get("start")),
        duration=seconds("duration", options.get("duration")),
        scale=options.get("scale"),
        zones=tuple(told(parse_zone, "zones", zone) for zone in options.get("zones", ())),
        scenes=Path(options["scenes"]) if "scenes" in options else None,
        max_encoded_percent=options.get("max_encoded_percent"),
        max_output_size=options.get("max_output_size"),
        overwrite=options.get("overwrite", False),
        deterministic=options.get("deterministic", False),
    )


def seconds(what: str, value: float | str | None) -> str | None:
    """A time as decimal seconds in text; None for none, and for the beginning.

    Raises:
        UsageError: it is no time.
    """
    if value is None:
        return None
    found: str = told(lambda text: decimal(parse_time(text)), what, str(value))
    return None if what == "start" and found == "0" else found


def wait_for(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a coroutine function to its end.

    Raises:
        UsageError: an event loop is running already.
    """

    async def begin() -> Result:
        return await work()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    raise UsageError("An event loop is running in this thread.", hint="Await the function that ends in _async.")


async def encode_async(
    source: AnyPath,
    output: AnyPath | None = None,
    *,
    settings: Settings | None = None,
    on_event: Callable[[Event], None] | None = None,
    **options: Unpack[Options],
) -> OutcomeRecord:
    """Encode one film to AV1 at a measured quality.

    Args:
        source: the film; it is never changed.
        output: a .mkv or .mp4 file, or a folder; None: NAME.av1.mkv beside the source.
        settings: what is not given as an option; None: the defaults.
        on_event: called with each event, in the loop's thread; must not block.
        options: what is asked for.

    Returns:
        The outcome: "encoded", "remuxed", "already_done" or "skipped", with sizes, VMAF and checks.

    Raises:
        ReelwrightError: it could not be done; its class and `exit_code` say why. What was committed stays, and the
            same call goes on with it.
    """
    ready = arranged(settings, options)
    (outcome,) = await encode_with(ready, job_for(source, output, options), Listener(on_event))
    if outcome.exit_code:
        raise error_for(outcome.exit_code, outcome.reasons)
    return outcome


def encode(
    source: AnyPath,
    output: AnyPath | None = None,
    *,
    settings: Settings | None = None,
    on_event: Callable[[Event], None] | None = None,
    **options: Unpack[Options],
) -> OutcomeRecord:
    """Encode one film and wait for it: `encode_async` for code without an event loop.

    >>> seen = []
    >>> outcome = reelwright.encode("film.mkv", "other.mkv", crf=40, preset=12, on_event=lambda e: seen.append(e.event))
    >>> seen[0].value, seen[-1].value
    ('file_discovered', 'result')
    """
    return wait_for(lambda: encode_async(source, output, settings=settings, on_event=on_event, **options))


async def probe_async(path: AnyPath, *, settings: Settings | None = None) -> MediaInfo:
    """Facts of a media file, read in a child process.

    Raises:
        SourceError: it is no media file, or cannot be read.
    """
    async with Runner() as runner:
        return await probe_with(runner, find_ffmpeg((settings or Settings()).tools.ffmpeg), Path(path))


def probe(path: AnyPath, *, settings: Settings | None = None) -> MediaInfo:
    """Facts of a media file: `probe_async` for code without an event loop."""
    return wait_for(lambda: probe_async(path, settings=settings))


async def plan_async(source: AnyPath, *, settings: Settings | None = None, **options: Unpack[Options]) -> Planned:
    """What would be done with a film, and why; nothing is written.

    Raises:
        SourceError: the file cannot be read.
        UsageError: an option that cannot be.
    """
    ready = arranged(settings, options)
    info = await probe_async(source, settings=ready)
    request = request_for(ready, job_for(source, None, options))
    decision = decide(info, request)
    plan = make_plan(info, request) if decision.verdict in {Verdict.ENCODE, Verdict.REMUX} else None
    return Planned(info=info, decision=decision, plan=plan)


def plan(source: AnyPath, *, settings: Settings | None = None, **options: Unpack[Options]) -> Planned:
    """What would be done with a film: `plan_async` for code without an event loop.

    >>> reelwright.plan("film.mkv", preset=99)
    Traceback (most recent call last):
    reelwright.errors.UsageError: The call: encoding.preset = 99 is wrong: input should be less than or equal to 13.
    """
    return wait_for(lambda: plan_async(source, settings=settings, **options))


async def score_async(
    reference: AnyPath,
    distorted: AnyPath,
    *,
    settings: Settings | None = None,
    on_progress: Callable[[ScoreProgress], None] | None = None,
    options: ScoreOptions | None = None,
) -> ScoreResult:
    """VMAF of a whole film against another, with proof that their frames belong together.

    Args:
        reference: the film that is taken as it is.
        distorted: the film that is scored.
        settings: where FFmpeg is, and the model encodes are scored with; None: the defaults.
        on_progress: called with how far it is, in the loop's thread.
        options: model, subsampling, size and crop; None: as encodes are scored.

    Raises:
        RefusedError: the frames cannot be proven to belong together, with the reason.
        SourceError: a file is no film, or damaged; it is named.
        UsageError: no such model, or a crop outside the picture.
    """
    tell = on_progress or (lambda _: None)
    ready = settings or Settings()
    return await score_files(Path(reference), Path(distorted), options or ScoreOptions(), ready, tell)


def score(
    reference: AnyPath,
    distorted: AnyPath,
    *,
    settings: Settings | None = None,
    on_progress: Callable[[ScoreProgress], None] | None = None,
    options: ScoreOptions | None = None,
) -> ScoreResult:
    """VMAF of a film against another: `score_async` for code without an event loop.

    >>> result = reelwright.score("film.mkv", "film.mkv", options=reelwright.ScoreOptions(n_subsample=3))
    >>> result.score.mean > 97, result.score.model, result.alignment.proof.value
    (True, 'vmaf_v0.6.1', 'same file')
    """
    return wait_for(
        lambda: score_async(reference, distorted, settings=settings, on_progress=on_progress, options=options)
    )


__all__ = [
    "AnyPath",
    "Options",
    "Planned",
    "ReelwrightError",
    "ScoreOptions",
    "ScoreResult",
    "Settings",
    "encode",
    "encode_async",
    "plan",
    "plan_async",
    "probe",
    "probe_async",
    "score",
    "score_async",
]
