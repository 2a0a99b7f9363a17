"""The boxes of an MP4 file (ISO/IEC 14496-12), read without FFmpeg."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Boxes that hold boxes, and how many bytes come before those.
INNER = {
    **dict.fromkeys(("moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "ilst", "covr"), 0),
    "meta": 4,
    "stsd": 8,
    "av01": 78,
}


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box, what is in it, and the boxes inside."""

    kind: str
    data: bytes
    inner: tuple["Box", ...]

    def find(self, path: str) -> "Box":
        """The box at a path such as `mdia/minf`; the first where there are several."""
        first, _, rest = path.partition("/")
        found = next(box for box in self.inner if box.kind == first)
        return found.find(rest) if rest else found

    def has(self, path: str) -> bool:
        """Whether there is a box at a path."""
        try:
            self.find(path)
        except StopIteration:
            return False
        return True

    def numbers(self, pattern: str, offset: int = 0) -> tuple[int, ...]:
        """Big-endian numbers in the box."""
        return struct.unpack_from(f">{pattern}", self.data, offset)


def boxes(data: bytes) -> Iterator[Box]:
    """The boxes in some bytes."""
    place = 0
    while place + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, place + 8), 16
        end = place + size if size else len(data)
        kind, body = name.decode("latin-1"), data[place + head : end]
        inner = tuple(boxes(body[INNER[kind] :])) if kind in INNER else ()
        yield Box(kind=kind, data=body, inner=inner)
        place = end


@dataclass(frozen=True, kw_only=True)
class Track:
    """A track's boxes and clock."""

    box: Box

    @property
    def kind(self) -> str:
        """What it is, such as `vide` or `soun`."""
        return self.box.find("mdia/hdlr").data[8:12].decode()

    @property
    def scale(self) -> int:
        """Ticks a second."""
        header = self.box.find("mdia/mdhd")
        return header.numbers("I", 12 if header.data[0] == 0 else 20)[0]

    @property
    def durations(self) -> list[int]:
        """Ticks from each sample's decoding to the next one's (`stts`)."""
        table = self.box.find("mdia/minf/stbl/stts")
        (count,) = table.numbers("I", 4)
        pairs = [table.numbers("II", 8 + 8 * k) for k in range(count)]
        return [ticks for number, ticks in pairs for _ in range(number)]

    @property
    def reordered(self) -> bool:
        """Whether samples are shown in another order than they are decoded in (`ctts`)."""
        return self.box.has("mdia/minf/stbl/ctts")

    @property
    def edits(self) -> list[tuple[int, int]]:
        """Length in the movie's ticks and first tick of the track shown; -1 is a pause (`elst`)."""
        table = self.box.find("edts/elst")
        (count,) = table.numbers("I", 4)
        wide = table.data[0] == 1
        return [
            (row[0], row[1])
            for row in (table.numbers("Qq" if wide else "Ii", 8 + (20 if wide else 12) * k) for k in range(count))
        ]

    @property
    def enabled(self) -> bool:
        """Whether players take it unasked."""
        return bool(self.box.find("tkhd").data[3] & 1)

    @property
    def picture(self) -> Box:
        """The sample entry of AV1 video."""
        return self.box.find("mdia/minf/stbl/stsd/av01")


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A whole file."""

    top: tuple[Box, ...]

    @property
    def order(self) -> list[str]:
        """Kinds of the boxes at the top."""
        return [box.kind for box in self.top]

    @property
    def index(self) -> Box:
        """The `moov` box."""
        return next(box for box in self.top if box.kind == "moov")

    @property
    def scale(self) -> int:
        """Ticks a second of edits."""
        header = self.index.find("mvhd")
        return header.numbers("I", 12 if header.data[0] == 0 else 20)[0]

    @property
    def made(self) -> int:
        """When the file says it was made, in seconds since 1904; 0: it does not say."""
        return self.index.find("mvhd").numbers("I", 4)[0]

    @property
    def tracks(self) -> list[Track]:
        """Tracks in their order."""
        return [Track(box=box) for box in self.index.inner if box.kind == "trak"]


def movie(path: Path) -> Movie:
    """A file's boxes."""
    return Movie(top=tuple(boxes(path.read_bytes())))
