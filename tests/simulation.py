"""Rate-quality curves that answer like an encoder, and the searches that ask them. No encode is run."""

import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from reelwright.engine.job_state import JobState, TrialStep
from reelwright.engine.scheduler import accept_waiting, begin, next_steps, with_point, with_sight
from reelwright.planning import chunking as planning
from reelwright.planning.chunking import Features
from reelwright.planning.plan import Request
from reelwright.planning.windows import sample_cost, sample_share
from reelwright.quality.belief import Prior, Sight
from reelwright.quality.controller import WHOLE_SD, next_move
from reelwright.quality.feedback import Ended, mean_of
from reelwright.quality.moves import Accept, Aim, FilmView, Move, Point, Try
from reelwright.quality.outlook import Expected
from reelwright.quality.prior import BLUR, SHIFT
from reelwright.quality.rates import SHORT

Curve = Callable[[float], float]
#: Standard deviation of what a sample says of its chunk's bytes, in the logarithm.
SHORT_BLUR = 0.2


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stretch of a film whose score at every CRF is known."""

    frames: int
    curve: Curve
    temporal: float = 5.0
    spatial: float = 50.0
    #: Bytes a frame of its source.
    source: float = 5000.0
    #: Whether it goes on with the scene of the chunk before.
    goes_on: bool = False
    #: Bytes a frame at every CRF; None: not known.
    rate: Curve | None = None


@dataclass(frozen=True, kw_only=True)
class Film:
    """Chunks in their order, and what a prior may know before the first trial."""

    name: str
    width: int
    height: int
    preset: int
    chunks: tuple[Chunk, ...]
    #: What other films say of each chunk; empty: nothing.
    foreseen: tuple[Expected, ...] = ()


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
        return len(self.points) + sample_share(self.frames) * len(self.sights)

    @property
    def cost(self) -> float:
        """The same with samples by what they cost."""
        return len(self.points) + sample_cost(self.frames) * len(self.sights)

    @property
    def point(self) -> Point:
        """The trial that was accepted."""
        return next(p for p in self.points if p.crf == self.accepted.crf)

    @property
    def score(self) -> float:
        """The score of what was accepted."""
        return self.point.score


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


def rates(measured: Sequence[tuple[float, float]]) -> Curve:
    """Return a smooth curve through (crf, bytes a frame).

    That of the scores serves: a quarter of the bytes' negative logarithm is about as steep as z.
    """
    falling = through([(crf, 100 - math.exp(-math.log(rate) / 4)) for crf, rate in measured])
    return lambda crf: (100 - falling(crf)) ** -4


def load_film(path: Path) -> Film:
    """Read one file of measured curves."""
    data = json.loads(path.read_text())
    chunks = tuple(
        Chunk(
            frames=c["frames"],
            curve=through(sorted((t["crf"], t["vmaf"]) for t in c["trials"])),
            temporal=c["features"]["ti"],
            spatial=c["features"]["si"],
            source=c["features"]["source_bpp"] * data["width"] * data["height"] / 8,
            rate=rates(sorted((t["crf"], t["bytes"] / c["frames"]) for t in c["trials"])),
        )
        for c in data["chunks"]
    )
    return Film(name=path.stem, width=data["width"], height=data["height"], preset=data["preset"], chunks=chunks)


def film_like(film: Film, source: random.Random, count: int) -> Film:
    """Return a film of one look: scenes of one to three chunks, each like some chunk of a measured film.

    A scene's curve lies a little higher or lower and is a little steeper or flatter than the measured one; what it cost
    its source goes along, as far as it does in measured films.
    """
    chunks: list[Chunk] = []
    while len(chunks) < count:
        like = source.choice(film.chunks)
        higher = source.gauss(0, 2)
        for part in range(source.choice((1, 1, 1, 2, 3))):
            shift, stretch = higher + source.gauss(0, 0.7), math.exp(source.gauss(0, 0.08))
            chunks.append(
                Chunk(
                    frames=source.choice((25, 40, 60, 90, 120, 150, 240)),
                    curve=moved(like.curve, shift, stretch),
                    temporal=like.temporal * math.exp(source.gauss(0, 0.1)),
                    spatial=like.spatial * math.exp(source.gauss(0, 0.1)),
                    source=like.source * math.exp(source.gauss(-shift / 10, 0.2)),
                    goes_on=part > 0,
                    rate=None if like.rate is None else moved(like.rate, shift, stretch),
                )
            )
    return Film(
        name=f"like {film.name}", width=film.width, height=film.height, preset=film.preset, chunks=tuple(chunks)
    )


def moved(curve: Curve, shift: float, stretch: float) -> Curve:
    """Return a curve shifted by so many CRFs and stretched around CRF 35."""
    return lambda crf: curve(min(max(35 + (crf - shift - 35) * stretch, 0.0), 70.0))


def search(
    curve: Curve,
    aim: Aim,
    *,
    start: float | Prior,
    film: FilmView,
    points: Sequence[Point] = (),
) -> tuple[Move, tuple[Point, ...]]:
    """Run trials until the chunk is accepted or waits; also return every trial.

    Raises:
        AssertionError: the search tries more than it may.
    """
    known = list(points)
    prior = start if isinstance(start, Prior) else Prior(crf=start, sd=5.0)
    while True:
        move = next_move(known, aim, prior=prior, film=film)
        if isinstance(move, Try):
            assert len(known) < aim.max_trials, f"more than {aim.max_trials} trials: {known}"
            known.append(Point(crf=move.crf, score=curve(move.crf)))
        else:
            return move, tuple(known)


def film_state(film: Film, request: Request) -> JobState:
    """Return a job of a simulated film, before its first trial."""
    chunks, start = [], 0
    for index, chunk in enumerate(film.chunks):
        features = Features(
            spatial=chunk.spatial, temporal=chunk.temporal, difference=1.0, luma=100.0,
            source_bytes=chunk.source, intra_share=0.0,
        )  # fmt: skip
        end = start + chunk.frames
        chunks.append(planning.Chunk(index=index, start=start, end=end, features=features, goes_on=chunk.goes_on))
        start = end
    return begin(request, (film.width, film.height), chunks, {}, foreseen=film.foreseen)


def search_film(film: Film, request: Request, *, noise: random.Random, workers: int = 2) -> list[Found]:
    """Search a film's chunks as the runner does, by the scheduler itself.

    Trials under way end in the order of their lengths, as they would where frames cost the same. Samples of a chunk all
    err by the same, being of the same frames: in CRF, as was measured.
    """
    state = film_state(film, request)
    errors = [noise.gauss(SHIFT, BLUR) for _ in film.chunks]
    running: list[tuple[float, TrialStep]] = []
    now = 0.0
    while True:
        state = accept_waiting(state)
        steps = next_steps(state, {step.chunk.index for _, step in running}, workers - len(running))
        running += [(now + step.frames, step) for step in steps if isinstance(step, TrialStep)]
        if not running:
            break
        now, landed = min(running, key=lambda r: (r[0], r[1].chunk.index))
        running.remove((now, landed))
        index = landed.chunk.index
        chunk = film.chunks[index]
        rate = None if chunk.rate is None else chunk.rate(landed.crf)
        if landed.windows is None:
            state = with_point(state, index, Point(crf=landed.crf, score=chunk.curve(landed.crf), rate=rate))
        else:
            seen = chunk.curve(landed.crf + errors[index])
            rate = None if rate is None else rate * math.exp(noise.gauss(-SHORT, SHORT_BLUR))
            sight = Sight(crf=landed.crf, score=seen, sd=WHOLE_SD, sample=True, rate=rate)
            state = with_sight(state, index, sight)
    return [
        Found(frames=s.chunk.frames, points=s.points, sights=s.sights, accepted=s.accepted, flat=s.flat)
        for s in state.chunks
        if s.accepted
    ]


def missed(found: Sequence[Found], target: float) -> float | None:
    """By how much the frame-weighted mean of the chunks that have an answer misses the target; None: no answers."""
    ended = [Ended(frames=f.frames, score=f.score) for f in found if f.accepted.within_band]
    mean = mean_of(ended)
    return None if mean is None else mean - target


def over_one_crf(film: Film, found: Sequence[Found]) -> float:
    """Bytes of what was accepted against those of the one CRF for the whole film where it has the same mean."""
    frames = sum(c.frames for c in film.chunks)
    mean = math.fsum(f.score * f.frames for f in found) / frames
    low, high = 1.0, 62.0
    for _ in range(40):
        middle = (low + high) / 2
        above = math.fsum(c.curve(middle) * c.frames for c in film.chunks) / frames > mean
        low, high = (middle, high) if above else (low, middle)
    plain = math.fsum((c.rate(low) if c.rate else 0.0) * c.frames for c in film.chunks)
    return math.fsum((f.point.rate or 0.0) * f.frames for f in found) / plain
