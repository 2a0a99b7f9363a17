"""What is drawn over a picture and ahead of it: burn-ins in its corners, and the slate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from string import Formatter

from reelwright.errors import UsageError
from reelwright.sequences.timecode import format_timecode


class Corner(StrEnum):
    """Where a burn-in stands."""

    TOP_LEFT = "top-left"
    TOP = "top"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom-right"


#: What a burn-in may name: what changes from frame to frame, and what does not.
CHANGING = frozenset({"frame", "timecode"})
FIELDS = ("name", "shot", "version", "artist", "notes", "date", "colorspace", "frames", "rate", "size")
#: Height of a burn-in's letters and distance from the picture's edges, as shares of its height.
LETTERS, EDGE = 0.03, 0.025
SMALLEST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class BurnIn:
    """One text over every frame."""

    corner: Corner
    #: With {names} of the sheet's columns, {frame}, {timecode}, {date}.
    text: str
    #: 0 to 1.
    opacity: float = 0.8


#: Where nothing else is asked for.
DEFAULT = (
    BurnIn(corner=Corner.TOP_LEFT, text="{shot} {version}"),
    BurnIn(corner=Corner.TOP, text="{artist}"),
    BurnIn(corner=Corner.TOP_RIGHT, text="{date}"),
    BurnIn(corner=Corner.BOTTOM_LEFT, text="{colorspace}"),
    BurnIn(corner=Corner.BOTTOM, text="{timecode}"),
    BurnIn(corner=Corner.BOTTOM_RIGHT, text="{frame}"),
)


def parse_burn_in(text: str) -> BurnIn:
    """A burn-in from `CORNER=TEXT`.

    Raises:
        UsageError: there is no such corner, or its braces do not fit together.
    """
    corner, equals, said = text.partition("=")
    if not equals or corner not in set(Corner):
        places = ", ".join(Corner)
        raise UsageError(f"{text!r} is no burn-in.", hint=f"Write CORNER=TEXT with one of {places}.")
    unknown = sorted(named(said) - CHANGING - {*FIELDS})
    if unknown:
        known = ", ".join([*sorted(CHANGING), *FIELDS])
        raise UsageError(f"The burn-in {said!r} asks for {{{unknown[0]}}}.", hint=f"There are {known}.")
    return BurnIn(corner=Corner(corner), text=said)


def named(text: str) -> frozenset[str]:
    """The names a burn-in's text asks for.

    Raises:
        UsageError: its braces do not fit together, or it asks for more than a name.
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise UsageError(f"The burn-in {text!r} cannot be read: {error}.", hint="Write {{ for a brace.") from error
    for _, name, layout, conversion in parts:
        if name is not None and (not name.isidentifier() or layout or conversion):
            raise UsageError(f"The burn-in {text!r} asks for {{{name}}}.", hint="Write a column's name in braces.")
    return frozenset(name for _, name, _, _ in parts if name is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A part of a burn-in: text that stays, or a number that counts."""

    #: "text", "frame" or "timecode".
    kind: str
    text: str = ""


def runs(burn_in: BurnIn, fields: Mapping[str, str]) -> tuple[Run, ...]:
    """The burn-in with the sheet's fields put in; names nobody knows, and empty ones, are left out.

    A burn-in that has nothing to say is empty.
    """
    made: list[Run] = []
    for said, name, _, _ in Formatter().parse(burn_in.text):
        text = said
        if name is not None and name not in CHANGING:
            text += fields.get(name, "")
        if text and made and made[-1].kind == "text":
            made[-1] = Run(kind="text", text=made[-1].text + text)
        elif text:
            made.append(Run(kind="text", text=text))
        if name in CHANGING:
            made.append(Run(kind=name))
    if all(run.kind == "text" and not run.text.strip() for run in made):
        return ()
    return tuple(made)


def spoken(burn_in: BurnIn, fields: Mapping[str, str], *, number: int, count: int, rate: Fraction, padding: int) -> str:
    """The text of a burn-in at one frame: its number as it is in file names, and the timecode of its count."""
    said = {"frame": f"{number:0{padding}d}", "timecode": format_timecode(count, rate)}
    return "".join(run.text if run.kind == "text" else said[run.kind] for run in runs(burn_in, fields)).strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Slate:
    """The picture ahead of the first frame."""

    title: str
    #: What it says, line by line: name and value.
    lines: tuple[tuple[str, str], ...]
    #: How many frames it stands.
    frames: int = 1
    #: Files to try for the small picture on it.
    pictures: tuple[str, ...] = ()


#: Columns the slate shows, in this order, and what they are called there.
SHOWN = (
    ("shot", "Shot"),
    ("version", "Version"),
    ("artist", "Artist"),
    ("date", "Date"),
    ("frames", "Frames"),
    ("rate", "Rate"),
    ("size", "Size"),
    ("colorspace", "Colour space"),
    ("delivery", "Delivery"),
    ("notes", "Notes"),
)


def slate_of(title: str, fields: Mapping[str, str], *, frames: int = 1, also: Sequence[str] = ()) -> Slate:
    """The slate of a sequence: what is known of it, and columns of its own that the sheet has.

    Args:
        title: of the show or the sequence.
        fields: what is known, by column.
        frames: how many frames the slate stands.
        also: further columns of the sheet to show.
    """
    known = {name for name, _ in SHOWN}
    shown = [*SHOWN, *((name, name.replace("_", " ").capitalize()) for name in also if name not in known)]
    lines = tuple((label, fields[name]) for name, label in shown if fields.get(name, "").strip())
    return Slate(title=title, lines=lines, frames=frames)
