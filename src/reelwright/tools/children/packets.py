"""What is compared of packets, stream by stream, and of attached files: their bytes and times."""

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

#: Matroska's clock as FFmpeg writes it: milliseconds.
MILLISECOND = Fraction(1, 1000)
#: What MP4's timed text shows between two lines: a text of no length.
NO_TEXT = b"\0\0"


def to_ticks(pts: int, base: Fraction, shift: Fraction, clock: Fraction = MILLISECOND) -> int:
    """A timestamp on a clock of the output, rounded to the nearest tick (halves away from zero)."""
    exact = (pts * base + shift) / clock
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def says_something(packet: Any) -> bool:
    """Whether a packet holds anything: the last of a stream is empty, and so is timed text between two lines."""
    return packet.size > len(NO_TEXT) or (
        packet.size > 0 and not (packet.stream.type == "subtitle" and bytes(packet) == NO_TEXT)
    )


def attached_facts(name: str | None, mimetype: str | None, data: bytes) -> dict[str, str]:
    """An attached file as plain values."""
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return {"name": name or "", "mimetype": mimetype or "", "digest": digest}


def whole_number(digest: Any) -> int:
    """A digest as a number: sums of them do not depend on the order."""
    return int.from_bytes(digest.digest(), "big")


@dataclass(slots=True)
class Tally:
    """Count, bytes and times of one stream's packets; times are ticks of its own clock."""

    #: Whether their order counts. Subtitles of one tick may change places; what is compared of those is their sum.
    ordered: bool = True
    packets: int = 0
    size: int = 0
    first: int | None = None
    #: Seconds at which the earliest packet begins where it comes from.
    begins: Fraction | None = None
    #: Over every payload with its length in order, and over every PTS in order.
    payload: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    times: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    payload_sum: int = 0
    times_sum: int = 0

    def begin(self, seconds: Fraction) -> None:
        """Note when a packet begins where it comes from."""
        self.begins = seconds if self.begins is None else min(self.begins, seconds)

    def add(self, payload: bytes, ticks: int) -> None:
        """Count one packet."""
        self.packets += 1
        self.size += len(payload)
        self.first = ticks if self.first is None else min(self.first, ticks)
        size, time = len(payload).to_bytes(4, "big"), f"{ticks},".encode()
        if self.ordered:
            self.payload.update(size)
            self.payload.update(payload)
            self.times.update(time)
        else:
            self.payload_sum += whole_number(hashlib.blake2b(time + size + payload, digest_size=16))
            self.times_sum += whole_number(hashlib.blake2b(time, digest_size=16))

    def facts(self) -> dict[str, Any]:
        """The tally as plain values."""
        return {
            "packets": self.packets,
            "size": self.size,
            "first": self.first,
            "payload": self.payload.hexdigest() if self.ordered else f"{self.payload_sum:x}"[-32:],
            "times": self.times.hexdigest() if self.ordered else f"{self.times_sum:x}"[-32:],
        }


@dataclass(slots=True)
class Spans:
    """Hashes of a film's packets, chunk by chunk: as a chunk read by itself has it (`tools/chunks.py`)."""

    #: How many packets each chunk has.
    lengths: list[int]
    digests: list[str] = field(default_factory=list)
    _seen: int = 0
    _state: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def add(self, payload: bytes) -> None:
        """Take the next packet; what comes after the last chunk makes one of its own."""
        self._state.update(len(payload).to_bytes(4, "big"))
        self._state.update(payload)
        self._seen += 1
        number = len(self.digests)
        if number < len(self.lengths) and self._seen == self.lengths[number]:
            self._close()

    def _close(self) -> None:
        self.digests.append(self._state.hexdigest())
        self._seen, self._state = 0, hashlib.blake2b(digest_size=16)

    def end(self) -> list[str]:
        """The hash of each chunk; of what is left over, another one."""
        if self._seen:
            self._close()
        return self.digests
