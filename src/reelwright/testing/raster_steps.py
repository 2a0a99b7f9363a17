"""The contract of raster steps."""

import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from reelwright.errors import UsageError
from reelwright.plugins.kinds import Kind
from reelwright.sequences.steps import RasterStep, Value, parse_step
from reelwright.testing.held import check_port, held, one_line

#: Width and height of the pictures a step is tried on.
SIZES = ((1, 1), (7, 5), (64, 36))


def check_raster_step(step: RasterStep, *, examples: Iterable[str], wrong: Iterable[str] = ()) -> None:
    """Hold a raster step against its port.

    Args:
        step: the plugin's.
        examples: as they are written: "example.vignette:strength=0.5".
        wrong: such as have to be refused when they are read.

    Raises:
        AssertionError: the port is not kept.
    """
    check_port(Kind.RASTER_STEP, step)
    known = {step.spec.name: step.spec}
    one_line(step.spec.summary, "its summary")
    for text in examples:
        values = dict(parse_step(text, known, place="an example").values)
        for width, height in SIZES:
            for channels in (4,) if step.spec.alpha else (3, 4):
                _on_picture(step, values, _picture(width, height, channels), text)
    for text in wrong:
        try:
            parse_step(text, known, place="an example")
        except UsageError:
            continue
        raise AssertionError(f"{text} should be wrong, and it is taken")


def _picture(width: int, height: int, channels: int) -> Any:
    """Values as films have them: below 0, far above 1."""
    dice = np.random.default_rng(7)
    picture = dice.normal(0.3, 0.6, (height, width, channels)).astype(np.float32)
    if channels == 4:  # noqa: PLR2004 - an alpha
        picture[:, :, 3] = dice.uniform(0, 1, (height, width))
    return picture


def _on_picture(step: RasterStep, values: Mapping[str, Value], picture: Any, text: str) -> None:
    height, width, channels = picture.shape
    try:
        wanted = step.spec.size_after((width, height), values)
    except ValueError as error:
        one_line(str(error), f"what {text} says of {width}x{height}")
        return
    done = step.apply(picture.copy(), values)
    held(isinstance(done, np.ndarray) and done.dtype == np.float32, f"{text} gives no array of float32")
    shape = (wanted[1], wanted[0], channels)
    held(done.shape == shape, f"{text} on {width}x{height}: gives {done.shape}, and {shape} was foretold")
    held(not np.isnan(done).any(), f"{text} makes values that are no numbers")
    with ThreadPoolExecutor(4) as pool:  # as the rendering child does
        again = list(pool.map(lambda _: step.apply(picture.copy(), values), range(8)))
    held(all(np.array_equal(done, one) for one in again), f"{text} gives other values from one time to the next")
    if step.spec.local:
        _is_local(step, values, picture, done, text)


def _is_local(step: RasterStep, values: Mapping[str, Value], picture: Any, done: Any, text: str) -> None:
    """Where each pixel becomes another by itself, pixels that change places stay what they became."""
    height, width, channels = picture.shape
    order = np.random.default_rng(8).permutation(height * width)
    mixed = picture.reshape(-1, channels)[order].reshape(picture.shape)
    got = step.apply(mixed.copy(), values)
    same = np.allclose(got.reshape(-1, channels), done.reshape(-1, channels)[order], rtol=1e-5, atol=1e-6)
    held(same and math.prod(got.shape) == math.prod(done.shape), f"{text} says it is local, and looks at places")
