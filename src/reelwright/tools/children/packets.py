"""What is compared of packets, stream by stream, and of attached files: their bytes and times."""

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

#: Matroska's clock as FFmpeg writes it: milliseconds.
MILLISECOND = Fraction(1, 1000)
#: What MP4's timed text shows between two lines: a text of no length.
NO_TEXT = b"\0\0"

#: An ADTS header: its length without a checksum, and the bits it begins with (twelve of a sync word, two of the layer).
ADTS_BYTES, ADTS_BITS, ADTS_MASK = 7, 0xFFF0, 0xFFF6


def to_ticks(pts: int, base: Fraction, shift: Fraction, clock: Fraction = MILLISECOND) -> int:
    """A timestamp on a clock of the output, rounded to the nearest tick (halves away from zero)."""
    exact = (pts * base + shift) / clock
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def says_something(packet: Any) -> bool:
    """Whether a packet holds anything: the last of a stream is empty, and so is timed text between two lines."""
    return packet.size > len(NO_TEXT) or (
        packet.size > 0 and not (packet.stream.type == "subtitle" and bytes(packet) == NO_TEXT)
    )


def as_stored(codec: str, payload: bytes) -> bytes:
    """A packet as Matroska and MP4 store it: AAC of a broadcast loses its ADTS header, whose facts they have elsewhere.

    The header is 7 bytes, or 9 with a checksum (ISO/IEC 13818-7, 6.2).
    """
    if codec != "aac" or len(payload) < ADTS_BYTES or int.from_bytes(payload[:2]) & ADTS_MASK != ADTS_BITS:
        return payload
    return payload[ADTS_BYTES if payload[1] & 1 else ADTS_BYTES + 2 :]


def attached_facts(name: str | None, mimetype: str | None, data: bytes) -> dict[str, str]:
    """An attached file as plain values."""
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return {"name": name or "", "mimetype": mimetype or "", "digest": digest}


@dataclass(slots=True)
class Tally:
    """Count, bytes and times of one stream's packets; times are ticks of its own clock."""

    packets: int = 0
    size: int = 0
    first: int | None = None
    #: Seconds at which the earliest packet begins where it comes from.
    begins: Fraction | None = None
    #: Over every payload in order, and over every PTS in order.
    payload: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    times: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def begin(self, seconds: Fraction) -> None:
        """Note when a packet begins where it comes from."""
        self.begins = seconds if self.begins is None else min(self.begins, seconds)

    def add(self, payload: bytes, ticks: int) -> None:
        """Count one packet."""
        self.packets += 1
        self.size += len(payload)
        self.first = ticks if self.first is None else min(self.first, ticks)
        self.payload.update(payload)
        self.times.update(f"{ticks},".encode())

    def facts(self) -> dict[str, Any]:
        """The tally as plain values."""
        return {
            "packets": self.packets,
            "size": self.size,
            "first": self.first,
            "payload": self.payload.hexdigest(),
            "times": self.times.hexdigest(),
        }
