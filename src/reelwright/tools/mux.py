"""Join chunks with the rest of the source, and read the result back. Both happen in child processes."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reelwright.media.model import Chapter, MediaInfo, Stream, Video
from reelwright.media.timing import FrameIndex, is_constant
from reelwright.planning.checks.evidence import Attached
from reelwright.planning.clocks import film_clock, movie_ticks
from reelwright.planning.containers import Container
from reelwright.planning.plan import EncodePlan, Strategy
from reelwright.planning.sound import RATE
from reelwright.planning.stream_ledger import kept_dispositions, stream_tags
from reelwright.planning.streams import Input, Route, StreamPlan, carried
from reelwright.planning.tags import Bearer, kept, tag_fates
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ask import Answer, ask
from reelwright.tools.ffmpeg import QUIET, convert_args
from reelwright.tools.process import Runner
from reelwright.tools.sound import Encoded

#: When sounds that were encoded begin, in seconds on the source's clock.
Begins = Iterable[Fraction | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What was written of one copied stream. Times are ticks of its clock in the output."""

    #: The number of an `Input`.
    input: int
    index: int
    packets: int
    size: int
    first: int | None
    payload: str
    times: str
    #: When the first packet begins in the source, in seconds; None: there is none.
    begins: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkTaken:
    """What was read of one chunk's file when it was joined, and what was written of it: hashes of all its packets."""

    frames: int
    digest: str
    written: str


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
class Joined:
    """What was written beside the film."""

    streams: tuple[Written, ...]
    attachments: tuple[Attached, ...]
    #: What each chunk's file held, in the film's order.
    chunks: tuple[ChunkTaken, ...]
    #: Seconds added to every timestamp.
    shift: Fraction


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """An output read back in full."""

    streams: tuple[ReadBack, ...]
    #: PTS of each packet of the film, in ticks of so many seconds.
    film_ticks: tuple[int, ...]
    film_clock: Fraction
    #: Hash of the film's packets, chunk by chunk.
    chunks: tuple[str, ...]
    attachments: tuple[Attached, ...]
    #: Hash of every byte of the file.
    content: str
    #: How many of the film's sequence headers announce film grain, and how many there are.
    grain: tuple[int, int] = (0, 0)


def shift_of(info: MediaInfo, index: FrameIndex, plan: EncodePlan, sounds: Begins = ()) -> Fraction:
    """Seconds added to every timestamp: what keeps times from being negative or far from zero.

    One shift for all streams, so that the offset between sound and picture stays as it was. What of a sound is
    hidden, as a codec's priming is, may lie before zero in MP4: its edit list hides it there too.
    """
    container = plan.request.container
    begin = start_of if container is Container.MATROSKA else begin_of
    # Encoded sounds begin when they are heard, which their packets in the source do not tell.
    read = {s.index for s in plan.streams if s.is_carried and s.route is not Route.SOUND}
    starts = [index.pts[0] * index.time_base]
    starts += [start for s in info.streams if s.index in read and (start := begin(s)) is not None]
    starts += [heard for heard in sounds if heard is not None]
    earliest = min(starts)
    if earliest >= 0 and info.container not in {"mpegts", "mpeg"}:
        return Fraction(0)
    # The film's first frame lands on a whole tick, so that no other frame is off by more than half of one from it.
    first, clock = index.pts[0] * index.time_base, film_clock(container, index.time_base)
    return ceil((first - earliest) / clock) * clock - first


def start_of(stream: Stream) -> Fraction | None:
    """When a stream's first packet is shown, in seconds; None where that is unknown."""
    if stream.start_pts is None or stream.time_base is None:
        return None
    return stream.start_pts * stream.time_base


def begin_of(stream: Stream) -> Fraction | None:
    """When a stream is first seen or heard, in seconds; None where that is unknown."""
    if stream.begins_pts is None or stream.time_base is None:
        return start_of(stream)
    return stream.begins_pts * stream.time_base


def movie_clock(
    info: MediaInfo,
    plan: EncodePlan,
    clock: Fraction,
    index: FrameIndex,
    shift: Fraction | None,
    *,
    sounds: Begins = (),
) -> int:
    """Ticks a second of MP4's own clock; 0 for Matroska, which has none.

    Args:
        info: the source.
        plan: what is written of it.
        clock: the film's tick in the output.
        index: the film's frames.
        shift: seconds added to every timestamp; None where packets are yet to tell.
        sounds: when those that were encoded begin.
    """
    if plan.request.container is Container.MATROSKA:
        return 0
    copied = {s.index for s in plan.streams if s.route is Route.PACKETS}
    ticks = [
        (start_of(s), Fraction(1, s.audio.sample_rate))
        for s in info.streams
        if s.index in copied and s.audio and s.audio.sample_rate
    ]
    ticks += [
        (start_of(s), film_clock(Container.MP4, s.time_base))
        for s in info.streams
        if s.index in copied and s.video and s.time_base
    ]
    heard = [begin for begin in sounds if begin is not None]
    ticks += [(begin, Fraction(1, RATE)) for begin in heard]
    ticks.append((index.pts[0] * index.time_base, clock))
    if shift is None:
        return movie_ticks((tick for _, tick in ticks), clock)
    starts = [round((start + shift) / tick) * tick for start, tick in ticks if start is not None]
    # What is thrown away at its beginning comes before a sound is heard, by so many samples as the encoder likes.
    late = [Fraction(1, RATE) for begin in heard if begin + shift > 0]
    return movie_ticks([*starts, *late], clock)


