"""Join chunks with the rest of the source, and read the result back. Both happen in child processes."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reelwright.media.model import MediaInfo, Stream
from reelwright.media.timing import FrameIndex, Timing, is_constant
from reelwright.planning.plan import EncodePlan
from reelwright.planning.streams import Fate
from reelwright.tools.ask import Answer, ask
from reelwright.tools.ffmpeg import subtitle_args
from reelwright.tools.process import Runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What was written of one copied stream. Times are the output's milliseconds."""

    #: 1: the source; 2: the converted subtitles.
    input: int
    index: int
    packets: int
    size: int
    first: int | None
    payload: str
    times: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadBack:
    """What a stream of the output holds."""

    index: int
    packets: int
    size: int
    first: int | None
    payload: str
    times: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """An attached file of the output."""

    name: str
    mimetype: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """An output read back in full."""

    streams: tuple[ReadBack, ...]
    #: PTS of each packet of the film, in milliseconds.
    film_ticks: tuple[int, ...]
    attachments: tuple[Attached, ...]
    #: Hash of every byte of the file.
    content: str


def shift_of(info: MediaInfo, index: FrameIndex, plan: EncodePlan) -> Fraction:
    """Seconds added to every timestamp: what keeps Matroska's times from being negative or far from zero.

    One shift for all streams, so that the offset between sound and picture stays as it was.
    """
    if index.timing is Timing.COUNTED:
        return Fraction(0)
    kept = {s.index for s in plan.streams if s.fate is Fate.COPY}
    starts = [index.pts[0] * index.time_base]
    starts += [s.start_pts * s.time_base for s in info.streams if s.index in kept and _starts(s)]  # type: ignore[operator]
    earliest = min(starts)
    broadcast = info.container in {"mpegts", "mpeg"}
    return -earliest if earliest < 0 or broadcast else Fraction(0)


def _starts(stream: Stream) -> bool:
    return stream.start_pts is not None and stream.time_base is not None


def nominal_rate(index: FrameIndex) -> Fraction | None:
    """The film's constant rate; None where it varies."""
    return index.rate if is_constant(index.pts) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """Everything a joining needs."""

    source: Path
    index_path: Path
    chunks: tuple[Path, ...]
    out: Path
    shift: Fraction
    rate: Fraction | None
    film_tags: dict[str, str]
    #: Where converted subtitles and the request are written.
    folder: Path


async def join(runner: Runner, ffmpeg: str, plan: EncodePlan, job: Join) -> tuple[Written, ...]:
    """Write the output under the name given; tell what was copied.

    Raises:
        SourceError: a stream of the source cannot be carried.
        ToolError, ResourceError: the writer failed.
    """
    texts = tuple(s.index for s in plan.streams if s.fate is Fate.CONVERT)
    converted = job.folder / "subtitles.mkv"
    if texts:
        await runner.run(
            subtitle_args(ffmpeg, os.fspath(job.source), texts, os.fspath(converted)), what="Converting subtitles"
        )
    answer = await ask(
        runner, "mux", request(plan, job, texts, converted), what="Joining the chunks", folder=job.folder
    )
    return TypeAdapter(tuple[Written, ...]).validate_python(answer.result["streams"])


def request(plan: EncodePlan, job: Join, texts: tuple[int, ...], converted: Path) -> dict[str, Any]:
    """The request to the joining child."""
    return {
        "source": os.fspath(job.source),
        "video_index": plan.video_index,
        "index": os.fspath(job.index_path),
        "chunks": [os.fspath(path) for path in job.chunks],
        "out": os.fspath(job.out),
        "shift": str(job.shift),
        "rate": str(job.rate) if job.rate is not None else None,
        "film_tags": job.film_tags,
        "copies": [{"index": s.index} for s in plan.streams if s.fate is Fate.COPY],
        "converted": os.fspath(converted) if texts else None,
        "conversions": list(texts),
        "attachments": [
            {"index": s.index, "file_name": s.file_name, "mimetype": s.mimetype}
            for s in plan.streams
            if s.fate is Fate.ATTACH
        ],
    }


async def inspect(runner: Runner, path: Path, film: int) -> tuple[Inspection, Answer]:
    """Read a finished file back, every packet of it.

    Raises:
        SourceError: it cannot be read.
    """
    answer = await ask(runner, "inspect", {"path": os.fspath(path), "film": film}, what="Reading the output back")
    return TypeAdapter(Inspection).validate_python(answer.result), answer
