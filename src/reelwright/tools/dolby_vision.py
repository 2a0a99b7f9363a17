"""The Dolby Vision metadata of a film's frames, read in a child process."""

import os
from pathlib import Path

from reelwright.planning.checks.evidence import Metadata
from reelwright.tools.ask import ask
from reelwright.tools.process import Runner


async def read_metadata(
    runner: Runner, path: Path, video_index: int, *, folder: Path, span: tuple[int, int] | None = None
) -> Metadata:
    """The hash of each frame's metadata, in the order of showing.

    Args:
        runner: spawns the reader.
        path: a source or an output.
        video_index: of its film.
        folder: where the hashes are written in between.
        span: the frames [first, end); None: all.

    Raises:
        SourceError: it cannot be read.
        ToolError: the reader crashed.
    """
    out = folder / "dolby-vision.txt"
    request = {"path": os.fspath(path), "video_index": video_index, "span": span, "out": os.fspath(out)}
    try:
        answer = await ask(runner, "dolby_vision", request, what="Reading Dolby Vision metadata", writes=out)
        lines = out.read_text(encoding="ascii").splitlines()
    finally:
        out.unlink(missing_ok=True)
    return Metadata(digests=tuple(line or None for line in lines), carried=answer.result["carried"])
