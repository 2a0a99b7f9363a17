"""Where a chunk's search starts."""

import math
from collections.abc import Sequence

#: Least width and height of a class of pictures, and the CRF where its chunks come to `FIT_TARGET`. From the
#: limits of the first class on, pictures are scored as they are; smaller ones are scored scaled up.
CLASSES = ((1728, 972, 40.0), (1152, 648, 32.0), (0, 0, 23.0))
FIT_TARGET = 93.0
#: CRFs to add by preset. Only preset 6 has been measured; the others start where it does.
PRESET_SHIFT = {6: 0.0}
#: Rise of ln(100 - score) per CRF, which turns a change of target into one of CRF.
SLOPE = 0.06
#: Frames of accepted chunks that weigh as much as the class. Answers differ as much inside a film as between
#: films of one class, so a film has to show several chunks (of 40 to 150 frames) before its median says more.
PSEUDO_FRAMES = 500
#: Targets nearer to 100 than this are out of reach of the model.
CLOSEST = 0.5


def start_crf(
    *, width: int, height: int, preset: int, target: float, accepted: Sequence[tuple[float, int]] = ()
) -> float:
    """Expect where a chunk meets its target, before anything of it has been encoded.

    A constant by picture size, shifted by the target along a typical slope and shrunk towards what the film
    has shown. The constants were fitted on 7 clips and 34 chunks (SVT-AV1 4.2, preset 6, VMAF v0.6.1 with
    small pictures scaled). On so few, what the search costs hardly changes within one CRF of each, hence
    whole numbers. A prior learned from the ledger takes its place once there is one to learn from.

    Simulated on those same curves (no others there were: expect a little more elsewhere), trials per chunk
    weighted by frames, as `bench/simulate_search.py` prints them: at 93 within 1.0, 1.94 on the 1080p reel
    and 1.88 on all; at 93 within 0.5, 2.15 and 2.10; at 95 within 1.0, 2.07 and 1.83.

    Args:
        width: of the picture that is encoded.
        height: of the picture that is encoded.
        preset: the encoder's preset.
        target: VMAF to meet.
        accepted: CRF and number of frames of this film's accepted chunks that had an answer, in any order.

    Returns:
        A CRF that is neither rounded nor kept within bounds: that is up to the search.
    """
    crf = next(crf for w, h, crf in CLASSES if width >= w or height >= h)
    crf += PRESET_SHIFT.get(preset, 0.0)
    crf += math.log(max(100 - target, CLOSEST) / (100 - FIT_TARGET)) / SLOPE
    frames = sum(n for _, n in accepted)
    if not frames:
        return crf
    return (PSEUDO_FRAMES * crf + frames * _median(accepted)) / (PSEUDO_FRAMES + frames)


def _median(accepted: Sequence[tuple[float, int]]) -> float:
    """Return the CRF at which half of the frames are reached."""
    half = sum(n for _, n in accepted) / 2
    ordered = sorted(accepted)
    seen = 0
    for crf, n in ordered:
        seen += n
        if seen >= half:
            return crf
    return ordered[-1][0]
