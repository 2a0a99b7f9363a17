"""Encodes a search would run on measured curves, with what other films taught: `bench/simulate_learning.py FOLDER`.

Each film is searched three times: from the constant of its picture size, from a built-in model that has not seen its
pictures (`bench/train_model.py`), and from that model after films of the kind: for each half of the film, its other
half was encoded before. Samples count by their share; their errors are drawn, ten rounds of them.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from train_model import Measured, past, read, train

from reelwright.planning.plan import Request
from reelwright.quality.learned import Learned, learn
from reelwright.quality.outlook import Expected
from simulation import Chunk, Film, Found, search_film, through

ROUNDS = 10


def film_of(measured: Measured, foreseen: tuple[Expected, ...] = ()) -> Film:
    s = measured.setting
    chunks = tuple(
        Chunk(
            frames=t.frames, curve=through(sorted(p)), temporal=t.temporal or 0.0, spatial=t.spatial or 0.0,
            source=(t.bits or 0.0) * s.width * s.height / 8,
        )
        for t, p in zip(measured.traits, measured.points, strict=True)
    )  # fmt: skip
    return Film(name=measured.name, width=s.width, height=s.height, preset=s.preset, chunks=chunks, foreseen=foreseen)


def encodes(film: Film, request: Request) -> tuple[float, int]:
    """Encodes, weighted by frames, and the frames."""
    noise = random.Random(1)  # noqa: S311 - the same errors in every run
    found: list[Found] = [f for _ in range(ROUNDS) for f in search_film(film, request, noise=noise)]
    return sum(f.encodes * f.frames for f in found) / ROUNDS, sum(f.frames for f in found) // ROUNDS


def halves(film: Measured) -> list[tuple[Measured, Measured]]:
    """Each half of a film with the other one."""

    def half(k: int) -> Measured:
        return replace(film, name=f"{film.name}/{k + 1}", traits=film.traits[k::2], points=film.points[k::2])

    return [(half(0), half(1)), (half(1), half(0))] if len(film.traits) > 1 else []


def simulate(films: Sequence[Measured], film: Measured, request: Request) -> list[float]:
    others = [past(other, 93.0, film.traits) for other in films if other is not film]
    model = train(others)
    learned = learn(model)

    def told(one: Measured, by: Learned) -> Film:
        return film_of(one, by.foresee(one.traits, [one.setting] * len(one.traits)))

    constant, frames = encodes(film_of(film), request)
    built_in, _ = encodes(told(film, learned), request)
    warm = [
        encodes(told(one, learn(model, [past(other, request.target_vmaf)], request.target_vmaf)), request)
        for one, other in halves(film)
    ]
    cold = [encodes(told(one, learned), request) for one, _ in halves(film)]
    return [
        frames, constant / frames, built_in / frames,
        *(sum(e for e, _ in some) / max(1, sum(n for _, n in some)) for some in (cold, warm)),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", type=Path)
    args = parser.parse_args()
    films = [read(path) for path in sorted(args.curves.glob("*.json"))]
    for target, half in ((93.0, 1.0), (93.0, 0.5), (95.0, 1.0), (95.0, 0.5)):
        request = Request(target_vmaf=target, band_low=target - half, band_high=target + half)
        print(f"\ntarget {target:g} ± {half:g}: encodes a chunk, by frames")
        print(f"{'film':28}{'frames':>7}{'constant':>10}{'built in':>10}{'halves':>10}{'warm':>10}")
        total = [0.0] * 3
        for film in films:
            row = simulate(films, film, request)
            total = [a + b for a, b in zip(total, (row[0], row[0] * row[1], row[0] * row[2]), strict=True)]
            print(
                f"{film.name[:27]:28}{row[0]:7.0f}"
                + "".join(f"{value:10.2f}" if value else f"{'':10}" for value in row[1:])
            )
        print(f"{'all, by frames':28}{total[0]:7.0f}{total[1] / total[0]:10.2f}{total[2] / total[0]:10.2f}")


if __name__ == "__main__":
    main()
