"""Cuts, scenes and chunks: how a film is divided into units of encoding work."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

from reelwright.media.timing import FrameIndex

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


def scene_bounds(cuts: Sequence[int], index: FrameIndex) -> list[tuple[int, int]]:
    """Scenes as half-open ranges; those under a second are joined to the scene after, the last to the one before."""
    bounds = [*cuts, index.frames]
    scenes: list[tuple[int, int]] = []
    start = 0
    for _, end in pairwise(bounds):
        if index.seconds(end) - index.seconds(start) >= SHORTEST_SECONDS:
            scenes.append((start, end))
            start = end
    if start < index.frames:
        first = scenes.pop()[0] if scenes else 0
        scenes.append((first, index.frames))
    return scenes


def split_evenly(start: int, end: int, index: FrameIndex, longest: Fraction) -> list[tuple[int, int]]:
    """Split a scene into the fewest parts of nearly equal length, none longer than `longest` seconds.

    A part is never shorter than one frame, however long that frame is shown.
    """
    seconds = index.seconds(end) - index.seconds(start)
    parts = max(1, -(-seconds // longest))
    while parts < end - start:
        bounds = [start + (end - start) * k // parts for k in range(parts + 1)]
        if all(index.seconds(b) - index.seconds(a) <= longest for a, b in pairwise(bounds)):
            return list(pairwise(bounds))
        parts += 1  # frames of uneven length: an even number of frames is not an even number of seconds
    return [(k, k + 1) for k in range(start, end)]


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


def make_chunks(index: FrameIndex, longest: Fraction) -> tuple[Chunk, ...]:
    """Divide a film into chunks: one starts at every cut, none is longer than `longest` seconds.

    Scenes are joined only to reach one second, and every frame is covered exactly once.

    Raises:
        ValueError: the film has no frames, or `longest` is not positive.
    """
    if not index.frames or longest <= 0:
        raise ValueError("a film needs frames and chunks a length")
    ranges = [
        part
        for start, end in scene_bounds(find_cuts(index.difference), index)
        for part in split_evenly(start, end, index, longest)
    ]
    return tuple(
        Chunk(index=k, start=start, end=end, features=features_of(index, start, end))
        for k, (start, end) in enumerate(ranges)
    )
