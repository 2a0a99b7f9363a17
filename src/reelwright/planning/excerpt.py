"""A part of a film for a try-out: which frames, which chunks, and the film's facts clipped to them."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from reelwright.errors import UsageError
from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import Chunk, features_of
from reelwright.planning.times import clock, decimal
from reelwright.planning.windows import likest_windows

if TYPE_CHECKING:
    from reelwright.planning.plan import Request


def is_excerpt(request: "Request") -> bool:
    """Whether only a part of the film is asked for."""
    return request.start is not None or request.duration is not None


def bounds(request: "Request") -> tuple[Fraction, Fraction | None]:
    """Seconds from the first frame where the excerpt begins and ends; None: with the film."""
    start = Fraction(request.start or 0)
    return start, None if request.duration is None else start + Fraction(request.duration)


def span_of(request: "Request", index: FrameIndex) -> tuple[int, int]:
    """The frames [first, end) whose times lie in [start, start + duration).

    Raises:
        UsageError: there are none.
    """
    start, stop = bounds(request)
    first = index.frame_from(start)
    end = index.frames if stop is None else index.frame_from(stop)
    if start >= index.duration:
        raise UsageError(
            f"The film is {clock(index.duration)} long; --start {clock(start)} is not before its end.",
            hint="Choose an earlier --start.",
        )
    if first >= end:
        said = "on" if stop is None else f"to {clock(stop)}"
        raise UsageError(f"No frame begins from {clock(start)} {said}.", hint="Choose a longer --duration.")
    return first, end


def clip_chunks(chunks: Sequence[Chunk], index: FrameIndex, first: int, end: int) -> tuple[Chunk, ...]:
    """The chunks of the frames [first, end), numbered anew.

    Frames keep their numbers in the film, so that chunks which lie inside whole are the film's own: their trials
    serve the film as well, and the film's serve them.
    """
    kept = [c for c in chunks if c.end > first and c.start < end]
    clipped = [replace(c, start=max(c.start, first), end=min(c.end, end)) for c in kept]
    return tuple(
        replace(c, index=k)
        if c.frames == of.frames
        else replace(
            c, index=k, features=features_of(index, c.start, c.end), windows=likest_windows(index, c.start, c.end)
        )
        for k, (c, of) in enumerate(zip(clipped, kept, strict=True))
    )


def clip_index(index: FrameIndex, first: int, end: int) -> FrameIndex:
    """The index of the frames [first, end) alone, at their times in the film."""
    if (first, end) == (0, index.frames):
        return index
    last = index.last_duration if end == index.frames else index.pts[end] - index.pts[end - 1]
    part = slice(first, end)
    return replace(
        index,
        pts=index.pts[part],
        key_pts=tuple(p for p in index.key_pts if index.pts[first] <= p <= index.pts[end - 1]),
        last_duration=last,
        difference=index.difference[part],
        spatial=index.spatial[part],
        temporal=index.temporal[part],
        luma=index.luma[part],
        packet_bytes=index.packet_bytes[part],
        picture_type=index.picture_type[part],
        hdr10plus_of=index.hdr10plus_of and index.hdr10plus_of[part],
    )


def window_of(part: FrameIndex) -> tuple[Fraction, Fraction]:
    """When a part's first frame begins and its last one ends, on the source's clock, in seconds."""
    begin = part.pts[0] * part.time_base
    return begin, begin + part.duration


def excerpt_mark(request: "Request") -> str:
    """What the name of an excerpt's output says, so that nobody takes it for the film; empty for a whole film."""
    if not is_excerpt(request):
        return ""
    start, stop = request.start or "0", bounds(request)[1]
    return f".excerpt-{start}s-{'end' if stop is None else f'{decimal(stop)}s'}"


def excerpt_notes(request: "Request") -> tuple[str, ...]:
    """The sentence that says so."""
    if not is_excerpt(request):
        return ()
    start, stop = bounds(request)
    said = f"from {clock(start)} to " + ("its end" if stop is None else clock(stop))
    return (f"This is an excerpt of the film, {said}; sizes are of the excerpt alone.",)
