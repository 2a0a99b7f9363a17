"""What a chunk's search is given and what it answers."""

import math
from dataclasses import dataclass

#: CRFs closer than this are the same one: steps such as 0.1 have no exact float.
SAME = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """What a chunk's score should be, and what the search may spend on it."""

    target: float
    #: A score is accepted when low <= score <= high.
    low: float
    high: float
    min_crf: float = 12.0
    max_crf: float = 50.0
    #: CRFs that are tried are multiples of this.
    step: float = 0.25
    max_trials: int = 8
    #: The score that trials aim at, within the band; None: the target.
    goal: float | None = None
    #: Where that would be if a point of VMAF cost as many bytes in every chunk; None: the same.
    even: float | None = None

    def __post_init__(self) -> None:
        """Refuse an aim that no search can meet."""
        if not self.low <= self.target <= self.high:
            raise ValueError(f"the target {self.target} lies outside its band {self.low} to {self.high}")
        if self.step <= 0 or self.max_trials < 1:
            raise ValueError("the step must be above 0 and max_trials at least 1")
        if self.first > self.last:
            raise ValueError(f"no multiple of {self.step} from CRF {self.min_crf} to {self.max_crf}")

    @property
    def first(self) -> int:
        """Lowest CRF that may be tried, in steps."""
        return math.ceil(self.min_crf / self.step - SAME)

    @property
    def last(self) -> int:
        """Highest CRF that may be tried, in steps."""
        return math.floor(self.max_crf / self.step + SAME)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a trial was scored at where its 5th percentile, and not its mean, decides."""

    mean: float
    p5: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One trial as the search sees it."""

    crf: float
    #: The mean, or less where the 5th percentile holds it down.
    score: float
    #: Bytes a frame; None: not known.
    rate: float | None = None
    #: None where the mean decides.
    held: Held | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmView:
    """What a chunk may know of the rest of its film."""

    #: Frame-weighted median of the accepted CRFs of chunks that had an answer; None if there is none yet.
    median_crf: float | None
    #: True when every chunk that is not flat has been accepted, so that the median is final.
    settled: bool
    #: Accepted CRFs of the chunks just before and after, where they show the same scene.
    beside: tuple[float, ...] = ()
    #: The chunk hardly moves, as nearly all flat ones.
    still: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """Encode and score the chunk at this CRF."""

    crf: float
    why: str
    #: The score the search's own model expects there; None where a CRF was asked for and nothing is expected.
    predicted: float | None = None
    #: Standard deviation of that; None: unknown.
    unsure: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accept:
    """The trial at this CRF is the chunk."""

    crf: float
    why: str
    within_band: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """The chunk is flat and waits for the film's median."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """What a sample of a chunk would be: what it costs and how much it tells."""

    #: Its cost against that of a whole trial.
    cost: float
    #: Standard deviation of the CRF that it points at.
    blur: float
    #: Samples of a chunk at the most.
    most: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Encode and score a sample of the chunk at this CRF."""

    crf: float
    why: str
    predicted: float | None = None
    #: Standard deviation of the score expected of the whole chunk there.
    unsure: float | None = None


Move = Try | Sample | Accept | Wait
