"""Put movies together of pieces of others, without a loss: a child does it and proves it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from reelwright.errors import SourceError, ToolError
from reelwright.tools.ask import ask
from reelwright.tools.delivery import MUXERS
from reelwright.tools.process import Runner


class UnfittingError(ToolError):
    """Pieces that do not fit together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Frames [first, end) of a movie of ours."""

    path: Path
    first: int
    end: int
    #: Whether it is of an earlier movie.
    kept: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Splice:
    """A movie to put together."""

    pieces: Sequence[Piece]
    rate: Fraction
    out: Path
    #: FFmpeg's name of the container, and its options.
    flags: Sequence[str] = ()
    #: A file whose sound is laid under it.
    sound: Path | None = None
    timecode: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spliced:
    """What was put together, as it was read back."""

    frames: int
    #: Frames whose packets are, byte for byte, those of the earlier movie.
    kept: int
    #: Hash of the hashes of all packets.
    digest: str


def muxer_options(flags: Sequence[str]) -> dict[str, str]:
    """The muxer's options among an encoder's flags."""
    return {name[1:]: value for name, value in pairwise(flags) if name == "-movflags"}


async def splice(runner: Runner, job: Splice) -> Spliced:
    """Put a movie together.

    Raises:
        UnfittingError: the pieces do not fit together.
        ResourceError: the disk is full.
        ToolError: the child crashed.
    """
    request = {
        "pieces": [{"path": os.fspath(p.path), "first": p.first, "end": p.end, "kept": p.kept} for p in job.pieces],
        "rate": f"{job.rate.numerator}/{job.rate.denominator}",
        "out": os.fspath(job.out),
        "format": MUXERS[job.out.suffix],
        "options": muxer_options(job.flags),
        "sound": None if job.sound is None else os.fspath(job.sound),
        "timecode": job.timecode,
        "tags": dict(job.tags),
    }
    try:
        answer = await ask(runner, "splice", request, what="Putting the movie together", writes=job.out)
    except SourceError as error:
        raise UnfittingError(error.message) from error
    return Spliced(**answer.result)
