"""Boxes of ISO media files (ISO/IEC 14496-12), read from bytes: what a movie says of its colours."""

from collections.abc import Iterator
from dataclasses import dataclass

#: Boxes that hold the colour box, outermost first.
PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
#: Bytes of a visual sample entry ahead of its own boxes, and of the sample description ahead of its entries.
VISUAL_ENTRY, DESCRIPTION = 78, 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ColorBox:
    """What a `colr` box says, in the code points of ITU-T H.273."""

    #: "nclc" of QuickTime, or "nclx" of ISO files.
    kind: str
    primaries: int
    transfer: int
    matrix: int


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box; what is cut off ends them."""
    at = 0
    while at + 8 <= len(data):
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            return
        yield kind, data[at + head : at + size]
        at += size


def color_box(moov: bytes) -> ColorBox | None:
    """The colour box of the first video track; None where there is none.

    Args:
        moov: the content of the movie box.
    """
    return next(_colors(moov, PATH[1:]), None)


def _colors(data: bytes, path: tuple[bytes, ...]) -> Iterator[ColorBox]:
    if path:
        for kind, content in boxes(data):
            if kind == path[0]:
                yield from _colors(content, path[1:])
        return
    for _, entry in boxes(data[DESCRIPTION:]):
        for kind, content in boxes(entry[VISUAL_ENTRY:]):
            if kind == b"colr" and content[:4] in {b"nclc", b"nclx"} and len(content) >= 10:  # noqa: PLR2004
                codes = (int.from_bytes(content[k : k + 2], "big") for k in (4, 6, 8))
                primaries, transfer, matrix = codes
                yield ColorBox(kind=content[:4].decode("ascii"), primaries=primaries, transfer=transfer, matrix=matrix)
