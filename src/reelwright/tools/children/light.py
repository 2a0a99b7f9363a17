"""In the rendering child: frames that keep their light, written as half-float EXR without going through FFmpeg.

FFmpeg's text, boxes and paddings are integers of 0 to 1; here nothing is drawn, so nothing has to be cut off. Each
frame is written and read back by the thread that rendered it, into a folder under a temporary name: memory does not
grow with the length, and no half frame is ever seen under its own name.

Request ("light" of the renderer's): "color" ({"config", "from", "to"}), "compression", "pattern" (the path, with a
conversion for the number), "crop" (width, height, x, y, or None), "aspect" (width over height of a sample), "rate",
"first" (number of the first frame), "timecode" (its count), "drop".
"""

import errno
import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.sequences.timecode import format_timecode, labels_a_second
from reelwright.tools.children.chain import Chain, Scratch, is_linear
from reelwright.tools.children.pixels import Pixels
from reelwright.tools.children.transforms import configuration

#: The largest number a half float holds.
MOST = 65504.0
#: The bit of a packed timecode that says that labels are dropped.
DROP_BIT = 6
#: Labels of a second that EXR's timecode has room for: its tens of frames are two bits.
MOST_LABELS = 30
#: Compressions that lose something of halves.
LOSSY = frozenset({"dwaa", "dwab", "b44", "b44a"})
#: Chromaticities of red, green, blue and white, by the name that spaces of light have among studios (ASWF's Color
#: Interop Forum). A space that has none of these names gets no chromaticities: none are better than wrong ones.
CHROMATICITIES = {
    "lin_ap0_scene": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_ap1_scene": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "lin_rec709_scene": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
    "lin_rec2020_scene": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329),
    "lin_p3d65_scene": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    "lin_adobergb_scene": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329),
}


class UnwrittenError(Exception):
    """A frame cannot be written.

    Args:
        what: why not.
        number: of the system's error.
    """

    def __init__(self, what: str, number: int) -> None:
        super().__init__(what)
        self.errno = number


