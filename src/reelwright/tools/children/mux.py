"""Child process: join chunks and everything else of the source into one file.

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

from reelwright.planning.containers import Container
from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.encoded import SOUND, Sounds
from reelwright.tools.children.excerpt import Window, packets_inside, shift_for
from reelwright.tools.children.hdr10plus import AND
from reelwright.tools.children.obu import with_t35
from reelwright.tools.children.packets import MILLISECOND, Tally, as_stored, attached_facts, says_something, to_ticks
from reelwright.tools.children.writer import (
    Timeline,
    add_picture,
    decodable,
    open_output,
    titled,
    write_picture,
    written_chapters,
)

#: Tags that describe the former container or were made stale by the new stream.
STALE_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration"})
STALE_PREFIXES = ("bps", "number_of_frames", "number_of_bytes", "_statistics", "duration")


def fresh(tags: dict[str, str], *, encoded: bool) -> dict[str, str]:
    """Tags that are still true in the output."""
    stale = STALE_PREFIXES if encoded else ("duration",)
    return {k: v for k, v in tags.items() if k.lower() not in STALE_TAGS and not k.lower().startswith(stale)}


def add_film(output: Any, chunk: Any, original: Any, request: dict[str, Any]) -> Any:
    """Add the film's stream: codec, HDR records and display matrix of the chunks, tags of the source."""
    stream = output.add_stream_from_template(chunk.streams.video[0], opaque=True)
    stream.time_base = Fraction(request["clock"])
    if request["sample_aspect"] is not None:
        stream.codec_context.sample_aspect_ratio = Fraction(request["sample_aspect"])
    if request["rate"] is not None:
        stream.codec_context.framerate = Fraction(request["rate"])
    stream.metadata.update(fresh(titled(dict(original.metadata)), encoded=True))
    stream.metadata.update(request["film_tags"])
    stream.disposition = original.disposition
    return stream


def add_beside(output: Any, source: Any, plans: list[dict[str, Any]], sounds: Sounds) -> dict[int, Any]:
    """Add a stream for each one that is copied as it is, and for each encoded sound; by index in `source`."""
    added = {}
    for plan in plans:
        original = source.streams[plan["index"]]
        sound = sounds.template(plan["index"])
        stream = output.add_stream_from_template(sound or original, opaque=True)
        stream.metadata.update(fresh(titled(dict(original.metadata)), encoded=sound is not None))
        stream.disposition = original.disposition
        added[plan["index"]] = stream
    return added


def film_packets(request: dict[str, Any], index: dict[str, Any], line: Timeline, film: Any) -> Iterator[Any]:
    """The chunks' packets, stamped with the source's times, as (seconds, order, number, packet, None).

    Raises:
        ValueError: the chunks hold more or fewer packets than there are frames to encode.
    """
    (first, end), base = request["span"], Fraction(index["time_base"])
    pts, whole = index["pts"][first:end], end == len(index["pts"])
    last_duration = index["last_duration"] if whole else index["pts"][end] - pts[-1]
    payloads = payloads_of(index)[first:end]
    frame = 0
    for path in request["chunks"]:
        with av.open(file_url(path), options=INPUT_OPTIONS) as chunk:
            for read in chunk.demux(chunk.streams.video[0]):
                if not read.size:
                    continue
                if frame >= len(pts):
                    raise ValueError(f"the chunks hold more packets than the source's {len(pts)} frames")
                packet = carrying(read, payloads[frame]) if payloads and payloads[frame] else read
                # Only the last frame's end is not the next one's start.
                packet.duration = last_duration if frame == len(pts) - 1 else 0
                yield line.stamp(packet, pts[frame], None, base, film), 0, frame, packet, None
                frame += 1
    if frame != len(pts):
        raise ValueError(f"the chunks hold {frame} packets for the source's {len(pts)} frames")


def payloads_of(index: dict[str, Any]) -> list[list[bytes]]:
    """HDR10+ payloads of each frame of the source; empty where no frame has any."""
    kinds = [[bytes.fromhex(p) for p in payloads.split(AND) if p] for payloads, _ in index.get("hdr10plus", ())]
    return [kinds[place] for place in index.get("hdr10plus_of") or ()]


def carrying(packet: Any, payloads: list[bytes]) -> Any:
    """A packet of AV1 with the HDR10+ of its frame, which no encoder here takes along."""
    made = av.Packet(with_t35(bytes(packet), payloads))
    made.time_base, made.pts, made.dts = packet.time_base, packet.pts, packet.dts
    made.is_keyframe = packet.is_keyframe
    return made


def read_packets(source: Any, path: str, film: int | None, wanted: list[int], window: Window | None) -> Iterator[Any]:
    """Packets of some streams, in the file's order: all of them, or those that reach into a window."""
    if not wanted:
        return
    if window is not None:
        yield from filter(says_something, packets_inside(path, wanted, film, window))
        return
    for packet in source.demux([source.streams[k] for k in wanted]):
        if says_something(packet) and (packet.pts is not None or packet.dts is not None):
            yield packet


