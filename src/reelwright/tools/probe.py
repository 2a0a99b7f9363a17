"""Read a file's facts, in a child process."""

import asyncio
import os
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from reelwright.media.model import MediaInfo
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ask import ask
from reelwright.tools.facts import check_folder, check_readable, with_dolby_vision
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
    # Both at once, although not every film needs the banner: it is short work beside the other.
    told = asyncio.ensure_future(_banner(runner, ffmpeg, path))
    try:
        answer = await ask(runner, "probe", {"path": os.fspath(path)}, what="Reading the file's facts")
        info = _adapter().validate_python(answer.result)
        film = info.film
        if film is None or film.codec not in {"hevc", "av1", "h264"}:
            return info
        return with_dolby_vision(info, film, await told)
    finally:
        told.cancel()
        await asyncio.wait({told})
        if not told.cancelled():
            told.exception()  # of a file that cannot be read the other's complaint is the one to show


async def _banner(runner: Runner, ffmpeg: str, path: Path) -> str:
    # PyAV shows no stream side data, where a Dolby Vision configuration record lives; `ffmpeg -i` prints it.
    done = await runner.run(
        [ffmpeg, "-nostdin", "-hide_banner", *input_flags(), "-i", file_url(path)],
        what="Looking for Dolby Vision",
        check=False,
        timeout_seconds=120,
    )
    return done.stderr
