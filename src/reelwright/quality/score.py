"""What a VMAF score is: numbers together with everything that gave them their meaning."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Pictures under both are fitted into 1080p for scoring: nine tenths of it.
LARGE_WIDTH, LARGE_HEIGHT = 1728, 972
#: Transfers of HDR, by FFmpeg's names.
HDR = {"smpte2084": "PQ", "arib-std-b67": "HLG"}


def light_notes(transfer: str | None) -> tuple[str, ...]:
    """The sentence on what VMAF's number is worth for HDR; none for SDR."""
    if transfer not in HDR:
        return ()
    said = (
        f"VMAF's models were trained on SDR: of these {HDR[transfer]} pictures they score the code values as they are,"
        " so the number compares encodes of one film and is not on the scale of SDR scores."
    )
    return (said,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Pooled VMAF of a run of frames.

    A score is only comparable to another with the same model, subsampling and scaling.
    """

    mean: float
    harmonic_mean: float
    #: 5th and 1st percentile of the frame scores.
    p5: float
    p1: float
    min: float
    #: Number of frames that were scored.
    frames: int
    model: str
    n_subsample: int
    #: Size both sides were scaled to before scoring, as "WxH"; None where they were scored as they are.
    scaled_to: str | None


def percentile(values: Sequence[float], share: float) -> float:
    """Value below which `share` (0 to 1) of the values lie, interpolated linearly between ranks.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def pool(values: Sequence[float], *, model: str, n_subsample: int, scaled_to: str | None) -> Score:
    """Pool frame scores. The harmonic mean is libvmaf's: n / sum(1 / (v + 1)) - 1.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no frame was scored")
    return Score(
        mean=math.fsum(values) / len(values),
        harmonic_mean=len(values) / math.fsum(1 / (v + 1) for v in values) - 1,
        p5=percentile(values, 0.05),
        p1=percentile(values, 0.01),
        min=min(values),
        frames=len(values),
        model=model,
        n_subsample=n_subsample,
        scaled_to=scaled_to,
    )


def scoring_size(width: int, height: int) -> tuple[int, int] | None:
    """Size both sides are fitted into before scoring, or None where they are scored as they are.

    VMAF v0.6.1 models a 1080p picture seen from three screen heights: pictures under 1728 wide and under
    972 high are fitted into 1920x1080 with their aspect kept and even sizes, the rule ab-av1 made known.
    """
    if width >= LARGE_WIDTH or height >= LARGE_HEIGHT:
        return None
    factor = min(1920 / width, 1080 / height)
    return max(2, 2 * round(width * factor / 2)), max(2, 2 * round(height * factor / 2))
