"""What of the other streams reaches into an excerpt's window, in the joining child."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.packets import MILLISECOND

#: Containers whose seeks go by an index of times; in others reading starts at the beginning.
SEEKABLE = ("matroska", "mov", "mp4")
#: Seconds read before the window, so that a subtitle on screen at its start is met, and after it, for streams that
#: are stored late.
LEAD = Fraction(30)
#: So many seconds into the window, every packet that reaches over its beginning has been met.
SETTLED = Fraction(10)


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds [begin, end) on the source's clock."""

    begin: Fraction
    end: Fraction

    def reaches(self, packet: Any, kind: str) -> bool:
        """Whether a packet is heard or seen inside. One of unknown length counts where it begins."""
        start, length = span_of(packet)
        if start >= self.end:
            return False
        # A picture is no use without those it is made from: what begins before is left out.
        return start >= self.begin or (kind != "video" and start + length > self.begin)

    def cut(self, packet: Any) -> None:
        """Cut a subtitle at the window's ends. Sound and pictures stay whole packets."""
        start, length = span_of(packet)
        begin, end = max(start, self.begin), min(start + length, self.end)
        packet.pts = packet.dts = ceil(begin / packet.time_base)
        if length:
            packet.duration = max(1, int(end / packet.time_base) - packet.pts)


def span_of(packet: Any) -> tuple[Fraction, Fraction]:
    """When a packet begins and how long it lasts, in seconds; 0 where that is unknown."""
    pts = packet.pts if packet.pts is not None else packet.dts
    return pts * packet.time_base, (packet.duration or 0) * packet.time_base


def packets_inside(path: str, indexes: list[int], film: int | None, window: Window) -> Iterator[Any]:
    """The packets of some streams that reach into the window, in the file's order.

    Args:
        path: the file.
        indexes: the streams wanted.
        film: the stream whose times say when the window is long past; None: read to the end.
        window: the seconds wanted.
    """
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        if window.begin > LEAD and container.format.name.startswith(SEEKABLE):
            container.seek(int((window.begin - LEAD) * av.time_base), backward=True)
        kinds = {k: container.streams[k].type for k in indexes}
        # Pictures of a second film are of use from a key frame on.
        waiting = {k for k, kind in kinds.items() if kind == "video"}
        watched = [container.streams[k] for k in {*indexes, *([] if film is None else [film])}]
        for packet in container.demux(watched):
            if not packet.size or (packet.pts is None and packet.dts is None):
                continue
            index = packet.stream_index
            if index == film and span_of(packet)[0] > window.end + LEAD:
                return
            if index not in kinds or not window.reaches(packet, kinds[index]):
                continue
            if index in waiting and not packet.is_keyframe:
                continue
            waiting.discard(index)
            if kinds[index] == "subtitle":
                window.cut(packet)
            yield packet


def shift_for(path: str, indexes: list[int], film: int, window: Window, clock: Fraction = MILLISECOND) -> Fraction:
    """Seconds to add so that the window begins at zero, or so much later as a sound begins before it.

    The first frame lands on a whole tick of the film's clock, and no packet before zero. A sound's first packet is
    copied whole, so it may begin a packet early; moving that alone to zero would put the sound out of step.
    """
    earliest = window.begin
    for packet in packets_inside(path, indexes, film, window):
        start, _ = span_of(packet)
        earliest = min(earliest, start)
        if start > window.begin + SETTLED:
            break
    return ceil((window.begin - earliest) / clock) * clock - window.begin
