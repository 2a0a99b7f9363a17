"""What films teach the next one: a linear model of where chunks meet a target, learned further with every film.

The model ships with what measured curves taught it (`Model`), and the films of a ledger teach it more (`learn`). A
film is one group of observations: its chunks share something of their own, so that a thousand chunks say little more
of films than a dozen do. How far what was learned may be trusted is found by replay: each film is predicted from
those before it, with and without what they taught, and the better of the two counts for more (Bayesian averaging of
two models, with the memory of Raftery, Kárný and Ettler's dynamic averaging, Technometrics 2010).

Everything is a pure function of the films in their order.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reelwright.quality.normal import Evidence, Normal, Row, Seen, extended
from reelwright.quality.outlook import FIT_TARGET, NAMES, Expected, Outlook, foretell, mixed, moved, taught
from reelwright.quality.prior import BLUR, FARTHEST, SHIFT, slope_for
from reelwright.quality.traits import Setting, Traits, rows_of, setting_row, unknown

#: Of a film's chunks no more than this are learned from; they are spread over those it has.
MOST_CHUNKS = 40
#: What a film counts for less with each one that comes after it.
KEEP = 0.97
#: An answer farther off than this many standard deviations counts as if it were so far: it may be wrong.
WILD = 3.0
#: Variances are known as well as so many chunks, and films, would tell them.
PSEUDO_CHUNKS, PSEUDO_FILMS = 10.0, 4.0
#: The variances learned stay within these shares of those built in.
LEAST_SHARE, MOST_SHARE = 0.15, 3.0
#: How many observations a film counts for in the comparison of the two models, whatever its length.
VOTES = 2.0
#: Degrees of freedom of the distribution they are compared by.
TAILS = 4.0
#: What is left of the comparison's memory with each further film, and the farthest it goes, in natural logarithms.
MEMORY, SUREST = 0.85, 2.5
#: Standard deviation of films' shifts of samples, and as many pairs as the usual scatter of single ones is worth.
SHIFTING, PSEUDO_PAIRS = 0.5, 10.0
#: As many of a film's chunks count where it is asked how much chunks scatter.
MOST_SCATTER = 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Coefficients of all films, and the variances of what they leave open."""

    coefficients: Normal
    #: Variance of a chunk's answer around what its film's own coefficients say, in squared CRF.
    within: float
    #: Variances of a film's own coefficients around those of all films, by name.
    own: Mapping[str, float]

    def outlook(self, setting: Row) -> Outlook:
        """A film's own coefficients before anything of it is known. What its setting moves is part of its level."""
        known = extended(self.coefficients, unknown(setting))
        first = {**setting, "level": 1.0}
        rest = [{name: 1.0} for name in NAMES[1:]]
        rows = [first, *rest]
        covariance = tuple(
            tuple(known.covary(a, b) + (self.own.get(name, 0.0) if i == k else 0.0) for k, b in enumerate(rows))
            for i, (a, name) in enumerate(zip(rows, NAMES, strict=True))
        )
        return Outlook(mean=tuple(known.at(row) for row in rows), covariance=covariance, within=self.within)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """The built-in model."""

    view: View
    #: The setting its films were measured with.
    usual: Setting
    films: int = 0
    chunks: int = 0
    #: How far it is off for a film it has not seen, and how far a constant is, as its training found; in CRF.
    errors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class PastChunk:
    """A chunk whose trials have told where it meets the target."""

    traits: Traits
    setting: Setting
    crf: float
    #: Standard deviation of that.
    sd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PastFilm:
    """A film of the past."""

    name: str
    chunks: tuple[PastChunk, ...]
    #: By how many CRFs its samples looked worse than their chunks.
    shifts: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """How a film was predicted before it was learned from: root mean squares of the errors, in CRF."""

    name: str
    chunks: int
    built_in: float
    learned: float
    #: The weight of what had been learned by then.
    weight: float
    #: What the film says for the learned model against the built-in one, in natural logarithms.
    odds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What is expected of the next film's chunks: the built-in model, that with the past's films, and their weights."""

    model: Model
    taught: View
    #: Of `taught`, 0 to 1.
    weight: float
    tried: tuple[Tried, ...] = ()
    #: By how many CRFs samples look worse than their chunks, and the standard deviation of that; None: as built in.
    sampled: tuple[float, float] | None = None

    @property
    def chunks(self) -> int:
        """How many chunks were learned from."""
        return sum(film.chunks for film in self.tried)

    def outlook(self, setting: Setting, source: float = 0.0) -> Outlook:
        """What is expected of a film of a setting, whose source has so many bits; see `rows_of`."""
        row = setting_row(setting, self.model.usual) | {"source": source}
        return mixed(self.taught.outlook(row), self.model.view.outlook(row), self.weight)

    def foresee(self, film: Sequence[Traits], settings: Sequence[Setting]) -> tuple[Expected, ...]:
        """What is expected of each chunk of a film."""
        films: dict[tuple[tuple[str, float], ...], Outlook] = {}
        found = []
        for row, traits, setting in zip(rows_of(film), film, settings, strict=True):
            key = tuple(sorted(setting_row(setting, self.model.usual).items()))
            if key not in films:
                films[key] = self.outlook(setting, row["source"])
            found.append(
                Expected(film=films[key], row=in_order(row), slope=slope_for(traits.temporal), sampled=self.sampled)
            )
        return tuple(found)

    def ordinary(self, setting: Setting, target: float) -> tuple[float, float]:
        """What is expected of an ordinary chunk of an ordinary film: CRF and its standard deviation."""
        film = self.outlook(setting)
        return foretell(Expected(film=film, row=in_order({"level": 1.0}), slope=slope_for(None)), target)


def in_order(row: Row) -> tuple[float, ...]:
    """A chunk's row as its film's coefficients are ordered."""
    return tuple(row.get(name, 0.0) for name in NAMES)


def learn(model: Model, films: Sequence[PastFilm] = (), target: float = FIT_TARGET) -> Learned:
    """Learn from films, the oldest first, each predicted before it is learned from.

    Args:
        model: the built-in one.
        films: of the past, with answers for this very target.
        target: VMAF.
    """
    groups = [(film.name, observed(film, model, target)) for film in films if film.chunks]
    strange = {name: spread for _, seen in groups for one in seen for name, spread in unknown(one.row).items()}
    fixed = replace(model.view, coefficients=extended(model.view.coefficients, strange))
    evidence, view, scatter, odds = Evidence(fixed.coefficients), fixed, Scatter(), 0.0
    tried: list[Tried] = []
    for name, seen in groups:
        said = compare(name, seen, fixed, view, weight=weight_of(odds))
        tried.append(said)
        odds = max(-SUREST, min(SUREST, MEMORY * odds + said.odds))
        scatter = scatter.after(seen, view)
        evidence.forget(KEEP)
        evidence.observe(tamed(seen, view), view.own)
        view = replace(scatter.view(fixed), coefficients=evidence.posterior())
    return Learned(
        model=model,
        taught=view,
        weight=weight_of(odds) if tried else 0.0,
        tried=tuple(tried),
        sampled=sampled_in([film.shifts for film in films]),
    )


def sampled_in(films: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """By how many CRFs a further film's samples look worse than its chunks, and the standard deviation of that.

    Films' means lie around one of all films: each is an observation of it. What single samples scatter is pooled.
    """
    known = [[min(max(s, SHIFT - FARTHEST), SHIFT + FARTHEST) for s in one] for one in films if one]
    if not known:
        return None
    precision, pull = 1 / SHIFTING**2, SHIFT / SHIFTING**2
    squares, count = PSEUDO_PAIRS * BLUR**2, PSEUDO_PAIRS
    for one in known:
        share = 1 / (SHIFTING**2 + BLUR**2 / len(one))
        precision, pull = precision + share, pull + share * math.fsum(one) / len(one)
    mean = pull / precision
    for one in known:  # a long film says little more of the next one than a short one does
        weight = min(1.0, MOST_SCATTER / len(one))
        squares += weight * math.fsum((s - mean) ** 2 for s in one)
        count += weight * len(one)
    return mean, math.sqrt(squares / count)


def weight_of(odds: float) -> float:
    """The weight of what was learned, of logarithmic odds."""
    return 1 / (1 + math.exp(-odds))


def observed(film: PastFilm, model: Model, target: float) -> list[Seen]:
    """A film's answers as observations."""
    rows = rows_of([chunk.traits for chunk in film.chunks])
    pairs = list(zip(rows, film.chunks, strict=True))
    every = max(1, math.ceil(len(pairs) / MOST_CHUNKS))
    return [
        Seen(
            row=row | setting_row(chunk.setting, model.usual),
            value=chunk.crf - moved(target, slope_for(chunk.traits.temporal)),
            variance=model.view.within + chunk.sd**2,
        )
        for row, chunk in pairs[::every]
    ]