class LightWriter:
    """Makes frames of light, and writes them.

    Args:
        asked: the renderer's request.
        scratch: for steps of other programs.
        pictures: reads the background of a step, by path.

    Raises:
        UnreadableError: a step or the colour transform cannot be made.
    """

    def __init__(self, asked: Mapping[str, Any], scratch: Scratch, pictures: Callable[[str], Pixels]) -> None:
        self._asked = asked["light"]
        color = self._asked["color"]
        config = configuration(str(color["config"]))
        self._keep = asked["alpha"] == "keep"
        same = color["from"].lower() == color["to"].lower()
        # Light stays multiplied with its alpha, as files have it; a curve is one of colours without it.
        self._divided = self._keep and not same and not is_linear(config, color["from"])
        steps = [step for step in asked["steps"] if step["name"] != "view"]
        own = {"color": None if same else color, "steps": steps, "transform": "exact"}
        self._chain = Chain({**asked, **own, "alpha": "keep" if self._divided else "ignore"}, scratch, pictures)
        self._space = config.getColorSpace(color["to"])
        self._rate = Fraction(self._asked["rate"])

    def values(self, pixels: Pixels) -> Pixels:
        """The light of what was read: (height, width, 3, or 4 with alpha), half or float.

        Raises:
            UnreadableError: a step failed.
        """
        values = self._chain.values(pixels)
        if self._divided and values.shape[2] > 3:  # noqa: PLR2004 - it has alpha
            alpha = values[:, :, 3:4]
            values = np.concatenate([values[:, :, :3] * np.where(alpha > 0, alpha, 1), alpha], axis=2)
        return self._framed(values)

    def drawn(self, codes: NDArray[np.uint16]) -> Pixels:
        """The light of a drawn picture, whose codes are sRGB's."""
        seen = codes.astype(np.float32) / np.float32(65535)
        return self._framed(np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4))  # noqa: PLR2004

    def _framed(self, values: Pixels) -> Pixels:
        """The part that is kept, with the channels that are."""
        if self._asked["crop"]:
            width, height, x, y = self._asked["crop"]
            values = values[y : y + height, x : x + width]
        if not self._keep:
            return values[:, :, :3]
        if values.shape[2] > 3:  # noqa: PLR2004 - it has alpha
            return values
        return np.concatenate([values, np.ones((*values.shape[:2], 1), values.dtype)], axis=2)

    def write(self, values: Pixels, number: int) -> dict[str, int]:
        """Write a frame; how many of its samples a half float cannot hold, by kind.

        Args:
            values: what it holds.
            number: of the frame.

        Raises:
            UnwrittenError: it cannot be written.
        """
        halves, repaired = to_halves(values)
        path = self._asked["pattern"] % number
        out = oiio.ImageOutput.create(path)
        if out is None:
            raise unwritten(path, oiio.geterror(), halves.nbytes)
        written = out.open(path, self._header(halves, number)) and out.write_image(np.ascontiguousarray(halves))
        # Closing writes the table of the picture's parts: what fails there is no whole picture either.
        if not out.close() or not written:
            raise unwritten(path, out.geterror() or oiio.geterror(), halves.nbytes)
        self._prove(path, halves)
        return repaired

    def _prove(self, path: str, halves: Pixels) -> None:
        """Read a frame back: all of it is there and, where its compression loses nothing, it is what was written.

        Raises:
            UnwrittenError: it is not.
        """
        found = oiio.ImageInput.open(path)
        back = None if found is None else found.read_image("half")
        if found is not None:
            found.close()
        lossy = self._asked["compression"] in LOSSY
        if back is None or back.shape != halves.shape or not (lossy or np.array_equal(back, halves)):
            raise unwritten(path, "it does not read back as it was written", halves.nbytes)

    def _header(self, halves: Pixels, number: int) -> Any:
        asked = self._asked
        height, width, channels = halves.shape
        spec = oiio.ImageSpec(width, height, channels, "half")
        spec.channelnames = ("R", "G", "B", "A")[:channels]
        if channels > 3:  # noqa: PLR2004 - it has alpha
            spec.alpha_channel = 3
        spec.attribute("compression", asked["compression"])
        spec.attribute("PixelAspectRatio", float(asked["aspect"]))
        rate = self._rate
        spec.attribute("FramesPerSecond", oiio.TypeRational, (rate.numerator, rate.denominator))
        count = asked["timecode"] + number - asked["first"]
        if labels_a_second(rate) <= MOST_LABELS:
            label = format_timecode(count, rate, drop=asked["drop"])
            spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (packed_timecode(label), 0))
        spec.attribute("reelwright:colorspace", self._space.getName())
        names = {self._space.getInteropID(), *self._space.getAliases()}
        for name in names & CHROMATICITIES.keys():
            spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), CHROMATICITIES[name])
            spec.attribute("colorInteropID", name)
        return spec


def to_halves(values: Pixels) -> tuple[NDArray[np.float16], dict[str, int]]:
    """Values as half floats, rounded to the nearest; no number becomes 0, what is too large the largest there is.

    Returns:
        The halves, and how many samples were no number, infinite, and finite but too large.
    """
    repaired = {"nan": 0, "infinite": 0, "beyond": 0}
    if not np.abs(values).max() <= MOST:  # also where it is no number
        none, infinite = np.isnan(values), np.isinf(values)
        repaired["nan"], repaired["infinite"] = int(none.sum()), int(infinite.sum())
        repaired["beyond"] = int((np.abs(values) > MOST).sum()) - repaired["infinite"]
        values = np.clip(np.where(none, 0, values), -MOST, MOST)
    return values.astype(np.float16, copy=False), repaired


def packed_timecode(label: str) -> int:
    """SMPTE ST 12-1's first 32 bits of a timecode, as OpenEXR has them: two digits for each field."""
    hours, minutes, seconds, frames = (int(label[k : k + 2]) for k in (0, 3, 6, 9))
    packed = 0
    for shift, field in ((24, hours), (16, minutes), (8, seconds), (0, frames)):
        packed |= (field // 10 << 4 | field % 10) << shift
    return packed | (label[8] == ";") << DROP_BIT


def unwritten(path: str, trouble: str, size: int) -> UnwrittenError:
    """The error of a frame that was not written: a library that tells no number of an error is asked what is left."""
    room = os.statvfs(os.path.dirname(path))  # noqa: PTH120 - keeps odd bytes
    trouble = " ".join(trouble.split()) or "the library says nothing"
    if "No space" in trouble or room.f_bavail * room.f_frsize < size:
        return UnwrittenError("No space left on device", errno.ENOSPC)
    return UnwrittenError(f"A frame cannot be written: {trouble}", errno.EIO)
