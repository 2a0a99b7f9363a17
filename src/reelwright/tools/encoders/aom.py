"""libaom, AV1's reference encoder: another way to the same quality, for whoever wants to compare or has reasons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelwright.encoders import AOM, Encoder
from reelwright.tools.encoders.port import Order

#: HDR10+ is written for all encoders alike, from the source's packets; libaom would write it a second time.
NO_HDR10PLUS = "sidedata=mode=delete:type=DYNAMIC_HDR_PLUS"
#: From two threads on, bytes do not depend on how many there are; see `reelwright.encoders.AOM`.
FEWEST_THREADS = 2


def options(pairs: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Parameters as FFmpeg's options."""
    return tuple(part for name, value in pairs for part in (f"-{name}", value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Aom:
    """libaom through FFmpeg's libaom-av1, at constant quality.

    Its CRF, 0 to 63, is the same table of quantisers as SVT-AV1's, in whole steps.
    """

    facts: Encoder = AOM
    environment: Mapping[str, str] = field(default_factory=dict)
    device_args: tuple[str, ...] = ()
    filters: tuple[str, ...] = (NO_HDR10PLUS,)

    def own_quality(self, crf: float) -> float:
        """The CRF in whole numbers, up to 63."""
        return min(63, round(crf))

    def codec_args(self, order: Order) -> tuple[str, ...]:
        """Options of libaom, by their names in FFmpeg."""
        speed = (self.facts.presets or ())[order.preset]
        return (
            *("-c:v", self.facts.ffmpeg, "-cpu-used", speed, "-crf", str(self.own_quality(order.crf))),
            *("-threads", str(max(FEWEST_THREADS, order.threads)), *options(tuple(order.parameters))),
        )

    def version(self, said: str) -> str:
        """The version of libaom."""
        found = re.search(r"\[libaom-av1 @ [^]]*\] (?:\[\w+\] )?v?(\d+\.\d[\w.-]*)", said)
        return f"libaom {found[1]}" if found else ""
