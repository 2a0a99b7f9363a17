"""In the rendering child: pictures read with OpenImageIO. Arrays are (height, width, channels), top row first."""

import os
import stat
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.stills import FORMATS

Pixels = NDArray[Any]


class UnreadableError(Exception):
    """A picture that cannot be used, and why."""


def open_picture(path: str, scratch: str, *, part: int = 0) -> tuple[Any, Any]:
    """An open picture and its header.

    It is opened by a link with a plain name: OpenImageIO takes no names that are not UTF-8.

    Args:
        path: the file.
        scratch: a folder for the link.
        part: number of the part.

    Raises:
        UnreadableError: it is none, or has no such part.
        OSError: it is not there.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a pipe would never end
        raise UnreadableError("is no file")
    ending = os.path.splitext(path)[1]  # noqa: PTH122 - keeps odd bytes
    plain = ending if ending.isascii() and ending[1:].isalnum() else ""
    link = os.path.join(scratch, f"frame-{threading.get_ident()}{plain}")  # noqa: PTH118
    with suppress(FileNotFoundError):
        os.unlink(link)  # noqa: PTH108
    os.symlink(os.path.abspath(path), link)  # noqa: PTH100, PTH211
    found = oiio.ImageInput.open(link)
    if found is None:
        trouble = (oiio.geterror() or "no reader knows it").replace(link, "it")
        raise UnreadableError(f"cannot be opened: {trouble}")
    if found.format_name() not in FORMATS:
        found.close()
        raise UnreadableError(f"is {found.format_name()} and no picture of a format that is read")
    if part and not found.seek_subimage(part, 0):
        found.close()
        raise UnreadableError(f"has no part {part}")
    return found, found.spec()


def channels_of(spec: Any, wanted: Sequence[str]) -> list[int]:
    """Places of the channels that are asked for; of a picture with one or two channels, the first stands for all.

    Raises:
        UnreadableError: one is missing.
    """
    names = list(spec.channelnames)
    if len(names) < 3 and list(wanted[:3]) == ["R", "G", "B"]:  # noqa: PLR2004 - grey, or grey with alpha
        return [0, 0, 0] + ([1] if len(wanted) > 3 and len(names) > 1 else [])  # noqa: PLR2004
    missing = [name for name in wanted if name not in names]
    if missing:
        raise UnreadableError(f"has no channel {missing[0]}; it has {', '.join(names[:12])}")
    return [names.index(name) for name in wanted]


def read_pixels(path: str, scratch: str, *, size: tuple[int, int], channels: Sequence[str], part: int = 0) -> Pixels:
    """A picture's display window, padded or cut over black, in the type it is stored in (half, or float for others).

    Integers become their code values as uint8 or uint16.

    Args:
        path: the file.
        scratch: a folder for a link to it.
        size: width and height that the display window must have.
        channels: names of the channels, in this order.
        part: number of the part.

    Raises:
        UnreadableError: it cannot be used as a frame.
        OSError: it is not there.
    """
    found, spec = open_picture(path, scratch, part=part)
    try:
        width, height = spec.full_width or spec.width, spec.full_height or spec.height
        if (width, height) != size:
            raise UnreadableError(f"is {width}x{height} and not {size[0]}x{size[1]}")
        places = channels_of(spec, channels)
        kind = {"half": "half", "uint8": "uint8", "uint16": "uint16"}.get(str(spec.format), "float")
        low, high = min(places), max(places) + 1
        pixels = found.read_image(part, 0, low, high, kind)
        if pixels is None:
            raise UnreadableError(f"cannot be read: {found.geterror() or 'it is cut off'}")
    finally:
        found.close()
    pixels = pixels.reshape(spec.height, spec.width, high - low)
    if [p - low for p in places] != list(range(high - low)):
        pixels = pixels[:, :, [p - low for p in places]]
    return on_display_window(pixels, spec, size)


def on_display_window(pixels: Pixels, spec: Any, size: tuple[int, int]) -> Pixels:
    """A data window laid over black where the display window is."""
    left, top = spec.x - spec.full_x, spec.y - spec.full_y
    height, width = pixels.shape[:2]
    if (left, top, width, height) == (0, 0, *size):
        return pixels
    whole = np.zeros((size[1], size[0], pixels.shape[2]), pixels.dtype)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, size[0]), min(top + height, size[1])
    if x1 > x0 and y1 > y0:
        whole[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    return whole


def gotten(buffer: Any) -> Pixels:
    """The pixels of an image buffer, as floats.

    Raises:
        UnreadableError: it has none.
    """
    pixels = buffer.get_pixels(oiio.FLOAT)
    if pixels is None:
        raise UnreadableError(f"has no pixels: {buffer.geterror()}")
    made: Pixels = pixels
    return made


def as_values(pixels: Pixels) -> Pixels:
    """Pixels as float values: code values become 0 to 1."""
    if pixels.dtype.kind == "u":
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return pixels.astype(np.float32, copy=False)
