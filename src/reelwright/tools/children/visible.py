"""In the index pass's child process: the part of the picture that was ever anything but black.

Every frame is looked at in full, and the part only ever grows: no frame shows anything outside of it. A frame that is
black all over says nothing. What counts as black follows from the range, the bit depth and the transfer: codes are
given for 8 bits and grow with the depth.
"""

import re
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

#: A pixel is seen that lies more than this above black: what noise and a coder's ringing add to a border stays below.
#: In SDR it is 0.2 cd/m² on a display of 100, in PQ and HLG half of it is 0.03 and 0.1.
SEEN = 16
#: A line is seen too whose mean lies more than this above black: dim, but broader than noise.
DIM = 4
BLACK = 16
FULL_RANGE = 2
#: FFmpeg's numbers of PQ and HLG.
HDR = frozenset({16, 18})
#: Planar formats of this machine's byte order that are read as they are; others become 8-bit 4:4:4 first.
READABLE = re.compile(r"(yuv[aj]?4\d\dp|gray)(\d+le)?")

Plane = np.ndarray[Any, np.dtype[Any]]


class Visible:
    """Gathers what is seen, frame after frame.

    Args:
        width, height: the film's picture, as it is stored.
        full_range: black is code 0, as far as the stream says.
        hdr: the transfer is PQ or HLG.
    """

    def __init__(self, width: int, height: int, *, full_range: bool = False, hdr: bool = False) -> None:
        self._size = width, height
        self._full_range = full_range
        self._hdr = hdr
        self._reformatter = VideoReformatter()
        self._left, self._top, self._right, self._bottom = width, height, 0, 0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom (half open); all 0 where nothing was seen."""
        found = self._left, self._top, self._right, self._bottom
        return found if self._right else (0, 0, 0, 0)

    def __call__(self, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        if self.box == (0, 0, *self._size) or (frame.width, frame.height) != self._size:
            return
        for luma, data, middle, scale in self._planes(frame):
            across = -(-self._size[0] // data.shape[1])
            down = -(-self._size[1] // data.shape[0])
            seen, dim = (SEEN // (2 if self._hdr else 1)) * scale, (DIM / (2 if self._hdr else 1)) * scale
            for area in self._outside(across, down, data.shape):
                rows, columns = lines_seen(data[area], middle, seen, dim if luma else None)
                self._grow(rows, columns, area, across, down)

    def _planes(self, frame: av.VideoFrame) -> Iterator[tuple[bool, Plane, int, int]]:
        """Luma, then chroma: whether it is luma, its codes, the code of black or of no colour, and codes of 8 bits'."""
        full = self._full_range or frame.format.name.startswith("yuvj")
        if not READABLE.fullmatch(frame.format.name):
            frame, full = self._reformatter.reformat(frame, format="yuv444p", dst_color_range=ColorRange.MPEG), False
        bits = frame.format.components[0].bits
        scale = 1 << (bits - 8)
        for number, plane in enumerate(frame.planes[:3]):
            item = 1 if bits <= 8 else 2  # noqa: PLR2004
            codes = np.frombuffer(memoryview(plane), dtype=np.uint8 if item == 1 else np.uint16)
            data = codes.reshape(-1, plane.line_size // item)[: plane.height, : plane.width]
            yield number == 0, data, (128 if number else 0 if full else BLACK) * scale, scale

    def _outside(self, across: int, down: int, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
        """The borders around what was seen, in a plane's samples; all of it where nothing was."""
        rows, columns = shape
        if not self._right:
            yield slice(0, rows), slice(0, columns)
            return
        top, bottom = self._top // down, -(-self._bottom // down)
        left, right = self._left // across, -(-self._right // across)
        for area in (
            (slice(0, top), slice(0, columns)),
            (slice(bottom, rows), slice(0, columns)),
            (slice(top, bottom), slice(0, left)),
            (slice(top, bottom), slice(right, columns)),
        ):
            if area[0].start < area[0].stop and area[1].start < area[1].stop:
                yield area

    def _grow(self, rows: Plane, columns: Plane, area: tuple[slice, slice], across: int, down: int) -> None:
        """Take in lines of an area where something is seen."""
        if not self._right and len(rows) + len(columns):
            # Too dim to say how far it reaches: as far as can be.
            rows = rows if len(rows) else np.array([0, self._size[1] // down - 1])
            columns = columns if len(columns) else np.array([0, self._size[0] // across - 1])
        if len(rows):
            self._top = min(self._top, (area[0].start + int(rows[0])) * down)
            self._bottom = max(self._bottom, min(self._size[1], (area[0].start + int(rows[-1]) + 1) * down))
        if len(columns):
            self._left = min(self._left, (area[1].start + int(columns[0])) * across)
            self._right = max(self._right, min(self._size[0], (area[1].start + int(columns[-1]) + 1) * across))


def lines_seen(data: Plane, middle: int, seen: int, dim: float | None) -> tuple[Plane, Plane]:
    """Rows and columns in which something is seen.

    Args:
        data: codes.
        middle: code of black, or of no colour.
        seen: a code further away is seen; of luma, only a higher one.
        dim: a row or column of a mean further above is seen too; None: chroma, where it is not asked.
    """
    found = []
    for axis in (1, 0):
        lines = data.max(axis=axis).astype(np.int64) - middle > seen
        if dim is None:
            lines |= middle - data.min(axis=axis).astype(np.int64) > seen
        else:
            lines |= data.mean(axis=axis) - middle > dim
        found.append(np.flatnonzero(lines))
    return found[0], found[1]
