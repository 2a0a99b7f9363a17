"""Facts of a file."""

from pathlib import Path

from reelwright.app.wiring import load
from reelwright.media.model import MediaInfo
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner


async def probe_file(path: Path) -> MediaInfo:
    """Read a file's facts.

    Raises:
        SourceError: it is no media file, or cannot be read.
    """
    settings = load({})
    async with Runner() as runner:
        return await probe(runner, find_ffmpeg(settings.tools.ffmpeg), path)
