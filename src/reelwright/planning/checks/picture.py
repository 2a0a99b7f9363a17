"""Checks of the picture: size, shape, colours and HDR metadata."""

from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction

from reelwright.media.colors import said
from reelwright.media.model import Color
from reelwright.planning.checks.evidence import Check, Evidence, films
from reelwright.planning.colors import output_color, output_light
from reelwright.planning.containers import read_as
from reelwright.planning.plan import Strategy


def check_picture(e: Evidence) -> Check:
    """Codec, size, sample aspect and rotation are the plan's."""
    if (pair := films(e)) is None:
        return Check(name="picture", passed=False, detail="the output has no video stream")
    film, original = pair
    wanted = "av1"
    if e.plan.strategy is Strategy.REMUX and e.source.film is not None:
        wanted = read_as(e.plan.request.container, e.source.film.codec or "")
    is_wanted = e.output.film is not None and e.output.film.codec == wanted
    got = (film.width, film.height, film.sample_aspect or 1, film.rotation % 360)
    want = (e.plan.width, e.plan.height, e.plan.sample_aspect or 1, original.rotation % 360)
    same_shape = got[:2] == want[:2] and got[3] == want[3] and _close(Fraction(got[2]), Fraction(want[2]))
    detail = f"{got[0]}x{got[1]}, sample aspect {got[2]}, rotation {got[3]}"
    return Check(name="picture", passed=same_shape and is_wanted, detail=detail)


def _close(a: Fraction, b: Fraction) -> bool:
    # Matroska stores a display size in whole pixels, not an aspect.
    return abs(a - b) <= b * Fraction(1, 200)


def check_color(e: Evidence) -> Check:
    """The output says of its colours what the source said or what was made of it, and no more; HDR's included."""
    if (pair := films(e)) is None:
        return Check(name="colour", passed=False, detail="the output has no video stream")
    film, original = pair
    copied = e.plan.strategy is Strategy.REMUX
    want: dict[str, str | None] = asdict(original.color if copied else output_color(original))
    got: dict[str, str | None] = asdict(film.color)
    wrong = [f"{k.replace('_', ' ')} is {got[k]}, not {v}" for k, v in want.items() if said(got[k]) != said(v)]
    if not same_mastering(film.mastering_display, original.mastering_display):
        wrong.append("mastering display differs")
    light = original.content_light if copied else output_light(original)
    if (film.content_light if copied else output_light(film)) != light:
        wrong.append("content light differs")
    return Check(name="colour", passed=not wrong, detail=", ".join(wrong) or describe_color(film.color))


#: AV1 stores chromaticities in 1/65536, the lowest luminance in 1/16384 and the highest in 1/256 (AV1 spec 6.7.4).
MASTERING_STEPS = (*[Fraction(1, 1 << 16)] * 8, Fraction(1, 1 << 14), Fraction(1, 1 << 8))


def same_mastering(got: Sequence[Fraction] | None, want: Sequence[Fraction] | None) -> bool:
    """Whether two mastering displays are equal to a step of AV1's."""
    if got is None or want is None:
        return got is want
    return len(got) == len(want) and all(
        abs(a - b) <= step for a, b, step in zip(got, want, MASTERING_STEPS, strict=True)
    )


def describe_color(color: Color) -> str:
    """Colours in one line."""
    told = [part or "unknown" for part in (color.range, color.primaries, color.transfer, color.matrix)]
    return "/".join(told) + (f", chroma {color.chroma_location}" if color.chroma_location else "")
