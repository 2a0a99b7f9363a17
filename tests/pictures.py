"""Frames the tests make themselves, with OpenImageIO."""

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813


def write_still(
    path: Path, pixels: Any, *, kind: str = "half", display: tuple[int, int] | None = None, **attributes: Any
) -> Path:
    """Write pixels of (height, width, channels) as a picture; `origin` places the data window."""
    values = np.ascontiguousarray(pixels, np.float32)
    height, width, channels = values.shape
    spec = oiio.ImageSpec(width, height, channels, kind)
    if "channelnames" in attributes:
        spec.channelnames = attributes.pop("channelnames")
    spec.x, spec.y = attributes.pop("origin", (0, 0))
    spec.full_width, spec.full_height = display or (width, height)
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    out = oiio.ImageOutput.create(str(path))
    assert out is not None, oiio.geterror()
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(values), out.geterror()
    out.close()
    return path


def ramp(width: int, height: int, shift: int = 0) -> Any:
    """A picture in which every pixel differs from its neighbours, of values 0 to 1."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([((x + shift) % width) / width, y / height, ((x + y + shift) % 16) / 16], -1)


def patches(width: int, height: int) -> Any:
    """A chart of 24 flat colours, primaries and greys among them."""
    colors = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1), (0, 0, 0)]
    colors += [(g, g, g) for g in (0.02, 0.1, 0.18, 0.35, 0.5, 0.75, 0.9, 0.98)]
    colors += [(0.45, 0.32, 0.27), (0.77, 0.58, 0.51), (0.36, 0.48, 0.61), (0.35, 0.42, 0.26)]
    colors += [(0.51, 0.5, 0.69), (0.4, 0.74, 0.67), (0.84, 0.5, 0.17), (0.28, 0.36, 0.65)]
    chart = np.zeros((height, width, 3))
    for k, color in enumerate(colors):
        column, row = k % 6, k // 6
        chart[row * height // 4 : (row + 1) * height // 4, column * width // 6 : (column + 1) * width // 6] = color
    return chart
