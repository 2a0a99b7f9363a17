"""Where in their bands a film's chunks aim, so that its mean lands where it should and its bytes go where they count.

Each chunk is accepted within its own band; nothing here changes that, and nothing is encoded twice for it. Only where
the next trials aim moves, never near the edges of the band:

- What the finished chunks missed is paid back by those still to come.
- Where a point of VMAF costs many bytes a chunk aims a little lower, where it costs few a little higher: at equal
  bytes for a point the film's bytes are fewest at its mean (the constant slope of Netflix's dynamic optimizer), and
  within the band every score is as good as any other.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reelwright.quality.rates import FALL, RISE

#: How far above the target the film's mean is meant to end: below it is worse than above.
LEAN = 0.05
#: Aims keep this share of the band clear of its edges; a quarter where bytes have no say.
CLEAR, QUARTER = 0.15, 0.25
#: Chunks need not differ in what a point costs by more than this, in logarithms, to aim as far apart as they may.
MOST = 8.0
#: To a thousandth of a point.
HALVINGS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A finished chunk that has an answer: what counts in the film's mean."""

    frames: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A chunk that is still to be accepted."""

    frames: int
    #: ln(bytes a frame that a point of VMAF costs at the target), up to what is the same in all of the film.
    cost: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """The score to aim at."""

    score: float
    #: Where it would be if a point cost the same everywhere.
    even: float


def goal_for(
    target: float, low: float, high: float, *, ended: Iterable[Ended], left: Sequence[Left], cost: float
) -> Goal:
    """The score to aim at, so that the frame-weighted mean of all chunks comes to the target, or a hair above it.

    Args:
        target: what the mean should be.
        low: lower edge of every chunk's band.
        high: its upper edge.
        ended: finished chunks that have an answer.
        left: chunks that are still to be accepted, those under way and the asking one included.
        cost: of the asking one.
    """
    lean = min(LEAN, (high - target) / 4)
    missed = math.fsum((e.score - target - lean) * e.frames for e in ended)
    frames = max(sum(one.frames for one in left), 1)
    wanted = target + lean - missed / frames
    clear = QUARTER * (high - low)
    even = min(max(wanted, low + clear), high - clear)
    least, most = low + CLEAR * (high - low), high - CLEAR * (high - low)
    steep = elasticity(target)

    def goal(one: float, level: float) -> float:
        return min(max(wanted + steep * (level - one), least), most)

    # The level of costs at which all that is left comes to what is wanted, by halving.
    costs = [one.cost for one in left] or [cost]
    below, above = min(costs) - MOST, max(costs) + MOST
    for _ in range(HALVINGS):
        level = (below + above) / 2
        reached = sum(one.frames * goal(one.cost, level) for one in left) / frames
        below, above = (level, above) if reached < wanted else (below, level)
    return Goal(score=goal(cost, (below + above) / 2), even=even)


def elasticity(target: float) -> float:
    """Points of VMAF by which a chunk's best score falls where a point costs e times as much.

    ln(bytes) falls by `FALL` and ln(100 - score) rises by `RISE` a CRF, so that what a point costs goes with the loss
    to the power -(1 + FALL / RISE); near the target the loss follows the cost by this share of itself.
    """
    return (100 - target) / (1 + FALL / RISE)


def mean_of(ended: Iterable[Ended]) -> float | None:
    """The frame-weighted mean; None where nothing has ended."""
    known = list(ended)
    frames = sum(e.frames for e in known)
    return math.fsum(e.score * e.frames for e in known) / frames if frames else None


def median_by_frames(pairs: Sequence[tuple[float, int]]) -> float | None:
    """Median of values, each counted as often as it has frames. The pairs are sorted by value."""
    half, seen = sum(frames for _, frames in pairs) / 2, 0
    for value, frames in pairs:
        seen += frames
        if seen >= half:
            return value
    return None
