"""From a checked row and what a frame's header says to a rendering: what is asked, what is known, what is an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from itertools import islice

from reelwright.errors import SourceError, UsageError
from reelwright.sequences import ranges
from reelwright.sequences.channels import Chosen, Part, choose
from reelwright.sequences.check import SequenceCheck
from reelwright.sequences.overlay import DEFAULT, BurnIn, slate_of
from reelwright.sequences.rendering import Colors, Raster, Rendering
from reelwright.sequences.repair import Missing, Place, fill
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import VIEW, Step, StepSpec, size_through
from reelwright.sequences.timecode import parse_timecode

#: Pinned by name: the "default" one changes with the library.
CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
#: A colour space of frames that are as they are to be seen.
DISPLAY_REFERRED = "display"
#: Frames that are tried for the slate's small picture.
SLATE_TRIED = 5
#: Sizes larger than this are a slip of the pen.
LARGEST = 16384


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is asked for beside the sheet; what a row says itself comes first."""

    missing: Missing = Missing.ERROR
    slate: bool = True
    slate_frames: int = 1
    burn_ins: tuple[BurnIn, ...] = DEFAULT
    rate: Fraction | None = None
    #: Delivered width and height; None: the frames' own.
    size: tuple[int, int] | None = None
    crop: tuple[int, int, int, int] | None = None
    mask: Fraction | None = None
    mask_opacity: float = 1.0
    colorspace: str | None = None
    config: str = CONFIG
    to: str | None = None
    #: Colour space of frames of light; None: `to` or the frames' own, where it is one.
    linear_to: str | None = None
    #: EXR's compression of frames of light.
    exr_compression: str = "zip"
    display: str | None = None
    view: str | None = None
    looks: str = ""
    lut: str | None = None
    #: Three names, or one of a part, a layer or a channel; empty: the picture itself.
    channels: str = ""
    #: The view of stereo frames; empty: the first.
    eye: str = ""
    part: int | None = None
    #: "ignore", "over" a background, or "keep".
    alpha: str = "ignore"
    #: What "over" lays the frames over.
    background: Step | None = None
    steps: tuple[Step, ...] = ()
    #: Every step there is, by name.
    known_steps: Mapping[str, StepSpec] = field(default_factory=lambda: STEPS)
    transform: str = "exact"
    timecode: str | None = None
    audio: str | None = None
    title: str = ""
    #: Today, as people read it.
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Palette:
    """What a colour configuration has."""

    spaces: tuple[str, ...]
    #: Other names and roles of them.
    aliases: tuple[str, ...]
    looks: tuple[str, ...]
    #: Views by display.
    displays: Mapping[str, Sequence[str]]
    #: The display and view to take where nobody asks for one.
    display: str
    view: str
    #: Spaces of light, whose values go beyond 1, by all their names.
    light: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What the first readable frame says; sizes are those of its first part."""

    width: int
    height: int
    pixel_aspect: Fraction = Fraction(1)
    parts: tuple[Part, ...] = ()
    rate: Fraction | None = None
    timecode: str | None = None
    #: Number of the frame that says all this.
    number: int | None = None
    #: Colour space that the configuration's file rules give it; None: only the default rule fits.
    ruled: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What was found out about a row."""

    check: SequenceCheck
    header: Header
    palette: Palette
    #: Paths by frame, of the sequence's own folder and of other places by their label.
    own: Mapping[int, str]
    retrieved: Sequence[tuple[str, Mapping[int, str]]] = field(default=())


def planned_frames(check: SequenceCheck) -> range:
    """The numbers of the planned frames: the row's with its handles, or from the first frame there is to the last.

    Raises:
        SourceError: there is no frame at all.
    """
    row = check.row
    if not check.names:
        what = row.wanted.pattern
        raise SourceError(
            f"There are no frames {what} in {check.folder}.",
            hint="`reelwright sequence check` shows what is there, and why each name was rejected.",
        )
    first = row.planned_first if row.planned_first is not None else min(check.names)
    last = row.planned_last if row.planned_last is not None else max(check.names)
    if first > last:
        raise SourceError(f"{row.wanted.pattern}: the planned frames {first} to {last} end before they begin.")
    return range(first, last + 1)


def refuse_holes(check: SequenceCheck, wanted: range, known: Mapping[int, str]) -> None:
    """Raise where frames are missing and nothing may stand in for them.

    Raises:
        SourceError: with the missing frames, ready to paste.
    """
    holes = ranges.runs(n for n in wanted if n not in known)
    if holes:
        raise SourceError(
            f"Frames {ranges.text(holes)} of {check.row.wanted.pattern} are missing.",
            hint="Render them, or say with --missing what is to stand in their place.",
        )


