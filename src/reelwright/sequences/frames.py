"""Frame numbers, read from names that the rules have kept."""

from collections.abc import Sequence

from reelwright.sequences.rules import DIGITS, ahead_of


def digits_of(names: Sequence[str], extension: str) -> list[str]:
    """The digits ahead of the extension of each name; empty where there are none."""
    return [ahead[len(ahead.rstrip(DIGITS)) :] for ahead in ahead_of(names, extension)]


def numbered(names: Sequence[str], extension: str) -> dict[int, str]:
    """Names by their frames, in order. No two that the rules keep have the same frame."""
    found = zip(map(int, digits_of(names, extension)), names, strict=True)
    return dict(sorted(found))
