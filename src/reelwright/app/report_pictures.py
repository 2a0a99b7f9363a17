"""Frames for a report: are source and output still the job's, and what do they look like."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from reelwright.engine.jobs import Job, JobStore, StepKind, StepRecord
from reelwright.engine.offload import Offload
from reelwright.engine.workspace import take_stamp
from reelwright.errors import ReelwrightError, ToolError
from reelwright.media.model import MediaInfo, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning import identity
from reelwright.planning.clocks import MILLISECOND
from reelwright.report.dossier import Pair, Shot
from reelwright.tools.hashing import content_hash
from reelwright.tools.index import load_index, make_index
from reelwright.tools.pictures import (
    OUTPUT_WAYS,
    SOURCE_WAYS,
    fetch_picture,
    output_grab,
    source_grab,
    to_srgb,
    webp_size,
)
from reelwright.tools.process import Runner
from reelwright.words import printable_path

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """The job's two files, both still what they were."""

    source: Path
    output: Path
    video: Video
    index: FrameIndex
    shift: Fraction
    #: Seconds of a tick of the film's clock in the output.
    clock: Fraction


async def source_complaint(job: Job, store: JobStore, offload: Offload, tell: Tell) -> str | None:
    """Why the source cannot be shown; None where it is still the film that was encoded."""
    path = Path(job.source_path)
    try:
        stamp = await asyncio.to_thread(take_stamp, path)
        known = await offload(store.find_source, stamp)
        if known is None:
            tell("reading the source, to see that it is still the same")
            content = await asyncio.to_thread(content_hash, path)
            same = identity.source_id(stamp.size_bytes, content) == job.source_id
        else:
            same = known.source_id == job.source_id
    except FileNotFoundError:
        return f"There are no pictures: the source {printable_path(path)} is gone."
    except OSError as error:
        return f"There are no pictures: the source {printable_path(path)} cannot be read ({error.strerror})."
    return (
        None if same else f"There are no pictures: the source {printable_path(path)} has changed since it was encoded."
    )


async def output_complaint(job: Job, placed: StepRecord | None, tell: Tell) -> str | None:
    """Why the output cannot be shown; None where it is still what was placed."""
    if placed is None:
        return "There are no pictures: the output is not there yet."
    path = Path(job.output_path)
    try:
        tell("reading the output, to see that it is still the same")
        content = await asyncio.to_thread(content_hash, path)
    except FileNotFoundError:
        return f"There are no pictures: the output {printable_path(path)} is gone."
    except OSError as error:
        return f"There are no pictures: the output {printable_path(path)} cannot be read ({error.strerror})."
    if content != placed.result["content"]:
        return f"There are no pictures: the output {printable_path(path)} is not what was placed there."
    return None


async def read_index(runner: Runner, job: Job, tell: Tell) -> FrameIndex:
    """The film's index, read from the film again: its work folder is gone.

    Raises:
        ReelwrightError: the film cannot be read.
    """
    last = -1

    def frame(message: dict[str, int]) -> None:
        nonlocal last
        if message["frame"] // 500 != last:
            last = message["frame"] // 500
            tell(f"reading the film again, its work folder is gone: frame {message['frame']}")

    with TemporaryDirectory(prefix="reelwright-report-") as folder:
        out = Path(folder) / "index.json.gz"
        await make_index(runner, Path(job.source_path), job.plan["video_index"], out, frame)
        return load_index(out)


async def fetch_pairs(
    runner: Runner, ffmpeg: str, job: Job, files: Files, *, shots: Sequence[Shot], tell: Tell
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Each shot of source and output, and sentences on those that could not be had."""
    pairs: list[Pair] = []
    missing: list[str] = []
    for place, shot in enumerate(shots, start=1):
        tell(f"fetching pictures, {place} of {len(shots)}: frame {shot.frame}")
        try:
            pairs.append(await _pair(runner, ffmpeg, job, files, shot))
        except ToolError as error:
            missing.append(f"Frame {shot.frame} cannot be shown: {error.message}")
    return tuple(pairs), tuple(missing)


async def _pair(runner: Runner, ffmpeg: str, job: Job, files: Files, shot: Shot) -> Pair:
    index, convert = files.index, to_srgb(files.video)
    source, output = str(files.source), str(files.output)
    plan = job.plan
    filters, video = plan["filters"], plan["video_index"]
    # Plans of before there were filters ahead name none.
    ahead, rotation = tuple(plan.get("ahead", ())), files.video.rotation
    before = [
        source_grab(source, video, index, filters, frame=shot.frame, attempt=k, ahead=ahead, rotation=rotation)
        for k in SOURCE_WAYS
    ]
    after = [
        output_grab(output, index, files.shift, start=shot.start, frame=shot.frame, attempt=k, clock=files.clock)
        for k in OUTPUT_WAYS
    ]
    with TemporaryDirectory(prefix="reelwright-report-") as folder:
        what = f"Fetching frame {shot.frame}"
        fetch = partial(fetch_picture, runner, ffmpeg, convert=convert, folder=Path(folder))
        source_bytes = await fetch(before, what=f"{what} of the source")
        output_bytes = await fetch(after, what=f"{what} of the output")
    width, height = webp_size(output_bytes)
    return Pair(
        shot=shot,
        seconds=float(index.seconds(shot.frame)),
        source=source_bytes,
        output=output_bytes,
        width=width,
        height=height,
    )


def files_of(job: Job, steps: dict[StepKind, StepRecord], output: MediaInfo, index: FrameIndex) -> Files:
    """What is needed to take pictures.

    Raises:
        ReelwrightError: the output holds no film.
    """
    film = output.film
    if film is None or film.video is None:
        raise ReelwrightError("The output holds no film.")
    return Files(
        source=Path(job.source_path),
        output=Path(job.output_path),
        video=film.video,
        index=index,
        shift=Fraction(steps[StepKind.ASSEMBLE].result["shift"]),
        clock=Fraction(steps[StepKind.ASSEMBLE].result.get("clock", MILLISECOND)),
    )
