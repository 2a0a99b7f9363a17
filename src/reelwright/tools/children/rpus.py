"""In child processes: Dolby Vision metadata (RPUs) in coded packets and on decoded frames.

A decoder puts the metadata of an earlier frame onto one that has none of its own, so packets have to be looked at too.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

#: NAL units of HEVC: Dolby Vision metadata, and a coded picture of its enhancement layer.
RPU, LAYER = 62, 63
#: An OBU of AV1 with metadata, and how one with Dolby Vision begins: ITU-T T.35 of Dolby in the United States.
OBU_METADATA = 5
DOLBY = bytes.fromhex("04b5003b00000800")
#: Size of the length ahead of each NAL unit, at byte 21 of an HEVCDecoderConfigurationRecord.
HVCC_LENGTH = 21
START = b"\0\0\1"
#: Bytes of a digest: of a film's frames some may be equal, but none by chance.
DIGEST = 8


def units_of(stream: Any) -> Callable[[bytes], set[int]]:
    """What finds RPU and LAYER in a packet of this stream; an RPU that is damaged is none."""
    if codec_of(stream) == "av1":
        return units_in_av1
    extra = bytes(stream.codec_context.extradata or b"")
    if extra[:1] != b"\1" or len(extra) <= HVCC_LENGTH:
        return lambda data: kinds(starts(data))
    length = (extra[HVCC_LENGTH] & 3) + 1
    return lambda data: kinds(lengths(data, length))


def kinds(units: Iterator[bytes]) -> set[int]:
    """Types of NAL units, without those of damaged RPUs."""
    return {kind for unit in units if (kind := kind_of(unit)) != RPU or is_sound(unit)}


def codec_of(stream: Any) -> str:
    """FFmpeg's name of the codec."""
    name = str(stream.codec_context.name)
    return "av1" if name == "libdav1d" else name


def kind_of(unit: bytes) -> int:
    """Type of a NAL unit."""
    return unit[0] >> 1 & 63 if unit else 0


def starts(data: bytes) -> Iterator[bytes]:
    """NAL units that lie behind start codes."""
    place = data.find(START)
    while place >= 0:
        after = data.find(START, place + len(START))
        yield data[place + len(START) : after if after >= 0 else len(data)]
        place = after


def lengths(data: bytes, size: int) -> Iterator[bytes]:
    """NAL units that lie behind their lengths."""
    place = 0
    while place + size < len(data):
        begin = place + size
        place = begin + int.from_bytes(data[place:begin], "big")
        yield data[begin:place]


#: Every byte with its bits the other way round.
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
#: Of an RPU: its first byte, its last one, and the checksum before that.
PREFIX, LAST, CHECKSUM = 0x19, 0x80, 4


def is_sound(unit: bytes) -> bool:
    """Whether the checksum of an RPU's NAL unit is right. FFmpeg does not look at it and writes a new one."""
    payload = unit[2:].rstrip(b"\0").replace(b"\0\0\3", b"\0\0")
    if len(payload) < CHECKSUM + 2 or payload[0] != PREFIX or payload[-1] != LAST:
        return False
    body, checksum = payload[1 : -CHECKSUM - 1], payload[-CHECKSUM - 1 : -1]
    # CRC-32/MPEG-2 is zlib's with all bits the other way round, and not inverted at the end.
    found = (zlib.crc32(body.translate(REVERSED)) ^ 0xFFFFFFFF).to_bytes(4, "little")
    return found.translate(REVERSED) == checksum


def units_in_av1(data: bytes) -> set[int]:
    """RPU where a temporal unit has an OBU with it."""
    return {RPU} if any(kind == OBU_METADATA and body.startswith(DOLBY) for kind, body in obus(data)) else set()


def obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The OBUs of a temporal unit: type and content (AV1 specification, 5.3)."""
    place = 0
    while place < len(data):
        header = data[place]
        place += 1 + (header >> 2 & 1)
        size = len(data) - place
        if header >> 1 & 1:
            size, place = leb128(data, place)
        yield header >> 3 & 15, data[place : place + size]
        place += size


def leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = 0
    for k, byte in enumerate(data[place : place + 8]):
        value |= (byte & 127) << 7 * k
        if byte < 128:  # noqa: PLR2004 - the highest bit says that more follows
            return value, place + k + 1
    return value, len(data)


def metadata_of(frame: Any) -> bytes | None:
    """AVDOVIMetadata of libavutil, of a frame: every value of its RPU, in the form of this very build."""
    return next((bytes(data) for data in frame.side_data if data.type.name == "DOVI_METADATA"), None)


def digest(payload: bytes | None) -> str | None:
    """What is compared of a frame's metadata."""
    return None if payload is None else hashlib.blake2b(payload, digest_size=DIGEST).hexdigest()


#: The bytes of libavutil's AVDOVIRpuDataHeader that tell the profile, counted from its beginning.
LEVELS, FULL_RANGE, DEPTH, RESAMPLED, NO_RESIDUAL = 4, 10, 13, 15, 16
HEADER_BYTES = 17
FULL_DEPTH = 12


def profile_of(payload: bytes) -> int | None:
    """The profile by a frame's metadata, as FFmpeg and dovi_tool tell it; None where it is none that is known."""
    place = int.from_bytes(payload[:8], "little")
    header = payload[place : place + HEADER_BYTES]
    if len(header) < HEADER_BYTES:
        return None
    if header[LEVELS] == 0:
        return 5 if header[FULL_RANGE] else None
    if header[LEVELS] != 1:
        return None
    if header[RESAMPLED] and not header[NO_RESIDUAL]:
        return 7 if header[DEPTH] == FULL_DEPTH else 4
    return 8
