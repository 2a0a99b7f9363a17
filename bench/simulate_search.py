"""Encodes that the CRF search would run on measured curves: `python bench/simulate_search.py FOLDER [ROUNDS]`.

The scheduler itself is run, with two trials at a time. Samples count by their share; their errors are drawn. Beside
each measured film stand films of one look: 60 chunks that are each like some chunk of it.
"""

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from reelwright.planning.plan import Request
from simulation import Found, film_like, load_film, missed, search_film

LOOK = 60


def row(name: str, rounds: Sequence[Sequence[Found]], target: float) -> str:
    found = [f for one in rounds for f in one]
    frames = sum(f.frames for f in found)
    encodes = sum(f.encodes * f.frames for f in found) / frames
    cost = sum(f.cost * f.frames for f in found) / frames
    # A chunk that goes to a bound has no answer; so has one that is flat.
    inside = [f for f in found if not f.flat and not any(p.crf in {12.0, 50.0} for p in f.points)]
    within = fmean(f.accepted.within_band for f in inside) if inside else 1.0
    first = fmean(len(f.points) == 1 for f in found)
    samples = sum(len(f.sights) for f in found) / len(found)
    means = [m for one in rounds if (m := missed(one, target)) is not None]
    landed = fmean(-0.1 <= m <= 0.2 for m in means)
    said = f"{name:28}{len(found) // len(rounds):7}{encodes:9.3f}{cost:7.3f}{samples:9.2f}{first:7.0%}{within:9.1%}"
    return f"{said}{fmean(means):+8.3f}{min(means):+8.2f}{max(means):+8.2f}{landed:8.1%}"


def main() -> None:
    """Print a table for each target and band."""
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    films = [load_film(path) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    head = f"{'film':28}{'chunks':>7}{'encodes':>9}{'cost':>7}{'samples':>9}{'first':>7}{'within':>9}"
    head += f"{'mean':>8}{'least':>8}{'most':>8}{'landed':>8}"
    for target, half in ((93.0, 1.0), (93.0, 0.5), (95.0, 1.0), (95.0, 0.5)):
        noise = random.Random(1)  # noqa: S311 - the same errors in every run
        request = Request(target_vmaf=target, band_low=target - half, band_high=target + half)
        print(f"\ntarget {target:g}, band {half:g} each way\n{head}")
        for film in films:
            print(row(film.name, [search_film(film, request, noise=noise) for _ in range(rounds)], target))
            if len(film.chunks) > 1:
                like = [film_like(film, noise, LOOK) for _ in range(max(1, rounds // 3))]
                print(row(like[0].name, [search_film(one, request, noise=noise) for one in like], target), flush=True)


if __name__ == "__main__":
    main()
