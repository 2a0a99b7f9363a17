"""Which frames of a chunk stand for all of it when a sample of it is encoded."""

from reelwright.planning.chunking import Chunk

#: Frames [start, end) of the film.
Window = tuple[int, int]
#: Share of a chunk's frames that a sample has.
SHARE = 0.2
#: A sample of fewer frames says little: its key frames are too large a part of it.
FEWEST = 10
#: What a sample costs for each frame of it, against a frame of a whole trial: programs start, frames between the
#: windows are decoded.
DEARER = 1.5


def sample_windows(chunk: Chunk) -> tuple[Window, ...] | None:
    """Two windows of a chunk, a quarter and three quarters through; None where it is too short to be sampled."""
    length = round(chunk.frames * SHARE / 2)
    if 2 * length < FEWEST:
        return None
    middles = (chunk.start + chunk.frames // 4, chunk.start + 3 * chunk.frames // 4)
    first, second = ((middle - length // 2, middle - length // 2 + length) for middle in middles)
    return first, second
