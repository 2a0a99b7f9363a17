"""The raster steps that are built in: their parameters, and what they do to a picture's size."""

import re
from collections.abc import Mapping
from typing import cast

from reelwright.sequences.oiiotool_line import parse_line, size_after_line
from reelwright.sequences.steps import VIEW, Kind, Parameter, Size, StepSpec, Value

#: OpenImageIO's names.
KERNELS = ("gaussian", "box", "triangle", "mitchell", "blackman-harris", "catmull-rom", "lanczos3")
FILTERS = ("lanczos3", "box", "triangle", "gaussian", "mitchell", "blackman-harris", "catmull-rom", "cubic")
NOTHING = ""


def _color(name: str, summary: str, default: float | None = None, low: float | None = None) -> Parameter:
    return Parameter(
        name=name, kind=Kind.COLOR, summary=summary, default=None if default is None else (default,), low=low
    )


def _number(
    name: str, summary: str, default: float | None = None, low: float | None = None, high: float | None = None
) -> Parameter:
    return Parameter(name=name, kind=Kind.NUMBER, summary=summary, default=default, low=low, high=high)


def _choice(name: str, summary: str, choices: tuple[str, ...], default: str | None = None) -> Parameter:
    return Parameter(name=name, kind=Kind.CHOICE, summary=summary, choices=choices, default=default)


def _new_size(size: Size, values: Mapping[str, Value]) -> Size:  # noqa: ARG001 - as every step's
    return cast("Size", values["size"])


def _cropped(size: Size, values: Mapping[str, Value]) -> Size:
    width, height, x, y = cast("tuple[int, int, int, int]", values["area"])
    if min(width, height) < 1 or x + width > size[0] or y + height > size[1]:
        raise ValueError(f"{width}:{height}:{x}:{y} is not inside it")
    return width, height


def _padded(size: Size, values: Mapping[str, Value]) -> Size:
    width, height = cast("Size", values["size"])
    if width < size[0] or height < size[1]:
        raise ValueError(f"{width}x{height} is smaller than it is")
    return width, height


def _rotated(size: Size, values: Mapping[str, Value]) -> Size:
    return size if values["degrees"] == "180" else (size[1], size[0])


def _one_background(values: Mapping[str, Value]) -> None:
    if values["image"] != NOTHING and values["color"] != (0.0,):
        raise ValueError("expected color or image, found both")


def _in_order(values: Mapping[str, Value]) -> None:
    if cast("float", values["min"]) >= cast("float", values["max"]):
        raise ValueError("expected min below max")


def _three_channels(values: Mapping[str, Value]) -> None:
    if not re.fullmatch("[RGB01]{3}", str(values["order"])):
        raise ValueError(f"expected an order of three letters among R, G, B, 0 and 1, found {values['order']!r}")


def _line(values: Mapping[str, Value]) -> None:
    parse_line(str(values["line"]))


