"""Ways to spoil a good output: read into memory, changed in one place, and written again.

To add a way, write a function that takes a `Draft` and changes it, or one that changes a file's bytes, and name the
checks that must fail in `test_spoilt_outputs.py`.
"""

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from everything import run

MATROSKA = {"fflags": "+bitexact", "default_mode": "passthrough"}


@dataclass(kw_only=True)
class Packet:
    """One packet."""

    data: bytes
    pts: int
    dts: int
    duration: int
    key: bool


@dataclass(kw_only=True)
class Track:
    """One stream and everything in it."""

    place: int
    kind: str
    tags: dict[str, str]
    dispositions: set[str]
    packets: list[Packet]


@dataclass(kw_only=True)
class File:
    """An attached file."""

    name: str
    mimetype: str
    data: bytes


@dataclass(kw_only=True)
class Draft:
    """A whole output in memory. Times are milliseconds."""

    tags: dict[str, str]
    tracks: list[Track]
    files: list[File]
    chapters: list[dict[str, Any]]

    def of_kind(self, kind: str) -> list[Track]:
        """The tracks of one kind."""
        return [track for track in self.tracks if track.kind == kind]

    @property
    def film(self) -> list[Packet]:
        """The film's packets."""
        return self.tracks[0].packets


def is_cover(stream: Any) -> bool:
    """Whether a stream is an attached picture."""
    return Disposition.attached_pic in stream.disposition


