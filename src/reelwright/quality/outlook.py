"""What is expected of one film's chunks, and what the first of them say of the rest.

A chunk's answer is a linear function of what is known of it, plus something nobody knows. The coefficients are the
film's own: they lie around those of all films (`quality.learned`), and each finished chunk is an observation of them
(Bayesian linear regression, Bishop 2006, section 3.3; random coefficients, Laird and Ware 1982).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reelwright.quality.normal import inverse

#: A film's coefficients, in the order of a row: its level, and how its chunks differ.
NAMES = ("level", "bits", "motion", "still", "detail", "luma")
#: What is unknown of single chunks is known as well as so many chunks would tell.
PSEUDO_CHUNKS = 5.0
#: Targets nearer to 100 than this are out of reach of the model, and the target its coefficients are for.
CLOSEST, FIT_TARGET = 0.5, 93.0

Vector = tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """A film's coefficients, in the order of `NAMES`."""

    mean: Vector
    covariance: tuple[Vector, ...]
    #: Variance of a chunk's answer around what they say, in squared CRF.
    within: float

    def at(self, row: Vector) -> float:
        """The answer expected."""
        return sum(a * b for a, b in zip(row, self.mean, strict=True))

    def unsure(self, row: Vector) -> float:
        """Variance of that, less what is unknown of the chunk itself."""
        return max(0.0, sum(a * b for a, b in zip(row, self.spread(row), strict=True)))

    def spread(self, row: Vector) -> Vector:
        """Covariances of the coefficients with the answer expected."""
        return tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in self.covariance)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What other films say of a chunk: of its film, and of how it differs in it."""

    film: Outlook
    row: Vector
    #: Rise of z = ln(100 - score) per CRF, which turns a change of target into one of CRF.
    slope: float
    #: By how many CRFs samples look worse than their chunks, and the standard deviation of that; None: not known.
    sampled: tuple[float, float] | None = None

    def at(self, target: float) -> float:
        """Where it meets a target, as far as other films tell."""
        return self.film.at(self.row) + self.moved(target)

    @property
    def own(self) -> float:
        """Variance of the chunk's answer around its film's level."""
        return self.film.within + max(0.0, self.film.unsure(self.row) - self.film.covariance[0][0])

    def moved(self, target: float) -> float:
        """CRFs from where a chunk meets the target of the fit to where it meets this one."""
        return moved(target, self.slope)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a chunk that is finished was expected to come to, and where it met the target."""

    expected: Expected
    crf: float


def moved(target: float, slope: float) -> float:
    """CRFs along a slope from where a chunk meets the target of the fit to where it meets another."""
    return math.log(max(100 - target, CLOSEST) / (100 - FIT_TARGET)) / slope


def foretell(expected: Expected, target: float, finished: Sequence[Found] = ()) -> tuple[float, float]:
    """Where a chunk meets a target: CRF and its standard deviation.

    Args:
        expected: what other films say of it.
        target: VMAF.
        finished: chunks of this film that met the same target, in any order.
    """
    pairs = [(one.expected.row, one.crf - one.expected.moved(target)) for one in finished]
    film = taught(expected.film, pairs) if pairs else expected.film
    spread = math.sqrt(film.within + film.unsure(expected.row))
    return film.at(expected.row) + expected.moved(target), spread


def taught(film: Outlook, pairs: Sequence[tuple[Vector, float]]) -> Outlook:
    """A film's coefficients after some of its chunks: rows and answers at the target of the fit.

    What is unknown of single chunks is learned as well: once with what was thought before, then with what they say.
    """
    first = _conditioned(film, pairs, film.within)
    squares = math.fsum((value - first.at(row)) ** 2 for row, value in pairs)
    # Each coefficient that was fitted takes its part of the scatter with it (effective number of parameters).
    used = sum(first.unsure(row) for row, _ in pairs) / film.within
    within = (PSEUDO_CHUNKS * film.within + squares) / (PSEUDO_CHUNKS + max(0.0, len(pairs) - used))
    return replace(_conditioned(film, pairs, within), within=within)


def _conditioned(film: Outlook, pairs: Sequence[tuple[Vector, float]], within: float) -> Outlook:
    size = range(len(film.mean))
    before = inverse(film.covariance)
    precision = [
        [before[i][j] + sum(row[i] * row[j] for row, _ in pairs) / within if j <= i else 0.0 for j in size]
        for i in size
    ]
    precision = [[precision[max(i, j)][min(i, j)] for j in size] for i in size]
    offs = [(row, value - film.at(row)) for row, value in pairs]
    pull = [sum(row[i] * off for row, off in offs) / within for i in size]
    covariance = inverse(precision)
    mean = tuple(
        m + sum(c * p for c, p in zip(column, pull, strict=True))
        for m, column in zip(film.mean, covariance, strict=True)
    )
    return Outlook(mean=mean, covariance=tuple(map(tuple, covariance)), within=film.within)


def mixed(one: Outlook, other: Outlook, weight: float) -> Outlook:
    """Two outlooks as one, by the mean and variance of their mixture; `weight` is of the first."""
    left = 1 - weight
    mean = tuple(weight * a + left * b for a, b in zip(one.mean, other.mean, strict=True))
    apart = [a - b for a, b in zip(one.mean, other.mean, strict=True)]
    covariance = tuple(
        tuple(
            weight * a + left * b + weight * left * apart[i] * apart[j]
            for j, (a, b) in enumerate(zip(first, second, strict=True))
        )
        for i, (first, second) in enumerate(zip(one.covariance, other.covariance, strict=True))
    )
    return Outlook(mean=mean, covariance=covariance, within=weight * one.within + left * other.within)
