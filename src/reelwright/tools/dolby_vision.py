"""The Dolby Vision metadata of a film's frames, read in a child process."""

import os
from pathlib import Path
from typing import Any

from reelwright.media.timing import FrameIndex, Timing
from reelwright.planning.checks.evidence import Metadata
from reelwright.tools.ask import ask
from reelwright.tools.process import Runner


async def read_metadata(
    runner: Runner,
    path: Path,
    video_index: int,
    *,
    folder: Path,
    index: FrameIndex | None = None,
    span: tuple[int, int] | None = None,
) -> Metadata:
    """The hash of each frame's metadata, in the order of showing.

    Args:
        runner: spawns the reader.
        path: a source or an output.
        video_index: of its film.
        folder: where the hashes are written in between.
        index: of a source of which only a part is read.
        span: that part, the frames [first, end); None: all.

    Raises:
        SourceError: it cannot be read.
        ToolError: the reader crashed.
    """
    out = folder / "dolby-vision.txt"
    part = None if index is None or span is None or span == (0, index.frames) else part_of(index, span)
    request = {"path": os.fspath(path), "video_index": video_index, "part": part, "out": os.fspath(out)}
    try:
        answer = await ask(runner, "dolby_vision", request, what="Reading Dolby Vision metadata", writes=out)
        lines = out.read_text(encoding="ascii").splitlines()
    finally:
        out.unlink(missing_ok=True)
    return Metadata(digests=tuple(line or None for line in lines), carried=answer.result["carried"])


def part_of(index: FrameIndex, span: tuple[int, int]) -> dict[str, Any]:
    """The frames [first, end) as the reader is asked for them."""
    first, end = span
    part: dict[str, Any] = {"first": first, "frames": end - first}
    if index.timing is Timing.COUNTED:
        return part
    # One key frame further back than needed: what leads a key frame may refer to the pictures before it.
    key = index.key_before(first, back=1)
    return part | {
        "begin": index.pts[first],
        "end": index.pts[end] if end < index.frames else index.pts[-1] + 1,
        "seek": None if key is None else index.key_pts[key],
    }
