"""Child process: join chunks and everything else of the source into one file.

Packet k of the chunks, put one after another, gets the PTS of the source's shown frame k: the only way of joining
that keeps variable frame rates (the concat demuxer and mkvmerge guess the length of each chunk's last frame).
"""

import gzip
import heapq
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from reelwright.planning.containers import Container
from reelwright.planning.streams import Input
from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.encoded import Sounds
from reelwright.tools.children.excerpt import Window, packets_inside, shift_for
from reelwright.tools.children.framing import WRITTEN, Segments
from reelwright.tools.children.hdr10plus import AND
from reelwright.tools.children.obu import with_t35
from reelwright.tools.children.packets import MILLISECOND, Spans, Tally, attached_facts, says_something, to_ticks
from reelwright.tools.children.source import open_source
from reelwright.tools.children.writer import (
    Timeline,
    add_picture,
    decodable,
    lasting,
    open_output,
    write_picture,
    written_chapters,
)


def describe(stream: Any, said: dict[str, Any]) -> None:
    """Give a stream of the output its tags and dispositions."""
    stream.metadata.update(said["tags"])
    stream.disposition = reduce(or_, (Disposition[name] for name in said["dispositions"]), Disposition(0))


def add_film(output: Any, chunk: Any, request: dict[str, Any]) -> Any:
    """Add the film's stream: codec, HDR records and display matrix of the chunks, tags of the source."""
    stream = output.add_stream_from_template(chunk.streams.video[0], opaque=True)
    stream.time_base = Fraction(request["clock"])
    describe(stream, request["film"])
    return tell_film(stream, request)


def tell_film(stream: Any, request: dict[str, Any]) -> Any:
    """Give the film's stream what is said of it beside its packets: shape and rate."""
    if request["sample_aspect"] is not None:
        stream.codec_context.sample_aspect_ratio = Fraction(request["sample_aspect"])
    if request["rate"] is not None:
        stream.codec_context.framerate = Fraction(request["rate"])
    return stream


def add_carried(
    output: Any, plans: list[dict[str, Any]], inputs: dict[int, Any], sounds: Sounds
) -> dict[tuple[int, int], Any]:
    """Add a stream for each one beside the film, in the plan's order; by input and place there."""
    added = {}
    for plan in plans:
        source, place = plan["input"], plan["place"]
        template = sounds.template(place) if source == Input.SOUND else inputs[source].streams[place]
        stream = output.add_stream_from_template(template, opaque=True)
        describe(stream, plan)
        added[source, place] = stream
    return added


def film_packets(
    request: dict[str, Any], index: dict[str, Any], line: Timeline, film: Any, joined: list[dict[str, Any]]
) -> Iterator[Any]:
    """The chunks' packets, stamped with the source's times, as (seconds, order, number, packet, None).

    What each chunk held goes into `joined`.

    Raises:
        ValueError: the chunks hold more or fewer packets than there are frames to encode.
    """
    (first, end), base = request["span"], Fraction(index["time_base"])
    pts, whole = index["pts"][first:end], end == len(index["pts"])
    last_duration = index["last_duration"] if whole else index["pts"][end] - pts[-1]
    payloads = payloads_of(index)[first:end]
    frame = 0
    for path in request["chunks"]:
        taken, written, first_frame = Spans([]), Spans([]), frame
        with av.open(file_url(path), options=INPUT_OPTIONS) as chunk:
            for read in chunk.demux(chunk.streams.video[0]):
                if not read.size:
                    continue
                if frame >= len(pts):
                    raise ValueError(f"the chunks hold more packets than the source's {len(pts)} frames")
                packet = carrying(read, payloads[frame]) if payloads and payloads[frame] else read
                # Only the last frame's end is not the next one's start.
                packet.duration = last_duration if frame == len(pts) - 1 else 0
                taken.add(bytes(read))
                written.add(bytes(packet))
                yield line.stamp(packet, pts[frame], None, base, film), 0, frame, packet, None
                frame += 1
        ends = {"digest": "".join(taken.end()), "written": "".join(written.end())}
        joined.append({"frames": frame - first_frame, **ends})
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
        if says_something(packet):
            yield packet


