"""Hashes of whole files."""

import hashlib
import os
import stat
from pathlib import Path

BLOCK = 4 << 20
FRAME_DIGITS = 16


def frame_digest(path: str) -> str | None:
    """BLAKE2b of a frame's bytes, as the rendering child takes it; None where it is no file or cannot be read."""
    state = hashlib.blake2b(digest_size=FRAME_DIGITS)
    try:
        # Without waiting: a pipe of this name has no end to be read to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - by its descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            while block := file.read(BLOCK):
                state.update(block)
    except OSError:
        return None
    return state.hexdigest()


def content_hash(path: Path) -> str:
    """BLAKE2b of every byte, as 64 hexadecimal digits."""
    state = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            state.update(block)
    return state.hexdigest()
