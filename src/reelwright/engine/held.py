"""Chunks whose frames are held in memory, decoded once for all their encodes and scores, as long as there is room.

A chunk that is sampled, encoded and scored would be decoded four times and more, each time from the key frame before
it. Held are only raw pictures that are all there is to the frames; the bytes of encodes and the scores are the same.
"""

import os
from collections.abc import Callable, Collection
from contextlib import suppress

from reelwright.engine.film import Film, usage_of
from reelwright.engine.jobs import Usage
from reelwright.errors import ReelwrightError
from reelwright.planning.chunking import Chunk
from reelwright.tools.frames import film_frames
from reelwright.tools.unpacking import Unpacked, is_all_there, unpack_args, unpacked_bytes

#: Decoding that says nothing at all takes no longer than this for the longest chunk that fits into memory.
PATIENCE_SECONDS = 900.0


class HeldFrames:
    """The frames of chunks under way, in files that have no name and end with this process.

    Args:
        has_room: whether so many bytes may be taken now.
    """

    def __init__(self, has_room: Callable[[int], bool]) -> None:
        self._has_room = has_room
        #: Bytes that are being written now, as far as they were granted.
        self._granted = 0
        self._files: dict[int, int] = {}
        self._held: dict[int, Unpacked] = {}
        #: A chunk that could not be held is not tried again.
        self._refused: set[int] = set()

    async def of(self, film: Film, chunk: Chunk) -> tuple[Unpacked | None, Usage]:
        """A chunk's frames, decoded now where they are not held yet, and what that took; None: they are not held."""
        index = chunk.index
        if index in self._held or index in self._refused:
            return self._held.get(index), Usage()
        size = size_of(film, chunk)
        file = self._file(size)
        if file is None or size is None:
            return None, Usage()
        self._granted += size
        try:
            self._held[index], usage = await unpack(film, chunk, file, size)
        except ReelwrightError:
            # Whatever it is, the encode that reads the film itself meets it too, and says it.
            self._refused.add(index)
            os.close(file)
            return None, Usage()
        except BaseException:
            os.close(file)
            raise
        finally:
            self._granted -= size
        self._files[index] = file
        return self._held[index], usage

    def known(self, chunk: Chunk) -> Unpacked | None:
        """A chunk's frames where they are held already."""
        return self._held.get(chunk.index)

    def _file(self, size: int | None) -> int | None:
        """A file in memory; None where there is no room, or this system has no such files."""
        if size is None or not hasattr(os, "memfd_create") or not self._has_room(size + self._granted):
            return None
        with suppress(OSError):
            return os.memfd_create("reelwright")
        return None

    def drop(self, index: int) -> None:
        """Let a chunk's frames go; who reads them now reads on."""
        self._held.pop(index, None)
        self._refused.discard(index)
        if (file := self._files.pop(index, None)) is not None:
            os.close(file)

    def keep_only(self, under_way: Collection[int]) -> None:
        """Let all go but the frames of chunks with a trial under way."""
        for index in [index for index in self._files if index not in under_way]:
            self.drop(index)

    def close(self) -> None:
        """Let all go."""
        self.keep_only(())


def size_of(film: Film, chunk: Chunk) -> int | None:
    """Bytes of a chunk's frames; None where they are not to be held."""
    video = film.info.film.video if film.info.film else None
    if video is None or film.plan.ahead or film.plan.dolby_vision or film.decoding.device is not None:
        return None
    return unpacked_bytes(video, chunk.end - first_of(film, chunk))


def first_of(film: Film, chunk: Chunk) -> int:
    """The first frame that is held: a frame before the chunk leads its score, unless it begins with a key frame."""
    if chunk.start == 0 or (chunk.frames > 1 and film.pictures.index.is_key(chunk.start)):
        return chunk.start
    return chunk.start - 1


async def unpack(film: Film, chunk: Chunk, file: int, size: int) -> tuple[Unpacked, Usage]:
    """Decode a chunk into an open file.

    Raises:
        ReelwrightError: it did not come out whole.
    """
    come, first = film.pictures, first_of(film, chunk)
    frames = film_frames(os.fspath(come.path), come.video_index, come.index)(first, chunk.end, 0)
    path = f"/proc/{os.getpid()}/fd/{file}"
    finished = await film.runner.run(
        unpack_args(film.tools.ffmpeg, frames, path),
        what=f"Decoding chunk {chunk.index}",
        timeout_seconds=PATIENCE_SECONDS,
        memory_limit=film.memory_limit,
    )
    if not is_all_there(os.fstat(file).st_size, size, chunk.end - first):
        raise ReelwrightError(f"Chunk {chunk.index} was not decoded whole.")
    return Unpacked(path=path, first=first, end=chunk.end), usage_of(finished)
