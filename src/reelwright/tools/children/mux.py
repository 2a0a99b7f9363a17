"""Child process: join chunks and everything else of the source into one Matroska file.

Packet k of the chunks, put one after another, gets the PTS of the source's shown frame k: the only way of joining
that keeps variable frame rates (the concat demuxer and mkvmerge guess the length of each chunk's last frame).
"""

import gzip
import heapq
import json
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.excerpt import Window, packets_inside, shift_for
from reelwright.tools.children.packets import TICKS, Tally, attached_facts, to_ticks

#: Tags that describe the former container or were made stale by the new stream.
STALE_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration"})
STALE_PREFIXES = ("bps", "number_of_frames", "number_of_bytes", "_statistics", "duration")
#: Nothing random in the file, and no disposition but the source's (the muxer would mark a first stream default).
MATROSKA = {"fflags": "+bitexact", "default_mode": "passthrough"}
CLOCK = Fraction(1, TICKS)


class Timeline:
    """The source's clock moved onto the output's."""

    def __init__(self, shift: Fraction) -> None:
        self.shift = shift

    def stamp(self, packet: Any, pts: int, dts: int | None, base: Fraction) -> int:
        """Put a packet on the output's clock and return its tick."""
        ticks = to_ticks(pts, base, self.shift)
        packet.duration = to_ticks(packet.duration, base, Fraction(0)) if packet.duration else 0
        packet.pts = ticks
        packet.dts = ticks if dts is None else min(ticks, to_ticks(dts, base, self.shift))
        packet.time_base = CLOCK
        return ticks


def fresh(tags: dict[str, str], *, encoded: bool) -> dict[str, str]:
    """Tags that are still true in the output."""
    stale = STALE_PREFIXES if encoded else ("duration",)
    return {k: v for k, v in tags.items() if k.lower() not in STALE_TAGS and not k.lower().startswith(stale)}


def add_film(output: Any, chunk: Any, original: Any, request: dict[str, Any]) -> Any:
    """Add the film's stream: codec, HDR records and display matrix of the chunks, tags of the source."""
    stream = output.add_stream_from_template(chunk.streams.video[0], opaque=True)
    stream.time_base = CLOCK
    if request["rate"] is not None:
        stream.codec_context.framerate = Fraction(request["rate"])
    stream.metadata.update(fresh(dict(original.metadata), encoded=True))
    stream.metadata.update(request["film_tags"])
    stream.disposition = original.disposition
    return stream


def add_copies(output: Any, source: Any, plans: list[dict[str, Any]]) -> dict[int, Any]:
    """Add a stream for each one that is copied as it is; by index in `source`."""
    added = {}
    for plan in plans:
        template = source.streams[plan["index"]]
        stream = output.add_stream_from_template(template, opaque=True)
        stream.metadata.update(fresh(dict(template.metadata), encoded=False))
        stream.disposition = template.disposition
        added[plan["index"]] = stream
    return added


def film_packets(request: dict[str, Any], index: dict[str, Any], line: Timeline, film: Any) -> Iterator[Any]:
    """The chunks' packets, stamped with the source's times, as (tick, order, number, packet, None).

    Raises:
        ValueError: the chunks hold more or fewer packets than there are frames to encode.
    """
    (first, end), base = request["span"], Fraction(index["time_base"])
    pts, whole = index["pts"][first:end], end == len(index["pts"])
    last_duration = index["last_duration"] if whole else index["pts"][end] - pts[-1]
    frame = 0
    for path in request["chunks"]:
        with av.open(file_url(path), options=INPUT_OPTIONS) as chunk:
            for packet in chunk.demux(chunk.streams.video[0]):
                if not packet.size:
                    continue
                if frame >= len(pts):
                    raise ValueError(f"the chunks hold more packets than the source's {len(pts)} frames")
                # Only the last frame's end is not the next one's start.
                packet.duration = last_duration if frame == len(pts) - 1 else 0
                line.stamp(packet, pts[frame], None, base)
                packet.stream = film
                yield packet.dts, 0, frame, packet, None
                frame += 1
    if frame != len(pts):
        raise ValueError(f"the chunks hold {frame} packets for the source's {len(pts)} frames")


def read_packets(source: Any, path: str, film: int | None, wanted: list[int], window: Window | None) -> Iterator[Any]:
    """Packets of some streams, in the file's order: all of them, or those that reach into a window."""
    if not wanted:
        return
    if window is not None:
        yield from packets_inside(path, wanted, film, window)
        return
    for packet in source.demux([source.streams[k] for k in wanted]):
        if packet.size and (packet.pts is not None or packet.dts is not None):
            yield packet


