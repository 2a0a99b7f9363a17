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
    #: When the last frame ends, as far as the file says.
    end: Fraction


@dataclass(frozen=True)
class Sound:
    """The packets of a sound."""

    packets: tuple[bytes, ...]
    #: In seconds on the file's clock.
    times: tuple[Fraction, ...]


def watch(path: Path) -> Watched:
    """Decode the film and read the number in each frame."""
    numbers, times, end = [], [], Fraction(0)
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams[film_of(container)]):
            assert isinstance(frame, av.VideoFrame)
            numbers.append(shown_in(frame))
            if frame.pts is not None:
                times.append(frame.pts * frame.time_base)
                end = (frame.pts + frame.duration) * frame.time_base
    return Watched(tuple(numbers), tuple(times), end)


def film_of(container: av.container.InputContainer) -> int:
    """The first video stream that is no cover."""
    attached = av.stream.Disposition.attached_pic
    return next(s.index for s in container.streams.video if attached not in s.disposition)


def heard_in(path: Path) -> list[tuple[Fraction, int]]:
    """When each sound's first sample is heard, in seconds on the file's clock, and how many there are."""
    heard = []
    with av.open(str(path)) as container:
        indexes = [s.index for s in container.streams.audio]
    for index in indexes:
        with av.open(str(path)) as container:
            frames = list(container.decode(container.streams[index]))
        first = frames[0]
        assert first.pts is not None
        assert first.time_base is not None
        heard.append((first.pts * first.time_base, sum(f.samples for f in frames if isinstance(f, av.AudioFrame))))
    return heard


def bare(payload: bytes, codec: str) -> bytes:
    """A packet without the header that AAC has in a broadcast, and nowhere else (ISO/IEC 13818-7, 6.2)."""
    if codec != "aac" or payload[0] != 0xFF or payload[1] & 0xF6 != 0xF0:
        return payload
    return payload[7 if payload[1] & 1 else 9 :]


def sounds_of(path: Path) -> list[Sound]:
    """The packets of each sound and their times."""
    with av.open(str(path)) as container:
        found: dict[int, tuple[list[bytes], list[Fraction]]] = {s.index: ([], []) for s in container.streams.audio}
        if not found:
            return []
        for packet in container.demux(list(container.streams.audio)):
            if packet.size:
                payloads, times = found[packet.stream_index]
                payloads.append(bare(bytes(packet), packet.stream.codec_context.name))
                stamp = packet.pts if packet.pts is not None else packet.dts
                times.append(stamp * packet.time_base)
    return [Sound(tuple(payloads), tuple(times)) for payloads, times in found.values()]
