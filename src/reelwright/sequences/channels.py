"""Which channels of a frame are the picture: by name, by layer, by part, by view; of files with one part or several.

OpenEXR's rules (multi-view and multi-part files, OpenEXR 2): a part may belong to a view; in a file of one part the
views other than the first stand in the channels' names, ahead of the last period ("right.R", "diffuse.right.R").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reelwright.errors import UsageError

RGB = ("R", "G", "B")
#: Names of three channels that make a picture, in their order: colours, and vectors such as normals.
THREES = (RGB, ("r", "g", "b"), ("red", "green", "blue"), ("X", "Y", "Z"), ("x", "y", "z"))
#: Names that a sentence lists.
LISTED = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a frame's file."""

    channels: tuple[str, ...]
    width: int = 0
    height: int = 0
    name: str = ""
    #: The view that the whole part belongs to; empty: none.
    view: str = ""
    #: The views whose channels it holds, the first of them without its name in theirs.
    views: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The channels that are rendered."""

    #: Number of the part.
    part: int
    #: Three names, for red, green and blue.
    colors: tuple[str, str, str]
    #: The alpha that belongs to them.
    alpha: str | None = None


def choose(parts: Sequence[Part], wanted: str = "", *, view: str = "", part: int | None = None) -> Chosen:
    """Find the channels of a picture.

    Args:
        parts: what the file has.
        wanted: three channels with commas between them, or one name: of a part, a layer, or a channel that is shown
            grey; empty: the picture itself.
        view: the view, such as "left" or "right"; empty: the first.
        part: number of the part; None: the first that fits.

    Raises:
        UsageError: there are none.
    """
    if part is not None and part >= len(parts):
        raise UsageError(f"The frames have no part {part}: they have {len(parts)}.", hint="The first one is 0.")
    seen = [(number, one) for number, one in enumerate(parts) if part is None or number == part]
    if view:
        seen = _of_view(seen, view)
    for number, one in seen:
        inside = view if view in one.views[1:] else ""
        for colors in _ways(one, wanted, inside):
            if all(name in one.channels for name in colors):
                return Chosen(part=number, colors=colors, alpha=_alpha(one, colors))
    raise _missing([one for _, one in seen], wanted)


def _of_view(seen: Sequence[tuple[int, Part]], view: str) -> list[tuple[int, Part]]:
    found = [(number, one) for number, one in seen if one.view == view or view in one.views]
    if found:
        return found
    known = dict.fromkeys(name for _, one in seen for name in (one.view, *one.views) if name)
    have = f"they have {', '.join(known)}" if known else "they name no views"
    raise UsageError(f"The frames have no view {view!r}: {have}.", hint="Leave out --eye, or the sheet's column eye.")


def _ways(one: Part, wanted: str, view: str) -> Iterator[tuple[str, str, str]]:
    """What the picture's channels may be called in a part."""
    named = tuple(name.strip() for name in wanted.split(","))
    if len(named) == len(RGB):
        yield _in_view(named, view)
    elif not wanted or wanted == one.name:
        prefixes = ["", f"{one.name}."] if one.name else [""]
        yield from (_in_view([f"{prefix}{c}" for c in three], view) for prefix in prefixes for three in THREES)
        if len(one.channels) < len(RGB):
            yield one.channels[0], one.channels[0], one.channels[0]
    if len(named) == 1 and wanted:
        yield from (_in_view([f"{wanted}.{c}" for c in three], view) for three in THREES)
        yield _in_view((wanted, wanted, wanted), view)


def _in_view(names: Sequence[str], view: str) -> tuple[str, str, str]:
    red, green, blue = (
        ".".join([*name.split(".")[:-1], view, name.split(".")[-1]]) if view else name for name in names
    )
    return red, green, blue


def _alpha(one: Part, colors: tuple[str, ...]) -> str | None:
    """The alpha beside these channels, and of a picture in two channels the second one."""
    layer = colors[0].rpartition(".")[0]
    prefix = f"{layer}." if layer else ""
    return next((f"{prefix}{name}" for name in ("A", "a", "alpha") if f"{prefix}{name}" in one.channels), None)


def _missing(parts: Sequence[Part], wanted: str) -> UsageError:
    names = [name for one in parts for name in one.channels]
    asked = [name.strip() for name in wanted.split(",")] if wanted else [*RGB]
    lacking = next((name for name in asked if name not in names), asked[0])
    layers = [name.rpartition(".")[0] for name in names if "." in name]
    known = [*names, *(one.name for one in parts if one.name), *layers]
    close = get_close_matches(lacking, known, n=1)
    have = ", ".join(dict.fromkeys(names[:LISTED]))
    hint = f"Did you mean {close[0]}?" if close and close[0] != lacking else f"They have {have}."
    return UsageError(f"The frames have no channel {lacking}.", hint=hint)
