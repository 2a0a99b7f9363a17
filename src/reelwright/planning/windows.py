"""Which frames of a chunk stand for all of it when a sample of it is encoded."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from reelwright.media.timing import FrameIndex

if TYPE_CHECKING:
    from reelwright.planning.chunking import Chunk

#: Frames [start, end) of the film.
Window = tuple[int, int]
#: Share of a chunk's frames that a sample has.
SHARE = 0.2
#: A sample of fewer frames says little: its key frames are too large a part of it. Nor may it be a larger share.
FEWEST, MOST_SHARE = 16, 0.25
#: Lengths of windows are two more than a multiple of the step in which samples are scored, so that of the second
#: window other frames are scored than of the first; see `quality.steps`.
LENGTHS, REST = 3, 2
#: What a sample costs for each frame of it, against a frame of a whole trial: programs start, and short groups of
#: pictures have many key frames. The chunk's decoding is left out: its trial would need it as well.
DEARER = 1.4
#: Weights of what windows are to have in common with their chunk, each as a logarithm: temporal and spatial
#: information, bytes of the source, difference from frame to frame, luma. Motion and detail move scores most.
WEIGHTS = (1.0, 1.0, 0.5, 0.5, 0.3)
#: What it counts for where windows lie far from a quarter and three quarters of the chunk, in shares of it.
PLACE = 0.02
#: So many places are looked at for each window at the most.
PLACES = 16


def sample_windows(chunk: "Chunk") -> tuple[Window, ...] | None:
    """Two windows of a chunk; None where it is too short to be sampled."""
    length = window_length(chunk.frames)
    if length is None:
        return None
    return chunk.windows or quarters(chunk.start, chunk.end, length)


def window_length(frames: int) -> int | None:
    """Frames of each window; None where a chunk is too short for any."""
    length = max(LENGTHS * round((frames * SHARE / 2 - REST) / LENGTHS) + REST, FEWEST // 2)
    return None if 2 * length > MOST_SHARE * frames else length


def sample_cost(frames: int) -> float:
    """What a sample of a chunk of so many frames costs, against a whole trial."""
    return DEARER * sample_share(frames)


def sample_share(frames: int) -> float:
    """The share of a chunk's frames that a sample has."""
    return 2 * (window_length(frames) or 0) / frames


def quarters(start: int, end: int, length: int) -> tuple[Window, Window]:
    """Windows a quarter and three quarters through."""
    frames = end - start
    first, second = (middle - length // 2 for middle in (start + frames // 4, start + 3 * frames // 4))
    return (first, first + length), (second, second + length)


def likest_windows(index: FrameIndex, start: int, end: int) -> tuple[Window, Window] | None:
    """The two windows, one in each half of a chunk, that together are most like all of it.

    Half of a sample's error is which frames are in it. What the analysis knows of each frame tells which are ordinary.

    Args:
        index: the film.
        start: first frame of the chunk.
        end: the frame after its last.
    """
    length = window_length(end - start)
    if length is None:
        return None
    known = (index.temporal, index.spatial, index.packet_bytes, index.difference, index.luma)
    # The first frame's difference belongs to the cut.
    sums = [[0.0, *accumulate(map(float, values[start + 1 : end]))] for values in known]
    whole = [math.log(total[-1] / (end - start - 1) + 1) for total in sums]
    usual = quarters(start, end, length)

    def unlike(first: int, second: int) -> float:
        off = PLACE * sum(((a - b[0]) / (end - start)) ** 2 for a, b in zip((first, second), usual, strict=True))
        for total, weight, level in zip(sums, WEIGHTS, whole, strict=True):
            inside = sum(total[a - start - 1 + length] - total[a - start - 1] for a in (first, second))
            off += weight * (math.log(inside / (2 * length) + 1) - level) ** 2
        return off

    middle = (start + end) // 2
    pairs = ((a, b) for a in _places(start + 1, middle - length) for b in _places(middle, end - length))
    first, second = min(pairs, key=lambda pair: unlike(*pair))
    return (first, first + length), (second, second + length)


def _places(first: int, last: int) -> Sequence[int]:
    """First frames of windows that may begin from one frame to another, both included, evenly spread."""
    return range(first, last + 1, max(1, -(-(last + 1 - first) // PLACES)))
