"""What an encode would cost, from the trials of other films, or roughly where there are none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from reelwright.quality.prior import CLASSES
from reelwright.quality.score import scoring_size

#: Where nothing is known: seconds of a whole search a million pixels at preset 6, encodes a chunk, and bytes a million
#: pixels at VMAF 93. From the 1080p reel of docs/benchmarks.md on two cores; each is easily off by the factor.
ROUGH_SECONDS, ROUGH_ENCODES, ROUGH_BYTES, ROUGH_FACTOR = 0.15, 1.94, 10_000.0, 3.0
#: How much slower each slower preset is.
PRESET_FACTOR = 1.35
#: How far off one known film, and several, leave the next one: no range is narrower.
ONE_FILM, SEVERAL_FILMS = 2.0, 1.4
#: Share of a trial that goes into scoring, which works on scaled pictures.
SCORING = 0.38
#: A trial nearer than this to the target tells what an accepted one weighs.
NEAR = 3.0
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialFact:
    """What one committed trial took and gave."""

    source_id: str
    curve_key: str
    width: int
    height: int
    frames: int
    size_bytes: int
    score: float
    #: Of encoding and scoring, while others ran beside it.
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A guess, and what it may well be off to."""

    low: float
    likely: float
    high: float

    def times(self, factor: float) -> "Range":
        """All three multiplied."""
        return Range(low=self.low * factor, likely=self.likely * factor, high=self.high * factor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What an encode would cost."""

    #: Wall time and output of the picture, in seconds and bytes.
    seconds: Range
    bytes: Range
    #: What it was made from; 0 trials: built-in figures, which are rough.
    trials: int
    films: int

    @property
    def rough(self) -> bool:
        """Whether nothing like this film has been encoded here yet."""
        return self.trials == 0


def size_class(width: int, height: int) -> int:
    """Which class of picture sizes this is: they are scored, and cost, differently."""
    return next(k for k, (w, h, _) in enumerate(CLASSES) if width >= w or height >= h)


def work(width: int, height: int, frames: int) -> float:
    """Millions of pixels a trial works on: those it encodes, and those it scores, weighted by the time they take."""
    scored = scoring_size(width, height) or (width, height)
    return ((1 - SCORING) * width * height + SCORING * scored[0] * scored[1]) * frames / MILLION


def estimate(
    facts: Iterable[TrialFact], *, width: int, height: int, frames: int, preset: int, target: float, parallel: int,
    search: bool,
) -> Estimate:  # fmt: skip
    """Expect an encode's time and size.

    Args:
        facts: committed trials of the same preset, of any film and size.
        width: of the picture.
        height: of the picture.
        frames: of the film.
        preset: the encoder's preset.
        target: VMAF to meet.
        parallel: trials at once.
        search: whether CRFs are searched for; else there is one encode a chunk.
    """
    wanted = size_class(width, height)
    films: dict[str, list[TrialFact]] = defaultdict(list)
    for fact in facts:
        if size_class(fact.width, fact.height) == wanted:
            films[fact.source_id].append(fact)
    millions = width * height * frames / MILLION
    if not films:
        encodes = ROUGH_ENCODES if search else 1.0
        # The rough time was measured with two trials at once, over a whole search.
        seconds = ROUGH_SECONDS * encodes / ROUGH_ENCODES * 2 / parallel * PRESET_FACTOR ** (6 - preset)
        return Estimate(
            seconds=_around([seconds], ROUGH_FACTOR).times(work(width, height, frames)),
            bytes=_around([ROUGH_BYTES], ROUGH_FACTOR).times(millions), trials=0, films=0,
        )  # fmt: skip
    known = list(films.values())
    factor = ONE_FILM if len(known) == 1 else SEVERAL_FILMS
    encodes_each = [_encodes(film) if search else 1.0 for film in known]
    seconds_each = [_seconds(film) * n / parallel for film, n in zip(known, encodes_each, strict=True)]
    return Estimate(
        seconds=_around(seconds_each, factor).times(work(width, height, frames)),
        bytes=_around([_bytes(film, target) for film in known], factor).times(millions),
        trials=sum(map(len, known)),
        films=len(known),
    )


def _around(values: Sequence[float], factor: float) -> Range:
    likely = median(values)
    return Range(low=min(*values, likely / factor), likely=likely, high=max(*values, likely * factor))


def _millions(film: Iterable[TrialFact]) -> float:
    return sum(f.width * f.height * f.frames for f in film) / MILLION


def _seconds(film: Sequence[TrialFact]) -> float:
    """Seconds a trial takes a million pixels of work."""
    return sum(f.seconds for f in film) / sum(work(f.width, f.height, f.frames) for f in film)


def _encodes(film: Sequence[TrialFact]) -> float:
    """Encodes a chunk."""
    return len(film) / len({f.curve_key for f in film})


def _bytes(film: Sequence[TrialFact], target: float) -> float:
    """Bytes a million pixels of each chunk's trial that is nearest to the target; of all, where none is near."""
    best: dict[str, TrialFact] = {}
    for fact in film:
        known = best.get(fact.curve_key)
        if known is None or abs(fact.score - target) < abs(known.score - target):
            best[fact.curve_key] = fact
    near = [f for f in best.values() if abs(f.score - target) <= NEAR] or list(best.values())
    return sum(f.size_bytes for f in near) / _millions(near)
