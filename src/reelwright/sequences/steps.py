"""Raster steps: what is done to a picture's values, in an ordered list. The port, and how a list is read and checked.

A step is known by its `StepSpec`; what it does is `RasterStep.apply`, which runs in the rendering child. The built-in
ones are in `sequences/step_list.py` (specs) and `tools/children/raster.py` (what they do). A plugin gives an object of
`RasterStep`, and its spec an `origin`, by which the child finds it.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Protocol

from reelwright.errors import UsageError

#: What a parameter may be, once it is checked.
Value = float | int | str | tuple[float, ...] | tuple[int, ...]
Size = tuple[int, int]
#: A side longer than this is a slip of the pen.
LONGEST_SIDE = 16384
_NUMBER = r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?"


class Kind(StrEnum):
    """What a parameter takes."""

    NUMBER = "number"
    WHOLE = "whole number"
    #: One number for all channels, or three with slashes between them.
    COLOR = "colour"
    CHOICE = "choice"
    TEXT = "text"
    FILE = "file"
    #: WIDTHxHEIGHT.
    SIZE = "size"
    #: WIDTH:HEIGHT:X:Y.
    AREA = "area"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One setting of a step."""

    name: str
    kind: Kind
    summary: str
    #: Taken where it is not said; None: it has to be said.
    default: Value | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What may be written, as the end of "expected …"."""
        if self.kind is Kind.CHOICE:
            return f"one of {', '.join(self.choices)}"
        said = {
            Kind.NUMBER: "a number",
            Kind.WHOLE: "a whole number",
            Kind.COLOR: "a number, or three as in 0.1/0.2/0.3",
            Kind.TEXT: "some text",
            Kind.FILE: "the path of a file",
            Kind.SIZE: "WIDTHxHEIGHT such as 1920x1080",
            Kind.AREA: "WIDTH:HEIGHT:X:Y such as 1920:800:0:140",
        }[self.kind]
        if self.low is not None and self.high is not None:
            return f"{said} from {self.low:g} to {self.high:g}"
        return f"{said} of {self.low:g} or more" if self.low is not None else said

    def parse(self, text: str) -> Value:
        """The value of a text.

        Raises:
            ValueError: it is none.
        """
        if self.kind in {Kind.NUMBER, Kind.COLOR}:
            return self._numbers(text)
        if self.kind is Kind.WHOLE:
            if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
                raise ValueError(text)
            return int(self._within(int(text)))
        if self.kind is Kind.SIZE:
            return tuple(map(self._side, _parts(text, r"[0-9]{1,5}x[0-9]{1,5}", "x")))
        if self.kind is Kind.AREA:
            return tuple(map(int, _parts(text, r"[0-9]{1,5}(:[0-9]{1,5}){3}", ":")))
        if (self.kind is Kind.CHOICE and text not in self.choices) or not text or "\0" in text:
            raise ValueError(text)
        return text

    def _numbers(self, text: str) -> Value:
        parts = text.split("/") if self.kind is Kind.COLOR else [text]
        if len(parts) not in {1, 3} or not all(re.fullmatch(_NUMBER, part) for part in parts):
            raise ValueError(text)
        found = tuple(self._within(float(part)) for part in parts)
        return found if self.kind is Kind.COLOR else found[0]

    def _within(self, number: float) -> float:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not (math.isfinite(number) and low <= number <= high):
            raise ValueError(number)
        return number

    def _side(self, text: str) -> int:
        if not 1 <= int(text) <= LONGEST_SIDE:
            raise ValueError(text)
        return int(text)


def _parts(text: str, pattern: str, between: str) -> list[str]:
    if not re.fullmatch(pattern, text):
        raise ValueError(text)
    return text.split(between)


def same_size(size: Size, values: Mapping[str, Value]) -> Size:  # noqa: ARG001 - as every step's
    """The size after a step that leaves it."""
    return size


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSpec:
    """What is known of a step before it runs."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    #: Whether each sample becomes another by its own pixel's values alone: no neighbour, no place, no alpha.
    local: bool = False
    #: Whether it needs the frames' alpha channel.
    alpha: bool = False
    #: The size after it. Raises ValueError, with what is wrong, where a picture of that size cannot be taken.
    size_after: Callable[[Size, Mapping[str, Value]], Size] = same_size
    #: Checks values against each other. Raises ValueError with what is wrong.
    agree: Callable[[Mapping[str, Value]], None] = lambda values: None  # noqa: ARG005 - nothing to check
    #: "package.module:attribute" of the RasterStep that does it; empty: built in.
    origin: str = ""
    #: The one parameter that takes everything after the colon as it stands; empty: KEY=VALUE,… .
    whole_text: str = ""


