"""What the learned model sees of a chunk: figures the analysis gives for nothing, and what moves every curve of a film.

The bits of the source tell what another encoder found hard. How many there are on the whole says more of that encoder
than of the film, so a chunk's are taken against its film's mean. Motion and detail are taken as they are.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reelwright.quality.belief import CLIPPED
from reelwright.quality.normal import Row
from reelwright.quality.outlook import CLOSEST
from reelwright.quality.prior import slope_for
from reelwright.quality.score import scoring_size

#: Where features are zero: logarithms of typical bits per pixel, temporal and spatial information, their ratio to the
#: mean difference of frames, and the mean luma.
TYPICAL_BITS, TYPICAL_MOTION, TYPICAL_DETAIL, TYPICAL_LUMA = -2.0, 2.0, 4.2, 100.0
#: Enlarging by so much (as a logarithm) for scoring moves the answer; further, hardly.
ENLARGED = 0.8
#: Least values: a still picture's logarithm is not minus infinity.
FEWEST_BITS, LEAST_MOTION, LEAST_DETAIL = 0.002, 0.3, 2.0
#: Farther from the typical than this no line is to be trusted. Below this motion (a logarithm) a picture is all but
#: still: what bits it has are grain's, and say less the less it moves.
MOST_BITS, MOST_MOTION, STILL = 1.2, 1.2, 0.9
#: No figure of a chunk is larger.
ABSURD = 1e12
#: The preset all others are counted from.
USUAL_PRESET = 6
#: Standard deviations, in CRF, of what is unknown of a setting nobody has measured: of another encoder, preset, VMAF
#: model, size for scoring, other parameters, another release of the encoder.
UNKNOWN = {"encoder": 6.0, "preset": 1.0, "model": 6.0, "scaled": 6.0, "parameters": 3.0, "release": 1.0}
#: Shortest bracket, slopes and distances an answer is read from.
LEAST_RISE, STEEPEST = 0.01, 0.4
FARTHEST = 15.0
#: Answers beyond these are taken to lie there: no search goes so far, and how far curves go on nobody knows.
LOWEST, HIGHEST = 11.0, 51.0
#: Standard deviation of an answer read between two trials, and what a step outside adds a CRF.
BETWEEN_TRIALS, OUTSIDE, OUTSIDE_BLIND = 0.3, 0.25, 0.45


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What is known of a chunk before it is encoded; None: unknown."""

    frames: int
    #: Bits a pixel of the source.
    bits: float | None = None
    #: Spatial and temporal information on 270 lines (ITU-T P.910), the mean difference of frames, the mean luma.
    spatial: float | None = None
    temporal: float | None = None
    difference: float | None = None
    luma: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Everything beside the pictures that moves a curve."""

    width: int
    height: int
    encoder: str
    preset: int
    parameters: Mapping[str, str]
    #: The encoder's version; empty: unknown.
    release: str
    model: str
    #: Size both sides are scaled to for scoring, as "WxH"; None: they are not.
    scaled_to: str | None


def traits_of(features: Mapping[str, object], *, frames: int, width: int, height: int) -> Traits:
    """Traits from the features the analysis made, or a ledger kept; what is no sensible number is unknown."""

    def number(name: str) -> float | None:
        value = features.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if 0 <= value <= ABSURD else None

    size = number("source_bytes")
    return Traits(
        frames=frames,
        bits=None if not size or width * height <= 0 else size * 8 / (width * height),
        spatial=number("spatial"),
        temporal=number("temporal"),
        difference=number("difference"),
        luma=number("luma"),
    )


def rows_of(film: Sequence[Traits]) -> list[dict[str, float]]:
    """What each chunk of a film is for the model, but for its setting. A trait that is unknown counts as typical."""
    weighed = [(math.log(max(t.bits, FEWEST_BITS)), t.frames) for t in film if t.bits is not None]
    frames = sum(count for _, count in weighed)
    middle = math.fsum(bits * count for bits, count in weighed) / frames if frames else TYPICAL_BITS
    return [_row(traits, middle) for traits in film]


def _row(traits: Traits, middle: float) -> dict[str, float]:
    row = {"level": 1.0, "source": middle - TYPICAL_BITS}
    motion = TYPICAL_MOTION if traits.temporal is None else math.log(max(traits.temporal, LEAST_MOTION))
    if traits.bits is not None:
        moving = min(1.0, max(0.0, motion / STILL))
        row["bits"] = moving * _within(math.log(max(traits.bits, FEWEST_BITS)) - middle, MOST_BITS)
    if traits.temporal is not None:
        row["motion"] = _within(max(motion, STILL) - TYPICAL_MOTION, MOST_MOTION)
        row["still"] = max(0.0, STILL - motion)
    if traits.spatial is not None:
        row["detail"] = math.log(max(traits.spatial, LEAST_DETAIL)) - TYPICAL_DETAIL
    if traits.luma is not None:
        row["luma"] = (traits.luma - TYPICAL_LUMA) / 50
    return row


def _within(value: float, most: float) -> float:
    return max(-most, min(most, value))


def setting_row(setting: Setting, usual: Setting) -> dict[str, float]:
    """What a setting adds to each chunk's row: picture size, preset, and a name for all that differs from the usual."""
    scaled = scoring_size(setting.width, setting.height)
    enlarged = math.log(min(scaled[0] / setting.width, scaled[1] / setting.height)) if scaled else 0.0
    row = {
        "small": min(enlarged, ENLARGED) / ENLARGED,
        "tiny": max(0.0, enlarged - ENLARGED),
        "faster": float(setting.preset - USUAL_PRESET),
    }
    expected = f"{scaled[0]}x{scaled[1]}" if scaled else None
    differs = {
        "encoder": setting.encoder if setting.encoder != usual.encoder else None,
        "preset": str(setting.preset) if setting.preset != usual.preset else None,
        "model": setting.model if setting.model != usual.model else None,
        "scaled": f"{setting.scaled_to}" if setting.scaled_to != expected else None,
        "parameters": digest(setting.parameters) if digest(setting.parameters) != digest(usual.parameters) else None,
        "release": release_of(setting.release) if release_of(setting.release) != release_of(usual.release) else None,
    }
    return row | {f"{kind}:{what}": 1.0 for kind, what in differs.items() if what is not None}


