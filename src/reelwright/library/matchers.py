"""One condition on one fact: read from a rule, and held against a file."""

import fnmatch
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from reelwright.library.facts import FACTS, Fact, FactKind, Facts, Value
from reelwright.sections import parse_size

#: What a rule may want of a fact.
Wanted = str | bool | float

#: What a wanted text may begin with; the longer ones first.
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
SECONDS = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400}
EXPECTED = {
    FactKind.TEXT: 'a text, a pattern such as "*.mkv", or a list of them',
    FactKind.TEXTS: "a text, a pattern, or a list of them",
    FactKind.NUMBER: 'a number, ">=720", "720..1080", or a list of them',
    FactKind.SIZE: 'a size such as "700MB", "<2GiB", "1GB..4GB", or a list of them',
    FactKind.TIME: 'a time such as "90s", ">45min", "1h..3h", "30d", or a list of them',
    FactKind.FLAG: "true or false",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What a fact has to be: it holds if one of the alternatives does."""

    fact: str
    #: As the rule has it, for people.
    wanted: str
    alternatives: tuple[Wanted, ...]

    def holds(self, value: Value | None) -> bool | None:
        """Whether a fact's value is as wanted; None where nobody knows the value."""
        if value is None:
            return None
        kind = FACTS[self.fact].kind
        return any(_holds(kind, alternative, value) for alternative in self.alternatives)

    def judge(self, facts: Facts) -> bool | None:
        """Whether it holds of a file; None where nobody knows."""
        return self.holds(facts.get(self.fact))

    def shown(self, facts: Facts) -> str:
        """What the fact is, for people."""
        return shown_value(self.fact, facts.get(self.fact))

    def failure(self, facts: Facts) -> str:  # noqa: ARG002 - as every condition's
        """How judging it failed: it cannot."""
        return ""


def read_condition(name: str, wanted: object) -> Condition:
    """A condition of a rule's `when` or `unless`.

    Raises:
        ValueError: there is no such fact, or the value is none for it; the text says what was expected.
    """
    fact = FACTS.get(name)
    if fact is None:
        raise ValueError(f"there is no fact {name}")
    listed = wanted if isinstance(wanted, list) else [wanted]
    if not listed:
        raise ValueError(f"{name} = [] can never hold; expected {EXPECTED[fact.kind]}")
    alternatives = tuple(_checked(fact, one) for one in listed)
    return Condition(fact=name, wanted=", ".join(map(_shown, alternatives)), alternatives=alternatives)


def shown_value(name: str, value: object) -> str:
    """A fact's value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, float):
        return f"{value:.4g}" if value < 1000 else f"{value:.0f}"  # noqa: PLR2004
    if name in {"size", "bitrate"} and isinstance(value, int):
        return f"{value:,}"
    return str(value) if value != "" else "empty"


def _shown(wanted: object) -> str:
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)


def _checked(fact: Fact, wanted: object) -> Wanted:
    problem = ValueError(f"{fact.name} = {wanted!r} is wrong: expected {EXPECTED[fact.kind]}")
    if fact.kind is FactKind.FLAG:
        if isinstance(wanted, bool):
            return wanted
        raise problem
    if fact.kind in {FactKind.TEXT, FactKind.TEXTS}:
        if isinstance(wanted, str):
            return wanted
        raise problem
    if isinstance(wanted, bool) or not isinstance(wanted, str | int | float):
        raise problem
    try:
        _bounds(fact.kind, wanted)
    except ValueError:
        raise problem from None
    return wanted


def _holds(kind: FactKind, wanted: Wanted, value: Value) -> bool:
    if kind is FactKind.FLAG:
        return value is wanted
    if kind is FactKind.TEXT:
        return _text_holds(str(wanted), str(value))
    if kind is FactKind.TEXTS:
        texts = value if isinstance(value, tuple) else (str(value),)
        return any(_text_holds(str(wanted), text) for text in texts)
    assert isinstance(value, int | float)  # noqa: S101 - the facts' table says so
    compare, low, high = _bounds(kind, wanted)
    if compare is None:
        return low <= value <= high
    return compare(float(value), low)


def _text_holds(wanted: str, text: str) -> bool:
    """Without regard to case; `*` in a pattern goes over `/` as well, `!=` before it means anything else."""
    if wanted.startswith("!="):
        return not _text_holds(wanted[2:].strip(), text)
    return fnmatch.fnmatchcase(text.lower(), wanted.lower())


def _bounds(kind: FactKind, wanted: str | float) -> tuple[Callable[[float, float], bool] | None, float, float]:
    """The comparison, or None and the two ends of a range that both belong to it."""
    if not isinstance(wanted, str):
        return None, float(wanted), float(wanted)
    text = wanted.strip()
    for sign, compare in COMPARISONS.items():
        if text.startswith(sign):
            number = _number(kind, text[len(sign) :])
            return compare, number, number
    low, dots, high = text.partition("..")
    if not dots:
        number = _number(kind, text)
        return None, number, number
    ends = _number(kind, low), _number(kind, high)
    if ends[0] > ends[1]:
        raise ValueError("a range goes from the lower to the higher")
    return None, *ends


def _number(kind: FactKind, text: str) -> float:
    text = text.strip()
    if not text:
        raise ValueError("expected a number")
    if kind is FactKind.SIZE:
        size = parse_size(text)
        assert isinstance(size, int)  # noqa: S101 - an empty text is None, and it is not empty
        return size
    if kind is FactKind.TIME:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|)", text)
        if found is None:
            raise ValueError("expected a time")
        return float(found[1]) * SECONDS[found[2]]
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise ValueError("expected a number")
    return float(text)
