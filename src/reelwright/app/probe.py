"""Facts of a file."""

import os
from pathlib import Path

from reelwright.errors import ReelwrightError
from reelwright.layers import merge, stack
from reelwright.media.model import MediaInfo
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.look import look


def look_at_file(path: Path) -> MediaInfo | None:
    """Read a file's facts the short way; None where only the full way can tell what is wrong.

    Raises:
        SourceError: the path cannot be a film.
    """
    tree: dict[str, object] = {}
    try:
        for layer in stack(os.environ).layers:
            tree = merge(tree, layer.tree)
        tools = tree.get("tools", {})
        configured = tools.get("ffmpeg", "") if isinstance(tools, dict) else None
        if not isinstance(configured, str):
            return None
        ffmpeg = find_ffmpeg(configured)
    except ReelwrightError:
        return None
    return look(ffmpeg, path)


async def probe_file(path: Path) -> MediaInfo:
    """Read a file's facts.

    Raises:
        SourceError: it is no media file, or cannot be read.
    """
    from reelwright.app.wiring import load
    from reelwright.tools.probe import probe
    from reelwright.tools.process import Runner

    settings = load({})
    async with Runner() as runner:
        return await probe(runner, find_ffmpeg(settings.tools.ffmpeg), path)
