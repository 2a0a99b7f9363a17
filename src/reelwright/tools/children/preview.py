"""In the rendering child: a colour transform baked into a cube, and how far that is off on the shot's own pixels.

A curve ahead of the cube (a shaper) spreads its points as eyes do: of light, most values lie near black. Between the
points it interpolates by tetrahedra. What it costs does not depend on the transform.
"""

import threading
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.transforms import PLANES, Pixels, Processor

#: Points along each axis; OpenColorIO takes no more.
POINTS = 129
HALVES = 1 << 16
#: What the shaper covers: of light, and of values that a curve has been put on already, of which 0 and 1 are points.
LIGHT, CODES = (-0.05, 512.0), (-0.125, -0.125 + 128 / 96)
#: ACEScct's curve (AMPAS S-2016-001): the break, slope and offset below it, and the logarithm above.
BREAK, SLOPE, OFFSET, AHEAD, OCTAVES = 0.0078125, 10.5402377416545, 0.0729055341958355, 9.72, 17.52
#: One pixel in so many is compared of the frames that are not compared whole; a prime, so that it meets all columns.
COMPARED = 61
#: Codes of 10 bit, counted by so many steps each.
TOP, STEPS = 1023, 64


def curve(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """ACEScct's curve."""
    above = (np.log2(np.maximum(values, BREAK)) + AHEAD) / OCTAVES
    return np.where(values <= BREAK, SLOPE * values + OFFSET, above)


def back(curved: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of a curve's."""
    straight = SLOPE * BREAK + OFFSET
    return np.where(curved <= straight, (curved - OFFSET) / SLOPE, 2.0 ** (curved * OCTAVES - AHEAD))


class Preview:
    """A transform by a cube.

    Args:
        exact: the transform.
        linear: whether its input is light.
    """

    def __init__(self, exact: Processor, *, linear: bool) -> None:
        self._exact = exact
        low, high = (curve(np.asarray(LIGHT)) if linear else np.asarray(CODES)).tolist()
        points = np.linspace(low, high, POINTS)
        axis = (back(points) if linear else points).astype(np.float32)
        red, green, blue = np.meshgrid(axis, axis, axis, indexing="ij")
        lattice = np.stack([red, green, blue], axis=-1).reshape(POINTS, -1, 3)
        halves = np.arange(HALVES, dtype=np.uint16).view(np.float16).astype(np.float64)
        halves = np.nan_to_num(halves, nan=0.0, posinf=65504.0, neginf=-65504.0)
        shaped = ((curve(halves) if linear else halves) - low) / (high - low)
        shaper = ocio.Lut1DTransform(HALVES, True)
        shaper.setData(np.repeat(np.clip(shaped, 0, 1), 3).astype(np.float32))
        cube = ocio.Lut3DTransform(POINTS)
        cube.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        cube.setData(np.nan_to_num(exact.values(lattice)).ravel())
        self._baked = Processor([shaper, cube])
        self._counts = np.zeros(TOP * STEPS + 1, np.int64)
        self._largest, self._lock = 0.0, threading.Lock()

    def __call__(self, pixels: Pixels) -> Pixels:
        """The picture's values as float32."""
        return self._baked.values(pixels)

    def planes(self, pixels: Pixels) -> NDArray[np.uint16]:
        """The picture's codes."""
        return self._baked.planes(pixels)

    def compare(self, pixels: Pixels, *, whole: bool, seed: int) -> None:
        """Hold a picture's pixels, or some of them, against the exact transform."""
        channels = pixels.shape[2]
        flat = pixels.reshape(1, -1, channels)
        taken = flat if whole else np.ascontiguousarray(flat[:, seed % COMPARED :: COMPARED])
        here, there = (processor.planes(taken).astype(np.int32) for processor in (self._baked, self._exact))
        error = np.abs(here - there)[[*PLANES[:3]], 0].max(axis=0) * (TOP / 65535)
        counted = np.bincount(np.rint(error * STEPS).astype(np.int64), minlength=len(self._counts))
        with self._lock:
            self._counts += counted
            self._largest = max(self._largest, float(error.max(initial=0.0)))

    def error(self) -> dict[str, Any]:
        """How far it was off, in codes of 10 bit: the channel of each pixel that is off the most."""
        pixels = int(self._counts.sum())
        below = int(np.searchsorted(np.cumsum(self._counts), 0.999 * pixels)) if pixels else 0
        return {"pixels": pixels, "max": round(self._largest, 2), "p999": round(below / STEPS, 2)}
