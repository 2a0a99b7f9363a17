"""The five rejections. Rule 0, whether the parent folder can be listed, has passed before names come here.

Each rule takes raw names and one value, and gives back those it keeps and those it rejects, in the order they came.
A rule uses nothing but what it is given, keeps nothing, hands nothing on, sorts nothing and needs no other rule to
have run. Whatever the order of the rules, the same names survive all five.

A number is made of ASCII digits: `str.isdigit` alone would take ² and Arabic digits as well.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

Divided = tuple[list[str], list[str]]
DIGITS = "0123456789"


class Padding(NamedTuple):
    """The value of the fourth rule: how many digits, and what they stand ahead of."""

    digits: int
    extension: str


def by_extension(names: Sequence[str], extension: str) -> Divided:
    """1: a period and the extension end the name, letter for letter."""
    ending = f".{extension}"
    kept, rejected = [], []
    for name in names:
        if name.endswith(ending):
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected


def by_integer(names: Sequence[str], extension: str) -> Divided:
    """2: left of the period ahead of the extension stands a digit."""
    kept, rejected = [], []
    for name, ahead in zip(names, ahead_of(names, extension), strict=True):
        if ahead[-1:] in _ONE_DIGIT:
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected


def by_integers_only(names: Sequence[str], extension: str) -> Divided:
    """3: between that period and the next one to its left are digits, and further left is no period."""
    kept, rejected = [], []
    for name, ahead in zip(names, ahead_of(names, extension), strict=True):
        parts = ahead.split(".")
        if len(parts) == 2 and parts[1].isdigit() and parts[1].isascii():  # noqa: PLR2004 - one period, two parts
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected


def by_padding(names: Sequence[str], padding: Padding) -> Divided:
    """4: as many digits as the padding says, or more without a zero ahead: 0999, 1000, 10000."""
    wanted = max(padding.digits, 1)
    kept, rejected = [], []
    for name, ahead in zip(names, ahead_of(names, padding.extension), strict=True):
        digits = len(ahead) - len(ahead.rstrip(DIGITS))
        if digits == wanted or (digits > wanted and ahead[-digits] != "0"):
            kept.append(name)
        else:
            rejected.append(name)
    return kept, rejected


def by_name(names: Sequence[str], name: str) -> Divided:
    """5: the name, from the first character, and at once a period. Nothing else is looked at."""
    beginning = f"{name}."
    kept, rejected = [], []
    for candidate in names:
        if candidate.startswith(beginning):
            kept.append(candidate)
        else:
            rejected.append(candidate)
    return kept, rejected


def ahead_of(names: Sequence[str], extension: str) -> Iterator[str]:
    """What stands left of the period ahead of the extension; of a name with another one, left of its last period.

    So each rule works alone. Without any period it is empty.
    """
    if "." not in extension:  # then both are the same
        return (name.rpartition(".")[0] for name in names)
    ending = f".{extension}"
    return (name[: -len(ending)] if name.endswith(ending) else name.rpartition(".")[0] for name in names)


_ONE_DIGIT = frozenset(DIGITS)
