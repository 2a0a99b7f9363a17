"""A sequence's frames as a strip: what is there, what is missing, what is wrong, from the first frame to the last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reelwright.sequences.check import SequenceCheck
from reelwright.sequences.ranges import Run, runs

WIDTH = 1000.0
#: Nothing is drawn narrower: a single hole among a hundred thousand frames is to be seen.
NARROWEST = 2.0
#: So many parts of each kind are drawn; a strip is no wider than what a screen can show.
MOST = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a strip in a box of 1000 by 1."""

    #: "there", "missing", "wrong" or "outside".
    kind: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """A whole strip, and the frames at its ends."""

    first: int
    last: int
    pieces: tuple[Piece, ...]


def strip(check: SequenceCheck) -> Strip | None:
    """The strip of a sequence; None where it has no frame and misses none."""
    wrong = runs({problem.frame for problem in check.problems})
    every = [*check.frames, *check.missing, *check.outside]
    if not every:
        return None
    first, last = min(start for start, _ in every), max(end for _, end in every)
    scale = WIDTH / (last - first + 1)
    pieces = [
        *_pieces("there", check.frames, first, scale),
        *_pieces("outside", check.outside, first, scale),
        *_pieces("wrong", wrong, first, scale),
        *_pieces("missing", check.missing, first, scale),
    ]
    return Strip(first=first, last=last, pieces=tuple(pieces))


def _pieces(kind: str, these: Sequence[Run], first: int, scale: float) -> Iterable[Piece]:
    for start, end in these[:MOST]:
        width = max((end - start + 1) * scale, NARROWEST)
        x = min((start - first) * scale, WIDTH - width)
        frames = f"{start}–{end}" if end > start else f"{start}"
        yield Piece(kind=kind, x=round(max(0.0, x), 2), width=round(width, 2), title=f"{frames}: {kind}")
