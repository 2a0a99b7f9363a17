"""Framing that changes with the container: what is written of a packet, worked out here and not asked of the writer.

FFmpeg's writers take ADTS headers off, make lengths of start codes and join PGS segments by themselves. What they
write is compared with what is worked out here, so that the data inside is proved to be the source's.
"""

import re
from typing import Any

from av.bitstream import BitStreamFilterContext

#: Bytes of an ADTS header, without and with a checksum (ISO/IEC 13818-7, 6.2).
HEADER, CHECKED_HEADER = 7, 9
#: The bits it begins with: twelve of a sync word, and two of the layer.
SYNC, MASK = 0xFFF0, 0xFFF6
START_CODE = re.compile(rb"\x00\x00\x01")


def raw_aac(packet: bytes) -> bytes:
    """The AAC of a packet without its ADTS header; a packet without one is AAC already.

    Raises:
        ValueError: its channels are described inside the data, which would have to be taken apart.
    """
    if len(packet) < HEADER or int.from_bytes(packet[:2], "big") & MASK != SYNC:
        return packet
    if not ((packet[2] & 1) << 2 | packet[3] >> 6):
        raise ValueError("the AAC describes its channels inside its data")
    return packet[HEADER if packet[1] & 1 else CHECKED_HEADER :]


def with_lengths(packet: bytes) -> bytes:
    """Coded pictures with a length of four bytes before each part, in place of its start code.

    A zero before a start code belongs to it; no part ends in one (ITU-T H.264, B.1 and 7.4.1).
    """
    marks = [match.span() for match in START_CODE.finditer(packet)]
    if not marks:
        return packet
    ends = [begin for begin, _ in marks[1:]] + [len(packet)]
    parts = []
    for (_, begin), end in zip(marks, ends, strict=True):
        part = packet[begin:end]
        part = part.rstrip(b"\x00") if end < len(packet) else part
        if part:
            parts.append(len(part).to_bytes(4, "big") + part)
    return b"".join(parts)


class Segments:
    """Makes packets of whole pictures of packets of PGS segments; the bytes are the same, one after another.

    Args:
        stream: the source's stream.
    """

    def __init__(self, stream: Any) -> None:
        self._join = BitStreamFilterContext("pgs_frame_merge", stream)
        self._open = 0

    def __call__(self, packet: Any) -> list[Any]:
        """Take one segment, or None at the end; gives the pictures it completes.

        Raises:
            ValueError: at the end, segments are left that make no picture.
        """
        self._open += 0 if packet is None else packet.size  # the filter empties the packet it is given
        whole = list(self._join.filter(packet))
        self._open -= sum(picture.size for picture in whole)
        if packet is None and self._open:
            raise ValueError(f"{self._open} bytes of subtitles make no whole picture")
        return whole


#: What is written of a packet's bytes, by its framing.
WRITTEN = {"adts": raw_aac, "start codes": with_lengths}
