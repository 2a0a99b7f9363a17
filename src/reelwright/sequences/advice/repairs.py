"""Slips of names and of sheets: each repair says how a name, or a row, would have to be for the rules to keep it.

A repair proposes; whether it fits is for the rules alone to say.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from reelwright.sequences.layouts import Layout, Wanted
from reelwright.sequences.rules import DIGITS

#: Endings of files that are still being written or copied.
UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".inprogress", ".writing",
              ".lock", ".swp", "~")  # fmt: skip
#: rsync writes `.name.0001.exr.Xa3bQz`.
_HIDDEN = re.compile(r"(?s)\.(.+?)(?:\.[A-Za-z0-9]{6})?").fullmatch
_COPY = re.compile(r"(?s)(.+?)(?: \([0-9]+\)| - [Cc]opy| copy|_copy)(\.[^.]+)").fullmatch
#: Extensions of one format.
SAME = ({"jpg", "jpeg"}, {"tif", "tiff"}, {"dpx", "cin"}, {"exr", "sxr"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """How a name would have been kept."""

    kind: str
    #: The name as it would have to be, and the row.
    name: str
    wanted: Wanted
    advice: str


def case(name: str, wanted: Wanted) -> Iterator[Repair]:
    """Capital letters in the one and small letters in the other."""
    beginning, ending = f"{wanted.name}{wanted.layout.mark}", f".{wanted.extension}"
    middle = name[len(beginning) : -len(ending)]
    mended = f"{beginning}{middle}{ending}"
    if mended == name or mended.casefold() != name.casefold():
        return
    parts = [] if name.endswith(ending) else [f"the extension is {name[-len(ending) + 1 :]!r}"]
    parts += [] if name.startswith(beginning) else [f"the name is {name[: len(beginning) - 1]!r}"]
    advice = f"Only capital letters differ: {' and '.join(parts)}. Rename the file, or write the row like it."
    yield Repair(kind="case", name=mended, wanted=wanted, advice=advice)


def unfinished(name: str, wanted: Wanted) -> Iterator[Repair]:
    """A frame that is still being written."""
    advice = "It looks as if it is still being written or copied; wait for it, or render the frame again."
    for ending in UNFINISHED:
        if name.lower().endswith(ending):
            yield Repair(kind="in progress", name=name[: -len(ending)], wanted=wanted, advice=advice)
    if found := _HIDDEN(name):
        yield Repair(kind="in progress", name=found[1], wanted=wanted, advice=advice)
        yield Repair(kind="in progress", name=name[1:], wanted=wanted, advice=advice)


def spaces(name: str, wanted: Wanted) -> Iterator[Repair]:
    """Spaces, tabs or line breaks in a name."""
    mended = "".join(name.split())
    if mended != name:
        advice = "There is a space, a tab or a line break in its name. Rename the file."
        yield Repair(kind="space", name=mended, wanted=wanted, advice=advice)


def copies(name: str, wanted: Wanted) -> Iterator[Repair]:
    """What file managers call a copy."""
    if found := _COPY(name):
        advice = "By its name it is a copy of a frame. Compare the two, and remove or rename one."
        yield Repair(kind="copy", name=found[1] + found[2], wanted=wanted, advice=advice)


def letters(name: str, wanted: Wanted) -> Iterator[Repair]:
    """The same letters in another form: composed or not, digits of another script."""
    if name.isascii() and wanted.name.isascii():
        return
    for form in ("NFC", "NFD"):
        if (mended := unicodedata.normalize(form, name)) != name:
            advice = f"Its letters are composed in another way than the row's ({form} would fit). Rename the file."
            yield Repair(kind="letters", name=mended, wanted=wanted, advice=advice)
    mended = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in name)
    advice = "Its number is not written in ASCII digits. Rename the file."
    yield Repair(kind="digits", name=mended, wanted=wanted, advice=advice)


def negative(name: str, wanted: Wanted) -> Iterator[Repair]:
    """A frame before frame 0."""
    beginning = f"{wanted.name}{wanted.layout.mark}-"
    if name.startswith(beginning):
        digits, dot, rest = name.removeprefix(beginning).partition(".")
        mended = f"{beginning[:-1]}{digits:0>{max(wanted.padding, 1)}}{dot}{rest}"
        advice = "Its frame is negative, which the rules do not take. Renumber the sequence."
        yield Repair(kind="negative", name=mended, wanted=wanted, advice=advice)


def extension(name: str, wanted: Wanted) -> Iterator[Repair]:
    """An extension that is one slip away, or another spelling of the same format."""
    ahead, _, found = name.rpartition(".")
    if found != wanted.extension and (near(found, wanted.extension) or {found, wanted.extension} in SAME):
        advice = f"Its extension is {found!r}, not {wanted.extension!r}. Rename the file, or correct the row."
        yield Repair(kind="extension", name=f"{ahead}.{wanted.extension}", wanted=wanted, advice=advice)


def padding(name: str, wanted: Wanted) -> Iterator[Repair]:
    """A number with more or fewer digits."""
    ending = f".{wanted.extension}"
    ahead = name.removesuffix(ending)
    bare = ahead.rstrip(DIGITS)
    digits = ahead[len(bare) :]
    if ahead == name or not digits:
        return
    mended = f"{bare}{int(digits):0{max(wanted.padding, 1)}d}{ending}"
    off = " (off by one)" if abs(len(digits) - max(wanted.padding, 1)) == 1 else ""
    advice = (
        f"Its number has {len(digits)} {'digit' if len(digits) == 1 else 'digits'}, the row's padding is"
        f" {wanted.padding}{off}. Rename the file, or give these files a row with padding {len(digits)}."
    )
    yield Repair(kind="padding", name=mended, wanted=wanted, advice=advice)


def layout(name: str, wanted: Wanted) -> Iterator[Repair]:
    """Frames named after another layout."""
    for other in Layout:
        if other is not wanted.layout:
            advice = f'It fits the layout "{other}". Give the row layout = "{other}", or rename the file.'
            yield Repair(kind="layout", name=name, wanted=replace(wanted, layout=other), advice=advice)
    longer, mark, _ = name.removesuffix(f".{wanted.extension}").rpartition(".")
    if mark and "." in longer:
        row = replace(wanted, name=longer, layout=Layout.DOTTED)
        advice = f'It is a frame of {longer!r}, which holds a period: give it a row with layout = "dotted".'
        yield Repair(kind="layout", name=name, wanted=row, advice=advice)


def row(name: str, wanted: Wanted) -> Iterator[Repair]:
    """A slip in the row itself: a period ahead of the extension, spaces around a value."""
    bare = replace(wanted, name=wanted.name.strip(), extension=wanted.extension.strip().lstrip("."))
    if bare != wanted:
        said = [
            f"{column} {ours!r} instead of {theirs!r}"
            for column, ours, theirs in (
                ("name", bare.name, wanted.name),
                ("extension", bare.extension, wanted.extension),
            )
            if ours != theirs
        ]
        advice = f"It would be kept with {' and '.join(said)}. Values are taken as they are: correct the row."
        yield Repair(kind="row", name=name, wanted=bare, advice=advice)


def near(one: str, other: str) -> bool:
    """Whether one letter was left out, added or changed, or two neighbours were swapped."""
    if abs(len(one) - len(other)) > 1 or not one:
        return False
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    a, b = one[same:], other[same:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[1:2] + a[:1] + a[2:] == b and len(a) > 1)


#: In the order in which they are tried; the first that fits is told.
REPAIRS: tuple[Callable[[str, Wanted], Iterator[Repair]], ...] = (
    row, case, padding, unfinished, spaces, extension, copies, negative, layout, letters,
)  # fmt: skip
