"""In the rendering child: raster steps that look at more than one pixel at a time. Pictures are float32, top row first.

Those that do not are in `transforms.py`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.pixels import Pixels, UnreadableError, gotten

Values = Mapping[str, Any]
Apply = Callable[[Pixels, Values], Pixels]


def colored(value: tuple[float, ...], channels: int) -> NDArray[np.float32]:
    """A colour for every channel; alpha is opaque."""
    return np.asarray([*(value * 3)[:3], 1.0][:channels], np.float32)


def blur(pixels: Pixels, values: Values) -> Pixels:
    """A convolution, with the edge's pixels repeated beyond it."""
    size = values["size"]
    kernel = oiio.ImageBufAlgo.make_kernel(values["kernel"], size, size)
    margin = int(np.ceil(size / 2))
    wide = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    done = gotten(checked(oiio.ImageBufAlgo.convolve(oiio.ImageBuf(wide), kernel)))
    return np.ascontiguousarray(done[margin:-margin, margin:-margin])


def sharpen(pixels: Pixels, values: Values) -> Pixels:
    """Away from a blur of it, where the difference reaches a threshold."""
    difference = pixels - blur(pixels, values)
    if values["threshold"]:
        difference[np.abs(difference) < values["threshold"]] = 0
    done: Pixels = pixels + np.float32(values["amount"]) * difference
    return done


def resize(pixels: Pixels, values: Values) -> Pixels:
    """Another size."""
    width, height = values["size"]
    roi = oiio.ROI(0, width, 0, height, 0, 1, 0, pixels.shape[2])
    return gotten(checked(oiio.ImageBufAlgo.resize(oiio.ImageBuf(pixels), filtername=values["filter"], roi=roi)))


def checked(buffer: Any) -> Any:
    """A result of OpenImageIO.

    Raises:
        UnreadableError: it is none.
    """
    if buffer.has_error:
        raise UnreadableError(f"cannot be filtered: {buffer.geterror()}")
    return buffer


def crop(pixels: Pixels, values: Values) -> Pixels:
    """A part of it."""
    width, height, x, y = values["area"]
    return pixels[y : y + height, x : x + width]


def pad(pixels: Pixels, values: Values) -> Pixels:
    """In the middle of a larger one."""
    width, height = values["size"]
    whole = np.empty((height, width, pixels.shape[2]), np.float32)
    whole[:] = colored(values["color"], pixels.shape[2])
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def mask(pixels: Pixels, values: Values) -> Pixels:
    """Two bars over it."""
    height, width, channels = pixels.shape
    bar, side = (height - round(width / values["ratio"])) // 2, (width - round(height * values["ratio"])) // 2
    opacity, color = np.float32(values["opacity"]), colored(values["color"], channels)
    done = pixels.copy()
    bars: list[Pixels] = [done[:bar], done[height - bar :]] if bar > 0 else []
    if side > 0:
        bars = [done[:, :side], done[:, width - side :]]
    for part in bars:
        part[:] = part * (1 - opacity) + opacity * color
    return done


def flip(pixels: Pixels, values: Values) -> Pixels:  # noqa: ARG001 - as every step
    """Upside down."""
    return pixels[::-1]


def flop(pixels: Pixels, values: Values) -> Pixels:  # noqa: ARG001 - as every step
    """Left and right exchanged."""
    return pixels[:, ::-1]


def rotate(pixels: Pixels, values: Values) -> Pixels:
    """Clockwise by quarters."""
    return np.rot90(pixels, -int(values["degrees"]) // 90)


def over(pixels: Pixels, values: Values) -> Pixels:
    """Laid over a background by its alpha, with which it is multiplied already; opaque where it has none."""
    if pixels.shape[2] < 4:  # noqa: PLR2004 - no alpha
        return pixels
    behind = colored(values["color"], 3) if not values["image"] else values["pixels"]
    done = pixels[:, :, :3] + behind * (1 - pixels[:, :, 3:4])
    return np.ascontiguousarray(done, np.float32)


APPLY: Mapping[str, Apply] = {
    one.__name__: one for one in (blur, sharpen, resize, crop, pad, mask, flip, flop, rotate, over)
}


def plugin(origin: str) -> Apply:
    """What a plugin's step does.

    Args:
        origin: "package.module:attribute" of its RasterStep.

    Raises:
        UnreadableError: it is not there.
    """
    module, _, attribute = origin.partition(":")
    try:
        found = getattr(import_module(module), attribute)
        apply: Apply = (found() if isinstance(found, type) else found).apply
    except Exception as error:
        raise UnreadableError(f"the raster step {origin} cannot be loaded: {error}") from error
    return apply


def run_step(name: str, apply: Apply, pixels: Pixels, values: Values) -> Pixels:
    """The picture after a step, as float32 in one piece.

    Raises:
        UnreadableError: the step failed, whatever it raised: a plugin's code is not ours.
    """
    try:
        done = apply(pixels, values)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(
            f"the step {name} failed: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error
    if getattr(done, "ndim", 0) != 3:  # noqa: PLR2004 - height, width, channels
        raise UnreadableError(f"the step {name} failed: it gave no picture")
    return np.ascontiguousarray(done, np.float32)
