"""Hardware encoders: all of them at a constant quantiser, in show order, ten bits deep.

A chunk's CRF is found by measuring it, so the device is asked for a quantiser and not for a quality of its own making:
two searches for the same thing would fight. AV1 counts quantisers from 0 to 255, and so do all five, four to a CRF,
as SVT-AV1 and libaom do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelwright import encoders
from reelwright.encoders import Encoder
from reelwright.tools.encoders.aom import options
from reelwright.tools.encoders.port import Order

#: Our name of the device among FFmpeg's.
DEVICE = "encodes"
#: Quantisers in one CRF, and the highest.
PER_CRF, HIGHEST = 4, 255


def to_device(kind: str) -> tuple[str, ...]:
    """Options that open a device and make it the one frames are sent to."""
    return ("-init_hw_device", f"{kind}={DEVICE}", "-filter_hw_device", DEVICE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """An encoder on a device.

    Args:
        facts: what it is.
        quality: its options that take the quantiser.
        preset: its option that takes the preset; empty: it has none.
        device_args: options ahead of the inputs.
        filters: how frames get to it.
        tells: patterns of what its log says of driver and device.
    """

    facts: Encoder
    quality: tuple[str, ...]
    preset: str = ""
    device_args: tuple[str, ...] = ()
    filters: tuple[str, ...] = ("format=p010le",)
    tells: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def own_quality(self, crf: float) -> float:
        """AV1's quantiser index: four to a CRF, up to 255."""
        return min(HIGHEST, round(crf * PER_CRF))

    def codec_args(self, order: Order) -> tuple[str, ...]:
        """The encoder at a constant quantiser. Its threads are the device's own."""
        quantiser = str(self.own_quality(order.crf))
        steps = self.facts.presets
        speed = (self.preset, steps[order.preset]) if self.preset and steps else ()
        levels = [part for name in self.quality for part in (name, quantiser)]
        return ("-c:v", self.facts.ffmpeg, *speed, *levels, *options(tuple(order.parameters)))

    def version(self, said: str) -> str:
        """Driver and device, as far as the log tells of them."""
        found = (re.search(pattern, said) for pattern in self.tells)
        return ", ".join(" ".join(match[1].split()) for match in found if match)


NVENC = Hardware(
    facts=encoders.NVENC,
    quality=("-qp",),
    preset="-preset",
    tells=(r"GPU #\d+ - < (.+?) >", r"Loaded Nvenc version ([\d.]+)"),
)
QSV = Hardware(
    facts=encoders.QSV,
    quality=("-q:v",),
    preset="-preset",
    tells=(r"implementation version is ([\d.]+)", r"Driver(?: version)?: (.+)"),
)
AMF = Hardware(
    facts=encoders.AMF,
    quality=("-qp_i", "-qp_p"),
    preset="-quality",
    tells=(r"AMF version:? ?\(?([\d.]+)", r"choosing device.*?: (.+)"),
)
VAAPI = Hardware(
    facts=encoders.VAAPI,
    quality=("-global_quality",),
    device_args=to_device("vaapi"),
    filters=("format=p010le", "hwupload"),
    tells=(r"VAAPI driver: (.+)",),
)
VULKAN = Hardware(
    facts=encoders.VULKAN,
    quality=("-qp",),
    device_args=to_device("vulkan"),
    filters=("format=p010le", "hwupload"),
    tells=(r"Device \d+ selected: (.+)", r"Driver(?: version)?: (.+)"),
)
