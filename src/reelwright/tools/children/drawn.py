"""In the rendering child: pictures that are drawn and not read: black, checkers, placeholders, the slate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.pixels import gotten

Codes = NDArray[np.uint16]
FULL = 65535
#: Squares of a checker across the picture's height.
SQUARES = 12
#: SMPTE RP 219's upper bars at 75 %, as red, green, blue.
BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1))
BAR_LEVEL = 0.75


def black(width: int, height: int) -> Codes:
    """Nothing."""
    return np.zeros((height, width, 3), np.uint16)


def checker(width: int, height: int) -> Codes:
    """Grey squares: nobody takes it for a picture."""
    side = max(2, height // SQUARES)
    rows, columns = np.mgrid[0:height, 0:width] // side
    grey = np.where((rows + columns) % 2, 0.18, 0.35) * FULL
    return np.repeat(grey.astype(np.uint16)[:, :, None], 3, axis=2)


def placeholder(width: int, height: int, lines: Sequence[str], font: str) -> Codes:
    """A picture that says what is missing, with stripes that no render has."""
    rows, columns = np.mgrid[0:height, 0:width]
    stripe = max(4, height // 20)
    striped = ((rows + columns) // stripe % 2)[:, :, None]
    edge = (rows < stripe) | (rows >= height - stripe) | (columns < stripe) | (columns >= width - stripe)
    base = np.where(edge[:, :, None], np.where(striped, (0.85, 0.65, 0.0), (0.05, 0.05, 0.05)), (0.12, 0.12, 0.14))
    buffer = oiio.ImageBuf(base.astype(np.float32))
    size = max(10, height // 14)
    for k, line in enumerate(lines):
        letters = fitting(line, size if k == 0 else size * 2 // 3, width * 9 // 10, font)
        y = height // 2 + round((k - (len(lines) - 1) / 2) * size * 1.4)
        oiio.ImageBufAlgo.render_text(
            buffer, width // 2, y, line, letters, font, (0.95, 0.95, 0.95), "center", "center"
        )
    return to_codes(buffer)


def fitting(text: str, size: int, width: int, font: str) -> int:
    """The largest size up to this one at which a line is no wider than that."""
    while size > 6:  # noqa: PLR2004 - smaller letters cannot be read
        box = oiio.ImageBufAlgo.text_size(text, size, font)
        if box.width <= width:
            return size
        size = min(size - 1, size * width // max(1, box.width))
    return max(size, 6)


def slate(
    size: tuple[int, int], title: str, lines: Sequence[Sequence[str]], thumbnail: Codes | None, font: str
) -> Codes:
    """The picture ahead of the first frame: title, fields, a thumbnail and colour bars."""
    width, height = size
    letters_of_title = height // 12
    whole = np.full((height, width, 3), 0.06, np.float32)
    bar_height = height // 12
    for k, colour in enumerate(BARS):
        left, right = k * width // len(BARS), (k + 1) * width // len(BARS)
        whole[height - bar_height :, left:right] = np.asarray(colour, np.float32) * BAR_LEVEL
    if thumbnail is not None:
        put_thumbnail(whole, thumbnail)
    buffer = oiio.ImageBuf(whole)
    margin = height // 14
    fit = fitting(title, letters_of_title, width - 2 * margin, font)
    oiio.ImageBufAlgo.render_text(buffer, margin, margin, title, fit, font, (1.0, 1.0, 1.0), "left", "top")
    room = height - bar_height - 3 * margin - letters_of_title
    step = min(height // 16, room // max(1, len(lines)))
    letters = max(6, step * 2 // 3)
    for k, (name, value) in enumerate(lines):
        y = 2 * margin + letters_of_title + k * step
        oiio.ImageBufAlgo.render_text(buffer, margin, y, name, letters, font, (0.6, 0.6, 0.62), "left", "top")
        fit = fitting(value, letters, width // 2 - width // 6 - margin, font)
        oiio.ImageBufAlgo.render_text(
            buffer, width // 6 + margin, y, value, fit, font, (0.95, 0.95, 0.95), "left", "top"
        )
    return to_codes(buffer)


def put_thumbnail(whole: NDArray[np.float32], thumbnail: Codes) -> None:
    """Lay a small copy of a picture into the right half."""
    height, width = whole.shape[:2]
    room_width, room_height = width * 42 // 100, height * 55 // 100
    source = thumbnail[:, :, :3].astype(np.float32) / FULL
    factor = min(room_width / source.shape[1], room_height / source.shape[0])
    small_width, small_height = max(1, round(source.shape[1] * factor)), max(1, round(source.shape[0] * factor))
    small = oiio.ImageBufAlgo.resize(
        oiio.ImageBuf(np.ascontiguousarray(source)), roi=oiio.ROI(0, small_width, 0, small_height, 0, 1, 0, 3)
    )
    top, left = height // 5, width - height // 14 - small_width
    whole[top : top + small_height, left : left + small_width] = np.clip(gotten(small), 0, 1)


def to_codes(buffer: Any) -> Codes:
    """A drawn picture's codes."""
    pixels = np.clip(gotten(buffer), 0, 1) * FULL + 0.5
    codes: Codes = pixels.astype(np.uint16)
    return codes
