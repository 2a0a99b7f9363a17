"""The beginning of a film that was cut out of a longer one, in the reading child.

A recording that begins anywhere holds pictures made from frames that are not in it: those before its first key frame,
and in open groups of pictures those that follow the key frame and are shown before it. No decoder shows them, so they
are no frames of the film; nor is it damaged because a decoder complains of them.
"""

from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url

#: Packets looked at before the search for a key frame is given up.
MOST_PACKETS = 1000


def unshowable(path: str, index: int) -> frozenset[int]:
    """Which of the film's packets no picture can be made of, by their place among them; a few at its beginning."""
    container: Any
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        stream: Any = container.streams[index]
        first = first_packets(container, stream)
        if first is None:
            return frozenset()
        before = av.logging.get_level()
        av.logging.set_level(av.logging.PANIC)
        try:
            shown = shown_of(stream.codec_context, first)
        finally:
            av.logging.set_level(before)
    return frozenset(place for place, packet in enumerate(first) if packet.pts not in shown)


def first_packets(container: Any, stream: Any) -> list[Any] | None:
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


def shown_of(decoder: Any, packets: list[Any]) -> set[int]:
    """PTS of what a decoder shows of packets."""
    shown = set()
    for packet in [*packets, None]:
        try:
            shown.update(frame.pts for frame in decoder.decode(packet))
        except av.FFmpegError:
            continue  # that is what is looked for
    return shown
