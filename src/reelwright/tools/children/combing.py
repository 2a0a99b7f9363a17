"""In the reading child: whether frames that are marked progressive look as if they held two fields.

Where something moves, the lines of two fields alternate: each differs from both its neighbours alike, while those two
agree. Fine patterns do the same, but between lines two apart as often as between neighbours. Only a frame now and then
is looked at, so this can warn and never decide.
"""

from typing import Any

import av
import numpy as np

Plane = np.ndarray[Any, np.dtype[np.int16]]

#: One frame of so many is looked at; a prime, so that a cadence of telecine is met in all its phases.
EVERY = 23
#: A difference of 8-bit codes that is no noise.
SEEN = 14
#: Share of the picture that must move, share of that which is combed, and how much rarer that is two lines apart.
MOVING, COMBED, RARER = 0.002, 0.06, 4
#: It is told where so many frames, and this share of those looked at, are combed.
FEWEST, SHARE = 2, 0.1


class Combing:
    """Looks at a frame now and then, beside the one before it."""

    def __init__(self) -> None:
        self.looked = self.combed = 0
        self._number = 0
        self._before: Plane | None = None

    def __call__(self, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        place, self._number = self._number % EVERY, self._number + 1
        if place == EVERY - 2:
            self._before = None if frame.interlaced_frame else luma(frame)
        elif place == EVERY - 1 and self._before is not None and not frame.interlaced_frame:
            now = luma(frame)
            if now is not None and now.shape == self._before.shape:
                self.looked += 1
                self.combed += is_combed(self._before, now)
            self._before = None

    def remarks(self) -> list[str]:
        """A sentence where fields may be hidden in frames; none otherwise."""
        if self.combed < max(FEWEST, SHARE * self.looked):
            return []
        said = f"{self.combed} of {self.looked} frames that were looked at seem to hold two fields, but are marked as"
        return [f"{said} whole pictures: they are encoded as they are. Look at them where something moves."]


def luma(frame: av.VideoFrame) -> Plane | None:
    """A frame's luma in 8-bit codes; None where it has none that is stored plainly."""
    name = frame.format.name
    if not name.startswith(("yuv", "gray")) or name.startswith("yuyv") or name.endswith("be"):
        return None
    bits, plane = frame.format.components[0].bits, frame.planes[0]
    item = 1 if bits <= 8 else 2  # noqa: PLR2004
    codes: Any = np.frombuffer(memoryview(plane), dtype=np.uint8 if item == 1 else np.uint16)
    data = codes.reshape(-1, plane.line_size // item)[: plane.height, : plane.width]
    codes = data >> (bits - 8)
    return np.asarray(codes, dtype=np.int16)


def is_combed(before: Plane, now: Plane) -> bool:
    """Whether lines of a picture alternate where it moves."""
    if now.shape[0] < 8:  # noqa: PLR2004 - a few lines tell nothing
        return False
    moving = np.abs(now - before) > SEEN
    count = int(moving.sum())
    if count < MOVING * moving.size:
        return False
    near, far = alternating(now, 1, moving), alternating(now, 2, moving)
    return near > COMBED * count and near > RARER * far


def alternating(picture: Plane, apart: int, where: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """How many samples differ alike from those so many lines above and below, which agree."""
    above, middle, below = picture[: -2 * apart], picture[apart:-apart], picture[2 * apart :]
    up, down = middle - above, middle - below
    found = (np.abs(up) > SEEN) & (np.abs(down) > SEEN) & ((up > 0) == (down > 0)) & (np.abs(above - below) < SEEN)
    return int((found & where[apart:-apart]).sum())
