"""A contact sheet of a movie: which frames it shows, in how many columns, and what stands under each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: The most pictures of a sheet, the width of each, and the strip for its words.
MOST, WIDTH, STRIP = 24, 320, 26
#: What is said of a picture that is not the frame's own file.
REPAIRED = {"held": "held from {}", "retrieved": "retrieved", "black": "black", "checker": "checker",
            "placeholder": "placeholder"}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One picture of a sheet."""

    #: Its place in the movie.
    frame: int
    label: str
    #: Whether it is the frame's own file.
    own: bool


def cells(pictures: Sequence[Mapping[str, Any]], most: int = MOST) -> tuple[Cell, ...]:
    """The pictures of a sheet, evenly along the movie from its first frame to its last; the slate is not among them.

    Args:
        pictures: what a manifest says of each picture of the movie.
        most: how many there are at the most.
    """
    shown = [said for said in pictures if said["decision"] != "slate"]
    count = min(most, len(shown))
    places = [k * (len(shown) - 1) // max(1, count - 1) for k in range(count)]
    return tuple(cell(shown[place]) for place in places)


def middle(pictures: Sequence[Mapping[str, Any]]) -> int:
    """The frame of the movie that stands for all of it: the one in the middle, or the nearest that is its own file."""
    shown = [said for said in pictures if said["decision"] != "slate"]
    half = len(shown) // 2
    order = sorted(range(len(shown)), key=lambda k: (shown[k]["decision"] != "source", abs(k - half)))
    return int(shown[order[0]]["frame"])


def cell(said: Mapping[str, Any]) -> Cell:
    """A picture, by what a manifest says of it."""
    source = said["from"] or {}
    what = REPAIRED.get(said["decision"], "").format(source.get("number", ""))
    return Cell(frame=int(said["frame"]), label=f"{said['number']}  {what}".strip(), own=said["decision"] == "source")


def spread(first: int, last: int, most: int = MOST) -> tuple[int, ...]:
    """Frames from the first to the last, evenly, both ends among them; all where there are no more than wanted."""
    span = last - first
    count = min(most, span + 1)
    return tuple(first + k * span // max(1, count - 1) for k in range(count))


def columns(count: int) -> int:
    """Columns of a sheet: somewhat more than rows, as pictures are wider than high."""
    return max(1, math.ceil(math.sqrt(count * 1.5)))