class RasterStep(Protocol):
    """A step: what a plugin gives, and what the built-in ones are."""

    @property
    def spec(self) -> StepSpec:
        """Name, parameters, and what it does to the size."""
        ...

    def apply(self, pixels: Any, values: Mapping[str, Value]) -> Any:
        """Change a picture. It runs in the rendering child, in several threads at once.

        Args:
            pixels: a NumPy array of float32, (height, width, channels): red, green, blue and perhaps alpha, with which
                they are multiplied already. It may be changed in place.
            values: every parameter of the spec.

        Returns:
            An array of float32 of as many channels, of the size that the spec foretells.

        Raises:
            ValueError: the picture cannot be taken; what it says ends the sentence "the step NAME failed: …".
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a list, checked."""

    name: str
    values: tuple[tuple[str, Value], ...] = ()
    local: bool = False
    alpha: bool = False
    origin: str = ""
    #: Names of the values that are paths of files.
    files: tuple[str, ...] = ()

    def paths(self) -> tuple[str, ...]:
        """The files it reads."""
        return tuple(str(value) for name, value in self.values if name in self.files and value != "")


def parse_step(text: str, known: Mapping[str, StepSpec], *, place: str) -> Step:
    """A step from `NAME` or `NAME:KEY=VALUE,KEY=VALUE`; a backslash before a comma keeps it in the value.

    Args:
        text: as it was written.
        known: the steps there are, by name.
        place: where it was written, for the sentence: "--step", "row 3, column steps".

    Raises:
        UsageError: there is no such step, or a value is wrong.
    """
    name, colon, said = text.partition(":")
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
        raise UsageError(f"{place}: there is no raster step {name!r}.", hint=hint)
    spec = known[name]
    given = _given(said if colon else "", spec, f"{place}, step {name}")
    values: dict[str, Value] = {}
    for parameter in spec.parameters:
        cell = given.get(parameter.name)
        values[parameter.name] = _value(parameter, cell, f"{place}, step {name}")
    try:
        spec.agree(values)
    except ValueError as error:
        raise UsageError(f"{place}, step {name}: {error}.") from error
    files = tuple(parameter.name for parameter in spec.parameters if parameter.kind is Kind.FILE)
    return Step(
        name=name,
        values=tuple(values.items()),
        local=spec.local,
        alpha=spec.alpha,
        origin=spec.origin,
        files=files,
    )


def _value(parameter: Parameter, cell: str | None, place: str) -> Value:
    if cell is None:
        if parameter.default is None:
            raise UsageError(f"{place}: {parameter.name} is missing; expected {parameter.expected}.")
        return parameter.default
    try:
        return parameter.parse(cell)
    except ValueError as error:
        raise UsageError(f"{place}, {parameter.name}: expected {parameter.expected}, found {cell!r}.") from error


def _given(said: str, spec: StepSpec, place: str) -> dict[str, str]:
    """What is written after a step's colon, by parameter."""
    if spec.whole_text:
        return {spec.whole_text: said} if said else {}
    given: dict[str, str] = {}
    for part in (part.replace("\\,", ",") for part in re.split(r"(?<!\\),", said) if said):
        key, equals, value = part.partition("=")
        names = [parameter.name for parameter in spec.parameters]
        if not equals or key not in names:
            takes = f"KEY=VALUE with {', '.join(names)}" if names else "nothing: it has no parameters"
            raise UsageError(f"{place}: expected {takes}, found {part!r}.")
        if key in given:
            raise UsageError(f"{place}: {key} is there twice.")
        given[key] = value
    return given


def parse_steps(texts: Iterable[str], known: Mapping[str, StepSpec], *, place: str) -> tuple[Step, ...]:
    """A list of steps; the colours are transformed once at most.

    Raises:
        UsageError: one of them is wrong.
    """
    steps = tuple(parse_step(text, known, place=place) for text in texts)
    if sum(step.name == VIEW for step in steps) > 1:
        raise UsageError(f"{place}: the step {VIEW} is there twice; colours are transformed once.")
    return steps


#: Where in the list the colours are transformed; after the last step where it is not said.
VIEW = "view"


def size_through(steps: Sequence[Step], known: Mapping[str, StepSpec], size: Size) -> Size:
    """The size of a picture after a list of steps.

    Raises:
        UsageError: a step cannot take a picture of the size it gets.
    """
    for step in steps:
        try:
            size = known[step.name].size_after(size, dict(step.values))
        except ValueError as error:
            raise UsageError(f"The step {step.name} cannot take a picture of {size[0]}x{size[1]}: {error}.") from error
    return size