def whole_packets(packets: Iterator[Any], joiners: dict[int, Segments]) -> Iterator[Any]:
    """The packets, those of PGS segments joined to whole pictures."""
    for packet in packets:
        if (joiner := joiners.get(packet.stream_index)) is None:
            yield packet
        else:
            yield from joiner(packet)
    for joiner in joiners.values():
        yield from joiner(None)


class Late:
    """Holds subtitles back for a moment, because some files have them out of order, which no writer takes.

    Args:
        kinds: what each stream carries.
    """

    def __init__(self, kinds: dict[int, str]) -> None:
        self._kinds = kinds
        self._held: list[Any] = []

    def __call__(self, row: tuple[float, int, int, Any, tuple[int, int]]) -> Iterator[Any]:
        """Take a stamped packet as (seconds, order, number, packet, key); gives those whose turn it is."""
        if self._kinds[row[4][1]] != "subtitle":
            yield from self.until(row[0] - HELD)
            yield row
            return
        heapq.heappush(self._held, row)
        yield from self.until(row[0] - HELD)

    def until(self, seconds: float) -> Iterator[Any]:
        """The packets held that begin before a time."""
        while self._held and self._held[0][0] <= seconds:
            yield heapq.heappop(self._held)


#: Seconds that subtitles are held back.
HELD = 1.0


