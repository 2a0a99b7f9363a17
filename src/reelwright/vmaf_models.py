"""VMAF's models: which there are, which is for which pictures, and what was probably meant by a name."""

from difflib import get_close_matches
from fractions import Fraction

#: Names that stand for a model chosen by the picture.
FAMILIES = ("v0.6.1", "v1")
#: Models that are in every libvmaf.
OLD = ("vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1", "vmaf_4k_v0.6.1neg", "vmaf_b_v0.6.3")
#: Models that libvmaf has from 3.2 on. The one of a phone and the one whose scale ends at 110 have to be asked for.
NEW = (
    "vmaf_v1.0.16_3d0h",
    "vmaf_v1.0.16_5d0h",
    "vmaf_v1.0.16_1d5h_2160",
    "vmaf_v1.0.16_3d0h_2160",
    "vmaf_v1.0.16_hfr_3d0h",
    "vmaf_v1.0.16_hfr_5d0h",
    "vmaf_v1.0.16_hfr_1d5h_2160",
    "vmaf_v1.0.16_hfr_3d0h_2160",
)
KNOWN = (*OLD, *NEW)
#: Models of a 1080p picture seen from three screen heights: small pictures are fitted into it.
FITTED = frozenset({"vmaf_v0.6.1", "vmaf_v1.0.16_3d0h", "vmaf_v1.0.16_hfr_3d0h"})
#: From here on frame rates are high to the v1 models, which have others for "the 50/60 fps regime". 48000/1001 is.
HIGH_RATE = Fraction(47)
WIDE, TALL = 3840, 2160


def model_for(family: str, width: int, height: int, rate: Fraction | None = None) -> str:
    """The libvmaf model version for a picture: the 4K model from 3840 wide or 2160 high.

    Args:
        family: one of `FAMILIES`, or a model's full name, which is taken at its word.
        width: of the picture.
        height: of the picture.
        rate: frames a second; None where a film does not say it.
    """
    large = width >= WIDE or height >= TALL
    if family == "v0.6.1":
        return "vmaf_4k_v0.6.1" if large else "vmaf_v0.6.1"
    if family == "v1":
        high = "hfr_" if rate is not None and rate >= HIGH_RATE else ""
        # Of the two for 4K the one seen from 1.5 heights: its scale ends at 100, and it is libvmaf's advice.
        return f"vmaf_v1.0.16_{high}{'1d5h_2160' if large else '3d0h'}"
    return family


def models_of(family: str) -> tuple[str, ...]:
    """The models that a family may come to, that of ordinary pictures first."""
    sizes = ((1920, 1080), (WIDE, TALL))
    found = [model_for(family, *size, rate) for rate in (None, HIGH_RATE) for size in sizes]
    return tuple(dict.fromkeys(found))


def looks_wide(model: str) -> bool:
    """Whether a model looks further than at the frame before and the one after to measure motion."""
    return "_hfr_" in model


def near_model(name: str) -> str | None:
    """The name that was probably meant."""
    known = {full.removeprefix("vmaf_"): full for full in KNOWN} | {full: full for full in KNOWN}
    known |= {family: family for family in FAMILIES}
    near = get_close_matches(name, known, n=1)
    return known[near[0]] if near else None
