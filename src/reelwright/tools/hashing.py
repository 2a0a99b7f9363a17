"""Hash of a whole file."""

import hashlib
from pathlib import Path

BLOCK = 4 << 20


def content_hash(path: Path) -> str:
    """BLAKE2b of every byte, as 64 hexadecimal digits."""
    state = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            state.update(block)
    return state.hexdigest()
