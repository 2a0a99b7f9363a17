"""The file the joining child writes: how it is opened, the clocks of its streams, its chapters and pictures."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.stream

from reelwright.media.model import Chapter
from reelwright.planning.containers import Container, held_chapters
from reelwright.tools.allow import file_url
from reelwright.tools.children.packets import to_ticks

#: FFmpeg's muxers and how each is told to write.
MUXERS = {
    # No disposition but the source's: the muxer would mark a first stream default.
    Container.MATROSKA: ("matroska", {"default_mode": "passthrough"}),
    # The index in front of the data, so that a player over a network can begin before it has the whole file.
    Container.MP4: ("mp4", {"movflags": "+faststart"}),
}
#: More frames than any decoder reorders (H.264 and HEVC: 16).
MOST_REORDERED = 32


def open_output(request: dict[str, Any]) -> Any:
    """The file to write, with nothing random in it.

    What a container stores only with FFmpeg's `-strict unofficial`, such as MP4's record of Dolby Vision, is
    asked for by the request's `unofficial`.
    """
    muxer, options = MUXERS[Container(request["container"])]
    options = {"fflags": "+bitexact", **options}
    if request["movie_ticks"]:
        options["movie_timescale"] = str(request["movie_ticks"])
    if request["unofficial"]:
        options["strict"] = "unofficial"
    return av.open(file_url(request["out"]), "w", format=muxer, options=options)


class Timeline:
    """The source's clock moved onto the clocks of the output's streams. Those are known once its header is written."""

    def __init__(self, shift: Fraction) -> None:
        self.shift = shift

    def stamp(self, packet: Any, pts: int, dts: int | None, base: Fraction, stream: Any) -> float:
        """Give a packet to a stream, on that stream's clock; return when it is decoded, in seconds."""
        clock = stream.time_base
        ticks = to_ticks(pts, base, self.shift, clock)
        packet.duration = to_ticks(packet.duration, base, Fraction(0), clock) if packet.duration else 0
        packet.pts = ticks
        packet.dts = ticks if dts is None else min(ticks, to_ticks(dts, base, self.shift, clock))
        packet.time_base = clock
        packet.stream = stream
        return float(packet.dts * clock)


def decodable(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets with the decoding times that a muxer needs and Matroska leaves out.

    FFmpeg knows them once it has read as many packets as the decoder reorders; those before are counted back. A
    stream that does not have them by then never does, and is passed on as it is.
    """
    early: dict[int, list[Any]] = {}
    for packet in packets:
        if packet.dts is None:
            early.setdefault(packet.stream_index, []).append(packet)
            if len(early[packet.stream_index]) > MOST_REORDERED:
                yield from early.pop(packet.stream_index)
            continue
        waiting = early.pop(packet.stream_index, [])
        for back, former in zip(range(len(waiting), 0, -1), waiting, strict=True):
            former.dts = packet.dts - back * (packet.duration or 1)
        yield from waiting
        yield packet
    for waiting in early.values():
        yield from waiting


def written_chapters(container: Container, chapters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Chapters on the output's clock, as its container has them."""
    if container is Container.MATROSKA:
        return chapters
    plain = [
        Chapter(start=c["start"] * c["time_base"], end=c["end"] * c["time_base"], title=c["metadata"].get("title"))
        for c in chapters
    ]
    return [
        {
            "id": number,
            "start": to_ticks(1, chapter.start, Fraction(0)),
            "end": to_ticks(1, chapter.end, Fraction(0)),
            "time_base": Fraction(1, 1000),
            # A chapter without a title at all would be left out.
            "metadata": {"title": chapter.title or ""},
        }
        for number, chapter in enumerate(held_chapters(container, plain))
    ]


def add_picture(output: Any, template: Any) -> Any:
    """Add an attached picture as MP4 has it: a stream without a track. Its packet follows the header."""
    stream = output.add_stream_from_template(template, opaque=True)
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


def write_picture(output: Any, stream: Any, data: bytes) -> None:
    """Write an attached picture."""
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, stream.time_base
    packet.pts = packet.dts = 0
    output.mux_one(packet)
