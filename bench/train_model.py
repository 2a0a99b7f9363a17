"""Train the built-in quality model on measured curves, and show that it beats a constant on films it has not seen.

    python bench/measure_curves.py --out CURVES --crf 18 28 38 48 FILM ...     # hours: every chunk at every CRF
    python bench/train_model.py CURVES                                        # seconds: only shows the errors
    python bench/train_model.py CURVES --write src/reelwright/data/quality_model.json

Each film is left out in turn, with every chunk of the others that shows the same pictures (a reel made of clips holds
them again), and predicted chunk after chunk, the long ones first, as a search does: what the film's finished chunks
have shown corrects the next. Errors are in CRF; `likelihood` is the mean logarithm of the density the prediction gave
to the answer, where overconfidence shows. A model whose errors or likelihood are worse than the constant's is not
written.

Coefficients are ridge regression's as a posterior: each starts with the mean and standard deviation of `STARTS`, and
a film of many chunks counts as one of eight.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from reelwright.quality.belief import Prior
from reelwright.quality.kinship import Traits as Kin
from reelwright.quality.learned import Learned, Model, PastChunk, PastFilm, View, learn, load_model, observed, tamed
from reelwright.quality.normal import Evidence, extended, independent
from reelwright.quality.outlook import Expected
from reelwright.quality.prior import Answer, expect, slope_for
from reelwright.quality.score import scoring_size
from reelwright.quality.traits import Setting, Traits, answer_from, traits_of, unknown

#: The setting that everything is counted from.
USUAL = Setting(
    width=1920, height=1080, encoder="libsvtav1", preset=6, parameters={"keyint": "-1", "scd": "0"},
    release="4.2", model="vmaf_v0.6.1", scaled_to=None,
)  # fmt: skip
#: Mean and standard deviation each coefficient starts with: the level of 1080p, the fall to small pictures, and for
#: all others that they do nothing, but for two: what was easier for the source's encoder than the rest of the film, and
#: what moves more at the same bits, is expected to bear a higher CRF.
STARTS = {
    "level": (40.0, 3.0),
    "small": (-17.0, 4.0),
    "tiny": (0.0, 2.0),
    "faster": (-0.4, 0.4),
    "source": (0.0, 1.5),
    "bits": (-2.0, 2.0),
    "motion": (2.0, 2.0),
    "still": (0.0, 3.0),
    "detail": (0.0, 1.0),
    "luma": (0.0, 1.0),
}
#: Coefficients of which every film has its own.
OWN = ("bits", "motion", "still", "detail")
#: Chunks are of the same pictures where spatial and temporal information are this near, as logarithms.
SAME_SPATIAL, SAME_TEMPORAL = 0.09, 0.3
TARGETS = (93.0, 95.0)
#: The fit is made again so often, each time with the wildest answers pulled in to where they were just believable.
ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Variances:
    """In squared CRF: of chunks around their film's own line, of films' levels, and of films' slopes."""

    within: float = 8.0
    level: float = 9.0
    slopes: float = 6.0


