"""Rate-quality curves that answer like an encoder, and the searches that ask them. No encode is run."""

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from reelwright.quality.controller import Accept, Aim, FilmView, Move, Point, Try, Wait, next_move

Curve = Callable[[float], float]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stretch of a film whose score at every CRF is known."""

    frames: int
    curve: Curve


@dataclass(frozen=True, kw_only=True)
class Film:
    """Chunks in their order, and what a prior may know before the first trial."""

    name: str
    width: int
    height: int
    preset: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one chunk."""

    frames: int
    points: tuple[Point, ...]
    accepted: Accept
    flat: bool


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
        Chunk(frames=c["frames"], curve=through(sorted((t["crf"], t["vmaf"]) for t in c["trials"])))
        for c in data["chunks"]
    )
    return Film(name=path.stem, width=data["width"], height=data["height"], preset=data["preset"], chunks=chunks)


def search(
    curve: Curve, aim: Aim, *, start: float, film: FilmView, points: Sequence[Point] = ()
) -> tuple[Move, tuple[Point, ...]]:
    """Run trials until the chunk is accepted or waits; also return every trial.

    Raises:
        AssertionError: the search tries more than it may.
    """
    known = list(points)
    while isinstance(move := next_move(known, aim, start=start, film=film), Try):
        assert len(known) < aim.max_trials, f"more than {aim.max_trials} trials: {known}"
        known.append(Point(crf=move.crf, score=curve(move.crf)))
    return move, tuple(known)


def weighted_median(values: Sequence[tuple[float, int]]) -> float | None:
    """Return the value in the middle when each counts as often as its weight says."""
    return median_low([value for value, weight in values for _ in range(weight)]) if values else None


def search_film(film: Film, aim: Aim, start_of: Callable[[Sequence[tuple[float, int]]], float]) -> list[Found]:
    """Search chunk after chunk, each starting where `start_of` the accepted (crf, frames) says.

    Flat chunks wait for the end, as in a real job.
    """
    accepted: list[tuple[float, int]] = []
    waiting: list[tuple[Chunk, float, tuple[Point, ...]]] = []
    found: list[Found] = []
    for chunk in film.chunks:
        start = start_of(accepted)
        view = FilmView(median_crf=weighted_median(accepted), settled=False)
        move, points = search(chunk.curve, aim, start=start, film=view)
        if isinstance(move, Accept):
            accepted.append((move.crf, chunk.frames))
            found.append(Found(frames=chunk.frames, points=points, accepted=move, flat=False))
        elif isinstance(move, Wait):
            waiting.append((chunk, start, points))
    final = FilmView(median_crf=weighted_median(accepted), settled=True)
    for chunk, start, before in waiting:
        move, points = search(chunk.curve, aim, start=start, film=final, points=before)
        assert isinstance(move, Accept), f"a settled film leaves nothing to wait for: {move}"
        found.append(Found(frames=chunk.frames, points=points, accepted=move, flat=True))
    return found
