"""Read a chunk of our own back: how many frames, whether it can stand alone, and the hash of its packets."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reelwright.errors import ToolError
from reelwright.tools.allow import file_url


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkFacts:
    """What a chunk's file holds."""

    frames: int
    first_is_key: bool
    #: Bytes of its packets alone, and their hash.
    packet_bytes: int
    digest: str
    size_bytes: int
    #: Bytes of its key frames.
    key_bytes: int = 0


def read_chunk(path: Path) -> ChunkFacts:
    """Read every packet of a chunk. The file is our own, so it is read in this process.

    Raises:
        ToolError: it is no Matroska file or is cut off.
    """
    import av  # noqa: PLC0415 - slow to import, and not needed for `--help`

    state, frames, size, keys, first_key = hashlib.blake2b(digest_size=16), 0, 0, 0, False
    try:
        with av.open(file_url(path)) as container:
            for packet in container.demux(video=0):
                if not packet.size:
                    continue
                first_key = packet.is_keyframe if frames == 0 else first_key
                payload = bytes(packet)
                state.update(len(payload).to_bytes(4, "big"))
                state.update(payload)
                frames += 1
                size += len(payload)
                keys += len(payload) if packet.is_keyframe else 0
    except (av.FFmpegError, OSError) as error:
        raise ToolError(f"The encoded chunk {path.name} cannot be read back: {error}.") from error
    return ChunkFacts(
        frames=frames,
        first_is_key=first_key,
        packet_bytes=size,
        digest=state.hexdigest(),
        size_bytes=path.stat().st_size,
        key_bytes=keys,
    )
