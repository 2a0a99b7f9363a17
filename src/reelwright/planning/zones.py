"""Zones: parts of a film with an aim, a CRF or encoder parameters of their own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from reelwright.errors import UsageError
from reelwright.media.timing import FrameIndex
from reelwright.planning.times import clock, decimal, parse_time

#: START-END:SETTINGS; a bound is a time, a frame number with an f, or "end".
WRITTEN = re.compile(r"([0-9:.]+f?)-([0-9:.]+f?|end):([a-z].*)", re.ASCII)
EXAMPLE = "such as 0:10-0:20:target=95 or 240f-480f:crf=20,svt.tune=0"
END = "end"


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """A part of the film, and what is different there. What is None is as in the rest of the film."""

    #: Decimal seconds from the first frame, a frame number followed by "f", or "end". Half-open.
    start: str
    end: str
    #: VMAF to aim at, with the request's band around it.
    target: float | None = None
    #: One CRF, without a search.
    crf: float | None = None
    preset: int | None = None
    #: SVT-AV1 parameters on top of the request's, sorted by name.
    svt: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes chunks comparable: those of one kind have the same aim and the same parameters."""
        return self.target, self.crf, self.preset, self.svt

    def __str__(self) -> str:
        """The zone as it is written on the command line."""
        settings = [(name, getattr(self, name)) for name in ("target", "crf", "preset")]
        said = [f"{name}={value:.10g}" for name, value in settings if value is not None]
        return f"{self.start}-{self.end}:{','.join([*said, *(f'svt.{k}={v}' for k, v in self.svt)])}"


#: Of chunks outside every zone.
PLAIN: tuple[object, ...] = (None, None, None, ())


def kind_of(zone: Zone | None) -> tuple[object, ...]:
    """What makes chunks comparable, also for those outside every zone."""
    return PLAIN if zone is None else zone.kind


def parse_zone(text: str) -> Zone:
    """Read START-END:KEY=VALUE[,KEY=VALUE…].

    Raises:
        ValueError: it is no such thing, with what is wrong.
    """
    found = WRITTEN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no zone {EXAMPLE}")
    pairs = [part.partition("=") for part in found[3].split(",")]
    names = [name for name, _, _ in pairs]
    if len({*names}) < len(names):
        raise ValueError(f"{text!r} says {next(n for n in names if names.count(n) > 1)} twice")
    return make_zone(found[1], found[2], {name: value for name, _, value in pairs}, text)


def make_zone(start: str, end: str, settings: dict[str, str], text: str) -> Zone:
    """A zone of its parts.

    Args:
        start: as written.
        end: as written.
        settings: `target`, `crf`, `preset` and `svt.NAME`, as written.
        text: what to call it in errors.

    Raises:
        ValueError: a value cannot be, or nothing is set.
    """
    svt = {name.removeprefix("svt."): value for name, value in settings.items() if name.startswith("svt.")}
    plain = {name: value for name, value in settings.items() if not name.startswith("svt.")}
    unknown = next((name for name in plain if name not in {"target", "crf", "preset"}), None)
    if unknown is not None:
        raise ValueError(f"{text!r}: {unknown} is none of target, crf, preset and svt.NAME")
    if not settings or ("target" in plain and "crf" in plain):
        raise ValueError(f"{text!r} needs a setting, and not a target and a crf at once")
    return Zone(
        start=parse_bound(start, text),
        end=parse_bound(end, text),
        target=number(plain.get("target"), 1, 99.9, 0, f"{text!r}: target"),
        crf=number(plain.get("crf"), 1, 70, 4, f"{text!r}: crf"),
        preset=whole(plain.get("preset"), f"{text!r}: preset"),
        svt=tuple(sorted(svt.items())),
    )


def number(value: str | None, low: float, high: float, steps: int, what: str) -> float | None:
    """A number within bounds, in steps of so many parts of one; 0: any.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        found = float("nan")
    if not low <= found <= high or (steps and found * steps != int(found * steps)):
        raise ValueError(f"{what} is no number from {low:g} to {high:g}" + (" in quarter steps" if steps else ""))
    return found


def whole(value: str | None, what: str) -> int | None:
    """A preset.

    Raises:
        ValueError: it is none.
    """
    found = number(value, 0, 13, 1, what)
    return None if found is None else int(found)


def parse_bound(text: str, zone: str) -> str:
    """A bound in its plainest form: decimal seconds, a frame number with an f, or "end".

    Raises:
        ValueError: it is none.
    """
    if text == END:
        return text
    if text.endswith("f"):
        if not re.fullmatch(r"[0-9]{1,9}f", text):
            raise ValueError(f"{zone!r}: {text!r} is no frame number such as 240f")
        return f"{int(text[:-1])}f"
    try:
        return decimal(parse_time(text))
    except ValueError as error:
        raise ValueError(f"{zone!r}: {error}") from error


def frame_of(bound: str, index: FrameIndex) -> int:
    """The frame a bound stands for: the first one shown then or later."""
    if bound == END:
        return index.frames
    return int(bound[:-1]) if bound.endswith("f") else index.frame_from(Fraction(bound))


def resolve(zones: Sequence[str], index: FrameIndex) -> tuple[tuple[int, int, Zone], ...]:
    """The frames [start, end) of each zone, in the film's order.

    Raises:
        UsageError: a zone holds no frame or lies beyond the film, or two overlap.
    """
    found = []
    for zone in map(parse_zone, zones):
        start, end = frame_of(zone.start, index), frame_of(zone.end, index)
        length = f"the film has {index.frames} frames and is {clock(index.duration)} long"
        beyond = zone.end != END and is_beyond(zone.end, index)
        if beyond or start >= index.frames:
            raise UsageError(f"The zone {zone} goes beyond the film: {length}.", hint="Use `end` for the film's end.")
        if start >= end:
            raise UsageError(f"The zone {zone} holds no frame.", hint="Its start must be before its end.")
        found.append((start, end, zone))
    found.sort(key=lambda row: row[:2])
    for (_, end, one), (start, stop, other) in pairwise(found):
        if start < end:
            raise UsageError(f"The zones {one} and {other} overlap in frames {start} to {min(end, stop) - 1}.")
    return tuple(found)


def is_beyond(bound: str, index: FrameIndex) -> bool:
    """Whether a bound lies after the film's end."""
    return int(bound[:-1]) > index.frames if bound.endswith("f") else Fraction(bound) > index.duration


def zone_notes(zones: Sequence[str]) -> tuple[str, ...]:
    """A sentence on each zone."""
    parsed = [(parse_zone(text), text) for text in zones]
    return tuple(f"Zone {said(zone.start)} to {said(zone.end)}: {text.partition(':')[2]}." for zone, text in parsed)


def said(bound: str) -> str:
    """A bound for people."""
    if bound == END:
        return "the end"
    return f"frame {bound[:-1]}" if bound.endswith("f") else clock(Fraction(bound))
