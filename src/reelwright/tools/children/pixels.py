"""In the rendering child: pictures read with OpenImageIO, and their colours transformed.

Arrays are (height, width, channels), top row first. What is rendered is display-referred, 16 bit, full range.
"""

import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.stills import FORMATS

Pixels = NDArray[Any]
HALF_VALUES = 1 << 16
#: Random colours that a transform must treat channel by channel, to be taken for one that does.
PROBES = 1 << 15


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


Transform = Callable[[Pixels], Pixels]


def ocio_transform(color: Mapping[str, Any]) -> Transform:
    """The colour transform that is asked for, on float pixels of three channels.

    Args:
        color: "config", "from", and either "to", or "display" and "view"; "looks"; "lut", a file applied last.

    Raises:
        UnreadableError: the configuration has no such thing.
    """
    config, source = str(color["config"]), str(color["from"])
    os.environ["OCIO"] = config  # asked for by name, OpenImageIO would read it again for every picture
    known = oiio.ColorConfig()
    if known.geterror():
        raise UnreadableError(f"the colour configuration {config} cannot be read: {known.geterror()}")

    def apply(pixels: Pixels) -> Pixels:
        buffer = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
        if color.get("display"):
            looks = str(color.get("looks") or "")
            done = oiio.ImageBufAlgo.ociodisplay(
                buffer, str(color["display"]), str(color["view"]), fromspace=source, looks=looks, unpremult=False
            )
        elif color.get("looks"):
            done = oiio.ImageBufAlgo.ociolook(
                buffer, looks=str(color["looks"]), fromspace=source, tospace=str(color["to"]), unpremult=False
            )
        else:
            done = oiio.ImageBufAlgo.colorconvert(buffer, source, str(color["to"]), unpremult=False)
        if color.get("lut") and not done.has_error:
            done = oiio.ImageBufAlgo.ociofiletransform(done, str(color["lut"]), unpremult=False)
        if done.has_error:
            raise UnreadableError(f"its colours cannot be transformed: {done.geterror()}")
        return gotten(done)

    return apply


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


def codes(pixels: Pixels) -> NDArray[np.uint16]:
    """Values of 0 to 1 as 16-bit codes, rounded; what lies outside is cut off, and what is no number is black."""
    clean = np.nan_to_num(pixels, nan=0.0, posinf=1.0, neginf=0.0)
    np.clip(clean, 0.0, 1.0, out=clean)
    clean *= 65535.0
    clean += 0.5
    return clean.astype(np.uint16)


class Coloring:
    """A transform as 16-bit codes, by a table wherever it treats each channel by itself.

    A half has 65536 values, an 8-bit code 256: a table of all of them is exact. Whether a transform treats channels
    by themselves is tried on random colours; only where every one of them agrees to the last code is the table used.
    """

    def __init__(self, transform: Transform | None) -> None:
        self._transform = transform
        self._tables: dict[str, Pixels | None] = {}

    def __call__(self, pixels: Pixels) -> NDArray[np.uint16]:
        """Display-referred codes of a picture of three channels."""
        table = self._table(pixels.dtype)
        if table is not None:
            index = pixels.view(np.uint16) if pixels.dtype == np.float16 else pixels
            looked: NDArray[np.uint16] = table[index]
            return looked
        return self.exact(as_values(pixels))

    def exact(self, values: Pixels) -> NDArray[np.uint16]:
        """The codes of values, by the transform itself."""
        return codes(self._transform(values) if self._transform else values.astype(np.float32))

    def by_table(self, dtype: Any) -> bool:
        """Whether pictures of this type go by a table."""
        return self._table(np.dtype(dtype)) is not None

    def _table(self, dtype: Any) -> Pixels | None:
        if dtype.name not in self._tables:
            self._tables[dtype.name] = self._make(dtype)
        return self._tables[dtype.name]

    def _make(self, dtype: Any) -> Pixels | None:
        every = every_value(dtype)
        if every is None:
            return None
        values = as_values(every)
        grey = np.repeat(values.reshape(1, -1, 1), 3, axis=2)
        table = self.exact(grey)[0]
        if not (np.array_equal(table[:, 0], table[:, 1]) and np.array_equal(table[:, 0], table[:, 2])):
            return None
        drawn = np.random.default_rng(2).integers(0, len(every), (1, PROBES, 3))
        probed = self.exact(values[drawn])
        return table[:, 0].copy() if np.array_equal(probed, table[:, 0][drawn]) else None


def every_value(dtype: Any) -> Pixels | None:
    """All values of a small type, in the order of their bits; None for large ones."""
    if dtype == np.float16:
        return np.arange(HALF_VALUES, dtype=np.uint16).view(np.float16)
    if dtype in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    return None


def as_values(pixels: Pixels) -> Pixels:
    """Pixels as float values: code values become 0 to 1."""
    if pixels.dtype.kind == "u":
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return pixels.astype(np.float32)


def over(values: Pixels, background: Sequence[float]) -> Pixels:
    """Four channels, premultiplied, laid over a background of three values in the same space."""
    alpha = values[:, :, 3:4]
    laid: Pixels = values[:, :, :3] + np.asarray(background, np.float32) * (1 - alpha)
    return laid


def planar(pixels: NDArray[np.uint16]) -> bytes:
    """Codes as FFmpeg's gbrp16le or gbrap16le: plane after plane, green, blue, red, alpha."""
    order = (1, 2, 0, 3)[: pixels.shape[2]]
    planes = np.empty((len(order), *pixels.shape[:2]), "<u2")
    for k, channel in enumerate(order):
        planes[k] = pixels[:, :, channel]
    return planes.tobytes()
