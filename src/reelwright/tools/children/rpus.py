"""In child processes: Dolby Vision metadata (RPUs) in coded packets and on decoded frames.

A decoder puts the metadata of an earlier frame onto one that has none of its own, so packets have to be looked at too.
"""

import hashlib
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
    """What finds RPU and LAYER in a packet of this stream."""
    if codec_of(stream) == "av1":
        return units_in_av1
    extra = bytes(stream.codec_context.extradata or b"")
    if extra[:1] != b"\1" or len(extra) <= HVCC_LENGTH:
        return lambda data: {kind_of(data, k) for k in starts(data)}
    length = (extra[HVCC_LENGTH] & 3) + 1
    return lambda data: {kind_of(data, k) for k in lengths(data, length)}


def codec_of(stream: Any) -> str:
    """FFmpeg's name of the codec."""
    name = str(stream.codec_context.name)
    return "av1" if name == "libdav1d" else name


def kind_of(data: bytes, place: int) -> int:
    """Type of the NAL unit that begins there."""
    return data[place] >> 1 & 63 if place < len(data) else 0


def starts(data: bytes) -> Iterator[int]:
    """Where NAL units begin, behind start codes."""
    place = data.find(START)
    while place >= 0:
        yield place + len(START)
        place = data.find(START, place + len(START))


def lengths(data: bytes, size: int) -> Iterator[int]:
    """Where NAL units begin, behind their lengths."""
    place = 0
    while place + size < len(data):
        yield place + size
        place += size + int.from_bytes(data[place : place + size], "big")


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
