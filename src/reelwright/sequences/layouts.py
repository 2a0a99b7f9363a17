"""How frames are named: the strict five rules, and two layouts that a row of a sheet may opt into.

A layout is five rules in the order of the strict ones. Where it differs, its own third and fifth rule stand here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from reelwright.sequences.rules import (
    DIGITS,
    Divided,
    Padding,
    ahead_of,
    by_extension,
    by_integer,
    by_integers_only,
    by_name,
    by_padding,
)

#: A rule with its value.
Rule = Callable[[Sequence[str]], Divided]


class Layout(StrEnum):
    """What stands between the name and the number."""

    #: `name.1001.exr`; the name holds no period.
    STRICT = "strict"
    #: `name_1001.exr`.
    UNDERSCORE = "underscore"
    #: `name.v001.1001.exr`: as strict, but the name may hold periods.
    DOTTED = "dotted"

    @property
    def mark(self) -> str:
        """The character ahead of the number."""
        return "_" if self is Layout.UNDERSCORE else "."


class Named(NamedTuple):
    """The value of the fifth rule in the other layouts: the name, and what ends after it."""

    name: str
    extension: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which files are the frames of a sequence."""

    name: str
    padding: int
    extension: str
    layout: Layout = Layout.STRICT

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The five rules with their values."""
        third: Rule = partial(by_integers_only, extension=self.extension)
        fifth: Rule = partial(by_name, name=self.name)
        if self.layout is not Layout.STRICT:
            third = partial(by_digits_after, extension=self.extension, mark=self.layout.mark)
            fifth = partial(by_name_to, named=Named(self.name, self.extension), mark=self.layout.mark)
        return (
            partial(by_extension, extension=self.extension),
            partial(by_integer, extension=self.extension),
            third,
            partial(by_padding, padding=Padding(self.padding, self.extension)),
            fifth,
        )

    @property
    def pattern(self) -> str:
        """As people write it: `name.####.exr`."""
        return f"{self.name}{self.layout.mark}{'#' * max(self.padding, 1)}.{self.extension}"

    def file_name(self, frame: int) -> str:
        """The name of a frame's file."""
        return f"{self.name}{self.layout.mark}{frame:0{max(self.padding, 1)}d}.{self.extension}"

    def keeps(self, name: str) -> bool:
        """Whether all five rules keep a name."""
        return all(rule([name])[0] for rule in self.rules)


def by_digits_after(names: Sequence[str], extension: str, *, mark: str) -> Divided:
    """3, other layouts: between the period ahead of the extension and the next mark to its left are digits."""
    kept, rejected = [], []
    for name, ahead in zip(names, ahead_of(names, extension), strict=True):
        rest = ahead.rstrip(DIGITS)
        if rest.endswith(mark) and len(rest) < len(ahead):
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected


def by_name_to(names: Sequence[str], named: Named, *, mark: str) -> Divided:
    """5, other layouts: what is left of the mark nearest to the number is the name, and nothing more.

    Names hold such marks themselves here, so a beginning alone would take `name_v2_1001.exr` for a frame of `name`.
    """
    kept, rejected = [], []
    for name, ahead in zip(names, ahead_of(names, named.extension), strict=True):
        found, where, _ = ahead.rpartition(mark)
        if where and found == named.name:
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected
