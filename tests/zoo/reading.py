"""What a file shows and sounds like, read without any of the product's code."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from zoo.pictures import shown_in


@dataclass(frozen=True)
class Watched:
    """The frames of a film, in the order of showing."""

    numbers: tuple[int, ...]
    #: In seconds on the file's clock; empty where it has none.
    times: tuple[Fraction, ...]


@dataclass(frozen=True)
class Sound:
    """The packets of a sound."""

    packets: tuple[bytes, ...]
    #: In seconds on the file's clock.
    times: tuple[Fraction, ...]


def watch(path: Path, stream: int) -> Watched:
    """Decode a video stream and read the number in each frame."""
    numbers, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams[stream]):
            assert isinstance(frame, av.VideoFrame)
            numbers.append(shown_in(frame))
            if frame.pts is not None:
                times.append(frame.pts * frame.time_base)
    return Watched(tuple(numbers), tuple(times))


def sounds_of(path: Path) -> list[Sound]:
    """The packets of each sound and their times."""
    with av.open(str(path)) as container:
        found: dict[int, tuple[list[bytes], list[Fraction]]] = {s.index: ([], []) for s in container.streams.audio}
        if not found:
            return []
        for packet in container.demux(list(container.streams.audio)):
            if packet.size:
                payloads, times = found[packet.stream_index]
                payloads.append(bytes(packet))
                stamp = packet.pts if packet.pts is not None else packet.dts
                times.append(stamp * packet.time_base)
    return [Sound(tuple(payloads), tuple(times)) for payloads, times in found.values()]
