"""Frames of image sequences for tests: tiny pictures, made with OpenImageIO."""

import os
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813

SIZE = (64, 48)
TYPES = {"exr": "half", "dpx": "uint16", "tif": "uint16", "png": "uint8", "jpg": "uint8"}


def write_still(
    path: Path | bytes,
    value: float = 0.5,
    *,
    size: tuple[int, int] = SIZE,
    data_window: tuple[int, int, int, int] | None = None,
    channels: tuple[str, ...] = ("R", "G", "B"),
    kind: str | None = None,
    **attributes: str | float,
) -> None:
    """Write a picture: noise around a value, so that no two values give the same bytes.

    Args:
        path: Where; bytes for a name that is no UTF-8.
        value: What it shows, 0 to 1.
        size: Of the display window.
        data_window: Width, height, x and y of what is stored; None: the display window.
        channels: Their names.
        kind: OpenImageIO's name of the type; None: what is usual for the format.
        attributes: Of the header; two underscores stand for a colon.
    """
    name = os.fsdecode(path)
    ending = name.rpartition(".")[2].lower()
    width, height, x, y = data_window or (*size, 0, 0)
    spec = oiio.ImageSpec(width, height, len(channels), kind or TYPES.get(ending, "half"))
    spec.x, spec.y, spec.full_width, spec.full_height = x, y, *size
    spec.channelnames = channels
    for key, setting in attributes.items():
        spec.attribute(key.replace("__", ":"), setting)
    noise = np.random.default_rng(int(value * 1e6)).random((height, width, len(channels)), dtype=np.float32)
    plain = Path(os.path.dirname(name), f"being-written.{ending if ending in TYPES else 'exr'}")  # noqa: PTH120
    output = oiio.ImageOutput.create(str(plain))
    assert output.open(str(plain), spec), output.geterror()
    assert output.write_image(np.clip(value + 0.1 * noise, 0, 1)), output.geterror()
    assert output.close()
    os.rename(plain, path)  # noqa: PTH104 - OpenImageIO takes UTF-8 only


def cut(path: Path, share: float = 0.5, *, padded: bool = False) -> None:
    """Leave only the beginning of a file; padded: zeros in place of the rest."""
    data = path.read_bytes()
    kept = data[: int(len(data) * share)]
    path.write_bytes(kept + bytes(len(data) - len(kept)) if padded else kept)