#: What is chosen from. No surer than the least of these: the films are few.
GRID = [Variances(within=w, level=b, slopes=s) for w in (7, 10, 14) for b in (5, 9, 14) for s in (3, 6, 12)]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A film with its whole trials."""

    name: str
    setting: Setting
    traits: tuple[Traits, ...]
    points: tuple[tuple[tuple[float, float], ...], ...]


def read(path: Path) -> Measured:
    """Read a file of `measure_curves.py`, or of the older ones with fewer features."""
    data = json.loads(path.read_text())
    width, height = data["width"], data["height"]
    size, preset = scoring_size(width, height), data.get("preset", data["chunks"][0]["trials"][0].get("preset", 6))
    setting = Setting(
        width=width, height=height, encoder=USUAL.encoder, preset=preset, parameters=USUAL.parameters,
        release=USUAL.release, model=data["model"], scaled_to=f"{size[0]}x{size[1]}" if size else None,
    )  # fmt: skip
    return Measured(
        name=path.stem,
        setting=setting,
        traits=tuple(traits_of_row(chunk, width, height) for chunk in data["chunks"]),
        points=tuple(
            tuple(
                (t["crf"], t["vmaf"]) for t in chunk["trials"]
                if t.get("share", 1) == 1 and t.get("preset", preset) == preset
            )
            for chunk in data["chunks"]
        ),
    )  # fmt: skip


def traits_of_row(chunk: dict[str, Any], width: int, height: int) -> Traits:
    features = chunk["features"]
    if "si" not in features:
        return traits_of(features, frames=chunk["frames"], width=width, height=height)
    return Traits(
        frames=chunk["frames"], bits=features["source_bpp"], spatial=features["si"], temporal=features["ti"],
        difference=features["scd"],
    )  # fmt: skip


def past(film: Measured, target: float, without: Sequence[Traits] = ()) -> PastFilm:
    """The film as one of the past, less chunks that show the same pictures as others."""
    chunks = []
    for traits, points in zip(film.traits, film.points, strict=True):
        answer = answer_from(points, target, traits.temporal)
        if answer is not None and not any(same(traits, other) for other in without):
            chunks.append(PastChunk(traits=traits, setting=film.setting, crf=answer[0], sd=answer[1]))
    return PastFilm(name=film.name, chunks=tuple(chunks))


def same(one: Traits, other: Traits) -> bool:
    return near(one.spatial, other.spatial, SAME_SPATIAL) and near(one.temporal, other.temporal, SAME_TEMPORAL)


def near(one: float | None, other: float | None, within: float) -> bool:
    return bool(one) and bool(other) and abs(math.log(one / other)) < within


def train(films: Sequence[PastFilm], variances: Variances | None = None) -> Model:
    """The coefficients' posterior. Without a film it is `STARTS`."""
    found = variances or Variances()
    within, own = found.within, {"level": found.level, **dict.fromkeys(OWN, found.slopes)}
    start = Model(view=View(coefficients=independent(STARTS), within=within, own=own), usual=USUAL)
    groups = [observed(film, start, TARGETS[0]) for film in films if film.chunks]
    further = {name: spread for group in groups for one in group for name, spread in unknown(one.row).items()}
    first = extended(start.view.coefficients, further)
    view = replace(start.view, coefficients=first)
    for _ in range(ROUNDS):
        evidence = Evidence(first)
        for group in groups:
            evidence.observe(tamed(group, view), own)
        view = replace(view, coefficients=evidence.posterior())
    return replace(start, view=view, films=len(groups), chunks=sum(len(group) for group in groups))


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Of a film's chunks, in the order of a search."""

    errors: tuple[float, ...]
    likelihoods: tuple[float, ...]


def predict(film: Measured, target: float, learned: Learned | None) -> Errors:
    """Predict a film chunk after chunk."""
    foreseen: Sequence[Expected | None] = (
        [None] * len(film.traits) if learned is None
        else learned.foresee(film.traits, [film.setting] * len(film.traits))
    )  # fmt: skip
    answers: list[Answer] = []
    errors, likelihoods = [], []
    for k in sorted(range(len(film.traits)), key=lambda k: -film.traits[k].frames):
        found = answer_from(film.points[k], target, film.traits[k].temporal)
        if found is None:
            continue
        said = prior(film, target, k, answers, foreseen[k])
        off, variance = found[0] - said.crf, said.sd**2 + found[1] ** 2
        errors.append(off)
        likelihoods.append(-(off * off / variance + math.log(2 * math.pi * variance)) / 2)
        answers.append(
            Answer(
                crf=found[0], slope=slope_for(film.traits[k].temporal), traits=kinship(film, k), expected=foreseen[k]
            )
        )
    return Errors(errors=tuple(errors), likelihoods=tuple(likelihoods))


def prior(film: Measured, target: float, k: int, answers: Sequence[Answer], expected: Expected | None) -> Prior:
    setting = film.setting
    return expect(
        width=setting.width, height=setting.height, preset=setting.preset, target=target,
        temporal=film.traits[k].temporal, traits=kinship(film, k), answers=answers, expected=expected,
    )  # fmt: skip


def kinship(film: Measured, k: int) -> Kin:
    """A chunk as its film's other chunks see it."""
    traits, setting = film.traits[k], film.setting
    return Kin(
        place=sum(t.frames for t in film.traits[:k]) + traits.frames / 2,
        source=(traits.bits or 0.0) * setting.width * setting.height / 8,
        spatial=traits.spatial or 0.0,
        temporal=traits.temporal or 0.0,
    )


