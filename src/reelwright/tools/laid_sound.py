"""The sound that is laid under a sequence: what it is, and what a movie has of it in the end. A child opens it."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reelwright.errors import SourceError
from reelwright.planning.sound import MOVED, OPUS_LAYOUTS, OpusRates
from reelwright.tools.ask import ask
from reelwright.tools.delivery import SOUND_FORMATS, Opus
from reelwright.tools.process import Runner
from reelwright.words import printable_path


@dataclass(frozen=True, kw_only=True, slots=True)
class LaidSound:
    """A sound's facts."""

    #: Decoder, by FFmpeg's name.
    codec: str
    channels: int
    #: By FFmpeg's name.
    layout: str
    #: What was decoded of it.
    seconds: Fraction

    def opus(self, rates: OpusRates) -> Opus | None:
        """How it becomes Opus, its channels as they are; None: Opus has no layout of these loudspeakers."""
        layout = self.layout if self.layout in OPUS_LAYOUTS else MOVED.get(self.layout, (None,))[0]
        return None if layout is None else Opus(layout=layout, kbps=rates.of(self.channels))


async def laid_sound(runner: Runner, path: Path, *, whole: bool = False) -> LaidSound:
    """What a file's first sound is.

    Args:
        runner: spawns the child.
        path: the file.
        whole: decode all of it, so that `seconds` is its length; else just the beginning.

    Raises:
        SourceError: it is no sound, or cannot be read.
        ToolError: the reader crashed.
    """
    request = {"path": os.fspath(path), "formats": SOUND_FORMATS, "whole": whole}
    try:
        said = (await ask(runner, "laid_sound", request, what="Reading the sound")).result
    except SourceError as error:
        why = error.message.rstrip(".")
        raise SourceError(f"The sound {printable_path(path)} cannot be used: {why}.", hint="See --audio.") from error
    return LaidSound(
        codec=said["codec"], channels=said["channels"], layout=said["layout"], seconds=Fraction(said["seconds"])
    )


async def read_timecode(runner: Runner, path: Path) -> str | None:
    """The timecode of the first frame of a movie of ours, as it is read back; None: it has none.

    Raises:
        SourceError: it cannot be read.
    """
    answer = await ask(runner, "timecode", {"path": os.fspath(path)}, what="Reading the timecode")
    said: str | None = answer.result["timecode"]
    return said
