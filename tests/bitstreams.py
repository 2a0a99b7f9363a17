"""What files say in their own bytes, read without FFmpeg and without the program's own code: AV1 units, Matroska.

Only as much as the tests ask for (AV1 bitstream specification 5.3 to 5.8; RFC 8794 and RFC 9559).
"""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

SEQUENCE_HEADER, METADATA = 1, 5
LIGHT, MASTERING, T35 = 1, 2, 4
#: Master elements on the way to what is read.
MASTERS = frozenset({0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x55B0, 0x55D0})
COLOUR = {
    0x55B1: "matrix", 0x55B7: "siting_across", 0x55B8: "siting_down", 0x55B9: "range", 0x55BA: "transfer",
    0x55BB: "primaries", 0x55BC: "max_cll", 0x55BD: "max_fall",
}  # fmt: skip
#: Chromaticities of red, green, blue and white, then the highest and the lowest luminance.
MASTERING_FIELDS = range(0x55D1, 0x55DB)


class Bits:
    """Reads numbers of so many bits."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def __call__(self, count: int) -> int:
        self._left -= count
        assert self._left >= 0, "read beyond the end"
        return self._value >> self._left & ((1 << count) - 1)


def obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each unit of a packet."""
    while data:
        header, data = data[0], data[2 if data[0] & 4 else 1 :]
        size = len(data)
        if header & 2:
            size = shift = 0
            while True:
                byte, data = data[0], data[1:]
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
        assert size <= len(data)
        yield header >> 3 & 15, data[:size]
        data = data[size:]


def color_config(payload: bytes) -> dict[str, int]:
    """The colours a sequence header says (5.5.1, 5.5.2), by H.273's numbers; 2 where nothing is said."""
    bits = Bits(payload)
    profile, _, reduced = bits(3), bits(1), bits(1)
    assert not reduced
    assert not bits(1), "timing information is not read here"
    delays, points = bits(1), bits(5) + 1
    for _ in range(points):
        bits(12)
        if bits(5) > 7:
            bits(1)
        if delays and bits(1):
            bits(4)
    width, height = bits(4) + 1, bits(4) + 1
    bits(width + height)
    if bits(1):
        bits(7)
    bits(3)
    bits(4)
    order = bits(1)
    bits(2 if order else 0)
    tools = 2 if bits(1) else bits(1)
    if tools and not bits(1):
        bits(1)
    bits(3 if order else 0)
    bits(3)
    deep, mono = bits(1), bits(1)
    assert (profile, mono) == (0, 0)
    primaries, transfer, matrix = (bits(8), bits(8), bits(8)) if bits(1) else (2, 2, 2)
    return {
        "bits": 10 if deep else 8, "primaries": primaries, "transfer": transfer, "matrix": matrix,
        "full": bits(1), "chroma": bits(2),
    }  # fmt: skip


def film_packets(path: Path) -> list[bytes]:
    """The packets of a file's first picture, in the order of showing."""
    with av.open(str(path)) as container:
        found = [(p.pts, bytes(p)) for p in container.demux(video=0) if p.size]
    return [data for _, data in sorted(found)]


def sequence_colors(path: Path) -> list[dict[str, int]]:
    """What each sequence header of a film says of its colours."""
    return [color_config(p) for data in film_packets(path) for kind, p in obus(data) if kind == SEQUENCE_HEADER]


def metadata(path: Path, wanted: int) -> list[list[bytes]]:
    """Metadata of one type on each packet of a film, without its type and its trailing bit."""
    found = []
    for data in film_packets(path):
        units = [p for kind, p in obus(data) if kind == METADATA and p[0] == wanted]
        assert all(p.rstrip(b"\0")[-1] == 0x80 for p in units)
        found.append([p[1:].rstrip(b"\0")[:-1] for p in units])
    return found


def bitstream_light(path: Path) -> set[tuple[int, ...]]:
    """Every content light level in the units: of a sample, of a frame's mean."""
    return {struct.unpack(">2H", p) for units in metadata(path, LIGHT) for p in units}


def bitstream_mastering(path: Path) -> set[tuple[int, ...]]:
    """Every mastering display in the units, as raw numbers: red, green, blue, white, highest, lowest (6.7.4)."""
    return {struct.unpack(">8H2I", p) for units in metadata(path, MASTERING) for p in units}


def _number(data: bytes, place: int, *, keep: bool) -> tuple[int, int]:
    width = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + width], "big")
    return (value if keep else value & ((1 << 7 * width) - 1)), place + width


def elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Elements of Matroska below the masters we know, in order."""
    place = start
    while place < end:
        name, place = _number(data, place, keep=True)
        size, place = _number(data, place, keep=False)
        stop = min(place + size, end)
        if name in MASTERS:
            yield from elements(data, place, stop)
        else:
            yield name, data[place:stop]
        place = stop


def matroska_colour(path: Path) -> dict[str, Any]:
    """The Colour element of a file's only picture; empty where there is none."""
    data = path.read_bytes()
    found: dict[str, Any] = {}
    mastering = {}
    for name, value in elements(data, 0, len(data)):
        if name in COLOUR:
            assert COLOUR[name] not in found
            found[COLOUR[name]] = int.from_bytes(value, "big")
        elif name in MASTERING_FIELDS:
            mastering[name] = Fraction(struct.unpack(">f" if len(value) == 4 else ">d", value)[0])
    return found | ({"mastering": tuple(mastering[name] for name in MASTERING_FIELDS)} if mastering else {})
