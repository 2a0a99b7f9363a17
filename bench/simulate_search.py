"""What a film would take on measured curves, cell by cell of the benchmark: `simulate_search.py FOLDER [ROUNDS]`.

The scheduler itself is run, with two trials at a time. The errors of samples, in score and bytes, are drawn. Each film
is searched with a built-in model that has not seen it, nor any of its pictures in other films (`bench/train_model.py`);
beside each measured film stand films of one look, 60 chunks that are each like some chunk of it. Warm: five other
films of that look, or for a measured film all the other measured ones, were searched before.

    encodes   a chunk, by frames, samples by their share of frames; "cost": samples by what they cost
    first     chunks whose first whole trial was their last
    within    chunks with an answer that ended in their band
    mean      of the chunks with an answer, less the target: on average, the least and the most of the rounds
    bytes     against one CRF for the whole film where it has the same mean
"""

import argparse
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from train_model import USUAL, Measured, past, read, train

from reelwright.planning.plan import Request
from reelwright.quality.learned import Learned, PastChunk, PastFilm, learn
from reelwright.quality.score import scoring_size
from reelwright.quality.traits import Setting, Traits, answer_from
from simulation import Film, Found, film_like, load_film, missed, over_one_crf, search_film

LOOK, BEFORE = 60, 5
CELLS = ((93.0, 1.0), (93.0, 0.5), (95.0, 1.0), (95.0, 0.5))
BOUNDS = {12.0, 50.0}


def setting_of(film: Film) -> Setting:
    size = scoring_size(film.width, film.height)
    return replace(
        USUAL,
        width=film.width,
        height=film.height,
        preset=film.preset,
        scaled_to=f"{size[0]}x{size[1]}" if size else None,
    )


def traits_of(film: Film) -> list[Traits]:
    pixels = film.width * film.height
    return [
        Traits(frames=c.frames, bits=c.source * 8 / pixels, spatial=c.spatial, temporal=c.temporal) for c in film.chunks
    ]


def foreseen(film: Film, learned: Learned) -> Film:
    setting = setting_of(film)
    return replace(film, foreseen=learned.foresee(traits_of(film), [setting] * len(film.chunks)))


def history(film: Film, found: Sequence[Found], target: float) -> PastFilm:
    """A film that was searched, as the ledger remembers it."""
    chunks = []
    for traits, one in zip(traits_of(film), found, strict=True):
        answer = answer_from([(p.crf, p.score) for p in one.points], target, traits.temporal)
        if answer is not None:
            chunks.append(PastChunk(traits=traits, setting=setting_of(film), crf=answer[0], sd=answer[1]))
    return PastFilm(name=film.name, chunks=tuple(chunks))


def row(name: str, films: Sequence[Film], rounds: Sequence[Sequence[Found]], target: float) -> str:
    found = [f for one in rounds for f in one]
    frames = sum(f.frames for f in found)
    encodes = math.fsum(f.encodes * f.frames for f in found) / frames
    cost = math.fsum(f.cost * f.frames for f in found) / frames
    # A chunk that goes to a bound has no answer; so has one that is flat.
    inside = [f for f in found if not f.flat and not any(p.crf in BOUNDS for p in f.points)]
    within = fmean(f.accepted.within_band for f in inside) if inside else 1.0
    first = fmean(len(f.points) == 1 for f in found)
    samples = sum(len(f.sights) for f in found) / len(found)
    means = [m for one in rounds if (m := missed(one, target)) is not None]
    size = fmean(over_one_crf(film, one) for film, one in zip(films, rounds, strict=True))
    said = f"{name:26}{len(found) // len(rounds):7}{encodes:9.3f}{cost:7.3f}{samples:9.2f}{first:7.0%}{within:9.1%}"
    return f"{said}{fmean(means):+8.3f}{min(means):+7.2f}{max(means):+7.2f}{size:8.3f}"


def simulate(name: str, films: Sequence[Film], request: Request) -> list[list[Found]]:
    """Search each film; the same errors cold and warm."""
    rounds = [search_film(film, request, noise=random.Random(seed)) for seed, film in enumerate(films)]  # noqa: S311
    print(row(name, films, rounds, request.target_vmaf), flush=True)
    return rounds


def cells(one: Measured, others: Sequence[Measured], film: Film, request: Request, rounds: int) -> None:
    """A film and films like it, cold and warm."""
    target = request.target_vmaf
    # Films and errors apart: the same films whatever a search asks for.
    made, noise = random.Random(1), random.Random(2)  # noqa: S311 - the same in every run
    model = train([past(other, 93.0, one.traits) for other in others])
    cold, warm = learn(model), learn(model, [past(other, target, one.traits) for other in others], target)
    simulate(f"{film.name} cold", [foreseen(film, cold)] * rounds, request)
    simulate(f"{film.name} warm", [foreseen(film, warm)] * rounds, request)
    if len(film.chunks) == 1:  # it has no look of its own
        return
    before = [film_like(film, made, LOOK) for _ in range(BEFORE)]
    told = [history(b, search_film(foreseen(b, cold), request, noise=noise), target) for b in before]
    warmed = learn(model, told, target)
    like = [film_like(film, made, LOOK) for _ in range(max(1, rounds // 2))]
    simulate(f"like {film.name} cold", [foreseen(f, cold) for f in like], request)
    simulate(f"like {film.name} warm", [foreseen(f, warmed) for f in like], request)


def main() -> None:
    """Print a table for each target and band."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", type=Path)
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    parser.add_argument("--only", nargs="+", default=[], help="names of films")
    args = parser.parse_args()
    paths = sorted(args.curves.glob("*.json"))
    measured, films = [read(path) for path in paths], [load_film(path) for path in paths]
    head = f"{'film':26}{'chunks':>7}{'encodes':>9}{'cost':>7}{'samples':>9}{'first':>7}{'within':>9}"
    head += f"{'mean':>8}{'least':>7}{'most':>7}{'bytes':>8}"
    for target, half in CELLS:
        request = Request(target_vmaf=target, band_low=target - half, band_high=target + half)
        print(f"\ntarget {target:g}, band {half:g} each way\n{head}")
        for one, film in zip(measured, films, strict=True):
            if not args.only or film.name in args.only:
                cells(one, [other for other in measured if other is not one], film, request, args.rounds)


if __name__ == "__main__":
    main()
