"""SVT-AV1, the encoder everything here was measured with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelwright.encoders import SVT_AV1, Encoder
from reelwright.tools.encoders.port import Order

#: SVT-AV1 writes past FFmpeg's log level; this keeps its warnings and errors.
QUIET_LOG = {"SVT_LOG": "2"}


def format_crf(crf: float) -> str:
    """A CRF as SVT-AV1 takes it: quarter steps without trailing zeros."""
    return f"{crf:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True, slots=True)
class SvtAv1:
    """SVT-AV1 through FFmpeg's libsvtav1: the common scale is its own."""

    facts: Encoder = SVT_AV1
    environment: Mapping[str, str] = field(default_factory=lambda: QUIET_LOG)
    device_args: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    def own_quality(self, crf: float) -> float:
        """The CRF itself."""
        return crf

    def codec_args(self, order: Order) -> tuple[str, ...]:
        """Everything goes through -svtav1-params because FFmpeg's own -crf is an integer (ab-av1#342).

        The threads are SVT-AV1's `lp`, which changes the speed and not one byte.
        """
        parameters = ":".join(f"{name}={value}" for name, value in order.parameters)
        return (
            *("-c:v", self.facts.ffmpeg, "-preset", str(order.preset)),
            *("-svtav1-params", f"crf={format_crf(order.crf)}:lp={order.threads}:{parameters}"),
        )

    def version(self, said: str) -> str:
        """SVT-AV1's own version."""
        found = re.search(r"SVT-AV1 Encoder Lib (\S+)", said)
        return found[1] if found else ""