def display_aspect(plan: EncodePlan) -> Fraction | None:
    """The picture's aspect on the screen where Matroska is to say it; None where samples are square, and for MP4."""
    sample = plan.sample_aspect
    if plan.request.container is not Container.MATROSKA:
        return None
    return None if sample in {None, 0, 1} else Fraction(plan.width, plan.height) * Fraction(sample or 1)


def nominal_rate(index: FrameIndex, video: Video | None = None) -> Fraction | None:
    """The film's constant rate; None where it varies.

    What the source says of it is taken where every frame's time agrees to a tick: a short film in milliseconds seems to
    have another rate, 24 frames a second in place of 24000/1001.
    """
    if not is_constant(index.pts):
        return None
    first, base = index.pts[0], index.time_base
    for said in (video.nominal_rate, video.average_rate) if video else ():
        if said and all(abs((p - first) * base - k / said) <= base for k, p in enumerate(index.pts)):
            return said
    return index.rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """Everything a joining needs."""

    source: Path
    index_path: Path
    chunks: tuple[Path, ...]
    out: Path
    #: The frames [first, end) the chunks hold.
    span: tuple[int, int]
    #: Of an excerpt, its begin and end on the source's clock: what reaches into it is copied.
    window: tuple[Fraction, Fraction] | None
    #: Of a whole film. An excerpt's depends on the packets that reach into it.
    shift: Fraction
    #: Encoded sounds, by the source's stream: the file with the packets, and what is known of it.
    sounds: Mapping[int, tuple[Path, Encoded]]
    rate: Fraction | None
    film_tags: dict[str, str]
    #: Display aspect where Matroska is to say it; None where samples are square, and for MP4.
    display_aspect: Fraction | None
    #: The film's tick in the output, in seconds.
    clock: Fraction
    #: Ticks a second of MP4's own clock; 0 for Matroska.
    movie_ticks: int
    #: Whether the container may say what is in no finished standard: MP4's record of Dolby Vision.
    unofficial: bool
    #: The chapters that are written, on the source's clock.
    chapters: tuple[Chapter, ...]
    #: Where converted streams and the request are written.
    folder: Path


async def join(runner: Runner, ffmpeg: str, info: MediaInfo, plan: EncodePlan, job: Join) -> Joined:
    """Write the output under the name given; tell what was copied.

    Raises:
        SourceError: a stream of the source cannot be carried.
        ToolError, ResourceError: the writer failed.
    """
    made = tuple((s.index, s.codec_out or "copy") for s in plan.streams if s.route is Route.FFMPEG)
    container = plan.request.container
    converted = job.folder / f"converted.{container.value}"
    if made:
        paths = os.fspath(job.source), made, os.fspath(converted)
        args = convert_args(ffmpeg, *paths, offset=lead_of(info), container=container)
        await runner.run(args, what="Converting streams")
    joined = job.out if job.display_aspect is None else job.folder / "joined.mkv.part"
    asked = request(info, plan, job, converted, joined)
    answer = await ask(runner, "mux", asked, what="Joining the chunks", folder=job.folder, writes=joined)
    if job.display_aspect is not None:
        await runner.run(aspect_args(ffmpeg, asked, job, joined), what="Setting the display aspect")
        joined.unlink()
    return TypeAdapter(Joined).validate_python(answer.result)


def aspect_args(ffmpeg: str, asked: dict[str, Any], job: Join, joined: Path) -> list[str]:
    """Copy a joined file with its display aspect set, which PyAV has no way to say.

    Pictures among the attached files would be taken for video tracks; so all are attached anew.
    """
    attached = []
    for k, row in enumerate(asked["attachments"]):
        attached += ["-attach", row["extract_to"], f"-metadata:s:t:{k}", f"mimetype={row['mimetype']}"]
        attached += [f"-metadata:s:t:{k}", f"filename={row['file_name']}"]
        for key, value in row["tags"]:
            attached += [f"-metadata:s:t:{k}", f"{key}={value}"]
    described = [row for row in (asked["film"], *asked["streams"]) if row is not None]
    streams = len(described)
    maps = [part for k in range(streams) for part in ("-map", f"0:{k}")]
    # Left to itself FFmpeg marks one of several streams of a kind as the default one where none is.
    flags = [row["dispositions"] for row in described]
    maps += [part for k, names in enumerate(flags) for part in (f"-disposition:{k}", "+".join(names) or "0")]
    return [
        *(ffmpeg, *QUIET, "-y", "-copyts", *input_flags(), "-i", file_url(joined), *maps, "-c", "copy"),
        *(
            "-map_metadata",
            "0",
            "-map_chapters",
            "0",
            f"-aspect:{asked['film_place']}",
            str(job.display_aspect).replace("/", ":"),
        ),
        *(*attached, "-fflags", "+bitexact", "-default_mode", "passthrough", "-avoid_negative_ts", "disabled"),
        *("-f", "matroska", file_url(job.out)),
    ]


