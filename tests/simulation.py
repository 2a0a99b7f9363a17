"""Rate-quality curves that answer like an encoder, and the searches that ask them. No encode is run."""

import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from reelwright.planning.windows import FEWEST, SAMPLE_SD, SHARE
from reelwright.quality.belief import Prior, Sight, believe
from reelwright.quality.controller import WHOLE_SD, next_move
from reelwright.quality.moves import Accept, Aim, FilmView, Move, Point, Sample, Sampling, Try, Wait
from reelwright.quality.outlook import Expected
from reelwright.quality.prior import Answer

Curve = Callable[[float], float]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stretch of a film whose score at every CRF is known."""

    frames: int
    curve: Curve
    #: Temporal information; None: unknown.
    temporal: float | None = None
    #: What other films say of it; None: nothing.
    expected: Expected | None = None


@dataclass(frozen=True, kw_only=True)
class Film:
    """Chunks in their order, and what a prior may know before the first trial."""

    name: str
    width: int
    height: int
    preset: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """How a chunk is sampled, and by how much its samples err."""

    sampling: Sampling
    error: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one chunk."""

    frames: int
    points: tuple[Point, ...]
    sights: tuple[Sight, ...]
    accepted: Accept
    flat: bool

    @property
    def encodes(self) -> float:
        """Encodes of the whole chunk, samples by their share."""
        return len(self.points) + SHARE * len(self.sights)


def straight(at_40: float, slope: float, *, ceiling: float = 100.0) -> Curve:
    """Return a curve straight in z = ln(100 - score) with `at_40` at CRF 40, never above the ceiling."""
    return lambda crf: max(0.0, min(ceiling, 100 - math.exp(math.log(100 - at_40) + slope * (crf - 40))))


def through(measured: Sequence[tuple[float, float]]) -> Curve:
    """Return a smooth curve through (crf, score), falling wherever they fall (Fritsch and Carlson, in z).

    A cubic and not straight lines: on straight lines in z the controller's own model would be exact.
    """
    xs = [crf for crf, _ in measured]
    zs = [math.log(max(100 - score, 1e-3)) for _, score in measured]
    runs = [b - a for a, b in pairwise(xs)]
    rises = [(b - a) / run for (a, b), run in zip(pairwise(zs), runs, strict=True)]
    inner = [
        2 / (1 / a + 1 / b) if a * b > 0 else 0.0  # harmonic mean of two slopes: no overshoot
        for a, b in pairwise(rises)
    ]
    slopes = [rises[0], *inner, rises[-1]]

    def curve(crf: float) -> float:
        i = min(max(bisect_right(xs, crf) - 1, 0), len(runs) - 1)
        if not xs[0] <= crf <= xs[-1]:
            edge = 0 if crf < xs[0] else -1
            return 100 - math.exp(min(zs[edge] + slopes[edge] * (crf - xs[edge]), math.log(100)))
        t = (crf - xs[i]) / runs[i]
        z = (
            (1 + 2 * t) * (1 - t) ** 2 * zs[i]
            + t * (1 - t) ** 2 * runs[i] * slopes[i]
            + t * t * (3 - 2 * t) * zs[i + 1]
            + t * t * (t - 1) * runs[i] * slopes[i + 1]
        )
        return 100 - math.exp(z)

    return curve


def load_film(path: Path) -> Film:
    """Read one file of measured curves."""
    data = json.loads(path.read_text())
    chunks = tuple(
        Chunk(
            frames=c["frames"],
            curve=through(sorted((t["crf"], t["vmaf"]) for t in c["trials"])),
            temporal=c["features"]["ti"],
        )
        for c in data["chunks"]
    )
    return Film(name=path.stem, width=data["width"], height=data["height"], preset=data["preset"], chunks=chunks)


