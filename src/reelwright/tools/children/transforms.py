"""In the rendering child: colour transforms by OpenColorIO, as one processor for each run of steps that it can do.

The processor takes pictures in the type they are stored in and gives float32, or 16-bit codes in planes as FFmpeg takes
them: no copy in between. The interpreter lock is free meanwhile, so that frames are transformed beside each other.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.pixels import UnreadableError

Pixels = NDArray[Any]
DEPTHS = {
    "float16": ocio.BIT_DEPTH_F16,
    "float32": ocio.BIT_DEPTH_F32,
    "uint8": ocio.BIT_DEPTH_UINT8,
    "uint16": ocio.BIT_DEPTH_UINT16,
}
ERRORS = (ocio.Exception, ocio.ExceptionMissingFile)
#: BT.709's weights of red, green and blue in luma.
LUMA = (0.2126, 0.7152, 0.0722)
#: Which plane of FFmpeg's gbrp a channel goes to.
PLANES = (2, 0, 1, 3)


def configuration(config: str) -> Any:
    """A colour configuration by name or path.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        return ocio.Config.CreateFromFile(config)
    except ERRORS as error:
        raise UnreadableError(f"the colour configuration {config} cannot be read: {words(error)}") from error


def words(error: Exception) -> str:
    """An error of the library, on one line and without its end."""
    return " ".join(str(error).split()).rstrip(".")


def view_transforms(color: Mapping[str, Any]) -> list[Any]:
    """The transforms from the frames' colour space to the display, or to another space.

    Args:
        color: "from", and either "to", or "display" and "view"; "looks"; "lut", a file applied last.
    """
    source, looks = str(color["from"]), str(color.get("looks") or "")
    done: list[Any] = []
    if color.get("display") and looks:
        done.append(ocio.LookTransform(src=source, dst=source, looks=looks, skipColorSpaceConversion=False))
    if color.get("display"):
        # Looks that are asked for take the place of the view's own, as in OpenColorIO's viewing pipeline.
        display, name = str(color["display"]), str(color["view"])
        view = ocio.DisplayViewTransform(src=source, display=display, view=name, looksBypass=bool(looks))
        done.append(view)
    elif looks:
        done.append(ocio.LookTransform(src=source, dst=str(color["to"]), looks=looks))
    else:
        done.append(ocio.ColorSpaceTransform(src=source, dst=str(color["to"])))
    if color.get("lut"):
        done.append(file_transform(str(color["lut"])))
    return done


def file_transform(path: str, *, inverse: bool = False) -> Any:
    """A LUT's file; where it is a cube, between its points by tetrahedra."""
    direction = ocio.TRANSFORM_DIR_INVERSE if inverse else ocio.TRANSFORM_DIR_FORWARD
    return ocio.FileTransform(src=path, interpolation=ocio.INTERP_BEST, direction=direction)


def three(value: Sequence[float]) -> tuple[float, float, float]:
    """A number for each channel, of one or three."""
    red, green, blue = [*value] * 3 if len(value) == 1 else value
    return float(red), float(green), float(blue)


def scaled(gain: Sequence[float], offset: Sequence[float] = (0.0,)) -> Any:
    """Values times a factor and plus a number, channel by channel."""
    red, green, blue = three(gain)
    rows = [red, 0, 0, 0, 0, green, 0, 0, 0, 0, blue, 0, 0, 0, 0, 1]
    return ocio.MatrixTransform([float(x) for x in rows], [*three(offset), 0.0])


def contrasted(amount: Sequence[float], pivot: float) -> Any:
    """Away from a pivot."""
    return scaled(amount, [pivot * (1 - a) for a in amount])


def channels_in(order: str) -> Any:
    """Channels in another order; 0 and 1 are constants."""
    rows, offset = np.zeros((4, 4)), np.zeros(4)
    rows[3, 3] = 1
    for k, letter in enumerate(order):
        if letter in "01":
            offset[k] = float(letter)
        else:
            rows[k, "RGB".index(letter)] = 1
    return ocio.MatrixTransform([float(x) for x in rows.ravel()], [float(x) for x in offset])


def lifted(value: Sequence[float]) -> Any:
    """Black raised to a value, white left."""
    return scaled([1 - x for x in three(value)], value)


def gamma(value: Sequence[float]) -> Any:
    """Values to the power of one over this; below 0 the sign is kept."""
    red, green, blue = (1 / x for x in three(value))
    return ocio.ExponentTransform([red, green, blue, 1.0], ocio.NEGATIVE_MIRROR)


#: What the built-in steps do that look at one pixel at a time, by name.
LOCAL: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "exposure": lambda values: scaled([2.0 ** values["stops"]]),
    "gain": lambda values: scaled(values["value"]),
    "offset": lambda values: scaled([1.0], values["value"]),
    "lift": lambda values: lifted(values["value"]),
    "gamma": lambda values: gamma(values["value"]),
    "contrast": lambda values: contrasted(values["amount"], values["pivot"]),
    "saturation": lambda values: ocio.MatrixTransform.Sat(values["amount"], list(LUMA)),
    "invert": lambda _: scaled([-1.0], [1.0]),
    "clamp": lambda values: ocio.RangeTransform(values["min"], values["max"], values["min"], values["max"]),
    "channels": lambda values: channels_in(values["order"]),
    "lut": lambda values: file_transform(values["file"], inverse=values["inverse"] == "yes"),
}


class Processor:
    """A list of transforms, on pictures of any type.

    Args:
        transforms: of OpenColorIO, in order.
        config: the configuration whose names they use; None: they use none.

    Raises:
        UnreadableError: the configuration has no such name, or a LUT cannot be read.
    """

    def __init__(self, transforms: Sequence[Any], config: Any = None) -> None:
        self._group = ocio.GroupTransform(list(transforms))
        self._made: dict[tuple[str, str], Any] = {}
        try:
            self._processor = (config or ocio.Config.CreateRaw()).getProcessor(self._group)
            self._cpu("float32", "float32")
        except ERRORS as error:
            raise UnreadableError(f"its colours cannot be transformed: {words(error)}") from error

    def _cpu(self, taken: str, given: str) -> Any:
        if (taken, given) not in self._made:
            depths = DEPTHS[taken], DEPTHS[given]
            self._made[taken, given] = self._processor.getOptimizedCPUProcessor(*depths, ocio.OPTIMIZATION_DEFAULT)
        return self._made[taken, given]

    def values(self, pixels: Pixels) -> Pixels:
        """The picture's values as float32."""
        out = np.empty(pixels.shape, np.float32)
        self._cpu(pixels.dtype.name, "float32").apply(packed(pixels), packed(out))
        return out

    def planes(self, pixels: Pixels) -> NDArray[np.uint16]:
        """The picture's 16-bit codes, plane by plane: green, blue, red, and alpha where there is one."""
        height, width, channels = pixels.shape
        out = np.empty((channels, height, width), "<u2")
        planes = [out[plane] for plane in PLANES[:channels]]
        room = ocio.PlanarImageDesc(*planes, width, height, ocio.BIT_DEPTH_UINT16, 2, 2 * width)
        self._cpu(pixels.dtype.name, "uint16").apply(packed(pixels), room)
        return out


def packed(pixels: Pixels) -> Any:
    """A picture as the library takes it."""
    height, width, channels = pixels.shape
    size = pixels.dtype.itemsize
    strides = (size, size * channels, size * channels * width)
    return ocio.PackedImageDesc(pixels, width, height, channels, DEPTHS[pixels.dtype.name], *strides)