STEPS: Mapping[str, StepSpec] = {
    spec.name: spec
    for spec in (
        StepSpec(
            name="exposure",
            summary="values times two to the power of stops",
            parameters=(_number("stops", "stops; below 0 darkens", low=-32, high=32),),
            local=True,
        ),
        StepSpec(
            name="gain",
            summary="values times a factor",
            parameters=(_color("value", "the factor, of all channels or of each"),),
            local=True,
        ),
        StepSpec(
            name="offset",
            summary="values plus a number",
            parameters=(_color("value", "the number, for all channels or for each"),),
            local=True,
        ),
        StepSpec(
            name="lift",
            summary="raises black and leaves white: value + lift * (1 - value)",
            parameters=(_color("value", "what black becomes"),),
            local=True,
        ),
        StepSpec(
            name="gamma",
            summary="values to the power of 1/gamma; below 0 the sign is kept",
            parameters=(_color("value", "above 1 brightens", low=0.01),),
            local=True,
        ),
        StepSpec(
            name="contrast",
            summary="away from a pivot, or towards it: (value - pivot) * amount + pivot",
            parameters=(
                _color("amount", "1 leaves it", low=0),
                _number("pivot", "what stays", default=0.18),
            ),
            local=True,
        ),
        StepSpec(
            name="saturation",
            summary="away from BT.709's luma of the pixel, or towards it",
            parameters=(_number("amount", "0 is grey, 1 leaves it", low=0, high=100),),
            local=True,
        ),
        StepSpec(
            name="invert",
            summary="one minus the value",
            local=True,
        ),
        StepSpec(
            name="clamp",
            summary="nothing below min, nothing above max; what is no number becomes min",
            parameters=(_number("min", "the least", default=0.0), _number("max", "the most", default=1.0)),
            local=True,
            agree=_in_order,
        ),
        StepSpec(
            name="channels",
            summary="another order of the colour channels",
            parameters=(
                Parameter(
                    name="order",
                    kind=Kind.TEXT,
                    summary="what becomes red, green and blue, such as BGR or RRR; 0 and 1 are constants",
                ),
            ),
            local=True,
            agree=_three_channels,
        ),
        StepSpec(
            name="lut",
            summary="a LUT's file (.cube, .clf, .csp, .3dl, .spi3d, …) by OpenColorIO",
            parameters=(
                Parameter(name="file", kind=Kind.FILE, summary="its path"),
                _choice("inverse", "backwards", ("no", "yes"), "no"),
            ),
            local=True,
        ),
        StepSpec(
            name="blur",
            summary="OpenImageIO's convolution with a kernel",
            parameters=(
                _number("size", "width of the kernel in pixels", low=1, high=999),
                _choice("kernel", "its shape", KERNELS, "gaussian"),
            ),
        ),
        StepSpec(
            name="sharpen",
            summary="away from a blur of the picture (unsharp mask)",
            parameters=(
                _number("size", "width of the blur that is taken away", default=3.0, low=1, high=999),
                _number("amount", "how much", default=1.0, low=0, high=100),
                _number("threshold", "differences below it stay", default=0.0, low=0),
                _choice("kernel", "the blur's shape", KERNELS, "gaussian"),
            ),
        ),
        StepSpec(
            name="resize",
            summary="another size, by OpenImageIO's filters; --size costs far less and keeps the shape",
            parameters=(
                Parameter(name="size", kind=Kind.SIZE, summary="the new one"),
                _choice("filter", "how", FILTERS, "lanczos3"),
            ),
            size_after=_new_size,
        ),
        StepSpec(
            name="crop",
            summary="keep a part of the picture",
            parameters=(Parameter(name="area", kind=Kind.AREA, summary="what is kept"),),
            size_after=_cropped,
        ),
        StepSpec(
            name="pad",
            summary="a larger picture with this one in its middle",
            parameters=(
                Parameter(name="size", kind=Kind.SIZE, summary="the new one"),
                _color("color", "around it", default=0.0),
            ),
            size_after=_padded,
        ),
        StepSpec(
            name="mask",
            summary="letterbox: two bars that leave a shape open",
            parameters=(
                _number("ratio", "width over height of what stays open", low=0.25, high=8),
                _number("opacity", "of the bars", default=1.0, low=0, high=1),
                _color("color", "of the bars", default=0.0),
            ),
        ),
        StepSpec(name="flip", summary="upside down"),
        StepSpec(name="flop", summary="left becomes right"),
        StepSpec(
            name="rotate",
            summary="clockwise, by quarters",
            parameters=(_choice("degrees", "how far", ("90", "180", "270")),),
            size_after=_rotated,
        ),
        StepSpec(
            name="over",
            summary="the picture laid over a background by its alpha",
            parameters=(
                _color("color", "a colour, in the frames' own colour space", default=0.0),
                Parameter(
                    name="image",
                    kind=Kind.FILE,
                    summary="a picture of the same size and colour space instead",
                    default=NOTHING,
                ),
            ),
            alpha=True,
            agree=_one_background,
        ),
        StepSpec(
            name="oiiotool",
            summary="a command line for oiiotool, of commands that change pixels and read nothing else",
            parameters=(Parameter(name="line", kind=Kind.TEXT, summary="such as --saturate 1.2 --blur 3x3"),),
            whole_text="line",
            agree=_line,
            size_after=lambda size, values: size_after_line(size, str(values["line"])),
        ),
        StepSpec(
            name=VIEW,
            summary="here the colours are transformed; after the last step where it is not said",
        ),
    )
}
