"""Elements of Matroska files (RFC 9559, on EBML, RFC 8794), read from bytes: what a movie says of its colours."""

from collections.abc import Iterator, Sequence

SEGMENT, TRACKS, ENTRY, KIND, VIDEO, COLOUR = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0xE0, 0x55B0
PRIMARIES, TRANSFER, MATRIX = 0x55BB, 0x55BA, 0x55B1
#: What `KIND` says of a video track.
IS_VIDEO = 1
#: An element's id has four bytes at the most, its size eight.
LONGEST_ID, LONGEST_SIZE = 4, 8


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and content of each element; one that is cut off or says no size is the last, as far as it goes."""
    at = 0
    while at < len(data):
        length = 9 - data[at].bit_length()
        if length > LONGEST_ID or at + length >= len(data):
            return
        name = int.from_bytes(data[at : at + length], "big")
        at += length
        length = 9 - data[at].bit_length()
        if length > LONGEST_SIZE:
            return
        every = (1 << 7 * length) - 1
        size = int.from_bytes(data[at : at + length], "big") & every
        at += length
        yield name, data[at:] if size == every else data[at : at + size]
        at = len(data) if size == every else at + size


def within(data: bytes, path: Sequence[int]) -> Iterator[bytes]:
    """The content of each element that lies at this path of ids."""
    for name, content in elements(data):
        if name == path[0]:
            yield from within(content, path[1:]) if len(path) > 1 else (content,)


def matroska_colors(beginning: bytes) -> tuple[int, int, int] | None:
    """Primaries, transfer and matrix of the first video track, in H.273's code points; None where it does not say.

    Args:
        beginning: the file's first bytes, the tracks among them.
    """
    for entry in within(beginning, (SEGMENT, TRACKS, ENTRY)):
        facts = dict(elements(entry))
        if int.from_bytes(facts.get(KIND, b""), "big") == IS_VIDEO:
            said = dict(elements(dict(elements(facts.get(VIDEO, b""))).get(COLOUR, b"")))
            found = [int.from_bytes(said[name], "big") for name in (PRIMARIES, TRANSFER, MATRIX) if name in said]
            return (found[0], found[1], found[2]) if len(found) == 3 else None  # noqa: PLR2004 - three of them
    return None
