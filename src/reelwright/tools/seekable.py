"""The film's pictures in a file of our own, which ranges can be found in: see the child of that name."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.media.timing import FrameIndex, Timing
from reelwright.tools.ask import Answer, ask
from reelwright.tools.ffmpeg import TICK
from reelwright.tools.process import Runner


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyOrder:
    """What is copied, and where to."""

    source: Path
    video_index: int
    #: The source's index.
    index: Path
    out: Path
    #: Metadata in place of the source's own, one for each packet.
    rpus: Path | None = None


async def extract_metadata(runner: Runner, source: Path, video_index: int, out: Path) -> Answer:
    """Write the Dolby Vision metadata of a film's packets, in the order of decoding.

    Raises:
        SourceError: the film cannot be read, or packets lack them.
    """
    request = {"path": os.fspath(source), "video_index": video_index, "out": os.fspath(out)}
    return await ask(runner, "layers", request, what="Reading Dolby Vision metadata", writes=out)


async def copy_pictures(runner: Runner, order: CopyOrder, tell: Callable[[dict[str, Any]], None]) -> Answer:
    """Copy a film's packets, each stamped with its frame's number; what was written is read back and compared.

    Raises:
        SourceError: the film's packets are not one for each frame, or do not fit into Matroska as they are.
    """
    request = {
        "path": os.fspath(order.source),
        "video_index": order.video_index,
        "index": os.fspath(order.index),
        "out": os.fspath(order.out),
        "rpus": None if order.rpus is None else os.fspath(order.rpus),
        "tick": TICK,
    }
    return await ask(runner, "seekable", request, what="Copying the pictures", writes=order.out, tell=tell)


def index_of_copy(index: FrameIndex, *, start: int, keys: tuple[int, ...]) -> FrameIndex:
    """The index of a copy.

    Args:
        index: the source's.
        start: the copy's earliest time in milliseconds.
        keys: numbers of the frames decoding may start at.
    """
    return replace(
        index,
        container="matroska,webm",
        timing=Timing.STAMPED,
        time_base=Fraction(1, 1000),
        pts=tuple(number * TICK for number in range(index.frames)),
        key_pts=tuple(number * TICK for number in keys),
        last_duration=TICK,
        container_start=Fraction(start, 1000),
    )
