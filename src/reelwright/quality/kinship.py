"""What the finished chunks of a film say of one that is still to come.

A Gaussian process: answers of a film lie around its own level, along lines of the chunks' traits that hold for this
film alone (what cost its source many bytes needs a lower CRF), nearer to each other where they are near in time, and
scatter around all that. How much they scatter is learned from the film: a few amounts are held possible and weighed by
how well each explains what was seen. Everything is in closed form.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.quality.outlook import Outlook, Vector

#: Traits that answers may follow: by their place in `Traits.levels`, the CRFs per e-fold that are expected and the
#: standard deviation of that among films.
LINES = ((-4.0, 4.5), (0.0, 3.0), (0.0, 3.0))
#: Variance that near chunks share, in squared CRF, and the frames over which they lose it.
NEAR, AROUND = 5.0, 240.0
#: Variances of what is left held possible, in squared CRF, with how likely each is before anything was seen.
SCATTERS = ((1.5, 0.1), (4.0, 0.25), (10.0, 0.35), (25.0, 0.3))
#: What any one chunk varies by around its film, before the film has shown anything.
WITHIN = NEAR + sum(scatter * share for scatter, share in SCATTERS)
#: The same amounts where other films tell how much chunks scatter: shares of that, and of what near chunks share of it.
SHARES, NEAR_SHARE = ((0.15, 0.15), (0.45, 0.3), (1.1, 0.35), (3.0, 0.2)), 0.25
#: So many finished chunks are looked at, the likest: more would say little that is new, at the cube of the cost.
MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What is known of a chunk for nothing and may go with its answer."""

    #: Its middle, in frames of the film.
    place: float
    #: Bytes a frame of the source.
    source: float
    #: Spatial and temporal information (ITU-T P.910, on 270 lines).
    spatial: float
    temporal: float

    @property
    def levels(self) -> tuple[float, float, float]:
        """The traits on scales where answers follow them in lines."""
        return math.log(self.source + 1), math.log(self.spatial + 5), math.log(self.temporal + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What one finished chunk has shown: how far its answer lies from what was expected of the film, in CRF."""

    above: float
    #: None: nothing is known of the chunk; it is taken to be like the one that is asked about, at another time.
    traits: Traits | None = None
    #: What it is for the model of other films; empty: nothing is known of that.
    row: Vector = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What other films say of how a film's chunks differ: its coefficients, and the row of the one asked about."""

    film: Outlook
    row: Vector


def foretell(
    shown: Sequence[Shown], traits: Traits | None, between: float, *, leaning: bool = True, around: Around | None = None
) -> tuple[float, float]:
    """How far above what was expected of its film a chunk's answer lies: mean and variance, in CRF.

    Args:
        shown: by the film's finished chunks.
        traits: of the chunk that is asked about.
        between: variance of films around what is expected of them.
        leaning: whether lines lean as those of most films; not where what was expected of each chunk has that in it.
        around: what other films say of how chunks differ, in the place of `between` and of lines of the film alone.
    """
    near = sorted(shown, key=lambda s: (_unlike(s.traits, traits), s.above))[:MOST]
    alike = NEAR
    scatters: Sequence[tuple[float, float]] = SCATTERS
    if around is None:
        apart = [_apart(s.traits, traits) for s in near]
        left = [s.above - (_expected(a) if leaning else 0.0) for s, a in zip(near, apart, strict=True)]
        shape = [[between + _along(apart[i], apart[j]) for j in range(i + 1)] for i in range(len(near))]
        level, own = [between] * len(near), between
    else:
        alike = NEAR_SHARE * around.film.within
        scatters = tuple((amount * around.film.within, share) for amount, share in SHARES)
        left = [s.above for s in near]
        spread = [around.film.spread(s.row) for s in near]
        shape = [[_dot(spread[i], near[j].row) for j in range(i + 1)] for i in range(len(near))]
        level, own = [_dot(s, around.row) for s in spread], around.film.unsure(around.row)
    common = [
        [value + alike * _nearness(near[i].traits, near[j].traits) for j, value in enumerate(row)]
        for i, row in enumerate(shape)
    ]
    shared = [value + alike * _nearness(s.traits, traits) for s, value in zip(near, level, strict=True)]
    found = [(share, *_conditional(common, shared, left, own + alike, scatter)) for scatter, share in scatters]
    best = max(fit for _, fit, _, _ in found)
    weights = [share * math.exp(fit - best) for share, fit, _, _ in found]
    total = math.fsum(weights)
    mean = math.fsum(w * m for w, (_, _, m, _) in zip(weights, found, strict=True)) / total
    variance = math.fsum(w * (v + (m - mean) ** 2) for w, (_, _, m, v) in zip(weights, found, strict=True)) / total
    return mean, variance


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _apart(one: Traits | None, other: Traits | None) -> tuple[float, ...]:
    if one is None or other is None:
        return (0.0,) * len(LINES)
    return tuple(a - b for a, b in zip(one.levels, other.levels, strict=True))


def _expected(apart: Sequence[float]) -> float:
    """What so large a difference in traits is expected to be worth, in CRF."""
    return math.fsum(mean * d for (mean, _), d in zip(LINES, apart, strict=True))


def _unlike(one: Traits | None, other: Traits | None) -> float:
    """How little a chunk says of another, in squared CRF."""
    along = math.fsum((sd * d) ** 2 for (_, sd), d in zip(LINES, _apart(one, other), strict=True))
    return along + 2 * NEAR * (1 - _nearness(one, other))


def _along(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(sd * sd * a * b for (_, sd), a, b in zip(LINES, one, other, strict=True))


def _nearness(one: Traits | None, other: Traits | None) -> float:
    if one is None or other is None:
        return 0.0
    return math.exp(-abs(one.place - other.place) / AROUND)


def _conditional(
    common: Sequence[Sequence[float]], shared: Sequence[float], left: Sequence[float], own: float, scatter: float
) -> tuple[float, float, float]:
    """Logarithm of how well a scatter explains what was seen; mean and variance of what was not, with it.

    By the Cholesky factor of the covariance matrix, whose lower half `common` is.
    """
    factor: list[list[float]] = []
    seen: list[float] = []
    weights: list[float] = []
    for i, row in enumerate(common):
        lower: list[float] = []
        for j in range(i):
            lower.append((row[j] - math.fsum(a * b for a, b in zip(lower, factor[j], strict=False))) / factor[j][j])
        diagonal = math.sqrt(max(row[i] + scatter - math.fsum(a * a for a in lower), 1e-9))
        seen.append((left[i] - math.fsum(a * b for a, b in zip(lower, seen, strict=True))) / diagonal)
        weights.append((shared[i] - math.fsum(a * b for a, b in zip(lower, weights, strict=True))) / diagonal)
        factor.append([*lower, diagonal])
    fit = -math.fsum(s * s / 2 + math.log(row[-1]) for s, row in zip(seen, factor, strict=True))
    mean = math.fsum(a * b for a, b in zip(weights, seen, strict=True))
    return fit, mean, own + scatter - math.fsum(w * w for w in weights)
