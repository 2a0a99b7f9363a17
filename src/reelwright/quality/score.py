"""What a VMAF score is: numbers together with everything that gave them their meaning."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

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


def weighted_percentile(values: Sequence[tuple[float, float]], share: float) -> float:
    """The same of values that count more than once: pairs of a value and its weight. It is `percentile` at weights 1.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    # A value of weight w takes w ranks; it lies in their middle.
    ends = list(accumulate(weight for _, weight in ordered))
    ranks = [end - (weight + 1) / 2 for end, (_, weight) in zip(ends, ordered, strict=True)]
    place = min(max((ends[-1] - 1) * share, ranks[0]), ranks[-1])
    above = next(k for k, rank in enumerate(ranks) if rank >= place)
    if above == 0 or ranks[above] == place:
        return ordered[above][0]
    low, high = ordered[above - 1][0], ordered[above][0]
    return low + (high - low) * (place - ranks[above - 1]) / (ranks[above] - ranks[above - 1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run of frames, of which all were scored or some."""

    scores: Sequence[float]
    #: How many frames it has.
    frames: int


def pool_runs(runs: Sequence[Run], *, model: str, n_subsample: int, scaled_to: str | None) -> Score:
    """Pool the scores of several runs: each counts by its frames, however many of them were scored.

    Args:
        runs: the film's parts.
        model: of all of them.
        n_subsample: the widest step of any of them.
        scaled_to: of all of them.

    Raises:
        ValueError: there are no values.
    """
    pairs = [(score, run.frames / len(run.scores)) for run in runs for score in run.scores]
    if not pairs:
        raise ValueError("no frame was scored")
    total = math.fsum(weight for _, weight in pairs)
    return Score(
        mean=math.fsum(value * weight for value, weight in pairs) / total,
        harmonic_mean=total / math.fsum(weight / (value + 1) for value, weight in pairs) - 1,
        p5=weighted_percentile(pairs, 0.05),
        p1=weighted_percentile(pairs, 0.01),
        min=min(value for value, _ in pairs),
        frames=len(pairs),
        model=model,
        n_subsample=n_subsample,
        scaled_to=scaled_to,
    )


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
