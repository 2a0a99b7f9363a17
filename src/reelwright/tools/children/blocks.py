"""In the index pass's child process: mean luma of each block of each frame's small grey picture."""

import itertools
from array import array
from pathlib import Path
from typing import Any

import numpy as np

from reelwright.tools.blocks import GRID

Grey = np.ndarray[Any, np.dtype[np.float32]]


class BlockMeans:
    """Gathers block means, frame after frame.

    Args:
        crop: width, height, x and y of the part that counts, in the film's pixels; None: all of it.
        size: the film's width and height.
    """

    def __init__(self, crop: list[int] | None, size: tuple[int, int]) -> None:
        self._crop = crop or [*size, 0, 0]
        self._size = size
        self._means = array("f")

    def __call__(self, small: Grey) -> None:
        """Take the next frame's picture."""
        width, height, x, y = self._crop
        lines, columns = small.shape
        rows = _edges(y * lines / self._size[1], (y + height) * lines / self._size[1], lines)
        sides = _edges(x * columns / self._size[0], (x + width) * columns / self._size[0], columns)
        for top, bottom in itertools.pairwise(rows):
            for left, right in itertools.pairwise(sides):
                self._means.append(float(small[top:bottom, left:right].mean()))

    def write(self, path: str) -> None:
        """Write what was gathered: 32-bit floats of this machine's byte order."""
        Path(path).write_bytes(self._means.tobytes())


def _edges(start: float, end: float, most: int) -> list[int]:
    """Borders of the blocks along one side; each block has a pixel at least where there are enough."""
    first = min(round(start), most - GRID)
    last = max(round(end), first + GRID)
    return [first + round((last - first) * k / GRID) for k in range(GRID + 1)]