def request(info: MediaInfo, plan: EncodePlan, job: Join, converted: Path, out: Path) -> dict[str, Any]:
    """The request to the joining child."""
    container, by_index = plan.request.container, {s.index: s for s in info.streams}
    film = by_index[plan.video_index]
    plans = {s.index: s for s in plan.streams}
    told, rows = described(film, plans[film.index], container), told_of(by_index, plan)
    copied = plan.strategy is Strategy.REMUX
    return {
        "source": os.fspath(job.source),
        "video_index": plan.video_index,
        "index": os.fspath(job.index_path),
        "chunks": [os.fspath(path) for path in job.chunks],
        "out": os.fspath(out),
        "span": list(job.span),
        "window": [str(t) for t in job.window] if job.window else None,
        "shift": str(job.shift),
        "container": container.value,
        "clock": str(job.clock),
        "movie_ticks": job.movie_ticks,
        "unofficial": job.unofficial,
        "sample_aspect": str(plan.sample_aspect) if plan.sample_aspect and not job.display_aspect else None,
        "rate": str(job.rate) if job.rate is not None else None,
        "tags": dict(kept(tag_fates(info.tags, Bearer.FILE, container, info.broken_tags))),
        # A film that is copied is one of the streams, in its own place.
        "film": None if copied else {**told, "tags": {**told["tags"], **job.film_tags}},
        "film_place": place_of(rows, film.index) if copied else 0,
        "streams": rows,
        "converted": os.fspath(converted) if any(row["input"] == Input.CONVERTED for row in rows) else None,
        "lead": lead_of(info),
        "sounds": [
            {
                "index": index,
                "path": os.fspath(path),
                "begin": None if s.begin is None else str(s.begin),
                "samples": s.samples,
            }
            for index, (path, s) in sorted(job.sounds.items())
        ],
        "chapters": [
            {
                "start": str(chapter.start),
                "end": str(chapter.end),
                "tags": dict(kept(tag_fates(chapter.tags, Bearer.CHAPTER, container, chapter.broken_tags))),
            }
            for chapter in job.chapters
        ],
        "attachments": [
            {
                "index": s.index,
                "file_name": s.file_name,
                "mimetype": s.mimetype,
                "tags": described(by_index[s.index], s, container)["tags"],
                "extract_to": os.fspath(job.folder / f"attached-{s.index}.part") if job.display_aspect else None,
            }
            for s in plan.streams
            if s.route is Route.FILE
        ],
    }


def place_of(rows: Sequence[Mapping[str, Any]], index: int) -> int:
    """The number in the output of a stream that is copied."""
    return next(k for k, row in enumerate(rows) if (row["input"], row["place"]) == (Input.SOURCE, index))


def lead_of(info: MediaInfo) -> int:
    """Whole seconds by which converted streams lie later in their own file, so that none begins before zero."""
    starts = [start for stream in info.streams if (start := start_of(stream)) is not None]
    return max(0, ceil(-min(starts, default=Fraction(0))))


def described(stream: Stream, plan: StreamPlan, container: Container) -> dict[str, Any]:
    """What a stream of the output says of itself."""
    return {
        "tags": dict(kept(stream_tags(stream, plan, container))),
        "dispositions": list(kept_dispositions(stream, plan, container)),
    }


def told_of(by_index: Mapping[int, Stream], plan: EncodePlan) -> list[dict[str, Any]]:
    """The streams beside the film in their order: from which input each comes, and what it says of itself."""
    return [
        {
            "input": origin,
            "place": place,
            "framing": planned.framing.value if planned.framing else None,
            **described(by_index[planned.index], planned, plan.request.container),
        }
        for planned, (origin, place) in carried(plan.streams)
    ]


async def read_hdr10plus(runner: Runner, path: Path, film: int) -> tuple[tuple[tuple[str, str], ...], Answer]:
    """HDR10+ of every frame of a finished file, decoded in full: its payloads, and the digest of what they say.

    Raises:
        SourceError: it cannot be read.
    """
    answer = await ask(runner, "frames", {"path": os.fspath(path), "film": film}, what="Reading HDR10+ back")
    kinds = [(str(payload), str(digest)) for payload, digest in answer.result["hdr10plus"]]
    return tuple(kinds[place] for place in answer.result["hdr10plus_of"]), answer


async def inspect(
    runner: Runner, path: Path, film: int, chunks: Sequence[int], folder: Path
) -> tuple[Inspection, Answer]:
    """Read a finished file back, every packet of it; `chunks` are the numbers of frames of the film's chunks.

    Raises:
        SourceError: it cannot be read.
    """
    asked = {"path": os.fspath(path), "film": film, "chunks": list(chunks)}
    answer = await ask(runner, "inspect", asked, what="Reading the output back", folder=folder)
    return TypeAdapter(Inspection).validate_python(answer.result), answer
