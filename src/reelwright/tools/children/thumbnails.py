"""Child process: small pictures of frames of image sequences, as WebP.

Request: "files", each a path and the name of its small picture; "folder" for these; "width" in pixels; "scratch".
Each answer is a line with the file's place in the request, and "trouble" where there is no picture of it.
"""

import os
import sys
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name

from reelwright.tools.children.answer import CANNOT_USE, SCARCE, request, say
from reelwright.tools.children.pixels import (
    Pixels,
    UnreadableError,
    channels_of,
    on_display_window,
)
from reelwright.tools.children.pixels import open_picture as opened
from reelwright.tools.children.stills import MOST_MEGABYTES

RGB = ("R", "G", "B")
#: sRGB's curve (IEC 61966-2-1): where its straight part ends, and the numbers of both parts.
KNEE, SLOPE, SCALE, OFFSET, POWER = 0.0031308, 12.92, 1.055, 0.055, 1 / 2.4


def main() -> int:
    """Make the pictures of a request one by one."""
    asked = request(sys.argv[1])
    for name, value in (("threads", 1), ("exr_threads", 1), ("limits:imagesize_MB", MOST_MEGABYTES)):
        oiio.attribute(name, value)
    oiio.attribute("plugin_searchpath", "")
    for place, (path, name) in enumerate(asked["files"]):
        trouble = ""
        try:
            small = shrunk(read(path, asked["scratch"]), asked["width"])
            write(small, os.path.join(asked["folder"], name))  # noqa: PTH118
        except UnreadableError as error:
            trouble = str(error)
        except OSError as error:
            if error.errno in SCARCE:
                say({"error": str(error.strerror), "errno": error.errno})
                return CANNOT_USE
            trouble = f"cannot be read: {(error.strerror or str(error)).lower()}"
        say({"place": place, "trouble": trouble})
    say({"result": {}})
    return 0


def read(path: str, scratch: str) -> tuple[Pixels, float]:
    """What a frame shows, as RGB from 0 to 1 for a screen, and how much wider than high its pixels are.

    Light gets sRGB's curve; what has a curve already is shown as it is stored.

    Raises:
        UnreadableError: it is no picture.
        OSError: it is not there.
    """
    found, spec = opened(path, scratch)
    try:
        places = seen(spec)
        low, high = min(places), max(places) + 1
        pixels = found.read_image(0, 0, low, high, "float")
        if pixels is None:
            raise UnreadableError(f"cannot be read: {found.geterror() or 'it is cut off'}")
    finally:
        found.close()
    pixels = pixels.reshape(spec.height, spec.width, high - low)[:, :, [p - low for p in places]]
    pixels = on_display_window(pixels, spec, (spec.full_width or spec.width, spec.full_height or spec.height))
    values = np.clip(np.nan_to_num(pixels, nan=0.0), 0.0, 1.0)
    if str(spec.format) in {"half", "float", "double"}:
        values = np.where(values <= KNEE, values * SLOPE, SCALE * values**POWER - OFFSET)
    return values.astype(np.float32), spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0


def seen(spec: Any) -> list[int]:
    """Places of the channels that are shown: red, green and blue; else those of a layer; else the first for all."""
    try:
        return channels_of(spec, RGB)
    except UnreadableError:
        names = list(spec.channelnames)
        for name in names:
            layer = name[:-1] if name.endswith(".R") else None
            if layer is not None and {f"{layer}G", f"{layer}B"} <= set(names):
                return [names.index(f"{layer}{one}") for one in RGB]
        return [0, 0, 0]


def shrunk(frame: tuple[Pixels, float], width: int) -> Any:
    """A picture of so many pixels across, or fewer where the frame has fewer, in its own shape."""
    pixels, aspect = frame
    across = min(width, pixels.shape[1])
    down = max(1, min(4 * width, round(across * pixels.shape[0] / (pixels.shape[1] * max(aspect, 0.05)))))
    buffer = oiio.ImageBuf(np.ascontiguousarray(pixels))
    return oiio.ImageBufAlgo.resize(buffer, roi=oiio.ROI(0, across, 0, down, 0, 1, 0, 3))


def write(small: Any, path: str) -> None:
    """Write it.

    Raises:
        OSError: it cannot be.
    """
    small.specmod().attribute("Compression", "webp:82")
    if not small.write(path, "uint8", "webp"):
        raise OSError(small.geterror())


if __name__ == "__main__":
    sys.exit(main())
