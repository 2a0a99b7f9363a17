"""Pictures that tell their own number: what a frame shows proves which frame it is, however coarsely it was encoded."""

from pathlib import Path
from typing import Any

import av
import numpy as np

#: The picture is a grid of blocks, each black or white: two rows hold the number's bits, the third a check of them.
COLUMNS, ROWS = 4, 3
NUMBER_BITS = 8
BLACK, WHITE = 60, 190
TEXTURE = 20
MIDDLE = (BLACK + WHITE) / 2
#: A block nearer to the middle than this is neither black nor white.
SURE = 30

Picture = np.ndarray[Any, np.dtype[np.uint8]]


class UnreadableError(AssertionError):
    """A picture that shows no number."""


def bits_of(number: int) -> list[int]:
    """The blocks of a number, row by row, 1 for white."""
    code = number | check_of(number) << NUMBER_BITS
    return [code >> k & 1 for k in range(COLUMNS * ROWS)]


def check_of(number: int) -> int:
    """Four bits that differ between neighbours and between a number and a mixture of two."""
    return (number * 7 ^ number >> 4 ^ 0b1010) & 0b1111


def draw(number: int, width: int, height: int) -> Picture:
    """The luma of the picture of that number."""
    rows, columns = block_of(height, ROWS), block_of(width, COLUMNS)
    grid = np.array(bits_of(number), dtype=np.int16).reshape(ROWS, COLUMNS) * (WHITE - BLACK) + BLACK
    # SVT-AV1's fast presets skip blocks that are quite flat, and leave them grey; so there is a little texture.
    texture = np.random.default_rng(number).integers(-TEXTURE, TEXTURE + 1, (height, width))
    return np.ascontiguousarray(grid[np.ix_(rows, columns)] + texture, dtype=np.uint8)


def block_of(length: int, parts: int) -> list[int]:
    """For each line, the part it lies in."""
    return [min(parts - 1, k * parts // length) for k in range(length)]


def number_in(luma: Picture) -> int:
    """The number a picture shows.

    Raises:
        UnreadableError: it shows none.
    """
    height, width = luma.shape
    means = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            block = luma[
                _middle(row, ROWS, height),
                _middle(column, COLUMNS, width),
            ]
            means.append(float(block.mean()))
    if min(abs(mean - MIDDLE) for mean in means) < SURE:
        raise UnreadableError(f"blocks are neither black nor white: {[round(mean) for mean in means]}")
    code = sum((mean > MIDDLE) << k for k, mean in enumerate(means))
    number = code & ((1 << NUMBER_BITS) - 1)
    if code >> NUMBER_BITS != check_of(number):
        raise UnreadableError(f"{code:012b} is no number")
    return number


def _middle(part: int, parts: int, length: int) -> slice:
    """The inner half of a block."""
    start, end = part * length / parts, (part + 1) * length / parts
    quarter = (end - start) / 4
    return slice(round(start + quarter), max(round(start + quarter) + 1, round(end - quarter)))


def shown_in(frame: av.VideoFrame) -> int:
    """The number a decoded frame shows."""
    return number_in(frame.reformat(format="gray").to_ndarray())


def write_pictures(path: Path, numbers: range, width: int, height: int) -> None:
    """A YUV4MPEG2 film of these numbers, 4:2:0, its chroma in slow motion."""
    half = (height + 1) // 2, (width + 1) // 2
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F24:1 Ip A1:1 C420mpeg2\n".encode())
        for number in numbers:
            file.write(b"FRAME\n" + draw(number, width, height).tobytes())
            for plane in (1, 2):
                file.write(np.full(half, 112 + number * plane % 32, dtype=np.uint8).tobytes())
