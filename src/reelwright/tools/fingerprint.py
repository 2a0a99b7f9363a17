"""A film's content told apart from another's by a few pieces of it."""

import hashlib
import os

PIECE = 64 * 1024


def fingerprint(path: str, size: int) -> str:
    """BLAKE2b of the size and of three pieces of 64 KiB: the beginning, the middle, the end; 32 hexadecimal digits.

    It tells whether a file that moved, was touched or remounted is the one that was known. Two different films with
    equal pieces and sizes would pass for one: what is encoded and replaced is held against its whole content besides.

    Args:
        path: the file; it is only read.
        size: what its stat data say.

    Raises:
        OSError: it cannot be read.
    """
    state = hashlib.blake2b(str(size).encode(), digest_size=16)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        for start in sorted({0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE)}):
            state.update(os.pread(descriptor, PIECE, start))
    finally:
        os.close(descriptor)
    return state.hexdigest()
