"""Frames of light: the whole range of half floats in a scene-linear space, for work that goes on, not for the eye."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reelwright.errors import UsageError
from reelwright.sequences.deliverable import DISPLAY_REFERRED, Asked, Known, Palette, check_name
from reelwright.sequences.delivery import Profile
from reelwright.sequences.ranges import listed
from reelwright.sequences.rendering import Colors, Light
from reelwright.sequences.steps import VIEW

#: EXR's compressions; the first is the default. DWAA, DWAB, B44 and B44A lose something.
COMPRESSIONS = ("zip", "zips", "piz", "pxr24", "rle", "none", "dwaa", "dwab", "b44", "b44a")
#: What a half float cannot hold, and what is said of it.
REPAIRED = {
    "nan": "{} samples were no number and became 0",
    "infinite": "{} were infinite and became ±65504",
    "beyond": "{} were beyond ±65504 and became that",
}


def light_of(known: Known, asked: Asked, profiles: Iterable[Profile]) -> Light | None:
    """How frames of light are made; None where no output holds them.

    Their space is the one that `linear_to` says, else `to` where that is one of light, else the frames' own.

    Args:
        known: the row, its frames and the colour configuration.
        asked: what is asked for.
        profiles: of the outputs.

    Raises:
        UsageError: the space is none of light, or a step comes after `view`, whose values are no longer light.
    """
    named = [profile.name for profile in profiles if profile.light]
    if not named:
        if asked.linear_to is not None:
            raise UsageError("--linear-to is of no use: no output holds light.", hint="Add --profile exr-linear.")
        return None
    source = known.check.row.colorspace or asked.colorspace or known.header.ruled
    steps = [step.name for step in asked.steps]
    if VIEW in steps[:-1]:
        late = steps[steps.index(VIEW) + 1]
        raise UsageError(
            f"{named[0]} holds light: the step {late} after {VIEW} works on values as they are seen.",
            hint=f"Put the steps before {VIEW}.",
        )
    if source is None or source == DISPLAY_REFERRED:
        raise UsageError(
            f"Nothing says which light {known.check.row.wanted.pattern} holds, and {named[0]} keeps nothing else.",
            hint="Say the frames' colour space with --colorspace, and that of the output with --linear-to.",
        )
    check_name("colour space", source, (*known.palette.spaces, *known.palette.aliases))
    own = next((name for name in (asked.to, source) if name is not None and is_light(name, known.palette)), None)
    to = asked.linear_to or own
    if to is not None:
        check_name("colour space", to, (*known.palette.spaces, *known.palette.aliases))
    if to is None or not is_light(to, known.palette):
        raise UsageError(
            f"{to or source} is no space of light, which {named[0]} holds.",
            hint="Choose a scene-linear one with --linear-to, such as ACEScg.",
        )
    colors = Colors(config=asked.config, source=source, to=to)
    return Light(colors=colors, compression=asked.exr_compression)


def is_light(name: str, palette: Palette) -> bool:
    """Whether a name is one of a space of light, whose values go beyond 1."""
    return name.lower() in {one.lower() for one in palette.light}


def refuse_cut_off(colors: Colors | None, palette: Palette, profiles: Iterable[Profile]) -> None:
    """Raise where values above 1 would go to an output that holds none; a LUT that comes last may bring them below.

    Raises:
        UsageError: the frames go to a space of light.
    """
    cut = [profile.name for profile in profiles if not profile.light]
    if not cut or colors is None or colors.to is None or colors.lut is not None:
        return
    if is_light(colors.to, palette):
        raise UsageError(
            f"The output {cut[0]} holds values of 0 to 1: those of {colors.to} above 1 and below 0 would be cut off.",
            hint="Use --profile exr-linear for light; for what is seen choose a display and view, or --to a space for "
            "display or with a log curve.",
        )


def refuse_unseen(given: Mapping[str, bool], profiles: Sequence[Profile]) -> None:
    """Raise where something is asked for that only pictures for the eye hold, and no output is one.

    Args:
        given: whether each such option was given, by its name.
        profiles: of the outputs.

    Raises:
        UsageError: with the first of them.
    """
    asked = [name for name, there in given.items() if there]
    if asked and profiles and all(profile.light for profile in profiles):
        raise UsageError(
            f"{asked[0]} is of what is seen, and {profiles[0].name} holds light as it is.",
            hint="Leave it out, or add a profile that is looked at; the steps resize, pad and mask change light too.",
        )


def light_notes(said: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What people should know of samples that a half float cannot hold."""
    total = dict.fromkeys(REPAIRED, 0)
    numbers = []
    for place in said:
        found = place.get("light")
        if isinstance(found, Mapping) and any(found.get(kind) for kind in REPAIRED):
            numbers.append(place["number"])
            for kind in REPAIRED:
                total[kind] += int(found.get(kind) or 0)
    if not numbers:
        return ()
    what = "; ".join(text.format(total[kind]) for kind, text in REPAIRED.items() if total[kind])
    return (f"Light that half floats cannot hold: {what}; frames {listed(numbers)}.",)