def search(
    curve: Curve,
    aim: Aim,
    *,
    start: float | Prior,
    film: FilmView,
    points: Sequence[Point] = (),
    sights: Sequence[Sight] = (),
    sampled: "Sampled | None" = None,
) -> tuple[Move, tuple[Point, ...], tuple[Sight, ...]]:
    """Run trials until the chunk is accepted or waits; also return every trial and sample.

    Raises:
        AssertionError: the search tries more than it may.
    """
    known, seen = list(points), list(sights)
    prior = start if isinstance(start, Prior) else Prior(crf=start, sd=5.0)
    sampling = sampled.sampling if sampled else None
    while True:
        move = next_move(known, aim, prior=prior, film=film, sights=seen, sampling=sampling)
        if isinstance(move, Try):
            assert len(known) < aim.max_trials, f"more than {aim.max_trials} trials: {known}"
            known.append(Point(crf=move.crf, score=curve(move.crf)))
        elif isinstance(move, Sample):
            assert sampled is not None, "a sample of a chunk that cannot be sampled"
            assert len(seen) < sampled.sampling.most, f"more samples than allowed: {seen}"
            score = min(100.0, curve(move.crf) + sampled.error)
            seen.append(Sight(crf=move.crf, score=score, sd=sampled.sampling.sd))
        else:
            return move, tuple(known), tuple(seen)


def weighted_median(values: Sequence[tuple[float, int]]) -> float | None:
    """Return the value in the middle when each counts as often as its weight says."""
    return median_low([value for value, weight in values for _ in range(weight)]) if values else None


PriorOf = Callable[[Chunk, Sequence[Answer]], Prior]


def search_film(film: Film, aim: Aim, prior_of: PriorOf, *, noise: random.Random | None = None) -> list[Found]:
    """Search chunk after chunk, the long ones first, each with what the film has shown by then.

    Flat chunks wait for the end, as in a real job. With `noise`, chunks are sampled; samples of a chunk all err by the
    same, being of the same frames.
    """
    answers: list[Answer] = []
    accepted: list[tuple[float, int]] = []
    waiting: list[tuple[Chunk, Prior, Sampled | None, tuple[Point, ...], tuple[Sight, ...]]] = []
    found: list[Found] = []
    for chunk in sorted(film.chunks, key=lambda c: -c.frames):
        prior, sampled = prior_of(chunk, answers), sampled_for(chunk, noise)
        view = FilmView(median_crf=weighted_median(accepted), settled=False)
        move, points, sights = search(chunk.curve, aim, start=prior, film=view, sampled=sampled)
        if isinstance(move, Wait):
            waiting.append((chunk, prior, sampled, points, sights))
        elif isinstance(move, Accept):
            found.append(Found(frames=chunk.frames, points=points, sights=sights, accepted=move, flat=False))
            if move.within_band:
                accepted.append((move.crf, chunk.frames))
                answer = answer_to(prior, aim, points, sights)
                answers.append(replace(answer, expected=chunk.expected))
    final = FilmView(median_crf=weighted_median(accepted), settled=True)
    for chunk, prior, sampled, points, sights in waiting:
        move, tried, seen = search(
            chunk.curve, aim, start=prior, film=final, points=points, sights=sights, sampled=sampled
        )
        assert isinstance(move, Accept), f"a settled film leaves nothing to wait for: {move}"
        found.append(Found(frames=chunk.frames, points=tried, sights=seen, accepted=move, flat=True))
    return found


def answer_to(prior: Prior, aim: Aim, points: Sequence[Point], sights: Sequence[Sight]) -> Answer:
    """Where a chunk meets the target, by its own trials."""
    whole = [Sight(crf=p.crf, score=p.score, sd=WHOLE_SD) for p in points]
    belief = believe(prior, aim.target, [*sights, *whole])
    return Answer(crf=belief.crf, slope=belief.slope)


def sampled_for(chunk: Chunk, noise: random.Random | None) -> Sampled | None:
    """How a chunk is sampled; None where it is not."""
    if noise is None or round(chunk.frames * SHARE / 2) * 2 < FEWEST:
        return None
    return Sampled(sampling=Sampling(share=SHARE, sd=SAMPLE_SD), error=noise.gauss(0, SAMPLE_SD))
