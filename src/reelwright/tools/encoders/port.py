"""What every encoder's port answers. Pure: nothing here starts anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reelwright.encoders import Encoder


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One encode as the port is asked for it."""

    #: On the common scale; see `reelwright.encoders`.
    crf: float
    #: 0 slow to 13 fast.
    preset: int
    threads: int
    #: The plan's parameters: the encoder's fixed ones with the user's own on top.
    parameters: Sequence[tuple[str, str]]


class EncoderPort(Protocol):
    """One encoder. Bytes are a function of the order's CRF, preset and parameters, never of its threads."""

    @property
    def facts(self) -> Encoder:
        """What it is, as planning knows it."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables its process needs."""
        ...

    @property
    def device_args(self) -> tuple[str, ...]:
        """Options ahead of the inputs: the device that frames go to."""
        ...

    @property
    def filters(self) -> tuple[str, ...]:
        """Filters after the plan's: how frames get into the form or the place it takes them from."""
        ...

    def own_quality(self, crf: float) -> float:
        """The CRF on the encoder's own scale; rises with it."""
        ...

    def codec_args(self, order: Order) -> tuple[str, ...]:
        """The encoder and all its options."""
        ...

    def version(self, said: str) -> str:
        """Encoder, driver and device as one line, from FFmpeg's verbose log; empty where nothing tells of them."""
        ...
