"""Read a file's facts, in a child process."""

import asyncio
import os
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from reelwright.media.model import MediaInfo
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ask import ask
from reelwright.tools.facts import check_folder, check_readable, with_banner
from reelwright.tools.process import Runner

__all__ = ["check_folder", "check_readable", "probe"]


@cache
def _adapter() -> TypeAdapter[MediaInfo]:
    return TypeAdapter(MediaInfo)


async def probe(runner: Runner, ffmpeg: str, path: Path) -> MediaInfo:
    """Facts of a media file.

    Raises:
        SourceError: it is no media file we open, or cannot be read.
        ToolError: the reader crashed.
    """
    check_readable(path)
    told = asyncio.ensure_future(_banner(runner, ffmpeg, path))
    try:
        answer = await ask(runner, "probe", {"path": os.fspath(path)}, what="Reading the file's facts")
        info = _adapter().validate_python(answer.result)
        return with_banner(info, await told)
    finally:
        told.cancel()
        await asyncio.wait({told})
        if not told.cancelled():
            told.exception()  # of a file that cannot be read the other's complaint is the one to show


async def _banner(runner: Runner, ffmpeg: str, path: Path) -> str:
    # PyAV shows neither where chroma lies nor a stream's side data, where Dolby Vision's record is; `ffmpeg -i` does.
    done = await runner.run(
        [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "verbose", *input_flags(), "-i", file_url(path)],
        what="Reading what FFmpeg says of the file",
        check=False,
        timeout_seconds=120,
    )
    return done.stderr
