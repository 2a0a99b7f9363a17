"""What is expected of a chunk before anything of it has been encoded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.quality.belief import Prior
from reelwright.quality.kinship import WITHIN, Around, Shown, Traits, foretell
from reelwright.quality.outlook import CLOSEST, FIT_TARGET, Expected

#: Least width and height of a class of pictures, and the CRF where its chunks come to `FIT_TARGET`. From the
#: limits of the first class on, pictures are scored as they are; smaller ones are scored scaled up.
CLASSES = ((1728, 972, 40.0), (1152, 648, 32.0), (0, 0, 23.0))
#: CRFs to add by preset. Only preset 6 has been measured; the others start where it does.
PRESET_SHIFT = {6: 0.0}
#: Rise of ln(100 - score) per CRF where the picture is calm, which also turns a change of target into one of CRF.
SLOPE = 0.056
#: Temporal information from which on curves grow steeper, and the power by which they do: 0.16 to 0.24 was measured
#: at a temporal information of 30, 0.05 to 0.06 below 10.
RESTLESS, STEEPENING = 12.0, 0.85
#: Standard deviation of a slope's logarithm.
SPREAD = 0.3
#: Variance of films around their class, in squared CRF.
BETWEEN = 15.0
#: A sample looks worse than its chunk by so many CRFs, and the standard deviation of that among chunks.
SHIFT, BLUR = 1.0, 0.95
#: As many chunks as that is worth, against those of this very film; and a chunk counts as no farther off than this.
SHIFTS, FARTHEST = 6.0, 2.5
#: The shift may go with a chunk's length, for the start of an encode weighs more in a short one: standard deviation
#: among films of the CRFs per e-fold of frames, and no chunk's length counts as farther from the sampled ones'.
LENGTHENING, LONGEST = 3.0, 0.7
#: As many chunks as the usual slope is worth, against those of this very film.
PSEUDO_CHUNKS = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Where a finished chunk of this film meets the target, as far as its trials tell."""

    crf: float
    #: Rise of z = ln(100 - score) per CRF.
    slope: float
    traits: Traits | None = None
    #: What other films said of the chunk; None: nothing.
    expected: Expected | None = None
    #: By how many CRFs its samples looked worse than it; None: it had none.
    shift: float | None = None
    #: Its frames; None: unknown.
    frames: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """What a finished chunk's samples were off by."""

    #: CRFs by which they looked worse than it.
    crf: float
    #: Its frames; None: unknown.
    frames: int | None = None


def expect(
    *,
    width: int,
    height: int,
    preset: int,
    target: float,
    temporal: float | None = None,
    traits: Traits | None = None,
    frames: int | None = None,
    answers: Sequence[Answer] = (),
    expected: Expected | None = None,
) -> Prior:
    """Expect where a chunk meets its target, how steep it is there, and how sure that is.

    Films lie around a constant of their picture size, chunks around their film as `kinship.py` says. The more chunks
    of the film have their answer, the more the film says and the constant less. The constants were fitted on 7 clips
    and 34 chunks (SVT-AV1 4.2, preset 6, VMAF v0.6.1 with small pictures scaled).

    Args:
        width: of the picture that is encoded.
        height: of the picture that is encoded.
        preset: the encoder's preset.
        target: VMAF to meet.
        temporal: temporal information of the chunk on 270 lines (ITU-T P.910); None: unknown.
        traits: what goes with the answers of a film; None: unknown.
        frames: of the chunk; None: unknown.
        answers: of this film's finished chunks that have one, in any order.
        expected: what other films say of the chunk; None: nothing, and the constant stands for it.
    """
    constant = class_crf(width, height, preset, target)
    slope = slope_for(temporal)
    start, between, own, known = constant, BETWEEN, WITHIN, (SHIFT, BLUR)
    if expected is not None:
        start, between, own = expected.at(target), expected.film.covariance[0][0], expected.own
        known = expected.sampled or known
    if not answers:
        sd = math.sqrt(own + between)
        return Prior(crf=start, sd=sd, slope=slope, spread=SPREAD, shift=known[0], blur=known[1])
    shown = [
        Shown(
            above=a.crf - (constant if a.expected is None else a.expected.at(target)),
            traits=a.traits,
            row=() if a.expected is None else a.expected.row,
        )
        for a in answers
    ]
    around = None if expected is None else Around(film=expected.film, row=expected.row)
    shifts = [Shift(crf=a.shift, frames=a.frames) for a in answers if a.shift is not None]
    shift, blur = sampled(shifts, known, frames=frames)
    above, variance = foretell(shown, traits, between, around=around)
    steeper = math.fsum(math.log(answer.slope / SLOPE) for answer in answers) / (len(answers) + PSEUDO_CHUNKS)
    return Prior(
        crf=start + above,
        sd=math.sqrt(variance),
        # What the film's chunks are steeper than usual is partly their motion, which is known of this one.
        slope=slope * math.exp(steeper / 2),
        spread=SPREAD,
        shift=shift,
        blur=blur,
    )


def sampled(
    shifts: Sequence[Shift], usual: tuple[float, float] = (SHIFT, BLUR), *, frames: int | None = None
) -> tuple[float, float]:
    """By how many CRFs a chunk's samples will look worse than it, and the standard deviation of that.

    A line over the logarithm of the chunks' lengths, through what is usual and flat until the film shows otherwise
    (ridge regression, centred on the lengths that were sampled).

    Args:
        shifts: of the film's chunks that were sampled and encoded.
        usual: what is expected of a film's samples.
        frames: of the chunk that is asked about; None: as long as those.
    """
    start, blur = usual
    near = [min(max(shift.crf, start - FARTHEST), start + FARTHEST) for shift in shifts]
    count = SHIFTS + len(near)
    mean = (SHIFTS * start + math.fsum(near)) / count
    known = [math.log(shift.frames) for shift in shifts if shift.frames]
    middle = math.fsum(known) / len(known) if known else 0.0
    away = [math.log(shift.frames) - middle if shift.frames else 0.0 for shift in shifts]
    along = math.fsum(a * value for a, value in zip(away, near, strict=True))
    steep = along / ((blur / LENGTHENING) ** 2 + math.fsum(a * a for a in away))
    own = min(max(math.log(frames) - middle, -LONGEST), LONGEST) if known and frames else 0.0
    left = [value - mean - steep * a for a, value in zip(away, near, strict=True)]
    squares = SHIFTS * (blur**2 + (start - mean) ** 2) + math.fsum(one * one for one in left)
    return mean + steep * own, math.sqrt(squares / count)


def class_crf(width: int, height: int, preset: int, target: float) -> float:
    """The constant of a picture size, shifted by the target along a typical slope."""
    crf: float = next(crf for w, h, crf in CLASSES if width >= w or height >= h)
    crf += PRESET_SHIFT.get(preset, 0.0)
    return crf + math.log(max(100 - target, CLOSEST) / (100 - FIT_TARGET)) / SLOPE


def slope_for(temporal: float | None) -> float:
    """The slope of a chunk by its motion: what moves a lot falls apart fast."""
    return float(SLOPE * max(1.0, (temporal or 0.0) / RESTLESS) ** STEEPENING)