def earlier(packets: Iterator[Any], lead: int) -> Iterator[Any]:
    """The packets as they were before their times were put off by so many seconds."""
    for packet in packets:
        late = int(lead / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - late
        packet.dts = None if packet.dts is None else packet.dts - late
        yield packet


def carried_packets(
    packets: Iterator[Any],
    streams: dict[tuple[int, int], Any],
    line: Timeline,
    order: int,
    tallies: dict[tuple[int, int], Tally],
) -> Iterator[Any]:
    """Packets of the streams beside the film, as (seconds, order, number, packet, key)."""
    kinds = {index: stream.type for (source, index), stream in streams.items() if source == order}
    late = Late(kinds)
    ends: dict[int, int] = {}
    for number, packet in enumerate(packets):
        index = packet.stream_index
        # One without a time follows the one before it.
        pts = next((t for t in (packet.pts, packet.dts) if t is not None), ends.get(index, 0))
        ends[index] = pts + (packet.duration or 0)
        tallies[order, index].begin(pts * packet.time_base)
        dts = None if kinds[index] == "subtitle" else packet.dts
        seconds = line.stamp(packet, pts, dts, packet.time_base, streams[order, index])
        yield from late((seconds, order, number, packet, (order, index)))
    yield from late.until(float("inf"))


def mux(request: dict[str, Any]) -> dict[str, Any]:
    """Join everything and tell, stream by stream, what was written. Without a chunk the film is one of the copies."""
    index = json.loads(gzip.decompress(Path(request["index"]).read_bytes()))
    path, film_index, plans = request["source"], request["video_index"], request["streams"]
    window, clock = Window(*map(Fraction, request["window"])) if request["window"] else None, Fraction(request["clock"])
    places = [plan["place"] for plan in plans if plan["input"] == Input.SOURCE]
    shift = shift_for(path, places, film_index, window, clock) if window else Fraction(request["shift"])
    line, container = Timeline(shift), Container(request["container"])
    joined: list[dict[str, Any]] = []
    with ExitStack() as files:
        inputs: dict[int, Any] = {Input.SOURCE: files.enter_context(open_source(path))}
        if request["converted"]:
            words = av.open(file_url(request["converted"]), options=INPUT_OPTIONS)
            inputs[Input.CONVERTED] = files.enter_context(words)
        firsts = [files.enter_context(av.open(file_url(c), options=INPUT_OPTIONS)) for c in request["chunks"][:1]]
        output = files.enter_context(open_output(request))
        output.metadata.update(request["tags"])
        encoded = add_film(output, firsts[0], request) if firsts else None
        sounds = Sounds(request["sounds"])
        streams = add_carried(output, plans, inputs, sounds)
        film = encoded or tell_film(streams[Input.SOURCE, film_index], request)
        tallies = {key: Tally(ordered=stream.type != "subtitle") for key, stream in streams.items()}
        readers = [
            carried_packets(read_input(request, opened, source, window), streams, line, source, tallies)
            for source, opened in inputs.items()
        ]
        readers += [sounds.packets(k, streams[Input.SOUND, k], line, tallies) for k in sounds.by_index]
        add = attach if container is Container.MATROSKA else attach_picture
        attached = [add(output, inputs[Input.SOURCE], path, plan) for plan in request["attachments"]]
        output.set_chapters(written_chapters(container, chapters_at(request["chapters"], shift)))
        begin(output, film, clock, attached)
        if encoded is not None:
            readers.append(film_packets(request, index, line, encoded, joined))
        write(output, heapq.merge(*readers), tallies, plans)
    keep(request["out"])
    facts = [
        {"input": k[0], "index": k[1], **t.facts(), "begins": None if t.begins is None else str(t.begins)}
        for k, t in sorted(tallies.items())
    ]
    return {
        "streams": facts,
        "attachments": [said for said, _, _ in attached],
        "chunks": joined,
        "shift": str(shift),
    }


def read_input(request: dict[str, Any], opened: Any, source: int, window: Window | None) -> Iterator[Any]:
    """The packets one input gives to streams beside the film, on the source's clock."""
    plans = [plan for plan in request["streams"] if plan["input"] == source]
    places = [plan["place"] for plan in plans]
    if source == Input.SOURCE:
        joiners = {p["place"]: Segments(opened.streams[p["place"]]) for p in plans if p["framing"] == "segments"}
        read = read_packets(opened, request["source"], request["video_index"], places, window)
        packets = whole_packets(decodable(read), joiners)
        return lasting(packets) if Container(request["container"]) is Container.MP4 else packets
    lead = request["lead"]
    later = None if window is None else Window(window.begin + lead, window.end + lead)
    return earlier(read_packets(opened, request["converted"], None, places, later), lead)


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


def attach_picture(output: Any, source: Any, path: str, plan: dict[str, Any]) -> tuple[dict[str, str], Any, bytes]:
    """Add a cover to MP4, which keeps neither its name nor its type; its bytes are written after the header."""
    data = attached_bytes(source, path, plan["index"])
    return attached_facts(None, None, data), add_picture(output, source.streams[plan["index"]]), data


def attach(output: Any, source: Any, path: str, plan: dict[str, Any]) -> tuple[dict[str, str], None, bytes]:
    """Attach a font or a cover to Matroska, and tell what it is."""
    data = attached_bytes(source, path, plan["index"])
    stream = output.add_attachment(plan["file_name"], plan["mimetype"], data)
    stream.metadata.update(plan["tags"])
    if plan["extract_to"]:
        Path(plan["extract_to"]).write_bytes(data)
    return attached_facts(plan["file_name"], plan["mimetype"], data), None, data


def attached_bytes(source: Any, path: str, index: int) -> bytes:
    """A font or a cover, byte for byte."""
    stream = source.streams[index]
    if stream.type == "attachment":
        return bytes(stream.data)
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as again:
        return next(bytes(p) for p in again.demux(again.streams[index]) if p.size)


def chapters_at(chapters: list[dict[str, Any]], shift: Fraction) -> list[Any]:
    """Chapters on the output's clock."""
    return [
        {
            "id": number,
            **{name: max(0, to_ticks(1, Fraction(chapter[name]), shift)) for name in ("start", "end")},
            "time_base": MILLISECOND,
            "metadata": dict(chapter["tags"]),
        }
        for number, chapter in enumerate(chapters, 1)
    ]


def write(
    output: Any,
    packets: Iterator[Any],
    tallies: dict[tuple[int, int], Tally],
    plans: list[dict[str, Any]],
) -> None:
    """Write packets in the order given and count those beside the film, by what must be there when they are read."""
    framings: dict[tuple[int, int], Callable[[bytes], bytes]] = {
        (p["input"], p["place"]): WRITTEN[p["framing"]] for p in plans if p["framing"] in WRITTEN
    }
    for _, _, _, packet, key in packets:
        if key is not None:
            payload = bytes(packet)
            tallies[key].add(framings[key](payload) if key in framings else payload, packet.pts)
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
