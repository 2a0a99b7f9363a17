"""What the rules reject, kept for whoever wants to know: as a partition in their order, and rule by rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.sequences.layouts import Rule, Wanted

RULES = ("extension", "integer", "only integers", "padding", "name")


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
    rejected = []
    kept: Sequence[str] = names
    for rule in rules:
        kept, dropped = rule(kept)
        rejected.append(tuple(dropped))
    found = tuple(tuple(masks(dropped, rules)) for dropped in rejected)
    return Harvest(kept=tuple(kept), rejected=tuple(rejected), masks=found)


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