def read(path: Path) -> Draft:
    """Read an output."""
    container: Any
    with av.open(str(path)) as container:
        found: dict[int, list[Packet]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                base = packet.time_base * 1000
                pts = packet.pts or 0  # an attached picture has none
                times = [round(t * base) for t in (pts, pts if packet.dts is None else packet.dts)]
                length = round((packet.duration or 0) * base)
                found[packet.stream_index].append(
                    Packet(data=bytes(packet), pts=times[0], dts=times[1], duration=length, key=packet.is_keyframe)
                )
        tracks, files = [], []
        for s in container.streams:
            tags = dict(s.metadata)
            if s.type == "attachment":
                files.append(File(name=s.name, mimetype=s.mimetype, data=bytes(s.data)))
            elif is_cover(s):
                data = found[s.index][0].data
                files.append(File(name=tags["filename"], mimetype=tags["mimetype"], data=data))
            else:
                flags = {flag.name for flag in s.disposition if flag.name}
                tracks.append(Track(place=s.index, kind=s.type, tags=tags, dispositions=flags, packets=found[s.index]))
        return Draft(tags=dict(container.metadata), tracks=tracks, files=files, chapters=container.chapters())


def write(draft: Draft, good: Path, path: Path) -> None:
    """Write an output; what PyAV cannot say of a stream comes from the good one, and the aspect from FFmpeg."""
    square = path.with_suffix(".square.mkv")
    write_square(draft, good, square)
    files: list[str | Path] = []
    for k, file in enumerate(draft.files):
        data = path.with_name(f"attached-{k}")
        data.write_bytes(file.data)
        files += ["-attach", data, f"-metadata:s:t:{k}", f"mimetype={file.mimetype}"]
        files += [f"-metadata:s:t:{k}", f"filename={file.name}"]
    maps = [part for k in range(len(draft.tracks)) for part in ("-map", f"0:{k}")]
    for k, track in enumerate(draft.tracks):
        maps += [f"-disposition:{k}", "+".join(track.dispositions) or "0"]
    run(
        path.parent,
        *("-copyts", "-i", square, *maps, "-c", "copy", "-aspect:v:0", "16:9", *files),
        *(
            "-fflags",
            "+bitexact",
            "-default_mode",
            "passthrough",
            "-avoid_negative_ts",
            "disabled",
            "-f",
            "matroska",
            path,
        ),
    )


def write_square(draft: Draft, good: Path, path: Path) -> None:
    """Write an output of square samples."""
    container: Any
    with av.open(str(good)) as like, av.open(str(path), "w", format="matroska", options=MATROSKA) as container:
        container.metadata.update(draft.tags)
        rows = []
        for number, track in enumerate(draft.tracks):
            stream = container.add_stream_from_template(like.streams[track.place], opaque=True)
            if number == 0:
                stream.codec_context.framerate = like.streams[track.place].average_rate
            stream.time_base = Fraction(1, 1000)
            stream.metadata.update(track.tags)
            stream.disposition = reduce(or_, (Disposition[name] for name in track.dispositions), Disposition(0))
            rows.append([(p.dts, number, k, p, stream) for k, p in enumerate(track.packets)])
        for file in draft.files:
            container.add_attachment(file.name, file.mimetype, file.data)
        container.set_chapters(draft.chapters)
        for _, _, _, packet, stream in heapq.merge(*rows, key=lambda row: row[:3]):
            container.mux_one(made(packet, stream))


def made(packet: Packet, stream: Any) -> av.Packet:
    """A packet for a stream."""
    new = av.Packet(packet.data)
    new.pts, new.dts, new.duration = packet.pts, packet.dts, packet.duration
    new.is_keyframe, new.time_base, new.stream = packet.key, Fraction(1, 1000), stream
    return new


Change = Callable[[Draft], None]


def drop_frame(number: int) -> Change:
    """Without one frame."""
    return lambda draft: draft.film.__delitem__(number)


def duplicate_frame(draft: Draft) -> None:
    """One frame twice, the second half way to the next."""
    first = draft.film[30]
    twice = Packet(**{**vars(first), "pts": first.pts + 20, "dts": first.dts + 20})
    draft.film.insert(31, twice)


def swap_chunks(draft: Draft) -> None:
    """The first two chunks change places; times stay."""
    film = draft.film
    first, second = [k for k, packet in enumerate(film) if packet.key][1:3]
    data = [(p.data, p.key) for p in (*film[first:second], *film[:first], *film[second:])]
    for packet, (payload, key) in zip(film, data, strict=True):
        packet.data, packet.key = payload, key


def shift(kind: str, milliseconds: int) -> Change:
    """One kind of streams is late."""

    def change(draft: Draft) -> None:
        for track in draft.of_kind(kind):
            for packet in track.packets:
                packet.pts, packet.dts = packet.pts + milliseconds, packet.dts + milliseconds

    return change


def drop_track(kind: str, number: int) -> Change:
    """Without one stream."""
    return lambda draft: draft.tracks.remove(draft.of_kind(kind)[number])


def drop_packet(kind: str, number: int, packet: int) -> Change:
    """Without one packet of one stream."""
    return lambda draft: draft.of_kind(kind)[number].packets.__delitem__(packet)


def change_packet(kind: str, number: int) -> Change:
    """One byte of one packet differs."""

    def change(draft: Draft) -> None:
        packet = draft.of_kind(kind)[number].packets[1]
        packet.data = packet.data[:-1] + bytes([packet.data[-1] ^ 1])

    return change


def tag(kind: str, number: int, key: str, value: str | None) -> Change:
    """A tag of a stream says something else; None: nothing."""

    def change(draft: Draft) -> None:
        tags = draft.of_kind(kind)[number].tags
        if value is None:
            del tags[key]
        else:
            tags[key] = value

    return change


def file_tag(key: str, value: str) -> Change:
    """A tag of the file says something else."""
    return lambda draft: draft.tags.__setitem__(key, value)


def disposition(kind: str, number: int, name: str) -> Change:
    """A disposition is lost, or gained."""
    return lambda draft: draft.of_kind(kind)[number].dispositions.__ixor__({name})


def drop_file(name: str) -> Change:
    """Without one attached file."""
    return lambda draft: draft.files.__delitem__([f.name for f in draft.files].index(name))


def change_file(name: str, /, **to: Any) -> Change:
    """An attached file is another one."""

    def change(draft: Draft) -> None:
        for file in draft.files:
            if file.name == name:
                for key, value in to.items():
                    setattr(file, key, value)

    return change


def drop_chapter(draft: Draft) -> None:
    """Without the second chapter."""
    del draft.chapters[1]


def chapter(number: int, /, **to: Any) -> Change:
    """A chapter is changed; times in nanoseconds, as they are read."""

    def change(draft: Draft) -> None:
        draft.chapters[number] = {**draft.chapters[number], **to}

    return change


def frames_of(other: Path) -> Change:
    """The film's packets are another encode's."""

    def change(draft: Draft) -> None:
        packets = read(other).film
        for packet, new in zip(draft.film, packets, strict=True):
            packet.data, packet.key = new.data, new.key

    return change


Patch = Callable[[bytes], bytes]


def element(identity: str, value: bytes) -> Patch:
    """Give the first element of that id another value of the same length (RFC 8794); its checksum is not kept."""

    def patch(data: bytes) -> bytes:
        found = re.search(re.escape(bytes.fromhex(identity) + bytes([0x80 | len(value)])), data)
        assert found is not None, f"there is no element {identity} of {len(value)} bytes"
        return data[: found.end()] + value + data[found.end() + len(value) :]

    return patch


def last_packet(path: Path) -> tuple[bytes, int, int]:
    """A file's bytes, and where the film's last packet lies in them."""
    data, packet = path.read_bytes(), read(path).film[-1].data
    begin = data.rindex(packet)
    return data, begin, begin + len(packet)


def damage_last(path: Path) -> bytes:
    """The second half of the film's last packet is zeros."""
    data, begin, end = last_packet(path)
    middle = (begin + end) // 2
    return data[:middle] + bytes(end - middle) + data[end:]


def cut_last(path: Path) -> bytes:
    """The file ends in the middle of the film's last packet."""
    data, begin, end = last_packet(path)
    return data[: (begin + end) // 2]


def copied_by_ffmpeg(path: Path) -> bytes:
    """A plain copy by FFmpeg's command line, which makes cover art a video track."""
    copy = path.with_suffix(".copy.mkv")
    times = ("-copyts", "-avoid_negative_ts", "disabled", "-default_mode", "passthrough")
    run(path.parent, *times[:1], "-i", path, "-map", "0", "-c", "copy", *times[1:], copy)
    return copy.read_bytes()
