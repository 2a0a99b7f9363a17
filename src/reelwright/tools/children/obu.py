"""AV1's open bitstream units (AV1 bitstream specification 5.3 to 5.8): read a temporal unit apart, and add to it.

Only what is needed here: which units there are, which frame is shown, and metadata units of ITU-T T.35.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

#: A number of type leb128() takes eight bytes at the most (4.10.5).
MOST_LEB128_BYTES = 8
#: `metadata_type` of ITU-T T.35 (6.7.1).
ITUT_T35 = 4
#: The bit that ends a metadata unit's payload, and the padding to a byte (5.3.4). Decoders drop a unit without it.
TRAILING = b"\x80"


class Kind(IntEnum):
    """Types of units (6.2.2) that matter here."""

    SEQUENCE_HEADER = 1
    TEMPORAL_DELIMITER = 2
    FRAME_HEADER = 3
    METADATA = 5
    FRAME = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One unit of a temporal unit."""

    kind: int
    #: Where it begins in the temporal unit, its header included.
    start: int
    #: Its bytes behind header and size.
    payload: bytes


def leb128(value: int) -> bytes:
    """Write a number in the variable-length form of 4.10.5, in as few bytes as it takes.

    Raises:
        ValueError: it is negative.
    """
    if value < 0:
        raise ValueError("a negative number has no leb128 form")
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def read_leb128(data: bytes, start: int) -> tuple[int, int]:
    """A number of type leb128() and where what follows begins.

    Raises:
        ValueError: it is cut off or too long.
    """
    value = 0
    for k in range(MOST_LEB128_BYTES):
        if start + k >= len(data):
            break
        byte = data[start + k]
        value |= (byte & 0x7F) << (7 * k)
        if not byte & 0x80:
            return value, start + k + 1
    raise ValueError("an AV1 unit's size cannot be read")


def units(data: bytes) -> Iterator[Unit]:
    """The units of a temporal unit in the low-overhead format (5.2), as containers hold them.

    Raises:
        ValueError: they do not fill it exactly.
    """
    place = 0
    while place < len(data):
        header, start = data[place], place
        if header & 0x80:
            raise ValueError("an AV1 unit's forbidden bit is set")
        place += 2 if header & 0x04 else 1
        # Without a size of its own it reaches to the end.
        size, place = read_leb128(data, place) if header & 0x02 else (len(data) - place, place)
        if place + size > len(data):
            raise ValueError("an AV1 unit reaches beyond its packet")
        yield Unit(kind=header >> 3 & 0x0F, start=start, payload=data[place : place + size])
        place += size


def is_shown(unit: Unit) -> bool:
    """Whether it begins a frame that is shown, now decoded or decoded before (5.9.2). Still pictures are none."""
    if unit.kind not in {Kind.FRAME, Kind.FRAME_HEADER} or not unit.payload:
        return False
    show_existing, show = unit.payload[0] & 0x80, unit.payload[0] & 0x10
    return bool(show_existing or show)


def t35_unit(payload: bytes) -> bytes:
    """A metadata unit of one ITU-T T.35 payload, which begins with the country code (5.8.2)."""
    body = leb128(ITUT_T35) + payload + TRAILING
    return bytes([Kind.METADATA << 3 | 0x02]) + leb128(len(body)) + body


def t35_payloads(data: bytes) -> list[bytes]:
    """The ITU-T T.35 payloads of a temporal unit, each from its country code on."""
    found = []
    for unit in units(data):
        if unit.kind == Kind.METADATA:
            kind, start = read_leb128(unit.payload, 0)
            if kind == ITUT_T35:
                # The last bit that is set ends the payload; zero bytes may follow (5.3.4).
                found.append(unit.payload[start:].rstrip(b"\0").removesuffix(TRAILING))
    return found


def with_t35(data: bytes, payloads: Iterable[bytes]) -> bytes:
    """A temporal unit with ITU-T T.35 metadata added right before the frame that is shown.

    There and not at the front: a temporal unit may hold hidden frames too, and decoders take metadata for the next
    frame's (HDR10+ AV1 Metadata Handling Specification 2.2; dav1d's merge request 1689).

    Raises:
        ValueError: no frame of it is shown.
    """
    place = next((unit.start for unit in units(data) if is_shown(unit)), None)
    if place is None:
        raise ValueError("an encoded packet shows no frame")
    return data[:place] + b"".join(map(t35_unit, payloads)) + data[place:]
