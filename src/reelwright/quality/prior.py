"""Where a chunk's search starts."""

import math
from collections.abc import Sequence

#: Least width and height of each class of pictures, and the CRF where its chunks come to VMAF 93 at preset 6.
CLASSES = ((1728, 972, 40.0), (1152, 648, 32.0), (0, 0, 25.0))
#: Fall of the answer per rise of ln(100 - target), as 1 / slope: the controller's prior slope.
SLOPE = 0.06
#: Frames that the class weighs against this film's accepted chunks.
PSEUDO_FRAMES = 300


def start_crf(
    *, width: int, height: int, preset: int, target: float, accepted: Sequence[tuple[float, int]] = ()
) -> float:
    crf = next(crf for w, h, crf in CLASSES if width >= w or height >= h)
    crf += math.log((100 - min(target, 99.5)) / 7) / SLOPE
    frames = sum(n for _, n in accepted)
    if not frames:
        return crf
    return (PSEUDO_FRAMES * crf + frames * _median(accepted)) / (PSEUDO_FRAMES + frames)


def _median(accepted: Sequence[tuple[float, int]]) -> float:
    half = sum(n for _, n in accepted) / 2
    seen = 0
    for crf, n in sorted(accepted):
        seen += n
        if seen >= half:
            return crf
    raise AssertionError
