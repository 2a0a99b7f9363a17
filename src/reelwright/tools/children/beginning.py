"""The beginning of a film that was cut out of a longer one, in the reading child.

A recording that begins anywhere holds pictures made from frames that are not in it: those before its first key frame,
and in open groups of pictures those that follow the key frame and are shown before it. No decoder shows them, so they
are no frames of the film; nor is it damaged because a decoder complains of them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.complaints import END, EXCUSED

#: Packets looked at before the search for a key frame is given up.
MOST_PACKETS = 1000


def unshowable(path: str, index: int) -> frozenset[int]:
    """Which of the film's packets no picture can be made of, by their place among them; a few at its beginning."""
    with opened(path) as container:
        stream: Any = container.streams[index]
        first = leading_packets(container, stream)
        if first is None:
            return frozenset()
        with silence():
            shown = shown_of(stream.codec_context, first)
    left_out = frozenset(place for place, packet in enumerate(first) if packet.pts not in shown)
    # Where times cannot tell which packet a picture is of, nothing is left out.
    return left_out if len(left_out) + len(shown) == len(first) else frozenset()


def say_what_is_excused(path: str, index: int, left_out: frozenset[int]) -> None:
    """Decode the first group of pictures, so that the decoder complains of it, and mark where its complaints end.

    Even without what cannot be shown, the first group speaks of frames that are not there.
    """
    print(EXCUSED, file=sys.stderr, flush=True)
    with opened(path) as container:
        stream: Any = container.streams[index]
        packets = []
        keys = 0
        for place, packet in enumerate(container.demux(stream)):
            keys += packet.is_keyframe
            if not packet.size or keys > 1 or place > MOST_PACKETS:
                break
            if place not in left_out:
                packets.append(packet)
        shown_of(stream.codec_context, packets)
    print(END, file=sys.stderr, flush=True)


@contextmanager
def opened(path: str, **more: str) -> Iterator[Any]:
    """A file opened without a word; what is wrong with its beginning is said when that is decoded."""
    with silence():
        container = av.open(file_url(path), options={**INPUT_OPTIONS, **more}, metadata_errors="replace")
    with container:
        yield container


@contextmanager
def silence() -> Iterator[None]:
    """Let FFmpeg's libraries say nothing."""
    before = av.logging.get_level()
    av.logging.set_level(av.logging.PANIC)
    try:
        yield
    finally:
        av.logging.set_level(before)


def leading_packets(container: Any, stream: Any) -> list[Any] | None:
    """The packets up to the last that is shown before the first key frame; None where the film begins with that."""
    found: list[Any] = []
    key: Any = None
    for packet in container.demux(stream):
        if not packet.size or packet.pts is None or len(found) > MOST_PACKETS:
            break
        if key is not None and packet.pts > key.pts:
            break
        found.append(packet)
        if key is None and packet.is_keyframe:
            key = packet
    return found if key is not None and len(found) > 1 else None


def shown_of(decoder: Any, packets: list[Any]) -> list[int | None]:
    """PTS of each frame a decoder shows of packets."""
    shown: list[int | None] = []
    for packet in [*packets, None]:
        try:
            shown += [frame.pts for frame in decoder.decode(packet)]
        except av.FFmpegError:
            continue  # that is what is looked for
    return shown
