"""A raster step: a vignette, for `sequence render --step example.vignette:strength=0.4`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reelwright.sequences.steps import Kind, Parameter, StepSpec


class Vignette:
    """Darkens a picture towards its corners."""

    port_version = 1
    spec = StepSpec(
        name="example.vignette",
        summary="darker towards the corners",
        parameters=(
            Parameter(name="strength", kind=Kind.NUMBER, summary="0 leaves it, 1 makes corners black", low=0, high=1),
        ),
    )

    def apply(self, pixels: Any, values: Mapping[str, Any]) -> Any:
        """Change a picture; it runs in a child process, in several threads at once."""
        height, width = pixels.shape[:2]
        y, x = (np.linspace(-1, 1, n, dtype=np.float32) if n > 1 else np.zeros(1, np.float32) for n in (height, width))
        distance = (x[None, :] ** 2 + y[:, None] ** 2) / np.float32(2)  # 0 in the middle, 1 in a corner
        pixels[:, :, :3] *= (np.float32(1) - np.float32(values["strength"]) * distance)[:, :, None]
        return pixels


VIGNETTE = Vignette()
