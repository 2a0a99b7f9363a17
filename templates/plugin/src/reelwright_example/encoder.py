"""An encoder: rav1e, which the FFmpeg that comes with Reelwright has as well."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelwright.encoders import Encoder
from reelwright.tools.encoders import Order

#: A CRF is SVT-AV1's everywhere: four steps of AV1's quantiser index, which is what rav1e takes.
PER_CRF, HIGHEST = 4, 255


FACTS = Encoder(
    name="example.rav1e",
    ffmpeg="librav1e",
    title="rav1e",
    # One key frame, at the start; one packet for each shown frame, in order; one tile, so that the number of
    # threads changes no byte.
    fixed=(("g", "65535"), ("keyint_min", "65535"), ("rav1e-params", "low_latency=true"), ("tiles", "1")),
    presets=tuple(str(min(10, preset)) for preset in range(14)),
    deterministic=True,
)


@dataclass(frozen=True)
class Rav1e:
    """rav1e through FFmpeg's librav1e, at a constant quantiser."""

    port_version: int = 1
    facts: Encoder = FACTS
    environment: Mapping[str, str] = field(default_factory=dict)
    device_args: tuple[str, ...] = ()
    filters: tuple[str, ...] = ("format=yuv420p10le",)

    def own_quality(self, crf: float) -> float:
        """AV1's quantiser index."""
        return min(HIGHEST, round(crf * PER_CRF))

    def codec_args(self, order: Order) -> tuple[str, ...]:
        """FFmpeg's arguments."""
        speed = (self.facts.presets or ())[order.preset]
        options = [part for name, value in order.parameters for part in (f"-{name}", value)]
        quality = str(self.own_quality(order.crf))
        return ("-c:v", "librav1e", "-speed", speed, "-qp", quality, "-threads", str(order.threads), *options)

    def version(self, said: str) -> str:
        """FFmpeg's log does not say which rav1e it is."""
        found = re.search(r"rav1e (\d[\w.-]*)", said)
        return f"rav1e {found[1]}" if found else ""


RAV1E = Rav1e()
