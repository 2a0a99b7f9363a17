"""Edit lists written into MP4 files by hand (ISO/IEC 14496-12, 8.6.6): FFmpeg writes only those it needs itself."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

#: Length in seconds, and the second of the media it begins at; None: nothing is shown.
Edit = tuple[Fraction, Fraction | None]
HEADER = 8


def set_edits(path: Path, edits: Sequence[Edit]) -> None:
    """Replace the edit list of the first track. The file's index must stand at its end."""
    data = path.read_bytes()
    moov = find(data, 0, len(data), b"moov")
    assert moov > find(data, 0, len(data), b"mdat"), "the index stands before the media, whose places would move"
    track = find(data, *inside(data, moov), b"trak")
    movie_scale = time_scale(data, find(data, *inside(data, moov), b"mvhd"))
    media = find(data, *inside(data, track), b"mdia")
    media_scale = time_scale(data, find(data, *inside(data, media), b"mdhd"))
    start = earliest(data, media)
    rows = b""
    for length, second in edits:
        place = -1 if second is None else round(second * media_scale) + start
        rows += struct.pack(">Iihh", round(length * movie_scale), place, 1, 0)
    elst = struct.pack(">I4sII", HEADER + 8 + len(rows), b"elst", 0, len(edits)) + rows
    edts = struct.pack(">I4s", HEADER + len(elst), b"edts") + elst
    old = find(data, *inside(data, track), b"edts")
    length = size(data, old)
    out = bytearray(data[:old] + edts + data[old + length :])
    for box in (moov, track):
        struct.pack_into(">I", out, box, size(data, box) + len(edts) - length)
    path.write_bytes(out)


def earliest(data: bytes, media: int) -> int:
    """The earliest time of composition: what the edit list FFmpeg wrote begins at."""
    table = find(data, *inside(data, find(data, *inside(data, media), b"minf")), b"stbl")
    try:
        offsets = find(data, *inside(data, table), b"ctts")
    except AssertionError:
        return 0
    # The first sample is decoded at zero and is the first one shown.
    return int(struct.unpack_from(">i", data, offsets + HEADER + 12)[0])


def find(data: bytes, start: int, end: int, name: bytes) -> int:
    """Where the first box of that name begins among those in [start, end)."""
    while start < end:
        if data[start + 4 : start + HEADER] == name:
            return start
        start += size(data, start)
    raise AssertionError(f"no {name.decode()}")


def inside(data: bytes, box: int) -> tuple[int, int]:
    """Where a box's own boxes are."""
    return box + HEADER, box + size(data, box)


def size(data: bytes, box: int) -> int:
    """Bytes of a box, its header included."""
    return int(struct.unpack_from(">I", data, box)[0])


def time_scale(data: bytes, box: int) -> int:
    """Ticks a second, of a movie's or a media's header of version 0."""
    assert data[box + HEADER] == 0
    return int(struct.unpack_from(">I", data, box + HEADER + 12)[0])
