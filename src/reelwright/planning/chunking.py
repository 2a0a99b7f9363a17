"""Cuts, scenes and chunks: how a film is divided into units of encoding work."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

from reelwright.media.timing import FrameIndex
from reelwright.planning.windows import Window, likest_windows
from reelwright.planning.zones import Zone

#: A cut stands out from the motion around it by this factor, and by this many levels of luma at least.
CUT_RATIO = 3.0
CUT_FLOOR = 8.0
#: How many frames on either side are "around".
CUT_WINDOW = 3
#: Chunks shorter than this are joined to a neighbour: a key frame a second is as dense as is worth paying.
SHORTEST_SECONDS = Fraction(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What the analysis pass knows of a chunk, for the quality engine."""

    spatial: float
    temporal: float
    difference: float
    luma: float
    #: Bytes a frame of the source, and the share of its frames that are I frames.
    source_bytes: float
    intra_share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Frames [start, end) of the film."""

    index: int
    start: int
    end: int
    features: Features
    #: What is different here; None: nothing.
    zone: Zone | None = None
    #: Whether it goes on with the scene of the chunk before.
    goes_on: bool = False
    #: Frames that stand for all of it in a sample; None: a quarter and three quarters through.
    windows: tuple[Window, ...] | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.end - self.start


def find_cuts(difference: Sequence[float]) -> tuple[int, ...]:
    """First frames of new scenes, frame 0 included where there is one.

    A cut is one frame whose difference to the frame before is large in itself and against the frames
    around it; steady motion, however strong, is none.

    Args:
        difference: mean absolute luma difference of each frame to the one before, 0 to 255.
    """
    cuts = [0] if difference else []
    for frame in range(1, len(difference)):
        value = difference[frame]
        if value < CUT_FLOOR:
            continue
        # Frame 0 has nothing before it: its difference says nothing about motion.
        around = [
            *difference[max(1, frame - CUT_WINDOW) : frame],
            *difference[frame + 1 : frame + 1 + CUT_WINDOW],
        ]
        if value >= CUT_RATIO * (fmean(around) if around else 0.0):
            cuts.append(frame)
    return tuple(cuts)


def scene_bounds(
    cuts: Sequence[int], index: FrameIndex, first: int = 0, last: int | None = None
) -> list[tuple[int, int]]:
    """Scenes as half-open ranges; those under a second are joined to the scene after, the last to the one before.

    With `first` and `last`, only the scenes of the frames [first, last), cut at both.
    """
    last = index.frames if last is None else last
    bounds = [first, *(cut for cut in cuts if first < cut < last), last]
    scenes: list[tuple[int, int]] = []
    start = first
    for _, end in pairwise(bounds):
        if index.seconds(end) - index.seconds(start) >= SHORTEST_SECONDS:
            scenes.append((start, end))
            start = end
    if start < last:
        begin = scenes.pop()[0] if scenes else first
        scenes.append((begin, last))
    return scenes


def split_evenly(start: int, end: int, index: FrameIndex, longest: Fraction) -> list[tuple[int, int]]:
    """Split a scene into parts of nearly equal time, the fewest that are none longer than `longest` seconds.

    A part is never shorter than one frame, however long that frame is shown.
    """
    fewest = max(1, math.ceil((index.seconds(end) - index.seconds(start)) / longest))
    for parts in (fewest, fewest + 1):
        # Whole frames rarely fill equal parts: one part more is mostly enough.
        found = equal_parts(start, end, index, parts)
        if not any(is_too_long(part, index, longest) for part in found):
            return join_short(found, index, longest)
    return join_short(parts_in_turn(start, end, index, longest), index, longest)


def is_too_long(part: tuple[int, int], index: FrameIndex, longest: Fraction) -> bool:
    """Whether a part is longer than allowed and could be shorter: one frame cannot."""
    return part[1] - part[0] > 1 and index.seconds(part[1]) - index.seconds(part[0]) > longest


def frame_at(seconds: Fraction, start: int, end: int, index: FrameIndex) -> int:
    """The last frame in [start, end) that is shown by then."""
    ticks = index.pts[0] + math.floor(seconds / index.time_base)
    return max(start, bisect_right(index.pts, ticks, start, end) - 1)


def equal_parts(start: int, end: int, index: FrameIndex, parts: int) -> list[tuple[int, int]]:
    """Divide a scene's time into equal parts, each moved back to the start of a frame; empty parts are left out."""
    begin = index.seconds(start)
    span = index.seconds(end) - begin
    bounds = {start, end} | {frame_at(begin + span * k / parts, start, end, index) for k in range(1, parts)}
    return list(pairwise(sorted(bounds)))