def copied_packets(
    packets: Iterator[Any], streams: dict[int, Any], line: Timeline, order: int, tallies: dict[tuple[int, int], Tally]
) -> Iterator[Any]:
    """Packets of copied streams, as (seconds, order, number, packet, index)."""
    for number, packet in enumerate(packets):
        pts = packet.pts if packet.pts is not None else packet.dts
        index = packet.stream_index
        tallies[order, index].begin(pts * packet.time_base)
        seconds = line.stamp(packet, pts, packet.dts, packet.time_base, streams[index])
        yield seconds, order, number, packet, (order, index)


def mux(request: dict[str, Any]) -> dict[str, Any]:
    """Join everything and tell, stream by stream, what was written."""
    index = json.loads(gzip.decompress(Path(request["index"]).read_bytes()))
    source_path: str = request["source"]
    wanted, film_index = [plan["index"] for plan in request["copies"]], request["video_index"]
    window, clock = Window(*map(Fraction, request["window"])) if request["window"] else None, Fraction(request["clock"])
    shift = shift_for(source_path, wanted, film_index, window, clock) if window else Fraction(request["shift"])
    line, container = Timeline(shift), Container(request["container"])
    with (
        av.open(file_url(source_path), options=INPUT_OPTIONS, metadata_errors="replace") as source,
        av.open(file_url(request["chunks"][0]), options=INPUT_OPTIONS) as first,
        open_output(request) as output,
    ):
        output.metadata.update(fresh(dict(source.metadata), encoded=False))
        film = add_film(output, first, source.streams[film_index], request)
        sounds = Sounds(request["sounds"])
        beside = sorted([*request["copies"], *request["sounds"]], key=lambda plan: int(plan["index"]))
        added = add_beside(output, source, beside, sounds)
        copies = {k: stream for k, stream in added.items() if k in wanted}
        tallies = {(1, k): Tally() for k in copies} | {(SOUND, k): Tally() for k in sounds.by_index}
        read = decodable(read_packets(source, source_path, film_index, wanted, window))
        inputs = [copied_packets(read, copies, line, 1, tallies)]
        inputs += [sounds.packets(k, added[k], line, tallies) for k in sounds.by_index]
        if request["converted"]:
            words = av.open(file_url(request["converted"]), options=INPUT_OPTIONS)
            converted = add_converted(output, source, words, request["conversions"])
            read = read_packets(words, request["converted"], None, list(converted), window)
            tallies |= {(2, k): Tally() for k in converted}
            inputs.append(copied_packets(read, converted, line, 2, tallies))
        add = attach if container is Container.MATROSKA else attach_picture
        attached = [add(output, source, source_path, plan) for plan in request["attachments"]]
        output.set_chapters(written_chapters(container, moved_chapters(source.chapters(), line.shift, window)))
        begin(output, film, clock, attached)
        write(output, heapq.merge(film_packets(request, index, line, film), *inputs), tallies)
    keep(request["out"])
    streams = [
        {"input": k[0], "index": k[1], **t.facts(), "begins": None if t.begins is None else str(t.begins)}
        for k, t in sorted(tallies.items())
    ]
    return {"streams": streams, "attachments": [facts for facts, _, _ in attached], "shift": str(shift)}


def begin(output: Any, film: Any, clock: Fraction, attached: list[tuple[dict[str, str], Any, bytes]]) -> None:
    """Write the header, from which on the streams' clocks are known, and the pictures that have no track.

    Raises:
        ValueError: the muxer gave the film another clock than was planned.
    """
    output.start_encoding()
    if film.time_base != clock:
        raise ValueError(f"the film's clock is {film.time_base}, not {clock}")
    for _, stream, data in attached:
        if stream is not None:
            write_picture(output, stream, data)


def add_converted(output: Any, source: Any, words: Any, indexes: list[int]) -> dict[int, Any]:
    """Add the converted subtitles; stream k of `words` stands for stream `indexes[k]` of the source."""
    added = {}
    for k, index in enumerate(indexes):
        original = source.streams[index]
        stream = output.add_stream_from_template(words.streams[k], opaque=True)
        stream.metadata.update(fresh(titled(dict(original.metadata)), encoded=True))
        stream.disposition = original.disposition
        added[k] = stream
    return added


def attach_picture(output: Any, source: Any, path: str, plan: dict[str, Any]) -> tuple[dict[str, str], Any, bytes]:
    """Add a cover to MP4, which keeps neither its name nor its type; its bytes are written after the header."""
    data = attached_bytes(source, path, plan["index"])
    return attached_facts(None, None, data), add_picture(output, source.streams[plan["index"]]), data


def attach(output: Any, source: Any, path: str, plan: dict[str, Any]) -> tuple[dict[str, str], None, bytes]:
    """Attach a font or a cover to Matroska, and tell what it is."""
    data = attached_bytes(source, path, plan["index"])
    output.add_attachment(plan["file_name"], plan["mimetype"], data)
    if plan["extract_to"]:
        Path(plan["extract_to"]).write_bytes(data)
    return attached_facts(plan["file_name"], plan["mimetype"], data), None, data


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
                "time_base": MILLISECOND,
                "metadata": chapter["metadata"],
            }
        )
    return moved


def write(output: Any, packets: Iterator[Any], tallies: dict[tuple[int, int], Tally]) -> None:
    """Write packets in the order given and count those that are copies."""
    for _, _, _, packet, copied in packets:
        if copied is not None:
            tallies[copied].add(as_stored(packet.stream.codec_context.name, bytes(packet)), packet.pts)
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
