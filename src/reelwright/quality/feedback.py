"""What finished chunks missed is paid back by those still to come, so that the film's mean lands where it should.

Each chunk is accepted within its own band; nothing here changes that, and nothing is encoded twice for it. Only where
the next trials aim moves: by what the finished chunks have missed, spread over all frames that are left, and never out
of the middle half of the band.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: How far above the target the film's mean is meant to end: below it is worse than above.
LEAN = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A finished chunk that has an answer: what counts in the film's mean."""

    frames: int
    score: float


def goal_for(target: float, low: float, high: float, ended: Iterable[Ended], left: int) -> float:
    """The score to aim at, so that the frame-weighted mean of all chunks comes to the target, or a hair above it.

    Args:
        target: what the mean should be.
        low: lower edge of every chunk's band.
        high: its upper edge.
        ended: finished chunks that have an answer.
        left: frames that are still to be accepted, those under way and the asking chunk included.
    """
    lean = min(LEAN, (high - target) / 4)
    missed = math.fsum((e.score - target - lean) * e.frames for e in ended)
    wanted = target + lean - missed / max(left, 1)
    clear = (high - low) / 4
    return min(max(wanted, low + clear), high - clear)


def mean_of(ended: Iterable[Ended]) -> float | None:
    """The frame-weighted mean; None where nothing has ended."""
    known = list(ended)
    frames = sum(e.frames for e in known)
    return math.fsum(e.score * e.frames for e in known) / frames if frames else None
