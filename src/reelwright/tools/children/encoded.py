"""In the joining child: the packets of sounds that were encoded, each at its exact time."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

import av

from reelwright.planning.sound import PACKET, RATE
from reelwright.planning.streams import Input
from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.packets import Tally

#: Where an OpusHead says how many samples a decoder throws away at the beginning (RFC 7845, pre-skip).
SKIPPED = slice(10, 12)


class Clock(Protocol):
    """What puts a packet on the output's clock."""

    def stamp(self, packet: Any, pts: int, dts: int | None, base: Fraction, stream: Any) -> float:
        """Give it to a stream and return when it is decoded, in seconds."""
        ...


class Sounds:
    """The files with encoded sounds, open.

    Args:
        plans: of each, the stream of the source, the file, when its first sample is heard, and how many there are.
    """

    def __init__(self, plans: list[dict[str, Any]]) -> None:
        self.by_index = {int(plan["index"]): plan for plan in plans}
        self._open: dict[int, Any] = {
            index: av.open(file_url(plan["path"]), options=INPUT_OPTIONS) for index, plan in self.by_index.items()
        }

    def template(self, index: int) -> Any:
        """The stream that stands for one of the source's."""
        return self._open[index].streams.audio[0]

    def packets(self, index: int, stream: Any, line: Clock, tallies: dict[tuple[int, int], Tally]) -> Iterator[Any]:
        """A sound's packets, as (seconds, order, number, packet, key).

        Packet k is stamped with the time at which its first sample is heard, less the pre-skip: the time that is to be
        exact is rounded to the output's clock, and the container takes the pre-skip off as it rounds that itself.
        """
        plan, key = self.by_index[index], (int(Input.SOUND), index)
        if plan["begin"] is None:
            return
        container = self._open[index]
        begin, left = Fraction(plan["begin"]), plan["samples"]
        skipped = int.from_bytes(bytes(container.streams.audio[0].codec_context.extradata)[SKIPPED], "little")
        left += skipped
        tallies[key].begin(begin)
        for number, packet in enumerate(p for p in container.demux(audio=0) if p.size):
            packet.duration = min(PACKET, left)
            left -= PACKET
            line.stamp(packet, round(begin * RATE) + number * PACKET, None, Fraction(1, RATE), stream)
            packet.pts = packet.dts = packet.pts - rounded(skipped, packet.time_base)
            yield float(packet.dts * packet.time_base), Input.SOUND + index, number, packet, key


def rounded(samples: int, base: Fraction) -> int:
    """Samples in ticks of a clock, halves away from zero, as FFmpeg's muxers round a codec's delay."""
    return int(Fraction(samples, RATE) / base + Fraction(1, 2))