def parts_in_turn(start: int, end: int, index: FrameIndex, longest: Fraction) -> list[tuple[int, int]]:
    """Frames of very uneven length: take one part after another, each an equal share of what is left."""
    found = []
    while start < end:
        left = index.seconds(end) - index.seconds(start)
        share = left / max(1, math.ceil(left / longest))
        stop = end if share == left else frame_at(index.seconds(start) + share, start + 1, end, index)
        found.append((start, stop))
        start = stop
    return found


def join_short(parts: list[tuple[int, int]], index: FrameIndex, longest: Fraction) -> list[tuple[int, int]]:
    """Join parts under a second to a neighbour wherever both together are no longer than allowed."""
    joined: list[tuple[int, int]] = []
    for part in parts:
        if joined and fits(joined[-1], part, index, longest):
            joined[-1] = (joined[-1][0], part[1])
        else:
            joined.append(part)
    return joined


def fits(before: tuple[int, int], after: tuple[int, int], index: FrameIndex, longest: Fraction) -> bool:
    """Whether one of two neighbours is too short and both together are not too long."""
    first, second = (
        index.seconds(before[1]) - index.seconds(before[0]),
        index.seconds(after[1]) - index.seconds(after[0]),
    )
    return min(first, second) < SHORTEST_SECONDS and first + second <= longest


def features_of(index: FrameIndex, start: int, end: int) -> Features:
    """Mean features of frames [start, end). The first frame's difference belongs to the cut, not the scene."""
    inner = slice(start + 1, end) if end - start > 1 else slice(start, end)
    return Features(
        spatial=fmean(index.spatial[start:end]),
        temporal=fmean(index.temporal[inner]),
        difference=fmean(index.difference[inner]),
        luma=fmean(index.luma[start:end]),
        source_bytes=fmean(index.packet_bytes[start:end]),
        intra_share=index.picture_type[start:end].count("I") / (end - start),
    )


def make_chunks(
    index: FrameIndex,
    longest: Fraction,
    *,
    cuts: Sequence[int] | None = None,
    zones: Sequence[tuple[int, int, Zone]] = (),
) -> tuple[Chunk, ...]:
    """Divide a film into chunks: one starts at every cut, none is longer than `longest` seconds.

    Scenes are joined only to reach one second, and every frame is covered exactly once. A chunk never reaches
    across the bound of a zone, however short that makes it.

    Args:
        index: the film.
        longest: seconds.
        cuts: first frames of scenes; None: as found in the film.
        zones: frames [start, end) and what is different there; they do not overlap.

    Raises:
        ValueError: the film has no frames, or `longest` is not positive.
    """
    if not index.frames or longest <= 0:
        raise ValueError("a film needs frames and chunks a length")
    known = find_cuts(index.difference) if cuts is None else cuts
    by_start = {start: zone for start, _, zone in zones}
    edges = sorted({0, index.frames, *(edge for start, end, _ in zones for edge in (start, end))})
    ranges = [
        (*part, by_start.get(first), part[0] > start)
        for first, last in pairwise(edges)
        for start, end in scene_bounds(known, index, first, last)
        for part in split_evenly(start, end, index, longest)
    ]
    return tuple(
        Chunk(
            index=k,
            start=start,
            end=end,
            features=features_of(index, start, end),
            zone=zone,
            goes_on=more,
            windows=likest_windows(index, start, end),
        )
        for k, (start, end, zone, more) in enumerate(ranges)
    )
