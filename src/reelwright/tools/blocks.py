"""Block means of a film's pictures: the file the index pass writes them to, and how it is read back."""

import os
from array import array
from collections.abc import Iterator
from pathlib import Path

from reelwright.quality.comparison import Crop

#: A picture is divided into this many rows and columns of blocks.
GRID = 4
CELLS = GRID * GRID


def blocks_request(path: Path, crop: Crop | None) -> dict[str, object]:
    """What the index pass is asked, beside the index: where to, and the part of the picture that counts."""
    return {"out": os.fspath(path), "crop": [crop.width, crop.height, crop.x, crop.y] if crop else None}


def load_blocks(path: Path) -> list[tuple[float, ...]]:
    """Block means, 0 to 255, of each frame."""
    return list(_rows(array("f", path.read_bytes())))


def _rows(values: "array[float]") -> Iterator[tuple[float, ...]]:
    for start in range(0, len(values), CELLS):
        yield tuple(values[start : start + CELLS])