def copied_packets(
    packets: Iterator[Any], streams: dict[int, Any], line: Timeline, order: int, tallies: dict[tuple[int, int], Tally]
) -> Iterator[Any]:
    """Packets of copied streams, as (tick, order, number, packet, index)."""
    latest: dict[int, int] = {}
    for number, packet in enumerate(packets):
        pts = packet.pts if packet.pts is not None else packet.dts
        index = packet.stream_index
        tallies[order, index].begin(pts * packet.time_base)
        # Matroska stores no DTS. FFmpeg leaves it out where frames out of order begin: then it is the one before.
        dts = packet.dts if packet.dts is not None else min(pts, latest.get(index, pts))
        latest[index] = dts
        line.stamp(packet, pts, dts, packet.time_base)
        packet.stream = streams[index]
        yield packet.dts, order, number, packet, (order, index)


def mux(request: dict[str, Any]) -> dict[str, Any]:
    """Join everything and tell, stream by stream, what was written."""
    index = json.loads(gzip.decompress(Path(request["index"]).read_bytes()))
    source_path: str = request["source"]
    wanted, film_index = [plan["index"] for plan in request["copies"]], request["video_index"]
    window = Window(*map(Fraction, request["window"])) if request["window"] else None
    shift = shift_for(source_path, wanted, film_index, window) if window else Fraction(request["shift"])
    line = Timeline(shift)
    with (
        av.open(file_url(source_path), options=INPUT_OPTIONS, metadata_errors="replace") as source,
        av.open(file_url(request["chunks"][0]), options=INPUT_OPTIONS) as first,
        av.open(file_url(request["out"]), "w", format="matroska", options=MATROSKA) as output,
    ):
        output.metadata.update(fresh(dict(source.metadata), encoded=False))
        film = add_film(output, first, source.streams[film_index], request)
        copies = add_copies(output, source, request["copies"])
        tallies = {(1, k): Tally() for k in copies}
        read = read_packets(source, source_path, film_index, wanted, window)
        inputs = [copied_packets(read, copies, line, 1, tallies)]
        if request["converted"]:
            words = av.open(file_url(request["converted"]), options=INPUT_OPTIONS)
            converted = add_converted(output, source, words, request["conversions"])
            read = read_packets(words, request["converted"], None, list(converted), window)
            tallies |= {(2, k): Tally() for k in converted}
            inputs.append(copied_packets(read, converted, line, 2, tallies))
        attached = [attach(output, source, source_path, plan) for plan in request["attachments"]]
        output.set_chapters(moved_chapters(source.chapters(), line.shift, window))
        write(output, heapq.merge(film_packets(request, index, line, film), *inputs), tallies)
    keep(request["out"])
    streams = [
        {"input": k[0], "index": k[1], **t.facts(), "begins": None if t.begins is None else str(t.begins)}
        for k, t in sorted(tallies.items())
    ]
    return {"streams": streams, "attachments": attached, "shift": str(shift)}


def add_converted(output: Any, source: Any, words: Any, indexes: list[int]) -> dict[int, Any]:
    """Add the converted subtitles; stream k of `words` stands for stream `indexes[k]` of the source."""
    added = {}
    for k, index in enumerate(indexes):
        original = source.streams[index]
        stream = output.add_stream_from_template(words.streams[k], opaque=True)
        stream.metadata.update(fresh(dict(original.metadata), encoded=True))
        stream.disposition = original.disposition
        added[k] = stream
    return added


def attach(output: Any, source: Any, path: str, plan: dict[str, Any]) -> dict[str, str]:
    """Attach a font or a cover, and tell what it is."""
    data = attached_bytes(source, path, plan["index"])
    output.add_attachment(plan["file_name"], plan["mimetype"], data)
    if plan["extract_to"]:
        Path(plan["extract_to"]).write_bytes(data)
    return attached_facts(plan["file_name"], plan["mimetype"], data)


def attached_bytes(source: Any, path: str, index: int) -> bytes:
    """A font or a cover, byte for byte."""
    stream = source.streams[index]
    if stream.type == "attachment":
        return bytes(stream.data)
    with av.open(file_url(path), options=INPUT_OPTIONS) as again:
        return next(bytes(p) for p in again.demux(again.streams[index]) if p.size)


def moved_chapters(chapters: list[Any], shift: Fraction, window: Window | None) -> list[Any]:
    """Chapters on the output's clock; those that reach into a window, cut at its ends."""
    moved = []
    for chapter in chapters:
        start, end = (chapter[name] * Fraction(chapter["time_base"]) for name in ("start", "end"))
        if window is not None:
            start, end = max(start, window.begin), min(end, window.end)
            if start >= end:
                continue
        ticks = [max(0, to_ticks(1, second, shift)) for second in (start, end)]
        moved.append(
            {
                "id": chapter["id"],
                "start": ticks[0],
                "end": ticks[1],
                "time_base": CLOCK,
                "metadata": chapter["metadata"],
            }
        )
    return moved


def write(output: Any, packets: Iterator[Any], tallies: dict[tuple[int, int], Tally]) -> None:
    """Write packets in the order given and count those that are copies."""
    for _, _, _, packet, copied in packets:
        if copied is not None:
            tallies[copied].add(bytes(packet), packet.pts)
        output.mux_one(packet)


def keep(path: str) -> None:
    """Force the file to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


if __name__ == "__main__":
    sys.exit(answer(mux))
