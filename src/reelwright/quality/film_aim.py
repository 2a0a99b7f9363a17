"""What the mean of a film's chunks is to be, and within which bounds each of them may lie."""

import math
from dataclasses import dataclass

from reelwright.quality.moves import SAME
from reelwright.quality.rates import Line

#: No chunk is aimed where less than this share of the target's loss is left: nobody could see it.
EXCESS = 0.35
#: Chunks are aimed so far above their floor, in z; and by so many standard deviations of what they are expected to be.
CLEAR, CLEARLY = 0.02, 1.3


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmAim:
    """What the mean of the chunks is to be, and within which bounds each may lie."""

    target: float
    #: No chunk's mean below this, where CRF can help it.
    floor: float
    min_crf: float
    max_crf: float
    step: float
    max_trials: int = 8

    @property
    def ceiling(self) -> float:
        """No chunk is aimed above this."""
        return 100 - EXCESS * (100 - self.target)

    @property
    def first(self) -> int:
        """Lowest CRF that may be tried, in steps."""
        return math.ceil(self.min_crf / self.step - SAME)

    @property
    def last(self) -> int:
        """Highest CRF that may be tried, in steps."""
        return math.floor(self.max_crf / self.step + SAME)

    def snap(self, crf: float) -> float:
        """The nearest CRF that may be tried."""
        return round(min(max(round(crf / self.step), self.first), self.last) * self.step, 6)

    def clip(self, line: Line, crf: float) -> float:
        """The CRF nearest to this one where the chunk keeps its floor, its ceiling and the bounds."""
        crf = max(crf, line.at_loss(100 - self.ceiling))
        # A little clear of the floor where the score is not known yet.
        crf = min(crf, line.at_loss((100 - self.floor) * math.exp(-CLEARLY * line.unsure - CLEAR)))
        return min(max(crf, self.first * self.step), self.last * self.step)
