"""Encodes that the CRF search would run on measured curves: `python bench/simulate_search.py FOLDER`.

Samples count by their share; their errors are drawn, ten rounds of them.
"""

import random
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from reelwright.quality.belief import Prior
from reelwright.quality.moves import Aim
from reelwright.quality.prior import Answer, expect
from simulation import Chunk, Film, Found, load_film, search_film

ROUNDS = 10


def prior_for(film: Film, target: float, chunk: Chunk, answers: Sequence[Answer]) -> Prior:
    return expect(
        width=film.width, height=film.height, preset=film.preset, target=target,
        temporal=chunk.temporal, answers=answers,
    )  # fmt: skip


def row(name: str, found: Sequence[Found]) -> str:
    frames = sum(f.frames for f in found)
    encodes = sum(f.encodes * f.frames for f in found) / frames
    within = sum(f.frames for f in found if f.accepted.within_band) / frames
    flat = sum(f.frames for f in found if f.flat) / frames
    most = max(len(f.points) for f in found)
    samples = sum(len(f.sights) for f in found) / len(found)
    counts = f"{name:24}{len(found) // ROUNDS:7}{frames // ROUNDS:8}"
    return f"{counts}{encodes:9.2f}{samples:9.2f}{most:6}{within:9.0%}{flat:7.0%}"


def main() -> None:
    noise = random.Random(1)  # noqa: S311 - the same errors in every run
    films = [load_film(path) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    for target, half in ((93.0, 1.0), (93.0, 0.5), (95.0, 1.0), (95.0, 0.5)):
        aim = Aim(target=target, low=target - half, high=target + half)
        print(f"\ntarget {target:g}, {aim.low:g} to {aim.high:g}")
        print(f"{'film':24}{'chunks':>7}{'frames':>8}{'encodes':>9}{'samples':>9}{'most':>6}{'within':>9}{'flat':>7}")
        together: list[Found] = []
        for film in films:
            prior_of = partial(prior_for, film, target)
            found = [f for _ in range(ROUNDS) for f in search_film(film, aim, prior_of, noise=noise)]
            together += found
            print(row(film.name, found))
        print(row("all, by frames", together))


if __name__ == "__main__":
    main()