def left_out(films: Sequence[Measured], target: float, variances: Variances) -> dict[str, Errors]:
    """Each film predicted by a model of the others."""
    found = {}
    for film in films:
        others = [past(other, TARGETS[0], film.traits) for other in films if other is not film]
        found[film.name] = predict(film, target, learn(train(others, variances)))
    return found


def rms(errors: Sequence[float]) -> float:
    return math.sqrt(fmean(e * e for e in errors))


def likelihood(found: dict[str, Errors]) -> float:
    """Half by films and half by chunks, so that neither a long film nor many short ones decide alone."""
    some = [e.likelihoods for e in found.values() if e.likelihoods]
    return (fmean(map(fmean, some)) + fmean(value for each in some for value in each)) / 2


def summary(found: dict[str, Errors]) -> dict[str, float]:
    some = [e for e in found.values() if e.errors]
    return {
        "first": rms([e.errors[0] for e in some]),
        "films": fmean(rms(e.errors) for e in some),
        "chunks": rms([off for e in some for off in e.errors]),
        "median": median(abs(off) for e in some for off in e.errors),
        "likelihood": likelihood(found),
    }


def table(constant: dict[str, Errors], model: dict[str, Errors]) -> None:
    print(f"{'film left out':28}{'chunks':>7}{'first chunk':>18}{'all chunks':>18}{'likelihood':>18}")
    print(f"{'':28}{'':7}" + f"{'constant':>9}{'model':>9}" * 3)
    for name, was in constant.items():
        now = model[name]
        if was.errors:
            pairs = [
                (was.errors[0], now.errors[0]), (rms(was.errors), rms(now.errors)),
                (fmean(was.likelihoods), fmean(now.likelihoods)),
            ]  # fmt: skip
            print(f"{name[:27]:28}{len(was.errors):7}" + "".join(f"{a:9.2f}{b:9.2f}" for a, b in pairs))
    for name in ("first", "films", "chunks", "median", "likelihood"):
        print(f"{name:28}{'':7}{summary(constant)[name]:9.2f}{summary(model)[name]:9.2f}")


def plain(model: Model) -> dict[str, Any]:
    names = list(model.view.coefficients.mean)
    covariance = model.view.coefficients.covariance
    return {
        "usual": asdict(model.usual),
        "trained": {"films": model.films, "chunks": model.chunks, "errors": model.errors},
        "within": model.view.within,
        "own": model.view.own,
        "coefficients": {name: round(model.view.coefficients.mean[name], 5) for name in names},
        # The lower half, a row for each coefficient.
        "covariance": [[round(covariance[name][of], 6) for of in names[: k + 1]] for k, name in enumerate(names)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", type=Path, help="folder of measured curves")
    parser.add_argument("--write", type=Path, help="where the model goes")
    args = parser.parse_args()
    films = [read(path) for path in sorted(args.curves.glob("*.json"))]
    variances = max(GRID, key=lambda v: likelihood(left_out(films, TARGETS[0], v)))
    worse = False
    for target in TARGETS:
        constant = {film.name: predict(film, target, None) for film in films}
        found = left_out(films, target, variances)
        print(f"\ntarget {target:g}, {variances}")
        table(constant, found)
        worse |= summary(found)["likelihood"] < summary(constant)["likelihood"]
        worse |= any(summary(found)[name] > summary(constant)[name] for name in ("films", "chunks"))
        if target == TARGETS[0]:
            errors = {"constant": round(summary(constant)["films"], 2), "model": round(summary(found)["films"], 2)}
    model = train([past(film, TARGETS[0]) for film in films], variances)
    model = replace(model, errors=errors)
    print("\n" + "\n".join(
        f"{name:10}{mean:9.2f} ± {math.sqrt(model.view.coefficients.covariance[name][name]):.2f}"
        for name, mean in model.view.coefficients.mean.items()
    ))  # fmt: skip
    if worse:
        sys.exit("The model is worse than the constant: it is not written.")
    if args.write:
        args.write.write_text(json.dumps(plain(model), indent=1) + "\n")
        load_model(json.loads(args.write.read_text()))


if __name__ == "__main__":
    main()
