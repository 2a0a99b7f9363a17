"""In the rendering child: everything between a file's pixels and the codes that FFmpeg is given.

The list of steps becomes stages. Steps that look at one pixel at a time, and the colour transform among them, are one
processor of OpenColorIO wherever they follow each other; the others are functions of the whole picture.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelwright.tools.children.pixels import Pixels, UnreadableError, as_values
from reelwright.tools.children.preview import Preview
from reelwright.tools.children.raster import APPLY, plugin, run_step
from reelwright.tools.children.transforms import LOCAL, PLANES, Processor, configuration, view_transforms

VIEW = "view"
#: A transform that costs more a pixel than this is worth looking for pixels that are like the one before.
COSTLY_NANOSECONDS = 100
PROBES = 4096
#: One row in so many is looked at to find out whether pixels repeat, and the share of them from which on it pays.
LOOKED_AT, REPEATED = 16, 0.2

#: One pixel in so many is looked at for what codes cannot hold; a prime, so that it meets all columns.
LOOKED_FOR = 61
#: Half a code of 10 bit.
ROUNDING = 0.5 / 1023

Stage = Callable[[Pixels], Pixels]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scratch:
    """What steps of other programs are done with: an array goes out by a file, and another comes back."""

    #: Called with the step's place in the list and the pixels.
    run: Callable[[int, Pixels], Pixels]


class Chain:
    """The stages of a rendering.

    Args:
        asked: "steps" ([{"name", "values", "local", "origin"}]), "color" (None: there is none), "transform" ("exact" or
            "preview"), "alpha", "width" and "height" (of what is rendered).
        scratch: for steps of other programs.
        pictures: reads the background of a step, by path.

    Raises:
        UnreadableError: there is no such colour space, LUT or plugin.
    """

    def __init__(self, asked: Mapping[str, Any], scratch: Scratch, pictures: Callable[[str], Pixels]) -> None:
        self.preview: Preview | None = None
        self._asked, self._scratch, self._pictures = asked, scratch, pictures
        self._size = (int(asked["height"]), int(asked["width"]))
        color = asked["color"]
        self._config = configuration(str(color["config"])) if color else None
        steps = list(asked["steps"])
        if color and not any(step["name"] == VIEW for step in steps):
            steps.append({"name": VIEW, "values": {}, "local": False, "origin": ""})
        self.stages: list[Stage] = []
        self._run: list[Any] = []
        self._viewed = False
        for place, step in enumerate(steps):
            self._add(place, step)
        #: Whether values are as they were read once the stages are through.
        self._untouched = not self._run
        self._last = self._processor()

    def _add(self, place: int, step: Mapping[str, Any]) -> None:
        name, values = step["name"], dict(step["values"])
        if name == VIEW:
            if self._asked["alpha"] == "keep":
                self._flush()
                self.stages.append(unpremultiplied)
            self._viewed = bool(self._asked["color"])
            self._run += view_transforms(self._asked["color"]) if self._viewed else []
            return
        if step["local"] and not step["origin"]:
            self._run.append(LOCAL[name](values))
            return
        self._flush()
        if name == "oiiotool":
            self.stages.append(lambda pixels: self._scratch.run(place, pixels))
            return
        if values.get("image"):
            values["pixels"] = as_values(self._pictures(values["image"]))
        apply = plugin(step["origin"]) if step["origin"] else APPLY[name]
        self.stages.append(lambda pixels: run_step(name, apply, pixels, values))

    def _flush(self) -> None:
        if self._run:
            made = self._processor()
            self.stages.append(made if isinstance(made, Preview) else made.values)

    def _processor(self) -> "Preview | Costly | Processor":
        made, self._run = Processor(self._run, self._config), []
        viewed, self._viewed = self._viewed, False
        if viewed and self._asked["transform"] == "preview":
            self.preview = Preview(made, linear=is_linear(self._config, self._asked["color"]["from"]))
            return self.preview
        return Costly(made) if viewed and nanoseconds(made) > COSTLY_NANOSECONDS else made

    def coded(self, pixels: Pixels, *, whole: bool = False, seed: int = 0) -> "Coded":
        """A picture's codes by planes: green, blue, red, and alpha where it is kept; and what they cannot hold.

        Args:
            pixels: as they were read.
            whole: where a preview is asked for, all of its pixels are compared and not some.
            seed: which of them.

        Raises:
            UnreadableError: a step failed.
        """
        pixels = self._staged(pixels, whole=whole, seed=seed)
        last = self._last
        if isinstance(last, Preview):
            last.compare(pixels, whole=whole, seed=seed)
        some = np.ascontiguousarray(pixels.reshape(1, -1, pixels.shape[2])[:, seed % LOOKED_FOR :: LOOKED_FOR])
        values = last(some) if isinstance(last, Preview) else last.values(some)
        return Coded(planes=last.planes(pixels), cut_off=cut_off(values[:, :, :3]))

    def values(self, pixels: Pixels) -> Pixels:
        """A picture's values, (height, width, channels): float32, or the very halves that were read.

        Raises:
            UnreadableError: a step failed.
        """
        pixels = self._staged(pixels)
        if self._untouched:
            return pixels if pixels.dtype == np.float16 else as_values(pixels)
        return self._last(pixels) if isinstance(self._last, Preview) else self._last.values(pixels)

    def _staged(self, pixels: Pixels, *, whole: bool = False, seed: int = 0) -> Pixels:
        """A picture after all stages but the last."""
        if self.stages:
            pixels = as_values(pixels)
        for stage in self.stages:
            if isinstance(stage, Preview):
                stage.compare(pixels, whole=whole, seed=seed)
            pixels = stage(pixels)
        if pixels.shape[:2] != self._size:
            found, wanted = (f"{width}x{height}" for height, width in (pixels.shape[:2], self._size))
            raise UnreadableError(f"is {found} after its steps and not {wanted}")
        return np.ascontiguousarray(pixels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coded:
    """A picture as FFmpeg is given it."""

    planes: NDArray[np.uint16]
    #: See `cut_off`.
    cut_off: dict[str, float] | None


def cut_off(values: Pixels) -> dict[str, float] | None:
    """What codes cannot hold of these pixels: the shares that lie above 1 and below 0, and the extremes; None: nothing.

    What is beyond by less than half a code of 10 bit counts as rounding.
    """
    values = np.nan_to_num(values)
    highest, lowest = values.max(axis=2, initial=0.0), values.min(axis=2, initial=1.0)
    above, below = highest > 1 + ROUNDING, lowest < -ROUNDING
    if not (above.any() or below.any()):
        return None
    extremes = {"largest": round(float(highest.max()), 3), "smallest": round(float(lowest.min()), 3)}
    return {"above": round(float(above.mean()), 5), "below": round(float(below.mean()), 5), **extremes}


def nanoseconds(processor: Processor) -> float:
    """What a processor costs a pixel, about: it only decides how the same codes are come by."""
    drawn = np.random.default_rng(3).random((1, PROBES, 3), np.float32)
    processor.values(drawn)
    begun = time.thread_time_ns()
    processor.values(drawn)
    return (time.thread_time_ns() - begun) / PROBES


def is_linear(config: Any, space: str) -> bool:
    """Whether a colour space holds light, whose values lie far apart: what is not known is taken for it."""
    found = config.getColorSpace(space)
    return found is None or str(found.getEncoding()) in {"", "scene-linear", "display-linear"}


class Costly:
    """A processor that costs much a pixel: of pixels that are like the one before, it does the first.

    Args:
        processor: the one that is asked.
    """

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def values(self, pixels: Pixels) -> Pixels:
        """The picture's values as float32."""
        return self._processor.values(pixels)

    def planes(self, pixels: Pixels) -> NDArray[np.uint16]:
        """The picture's codes, the very ones that the processor gives."""
        if changed(pixels[::LOOKED_AT]).mean() > 1 - REPEATED:
            return self._processor.planes(pixels)
        first = changed(pixels)
        channels = pixels.shape[2]
        some = np.ascontiguousarray(pixels.reshape(-1, channels)[first.ravel()])
        codes = self._processor.planes(some[None])[:, 0]
        lengths = np.diff(np.flatnonzero(np.append(first.ravel(), True)))
        whole = np.empty((channels, *pixels.shape[:2]), "<u2")
        for plane in range(channels):
            whole[plane].ravel()[:] = np.repeat(codes[plane], lengths)
        return whole