def rendering_of(known: Known, asked: Asked) -> Rendering:
    """The rendering of a row.

    Raises:
        UsageError: what is needed is said nowhere, or is not what the configuration or the frames have.
        SourceError: frames are missing, and nothing may stand in for them.
    """
    row = known.check.row
    wanted = planned_frames(known.check)
    if asked.missing is Missing.ERROR:
        found = {**known.own}
        for _, frames in known.retrieved:
            found |= {n: path for n, path in frames.items() if n not in found}
        refuse_holes(known.check, wanted, found)
    rate = row.rate or asked.rate or known.header.rate
    if rate is None:
        raise UsageError(
            f"Nothing says how many frames a second {row.wanted.pattern} has.",
            hint="Give the sheet a column rate, or use --rate.",
        )
    colors = colors_of(known, asked)
    timecode = timecode_of(known, asked, rate, wanted)
    chosen = choose(known.header.parts, row.channels or asked.channels, view=row.eye or asked.eye, part=asked.part)
    part = known.header.parts[chosen.part]
    read = (part.width or known.header.width, part.height or known.header.height)
    steps = steps_of(asked, chosen, colored=colors is not None)
    made = size_through(steps, asked.known_steps, read)
    raster = raster_of(made, aspect_after(known.header.pixel_aspect, steps), asked)
    keep = asked.alpha == "keep" and chosen.alpha is not None
    alpha = (chosen.alpha,) if chosen.alpha and (keep or any(step.alpha for step in steps)) else ()
    fields = fields_of(known, asked, rate=rate, colors=colors, frames=wanted)
    places = fill(wanted, known.own, asked.missing, retrieved=known.retrieved)
    slate = slate_of(asked.title or row.wanted.name, fields, frames=asked.slate_frames) if asked.slate else None
    return Rendering(
        name=row.wanted.name,
        places=places,
        step=1,
        padding=max(1, row.wanted.padding),
        rate=rate,
        raster=raster,
        read=read,
        channels=(*chosen.colors, *alpha),
        part=chosen.part,
        alpha="keep" if keep else "ignore",
        steps=steps,
        transform=asked.transform if colors is not None else "exact",
        colors=colors,
        transfer=transfer_of(colors),
        burn_ins=asked.burn_ins,
        fields=tuple(sorted(fields.items())),
        slate=None if slate is None else replace(slate, pictures=slate_pictures(places)),
        timecode=timecode[0],
        drop=timecode[1],
        handles=row.handles or 0,
        audio=asked.audio,
    )


def timecode_of(known: Known, asked: Asked, rate: Fraction, frames: range) -> tuple[int, bool]:
    """Count of the first rendered frame's timecode, and whether it drops labels.

    What is asked for is the cut's first frame's, so that handles come before it; a header's is that of its own frame.
    Where neither says one, frames count from their number.

    Raises:
        UsageError: it is none.
    """
    row, said = known.check.row, asked.timecode or known.header.timecode
    if said is None:
        return frames[0], False
    whose = (row.first if row.handles else frames[0]) if asked.timecode else known.header.number
    return parse_timecode(said, rate) - (whose if whose is not None else frames[0]) + frames[0], ";" in said


