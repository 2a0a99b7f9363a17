"""Trials that the CRF search would run on measured curves: `python bench/simulate_search.py FOLDER`."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from reelwright.quality.controller import Aim
from reelwright.quality.prior import start_crf
from simulation import Film, Found, load_film, search_film


def start_for(film: Film, target: float, accepted: Sequence[tuple[float, int]]) -> float:
    return start_crf(width=film.width, height=film.height, preset=film.preset, target=target, accepted=accepted)


def row(name: str, found: Sequence[Found]) -> str:
    frames = sum(f.frames for f in found)
    trials = sum(len(f.points) * f.frames for f in found) / frames
    within = sum(f.frames for f in found if f.accepted.within_band) / frames
    flat = sum(f.frames for f in found if f.flat) / frames
    most = max(len(f.points) for f in found)
    return f"{name:24}{len(found):7}{frames:8}{trials:9.2f}{most:6}{within:9.0%}{flat:7.0%}"


def main() -> None:
    films = [load_film(path) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    for target, half in ((93.0, 1.0), (93.0, 0.5), (95.0, 1.0), (95.0, 0.5)):
        aim = Aim(target=target, low=target - half, high=target + half)
        print(f"\ntarget {target:g}, {aim.low:g} to {aim.high:g}")
        print(f"{'film':24}{'chunks':>7}{'frames':>8}{'trials':>9}{'most':>6}{'within':>9}{'flat':>7}")
        together: list[Found] = []
        for film in films:
            found = search_film(film, aim, partial(start_for, film, target))
            together += found
            print(row(film.name, found))
        print(row("all, by frames", together))


if __name__ == "__main__":
    main()
