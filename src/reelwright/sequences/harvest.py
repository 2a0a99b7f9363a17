"""What the rules reject, kept for whoever wants to know: as a partition in their order, and rule by rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.sequences.layouts import Rule, Wanted

RULES = ("extension", "integer", "only integers", "padding", "name")
#: Each name is judged alone, so that they may come in pieces: few enough names stay in the processor's cache while all
#: five rules look at them. A million names at once take a quarter longer.
BLOCK = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Harvest:
    """Every name of a listing, once: kept, or under the first rule that rejects it."""

    kept: tuple[str, ...]
    #: Of each rule, in the order of the rules; names in the order of the listing.
    rejected: tuple[tuple[str, ...], ...]
    #: Beside each rejected name: which rules reject it, the first rule in the lowest bit.
    masks: tuple[tuple[int, ...], ...]


def harvest(names: Sequence[str], wanted: Wanted) -> Harvest:
    """Carry out the five rules, one after the other, and ask each about every name that was rejected."""
    rules = wanted.rules
    kept: list[str] = []
    rejected: list[list[str]] = [[] for _ in rules]
    for at in range(0, len(names), BLOCK):
        left: Sequence[str] = names[at : at + BLOCK]
        for rule, side in zip(rules, rejected, strict=True):
            left, dropped = rule(left)
            side.extend(dropped)
        kept += left
    return Harvest(
        kept=tuple(kept),
        rejected=tuple(map(tuple, rejected)),
        masks=tuple(tuple(masks(side, rules)) for side in rejected),
    )


def masks(names: Sequence[str], rules: Sequence[Rule]) -> list[int]:
    """For each name the rules that reject it, each asked about all names: bit 0 is the first rule's."""
    found = [0] * len(names)
    for number, rule in enumerate(rules):
        # Rules keep the order, so what is rejected is met again by going along.
        rejected = iter(rule(names)[1])
        waiting = next(rejected, None)
        for place, name in enumerate(names):
            if waiting is None:
                break
            if name == waiting:
                found[place] |= 1 << number
                waiting = next(rejected, None)
    return found


def broken_rules(mask: int) -> tuple[int, ...]:
    """The numbers of the rules in a mask, 1 to 5."""
    return tuple(number for number in range(1, len(RULES) + 1) if mask >> (number - 1) & 1)
