"""A normal distribution of named coefficients, and what observations make of it. Small matrices, as plain lists.

Observations come in groups, and a group's coefficients are its own: they lie around those of all groups, so that a
thousand observations of one group say little more of the next one than a dozen do (a linear model with random
coefficients; Laird and Ware 1982). In information form every group is one more term of a sum: their order does not
matter, and forgetting is a factor.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, float]
Matrix = list[list[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Normal:
    """Coefficients by their names: means and covariances."""

    mean: Mapping[str, float]
    covariance: Mapping[str, Mapping[str, float]]

    def at(self, row: Row) -> float:
        """The mean of a linear combination."""
        return math.fsum(value * self.mean[name] for name, value in row.items())

    def variance(self, row: Row) -> float:
        """The variance of a linear combination."""
        return max(0.0, self.covary(row, row))

    def covary(self, row: Row, other: Row) -> float:
        """The covariance of two linear combinations."""
        pairs, found = list(other.items()), 0.0
        for name, value in row.items():
            column = self.covariance[name]
            found += value * sum(weight * column[of] for of, weight in pairs)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One observation of a linear combination."""

    row: Row
    value: float
    #: Variance of the value that is its own.
    variance: float


def independent(spreads: Mapping[str, tuple[float, float]]) -> Normal:
    """Coefficients that know nothing of each other: mean and standard deviation of each."""
    return Normal(
        mean={name: mean for name, (mean, _) in spreads.items()},
        covariance={name: {of: sd * sd if of == name else 0.0 for of in spreads} for name, (_, sd) in spreads.items()},
    )


def extended(known: Normal, more: Mapping[str, tuple[float, float]]) -> Normal:
    """The same with further coefficients, independent of those there are; names it has already are left out."""
    new = independent({name: spread for name, spread in more.items() if name not in known.mean})
    covariance = {name: {**column, **dict.fromkeys(new.mean, 0.0)} for name, column in known.covariance.items()}
    covariance |= {name: {**dict.fromkeys(known.mean, 0.0), **column} for name, column in new.covariance.items()}
    return Normal(mean={**known.mean, **new.mean}, covariance=covariance)


class Evidence:
    """What is known of some coefficients in information form: a precision matrix, and that times the mean."""

    def __init__(self, start: Normal) -> None:
        self.names = tuple(start.mean)
        self._start = inverse([[start.covariance[a][b] for b in self.names] for a in self.names])
        means = [start.mean[name] for name in self.names]
        self._first = [math.fsum(p * m for p, m in zip(row, means, strict=True)) for row in self._start]
        self._at = {name: k for k, name in enumerate(self.names)}
        size = len(self.names)
        self._gained: Matrix = [[0.0] * size for _ in range(size)]
        self._moved = [0.0] * size

    def forget(self, keep: float) -> None:
        """Let what was observed so far count for less: its share that is kept, 0 to 1."""
        self._gained = [[value * keep for value in row] for row in self._gained]
        self._moved = [value * keep for value in self._moved]

    def observe(self, group: Sequence[Seen], own: Row) -> None:
        """Take a group whose coefficients are its own: they lie around everybody's with these variances.

        The inverse of the group's covariance by Woodbury's identity: its sum of squares, less what its own
        coefficients explain of it.
        """
        names = [name for name in self.names if any(name in one.row for one in group)]
        inner = [name for name in names if own.get(name)]
        products = {name: dict.fromkeys(names, 0.0) for name in names}
        sums = dict.fromkeys(names, 0.0)
        for one in group:
            share = 1 / one.variance
            for name, value in one.row.items():
                weighed, column = value * share, products[name]
                for of, other in one.row.items():
                    column[of] += weighed * other
                sums[name] += weighed * one.value
        held = inverse([[products[a][b] + (1 / own[a] if a == b else 0.0) for b in inner] for a in inner])
        taken = {
            name: [sum(h * products[name][b] for h, b in zip(row, inner, strict=True)) for row in held]
            for name in names
        }
        for name in names:
            i = self._at[name]
            self._moved[i] += sums[name] - sum(t * sums[b] for t, b in zip(taken[name], inner, strict=True))
            for of in names:
                explained = sum(t * products[b][of] for t, b in zip(taken[name], inner, strict=True))
                self._gained[i][self._at[of]] += products[name][of] - explained

    def posterior(self) -> Normal:
        """The coefficients after all that was observed."""
        precision = [
            [a + b for a, b in zip(start, gained, strict=True)]
            for start, gained in zip(self._start, self._gained, strict=True)
        ]
        covariance = inverse(precision)
        right = [a + b for a, b in zip(self._first, self._moved, strict=True)]
        means = [math.fsum(c * r for c, r in zip(row, right, strict=True)) for row in covariance]
        return Normal(
            mean=dict(zip(self.names, means, strict=True)),
            covariance={
                name: dict(zip(self.names, row, strict=True)) for name, row in zip(self.names, covariance, strict=True)
            },
        )


def inverse(matrix: Sequence[Sequence[float]]) -> Matrix:
    """The inverse of a symmetric positive definite matrix, by Cholesky's factors.

    Raises:
        ValueError: it is not positive definite.
    """
    size = len(matrix)
    lower: Matrix = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(a * b for a, b in zip(lower[i][:j], lower[j][:j], strict=True))
            if i != j:
                lower[i][j] = rest / lower[j][j]
            elif rest > 0:
                lower[i][i] = math.sqrt(rest)
            else:
                raise ValueError("the matrix is not positive definite")
    # Columns of the lower factor's inverse; the matrix's inverse is that, transposed, times itself.
    turned: Matrix = [[0.0] * size for _ in range(size)]
    for j in range(size):
        turned[j][j] = 1 / lower[j][j]
        for i in range(j + 1, size):
            turned[i][j] = -sum(lower[i][k] * turned[k][j] for k in range(j, i)) / lower[i][i]
    found: Matrix = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            found[i][j] = found[j][i] = sum(turned[k][i] * turned[k][j] for k in range(i, size))
    return found