def compare(name: str, seen: Sequence[Seen], fixed: View, view: View, *, weight: float) -> Tried:
    """Predict a film by both models: errors, and the difference of their logarithmic likelihoods, a film a few votes.

    The likelihood is that of Student's distribution: one wrong row, or one odd film, decides little.
    """
    squares, likelihoods = [0.0, 0.0], [0.0, 0.0]
    for k, one in ((k, one) for one in seen for k in (0, 1)):
        crf, variance = predicted((fixed, view)[k], one)
        square = (one.value - crf) ** 2
        squares[k] += square
        likelihoods[k] -= (TAILS + 1) / 2 * math.log1p(square / variance / TAILS) + math.log(variance) / 2
    count = len(seen)
    return Tried(
        name=name,
        chunks=count,
        built_in=math.sqrt(squares[0] / count),
        learned=math.sqrt(squares[1] / count),
        weight=weight,
        odds=(likelihoods[1] - likelihoods[0]) * min(1.0, VOTES / count),
    )


def predicted(view: View, one: Seen) -> tuple[float, float]:
    """What was expected of an answer: CRF and variance."""
    own = math.fsum(value * value * view.own.get(name, 0.0) for name, value in one.row.items())
    return view.coefficients.at(one.row), view.coefficients.variance(one.row) + own + one.variance