def changed(pixels: Pixels) -> NDArray[np.bool_]:
    """Where a pixel has other bits than the one on its left; the first of a row always."""
    bits = pixels.view(f"u{pixels.dtype.itemsize}")
    first = np.ones(pixels.shape[:2], np.bool_)
    np.not_equal(bits[:, 1:, 0], bits[:, :-1, 0], out=first[:, 1:])
    for channel in range(1, pixels.shape[2]):
        first[:, 1:] |= bits[:, 1:, channel] != bits[:, :-1, channel]
    return first


def unpremultiplied(pixels: Pixels) -> Pixels:
    """Colours without their alpha; where that is 0 there is no colour to bring back."""
    if pixels.shape[2] < 4:  # noqa: PLR2004 - no alpha
        return pixels
    alpha = pixels[:, :, 3:4]
    divided = pixels[:, :, :3] / np.where(alpha > 0, alpha, 1)
    done: Pixels = np.concatenate([divided, alpha], axis=2)
    return done


def planar(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Codes of a drawn picture plane after plane, as FFmpeg's gbrp16le or gbrap16le has them."""
    planes = np.empty((codes.shape[2], *codes.shape[:2]), "<u2")
    for channel, plane in enumerate(PLANES[: codes.shape[2]]):
        planes[plane] = codes[:, :, channel]
    return planes


def interleaved(planes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Planes as a picture of red, green and blue."""
    return np.stack([planes[plane] for plane in PLANES[:3]], axis=2)


def with_alpha(planes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Three planes with an opaque fourth; four as they are."""
    if len(planes) > 3:  # noqa: PLR2004 - it has one
        return planes
    return np.concatenate([planes, np.full((1, *planes.shape[1:]), 65535, planes.dtype)])