def unknown(row: Row) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of what nobody has measured of a setting, by the names in its row."""
    kinds = {name: name.partition(":")[0] for name in row if ":" in name}
    return {name: (0.0, UNKNOWN[kind]) for name, kind in kinds.items()}


def digest(parameters: Mapping[str, str]) -> str:
    """A short name of an encoder's parameters; the same for the same ones in any order."""
    text = json.dumps(sorted((str(k), str(v)) for k, v in parameters.items()))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=4).hexdigest()


def release_of(version: str) -> str:
    """An encoder's release, as "4.2" of "v4.2.0-151-g5ed9ffbcb": what comes after it hardly moves a curve."""
    found = re.search(r"\d+(\.\d+)?", version)
    return found[0] if found else version


def answer_from(
    points: Sequence[tuple[float, float]], target: float, temporal: float | None
) -> tuple[float, float] | None:
    """Where a chunk's whole trials say it meets a target.

    Args:
        points: CRF and score of each.
        target: VMAF.
        temporal: temporal information of the chunk, which says how steep its curve is where one trial does not.

    Returns:
        CRF and its standard deviation; None where they do not say: they are too far, clipped, or flat.
    """
    wanted = math.log(max(100 - target, CLOSEST))
    known = sorted((crf, math.log(100 - score)) for crf, score in points if score < CLIPPED)
    if not known:
        return None
    for (left, low), (right, high) in pairwise(known):
        if low <= wanted <= high and right > left and high > low:
            return _reached(left + (wanted - low) / (high - low) * (right - left)), BETWEEN_TRIALS
    near = min(known, key=lambda p: abs(p[1] - wanted))
    slopes = [(z - near[1]) / (crf - near[0]) for crf, z in known if abs(crf - near[0]) >= 1]
    if slopes and slopes[0] < LEAST_RISE:
        return None
    slope = min(slopes[0], STEEPEST) if slopes else slope_for(temporal)
    away = (wanted - near[1]) / slope
    if abs(away) > FARTHEST:
        return None
    return _reached(near[0] + away), math.hypot(BETWEEN_TRIALS, (OUTSIDE if slopes else OUTSIDE_BLIND) * away)


def _reached(crf: float) -> float:
    return max(LOWEST, min(HIGHEST, crf))
