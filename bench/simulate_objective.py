"""Bytes and encodes of `--objective min-size` on measured curves: `python bench/simulate_objective.py FOLDER [ROUNDS]`.

Bytes are held against one CRF for the whole film with the same mean. Two trials at once, ending in any order; samples
err by what was measured: 0.45 VMAF at 93, and 0.2 in the logarithm of their bytes.
"""

import json
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from reelwright.quality.belief import Prior, Sight
from reelwright.quality.film_aim import FilmAim
from reelwright.quality.moves import Accept, Point, Sample, Try
from reelwright.quality.objective import Exchange, exchange
from reelwright.quality.prior import expect
from reelwright.quality.rates import Member
from simulation import through

GRID = [12 + k / 4 for k in range(153)]
STILL, SHARE = 2.0, 0.2


@dataclass(frozen=True, kw_only=True)
class Chunk:
    frames: int
    score: Callable[[float], float]
    rate: Callable[[float], float]
    source_rate: float
    temporal: float
    prior: Prior


def load(path: Path, target: float) -> list[Chunk]:
    """Chunks of one file of measured curves."""
    film = json.loads(path.read_text())
    pixels = film["width"] * film["height"]
    found = []
    for row in film["chunks"]:
        trials, features = sorted(row["trials"], key=lambda t: t["crf"]), row["features"]
        # The smooth curve of scores serves for bytes too: a quarter of their negative logarithm is about as steep as z.
        falling = through([(t["crf"], 100 - math.exp(-math.log(t["bytes"] / row["frames"]) / 4)) for t in trials])
        found.append(
            Chunk(
                frames=row["frames"],
                score=through([(t["crf"], t["vmaf"]) for t in trials]),
                rate=lambda crf, falling=falling: (100 - falling(crf)) ** -4,
                source_rate=features["source_bpp"] * pixels / 8,
                temporal=features["ti"],
                prior=expect(
                    width=film["width"], height=film["height"], preset=film["preset"], target=target,
                    temporal=features["ti"],
                ),
            )
        )  # fmt: skip
    return found


def simulate(film: list[Chunk], aim: FilmAim, rnd: random.Random) -> tuple[Exchange, float]:
    """One job; also how many encodes of the film it took."""
    points: list[tuple[Point, ...]] = [()] * len(film)
    sights: list[tuple[Sight, ...]] = [()] * len(film)
    errors = [(math.exp(rnd.gauss(0, 0.45 / 7)), math.exp(rnd.gauss(0.08, 0.2))) for _ in film]
    running: list[tuple[int, Try | Sample]] = []
    spent = 0.0
    while True:
        known = exchange(
            [
                Member(
                    index=k, frames=c.frames, prior=c.prior, points=points[k], sights=sights[k],
                    can_sample=c.frames >= 50, source_rate=c.source_rate, still=c.temporal < STILL,
                )
                for k, c in enumerate(film)
            ],
            aim,
        )  # fmt: skip
        if known.settled and not running:
            return known, spent / sum(c.frames for c in film)
        for k, move in known.moves.items():
            free = len(running) < 2 and k not in {i for i, _ in running} and not (known.alone and running)
            if free and not isinstance(move, Accept):
                running.append((k, move))
        k, move = running.pop(rnd.randrange(len(running)))
        chunk, score = film[k], film[k].score(move.crf)
        if isinstance(move, Sample):
            spent += SHARE * chunk.frames
            rate = chunk.rate(move.crf) * errors[k][1]
            sights[k] += (Sight(crf=move.crf, score=100 - (100 - score) * errors[k][0], sd=0.45, rate=rate),)
        else:
            spent += chunk.frames
            points[k] += (Point(crf=move.crf, score=score, rate=chunk.rate(move.crf)),)


def one_crf(film: list[Chunk], mean: float) -> float:
    """Bytes of the film at the one CRF where it has this mean."""
    frames = sum(c.frames for c in film)
    nearest = min(GRID, key=lambda crf: abs(sum(c.frames * c.score(crf) for c in film) / frames - mean))
    low, high = nearest - 0.5, nearest + 0.5
    for _ in range(30):
        middle = (low + high) / 2
        above = sum(c.frames * c.score(middle) for c in film) / frames > mean
        low, high = (middle, high) if above else (low, middle)
    return sum(c.frames * c.rate(low) for c in film)


def main() -> None:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"{'film':24}{'target':>7}{'mean':>15}{'bytes':>8}{'worst':>8}{'encodes':>9}{'lowest':>8}")
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        for target in (93.0, 95.0):
            film, rnd = load(path, target), random.Random(1)  # noqa: S311 - the same errors in every run
            aim = FilmAim(target=target, floor=target - 3, min_crf=12, max_crf=50, step=0.25)
            means, shares, encodes, lows = [], [], [], []
            for _ in range(rounds):
                known, spent = simulate(film, aim, rnd)
                taken = [known.moves[k] for k in range(len(film))]
                whole = sum(c.frames * c.score(t.crf) for c, t in zip(film, taken, strict=True))
                size = sum(c.frames * c.rate(t.crf) for c, t in zip(film, taken, strict=True))
                shares.append(size / one_crf(film, whole / sum(c.frames for c in film)))
                means.append(known.projection.mean or 0.0)
                encodes.append(spent)
                lows.append(min(c.score(t.crf) for c, t in zip(film, taken, strict=True)))
            print(
                f"{path.stem:24}{target:7g}{min(means):8.2f}{max(means):7.2f}{sum(shares) / rounds:8.3f}"
                f"{max(shares):8.3f}{sum(encodes) / rounds:9.2f}{min(lows):8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