def tamed(seen: Sequence[Seen], view: View) -> list[Seen]:
    """Observations with wild values pulled in to where they are just believable (Huber's way with outliers)."""
    found = []
    for one in seen:
        crf, variance = predicted(view, one)
        reach = WILD * math.sqrt(variance)
        found.append(replace(one, value=max(crf - reach, min(crf + reach, one.value))))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Scatter:
    """How far answers lay from what was expected before they were learned from: sums of squares, and of how many."""

    within: float = 0.0
    chunks: float = 0.0
    #: Of each film's own coefficients around those of all films.
    between: Mapping[str, float] = field(default_factory=dict)
    films: float = 0.0

    def after(self, seen: Sequence[Seen], view: View) -> "Scatter":
        """With one more film; those before it count a little less."""
        setting = {name: value for name, value in seen[0].row.items() if name not in NAMES}
        before = view.outlook(setting)
        pairs = [(in_order(one.row), one.value) for one in tamed(seen, view)]
        film = taught(before, pairs)
        # What single chunks are found to scatter is known as `taught` knows it: from these, and a few of before.
        weight = min(len(pairs) - 1.0, MOST_SCATTER)
        return Scatter(
            within=KEEP * self.within + weight * film.within,
            chunks=KEEP * self.chunks + weight,
            between={
                name: KEEP * self.between.get(name, 0.0) + _moved(before, film, k, view.own[name])
                for k, name in enumerate(NAMES)
                if view.own.get(name)
            },
            films=KEEP * self.films + 1,
        )

    def view(self, model: View) -> View:
        """A model with the variances this scatter speaks for, as a conjugate prior would have it."""
        within = (PSEUDO_CHUNKS * model.within + self.within) / (PSEUDO_CHUNKS + self.chunks)
        own = {
            name: _near(variance, (PSEUDO_FILMS * variance + self.between.get(name, 0.0)) / (PSEUDO_FILMS + self.films))
            for name, variance in model.own.items()
        }
        return View(coefficients=model.coefficients, within=_near(model.within, within), own=own)


def _moved(before: Outlook, film: Outlook, k: int, own: float) -> float:
    """How far a film's coefficient lies from all films', squared: what is expected of that after its chunks.

    The step of expectation maximisation, less what is unknown of all films' own. A film that says nothing of a
    coefficient leaves its variance as it was.
    """
    level = film.mean[k] - before.mean[k]
    square = level**2 + film.covariance[k][k] - (before.covariance[k][k] - own)
    return min(max(square, 0.0), WILD**2 * own)


def _near(built_in: float, found: float) -> float:
    return max(LEAST_SHARE * built_in, min(MOST_SHARE * built_in, found))


def load_model(plain: Mapping[str, Any]) -> Model:
    """The built-in model of its file's values.

    Raises:
        ValueError: they are not those of a model.
    """
    try:
        names = list(plain["coefficients"])
        table = plain["covariance"]
        covariance = {
            name: {of: float(table[max(i, k)][min(i, k)]) for k, of in enumerate(names)} for i, name in enumerate(names)
        }
        return Model(
            view=View(
                coefficients=Normal(
                    mean={name: float(value) for name, value in plain["coefficients"].items()}, covariance=covariance
                ),
                within=float(plain["within"]),
                own={str(name): float(value) for name, value in plain["own"].items()},
            ),
            usual=Setting(**plain["usual"]),
            films=int(plain["trained"]["films"]),
            chunks=int(plain["trained"]["chunks"]),
            errors=dict(plain["trained"]["errors"]),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"the values are no model: {error!r}") from error
