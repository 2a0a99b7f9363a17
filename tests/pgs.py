"""Tiny valid PGS subtitles, as Blu-ray discs have them: a writer, because FFmpeg has none."""

import struct
from pathlib import Path

#: Segment types (US patent 2009/0185789, as every reader of the format has them).
PALETTE, OBJECT, COMPOSITION, WINDOW, END = 0x14, 0x15, 0x16, 0x17, 0x80
CLOCK = 90_000
SIDE = 8


def segment(seconds: float, kind: int, body: bytes) -> bytes:
    """One segment with the header that a .sup file has before each."""
    return b"PG" + struct.pack(">IIBH", round(seconds * CLOCK), 0, kind, len(body)) + body


def composition(number: int, size: tuple[int, int], *, shown: bool) -> bytes:
    """What is on the screen: one object in one window, or nothing."""
    head = struct.pack(">HHBHBBBB", *size, 0x10, number, 0x80 if shown else 0, 0, 0, int(shown))
    return head + (struct.pack(">HBBHH", 0, 0, 0, SIDE, SIDE) if shown else b"")


def picture() -> bytes:
    """A square of one colour, run by run."""
    runs = (b"\x01" * SIDE + b"\x00\x00") * SIDE
    return struct.pack(">HBB", 0, 0, 0xC0) + (len(runs) + 4).to_bytes(3, "big") + struct.pack(">HH", SIDE, SIDE) + runs


def display_set(seconds: float, number: int, size: tuple[int, int], *, shown: bool) -> bytes:
    """Everything from a composition to its end."""
    window = struct.pack(">BBHHHH", 1, 0, SIDE, SIDE, SIDE, SIDE)
    parts = [(COMPOSITION, composition(number, size, shown=shown)), (WINDOW, window)]
    if shown:
        parts += [(PALETTE, bytes([0, 0, 1, 200, 128, 128, 255])), (OBJECT, picture())]
    return b"".join(segment(seconds, kind, body) for kind, body in [*parts, (END, b"")])


def write_pgs(path: Path, times: list[tuple[float, float]], size: tuple[int, int] = (64, 48)) -> Path:
    """Write subtitles that are on screen from one time to another each."""
    sets = [(when, shown) for begin, end in times for when, shown in ((begin, True), (end, False))]
    path.write_bytes(b"".join(display_set(when, k, size, shown=shown) for k, (when, shown) in enumerate(sets)))
    return path
