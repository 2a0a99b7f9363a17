"""Scoring in steps: every fifth or third frame first, and all where those do not settle what becomes of a trial.

The numbers come from measured frame scores; see docs/decisions/020-scoring-in-steps.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reelwright.quality.score import percentile

#: Of a long chunk every so manieth frame is scored first. Odd: even steps beat with the encoder's pyramid of frames
#: (Netflix/vmaf#1214). A third of the frames costs a quarter more CPU and errs as much; a seventh errs twice as much.
STEP = 5
#: A chunk of fewer frames than `LONG` is scored on every third frame first, one of fewer than `SHORTEST` on all: a mean
#: of so few tells nothing, nor do they tell from how far they are off.
LONG, SHORT_STEP, SHORTEST = 60, 3, 30
#: Of a sample every third frame is scored, from its second on: never the first of a window, which is a key frame and
#: better or worse than all others. Windows are of such lengths that the second one is scored a frame later.
SAMPLE_STEP, SAMPLE_FIRST = 3, 1
#: The mean of some frames is trusted to within so many of its standard errors, as their differences tell them, and a
#: little more. It was within that in 19 of 20 cases measured; beyond it errors are small where it counts, at the
#: band's edges.
ERRORS = 0.6
LEAST = 0.05
#: Of short chunks: one frame in ten is near the key frame they begin with, and better or worse than the others.
LEAST_SHORT = 0.12


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What a chunk's score is held against."""

    #: A score is accepted within [low, high].
    low: float
    high: float
    #: No 5th percentile below this; None: it is not looked at.
    floor_p5: float | None = None

    def effective(self, mean: float, p5: float) -> float:
        """The score the search works with: the mean, or less where the 5th percentile holds it down.

        It rises with both. A 5th percentile on its floor counts as the band's lower edge.
        """
        return mean if self.floor_p5 is None else min(mean, self.low + p5 - self.floor_p5)

    def is_held(self, mean: float, p5: float) -> bool:
        """Whether the 5th percentile and not the mean is what the search works with."""
        return self.effective(mean, p5) < mean

    def side(self, score: float) -> int:
        """-1 below the band, 0 within, 1 above."""
        return (score > self.high) - (score < self.low)


def first_step(frames: int, planned: int) -> int:
    """Every how manieth frame of a run of so many is scored first, where long ones have a step that was planned."""
    if frames < SHORTEST:
        return 1
    return planned if frames >= LONG else min(planned, SHORT_STEP)


def sample_look(planned: int) -> tuple[int, int]:
    """Every how manieth frame of a sample is scored, and the first, where long chunks have a step that was planned."""
    return (SAMPLE_STEP, SAMPLE_FIRST) if planned > 1 else (1, 0)


def first_scored(start: int, step: int) -> int:
    """The first frame of a chunk that is scored, counted from its own first.

    Those are scored whose number in the film is a multiple of the step. So where a chunk begins is chance, and what
    its key frame is better than the rest does not add up over the film.
    """
    return -start % step


def scored_frames(start: int, end: int, step: int) -> range:
    """The frames of the film that are scored of a chunk [start, end)."""
    return range(start + first_scored(start, step), end, step)


def mean_error(scores: Sequence[float], step: int) -> float:
    """How far the mean of these scores may be from that of all frames.

    From the differences of neighbouring scores: a slow change along the chunk is in all samples alike and is no error.
    """
    if step == 1:
        return 0.0
    if len(scores) < 2:  # noqa: PLR2004 - one score shows no difference
        return math.inf
    squares = math.fsum((b - a) ** 2 for a, b in pairwise(scores))
    least = LEAST if step > SHORT_STEP else LEAST_SHORT
    return least + ERRORS * math.sqrt(squares / 2 / (len(scores) - 1) / len(scores))


def is_settled(scores: Sequence[float], step: int, goal: Goal | None) -> bool:
    """Whether these scores tell on which side of the band the mean of all frames is, or that it is within.

    Without a goal nothing hangs on the score, and what is known is enough.
    """
    if goal is None or step == 1:
        return True
    mean, off = math.fsum(scores) / len(scores), mean_error(scores, step)
    lowest, highest = goal.side(mean - off), goal.side(mean + off)
    # Of a 5th percentile the sample says nothing, but it can only make the score lower.
    return highest < 0 if goal.floor_p5 is not None else lowest == highest


def held_p5(mean: float, scores: Sequence[float], goal: Goal | None) -> float | None:
    """The 5th percentile where it is what holds a score down; None where the mean is what counts."""
    p5 = percentile(scores, 0.05)
    return p5 if goal is not None and goal.is_held(mean, p5) else None
