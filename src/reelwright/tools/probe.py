"""Read a file's facts, in a child process."""

import asyncio
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from reelwright.errors import SourceError
from reelwright.media.model import MediaInfo, Stream
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ask import ask
from reelwright.tools.process import Runner


@cache
def _adapter() -> TypeAdapter[MediaInfo]:
    return TypeAdapter(MediaInfo)


def check_folder(path: Path) -> None:
    """Say why discovery came back with a folder itself.

    Raises:
        SourceError: it is a folder, which cannot be listed or holds no film.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long or a folder closed
        return
    if not os.access(path, os.R_OK | os.X_OK):
        raise SourceError("The folder cannot be read.", hint="Check its permissions.")
    raise SourceError("There is no film in this folder.", hint="What counts as one is set by input.file_pattern.")


def check_readable(path: Path) -> None:
    """Say in one sentence why a path cannot be a film, before anything is started.

    Raises:
        SourceError: it is missing, a folder, not a plain file, empty or unreadable.
    """
    try:
        if path.is_dir():
            raise SourceError("It is a folder.")
        if not path.exists():
            raise SourceError("There is no such file.", hint="Check the path.")
        if not path.is_file():
            raise SourceError("It is not a plain file.")
        if path.stat().st_size == 0:
            raise SourceError("The file is empty.", hint="Was its copy interrupted?")
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise SourceError(f"It cannot be read: {error.strerror}.", hint="Check the file's permissions.") from error


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
        return _with_dolby_vision(info, film, await told)
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


def _with_dolby_vision(info: MediaInfo, film: Stream, banner: str) -> MediaInfo:
    profile = parse_dolby_vision(banner)
    if profile is None or film.video is None:
        return info
    told = replace(film, video=replace(film.video, dolby_vision=profile))
    return replace(info, streams=tuple(told if s.index == film.index else s for s in info.streams))


def parse_dolby_vision(banner: str) -> str | None:
    """Profile in a configuration record, such as "8.1", from what `ffmpeg -i` prints; None where there is none."""
    found = re.search(r"DOVI configuration record:.*?profile: (\d+)(?:.*?compatibility id: (\d+))?", banner)
    if not found:
        return None
    return found[1] if found[1] in {"5", "7"} or found[2] is None else f"{found[1]}.{found[2]}"