def slate_pictures(places: Sequence[Place]) -> tuple[str, ...]:
    """Files to try for the slate's small picture, from the middle of the movie on."""
    middle = places[len(places) // 2 :]
    return tuple(islice((p.tried[0].path for p in middle if p.tried), SLATE_TRIED))


def steps_of(asked: Asked, chosen: Chosen, *, colored: bool) -> tuple[Step, ...]:
    """The steps of a rendering: first of all, the frames are laid over their background.

    Raises:
        UsageError: a step needs an alpha channel, or a colour transform, where there is none.
    """
    behind = (asked.background,) if asked.alpha == "over" and asked.background is not None and chosen.alpha else ()
    steps = (*behind, *asked.steps)
    for step in steps:
        if step.alpha and chosen.alpha is None:
            raise UsageError(f"The step {step.name} needs an alpha channel, which the frames do not have.")
        if step.name == VIEW and not colored:
            raise UsageError(f"The step {VIEW} says where colours are transformed, but nothing is to be transformed.")
    return steps


def aspect_after(aspect: Fraction, steps: Sequence[Step]) -> Fraction:
    """Width over height of a sample after the steps: turned by a quarter it lies on its side."""
    for step in steps:
        values = dict(step.values)
        line = str(values.get("line", ""))
        quarters = line.count("--rotate90") + line.count("--rotate270")
        if step.name == "rotate" and values["degrees"] != "180":
            quarters += 1
        if quarters % 2:
            aspect = 1 / aspect
    return aspect


def colors_of(known: Known, asked: Asked) -> Colors | None:
    """How the frames' colours become a display's; None where they are already.

    Raises:
        UsageError: nothing says what they are, or the configuration has no such space, display, view or look.
    """
    source = known.check.row.colorspace or asked.colorspace or known.header.ruled
    if source is None:
        raise UsageError(
            f"Nothing says what colour space {known.check.row.wanted.pattern} is in.",
            hint='Give the sheet a column colorspace, or use --colorspace; "display" takes the frames as they are.',
        )
    if source == DISPLAY_REFERRED:
        return None
    palette = known.palette
    check_name("colour space", source, (*palette.spaces, *palette.aliases))
    if asked.looks:
        for look in asked.looks.replace("+", ",").split(","):
            check_name("look", look.strip().lstrip("-+"), palette.looks)
    if asked.to is not None:
        check_name("colour space", asked.to, (*palette.spaces, *palette.aliases))
        return Colors(config=asked.config, source=source, to=asked.to, looks=asked.looks, lut=asked.lut)
    display = asked.display or palette.display
    check_name("display", display, tuple(palette.displays))
    views = tuple(palette.displays[display])
    view = asked.view or (palette.view if palette.view in views else views[0])
    check_name("view", view, views)
    return Colors(config=asked.config, source=source, display=display, view=view, looks=asked.looks, lut=asked.lut)


def check_name(what: str, name: str, known: Sequence[str]) -> None:
    """Raise where a configuration has no such name.

    Raises:
        UsageError: with the nearest one there is.
    """
    if name.lower() in {one.lower() for one in known}:
        return
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(known[:12])}."
    raise UsageError(f"The colour configuration has no {what} {name!r}.", hint=hint)


def transfer_of(colors: Colors | None) -> str:
    """The transfer that movies are tagged with: sRGB's for an sRGB display, BT.709's for everything else."""
    seen = "" if colors is None else (colors.display or colors.to or "")
    return "iec61966-2-1" if "srgb" in seen.lower() else "bt709"


def raster_of(made: tuple[int, int], aspect: Fraction, asked: Asked) -> Raster:
    """From the rendered picture's size to the delivered one.

    Args:
        made: width and height after the steps.
        aspect: width over height of a sample.
        asked: what is asked for.

    Raises:
        UsageError: the size or the crop cannot be.
    """
    if asked.crop is not None:
        width, height, x, y = asked.crop
        if min(width, height) < 1 or x + width > made[0] or y + height > made[1]:
            raise UsageError(f"The crop {width}:{height}:{x}:{y} is not inside the picture of {made[0]}x{made[1]}.")
    width, height = asked.crop[:2] if asked.crop else made
    shape = round(width * aspect)
    out = asked.size or (shape + shape % 2, height + height % 2)
    if min(out) < 2 or max(out) > LARGEST or out[0] % 2 or out[1] % 2:  # noqa: PLR2004 - 4:2:0 has no half samples
        raise UsageError(f"A movie of {out[0]}x{out[1]} cannot be.", hint="Both sides have to be even.")
    return Raster(
        width=made[0],
        height=made[1],
        out_width=out[0],
        out_height=out[1],
        crop=asked.crop,
        pixel_aspect=aspect,
        mask=asked.mask,
        mask_opacity=asked.mask_opacity,
    )


def fields_of(known: Known, asked: Asked, *, rate: Fraction, colors: Colors | None, frames: range) -> dict[str, str]:
    """What slate and burn-ins may say, by column."""
    row = known.check.row
    seen = "" if colors is None else f" to {colors.to or colors.view}"
    said = {
        "name": row.wanted.name,
        "shot": row.shot or row.wanted.name,
        "version": row.version,
        "artist": row.artist,
        "notes": row.note,
        "date": asked.date,
        "colorspace": f"{colors.source}{seen}" if colors else "as it is",
        "frames": f"{frames[0]}-{frames[-1]} ({len(frames)})" + (f", handles {row.handles}" if row.handles else ""),
        "rate": f"{float(rate):g} frames a second",
        "size": f"{known.header.width}x{known.header.height}",
    }
    return {name: value for name, value in said.items() if value}
