"""HDR10+ of a film's frames, in child processes: each frame's own payload, and what a decoder makes of it.

The payload is taken from the bytes of the packet and not put together again from what was decoded: so it is equal to
the last bit, whatever its version adds. The decoder says which shown frame came of which packet (its opaque field),
so nothing depends on timestamps or on the order of decoding.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from reelwright.tools.children.obu import t35_payloads

#: Country (United States), provider (Samsung), its code for SMPTE ST 2094-40, application 4 (CTA-861-H, annex S).
PREFIX = bytes.fromhex("b5003c000104")
#: Payload type of SEI messages: user data registered by ITU-T T.35 (ITU-T H.265 and H.264, annex D).
REGISTERED = 4
START_CODE = b"\0\0\1"
SIDE_DATA = "DYNAMIC_HDR_PLUS"
#: Joins the payloads of a frame that has several.
AND = "+"

Reader = Callable[[bytes], list[bytes]]


def reader_for(codec: str, extradata: bytes | None) -> Reader | None:
    """What finds HDR10+ payloads in a codec's packets; None where nobody knows how.

    Args:
        codec: FFmpeg's name.
        extradata: the codec's configuration record, which says how units are told apart.
    """
    if codec in {"av1", "libdav1d"}:
        return lambda data: [p for p in t35_payloads(data) if p.startswith(PREFIX)]
    if codec not in SEI_UNITS:
        return None
    record = extradata or b""
    # hvcC and avcC begin with version 1; start codes with a zero.
    length = 0
    if record[:1] == b"\1":
        place = {"hevc": 21, "h264": 4}[codec]
        length = (record[place] & 3) + 1 if len(record) > place else 4
    return lambda data: sei_payloads(codec, data, length)


#: Of each codec: bytes of a unit's header, and which types of unit hold SEI messages.
SEI_UNITS: dict[str, tuple[int, frozenset[int]]] = {"hevc": (2, frozenset({39, 40})), "h264": (1, frozenset({6}))}


def sei_payloads(codec: str, data: bytes, length: int) -> list[bytes]:
    """HDR10+ payloads among the SEI messages of a packet.

    Args:
        codec: "hevc" or "h264".
        data: the packet.
        length: bytes of the size before each unit; 0: units follow start codes.
    """
    header, kinds = SEI_UNITS[codec]
    found = []
    for unit in sized_units(data, length) if length else coded_units(data):
        kind = (unit[0] >> 1 & 0x3F if codec == "hevc" else unit[0] & 0x1F) if unit else -1
        if kind in kinds:
            found += [p for t, p in sei_messages(unescaped(unit[header:])) if t == REGISTERED and p.startswith(PREFIX)]
    return found


def sized_units(data: bytes, length: int) -> Iterator[bytes]:
    """Units behind their sizes, as Matroska and MP4 hold them."""
    place = 0
    while place + length <= len(data):
        size = int.from_bytes(data[place : place + length], "big")
        yield data[place + length : place + length + size]
        place += length + size


def coded_units(data: bytes) -> Iterator[bytes]:
    """Units between start codes (ITU-T H.265, annex B)."""
    place = data.find(START_CODE)
    while place >= 0:
        after = data.find(START_CODE, place + 3)
        # The zero ahead of a start code of four bytes belongs to no unit, nor do trailing zeros.
        yield data[place + 3 : after if after >= 0 else len(data)].rstrip(b"\0")
        place = after


def unescaped(unit: bytes) -> bytes:
    """A unit's payload without emulation prevention: of 0, 0, 3 the 3 is left out (ITU-T H.265 7.3.1.1)."""
    out, zeros = bytearray(), 0
    for byte in unit:
        if zeros >= 2 and byte == 3:  # noqa: PLR2004
            zeros = 0
            continue
        zeros = zeros + 1 if byte == 0 else 0
        out.append(byte)
    return bytes(out)


def sei_messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each SEI message of a unit (ITU-T H.265 7.3.5)."""
    place = 0
    while place + 2 <= len(data) and data[place:] != b"\x80":
        numbers = []
        for _ in range(2):
            value = 0
            while place < len(data) and data[place] == 0xFF:  # noqa: PLR2004
                value, place = value + 255, place + 1
            if place >= len(data):
                return
            numbers.append(value + data[place])
            place += 1
        kind, size = numbers
        yield kind, data[place : place + size]
        place += size


class Hdr10Plus:
    """Gathers the HDR10+ of a film's frames in the order of showing.

    Args:
        context: the decoder; frames will say which packet they came of.
    """

    def __init__(self, context: Any) -> None:
        self._read = reader_for(context.codec.canonical_name, context.extradata)
        self._places: dict[tuple[str, str], int] = {("", ""): 0}
        self._of: list[int] = []
        context.copy_opaque = True

    def packet(self, packet: Any) -> None:
        """Note the payload on a packet before it is decoded."""
        if self._read is None:
            return
        if payloads := list(dict.fromkeys(self._read(bytes(packet)))):
            packet.opaque = AND.join(p.hex() for p in payloads)

    def frame(self, frame: Any) -> None:
        """Take the next shown frame."""
        seen = next((bytes(data) for data in frame.side_data if data.type.name == SIDE_DATA), None)
        digest = "" if seen is None else hashlib.blake2b(seen, digest_size=8).hexdigest()
        pair = (frame.opaque or "", digest)
        self._of.append(self._places.setdefault(pair, len(self._places)))

    def facts(self) -> dict[str, Any]:
        """What was gathered as plain values; two empty lists where no frame has any."""
        if not any(self._of):
            return {"hdr10plus": [], "hdr10plus_of": []}
        return {"hdr10plus": [list(pair) for pair in self._places], "hdr10plus_of": self._of}
