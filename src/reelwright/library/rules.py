"""Rules of a library: data that says what a file needs. The first that matches decides, and the trace is the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reelwright.library.facts import Facts
from reelwright.library.matchers import Condition
from reelwright.library.plugged import PluggedCondition

#: Who says whether a rule matches: a fact, or a plugin that looks at all of them.
AnyCondition = Condition | PluggedCondition


class Action(StrEnum):
    """What is to be done with a file."""

    SKIP = "skip"
    ENCODE = "encode"
    #: Into another container, every stream copied.
    REMUX = "remux"
    #: Nothing before the owner has said what.
    ASK = "ask"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Who matches, and what becomes of it."""

    name: str
    #: All of them must hold.
    when: tuple[AnyCondition, ...] = ()
    #: Where all of these hold (and there are any), the rule does not match.
    unless: tuple[AnyCondition, ...] = ()
    then: Action
    #: A sentence for people; empty: none was written.
    why: str = ""
    #: Settings of the encode, as a tree of sections, as in the configuration.
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A rule held against a file."""

    rule: str
    then: Action
    matches: bool
    #: What decided: the condition that failed, or those that held, as sentences without a period.
    because: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What a library does with a file, and why."""

    action: Action
    #: Name of the rule that decided; "no-rule" where none matched; "refused" where the engine would not do it.
    rule: str
    reasons: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


#: Where no rule matches nothing is done: a rule set that was meant to name what is wanted must not take the rest.
NO_RULE = "no-rule"
REFUSED = "refused"


def try_rule(rule: Rule, facts: Facts) -> Tried:
    """Hold one rule against a file's facts."""
    held = []
    for condition in rule.when:
        if not (found := condition.judge(facts)):
            return _tried(rule, [_said(condition, facts, held=found)], matches=False)
        held.append(_said(condition, facts, held=found))
    kept_out = [condition.judge(facts) for condition in rule.unless]
    if rule.unless and all(kept_out):
        excepted = [f"except where {_said(c, facts, held=True)}" for c in rule.unless]
        return _tried(rule, excepted, matches=False)
    return _tried(rule, held or ["it matches everything"], matches=True)


def trace(rules: Sequence[Rule], facts: Facts) -> list[Tried]:
    """Each rule up to the first that matches."""
    tried = []
    for rule in rules:
        tried.append(try_rule(rule, facts))
        if tried[-1].matches:
            break
    return tried


def choose(rules: Sequence[Rule], facts: Facts, *, refusal: tuple[str, ...] = ()) -> Choice:
    """What becomes of a file.

    Args:
        rules: in order; the first that matches decides.
        facts: of the file.
        refusal: why the engine would refuse it or cannot use it; no rule overrules that.
    """
    last = trace(rules, facts)[-1:]
    if not last or not last[0].matches:
        return Choice(action=Action.SKIP, rule=NO_RULE, reasons=("No rule matches it.",))
    rule = next(rule for rule in rules if rule.name == last[0].rule)
    if rule.then in {Action.ENCODE, Action.REMUX} and refusal:
        said = f"The rule {rule.name} says {rule.then}, but it cannot be done."
        return Choice(action=Action.SKIP, rule=REFUSED, reasons=(*refusal, said))
    because = f"{'; '.join(last[0].because)}."
    told = refusal if rule.then is Action.SKIP else ()  # it says more than the rule that skips such files
    reasons = [*([rule.why] if rule.why and not told else []), *told, because[0].upper() + because[1:]]
    return Choice(action=rule.then, rule=rule.name, reasons=tuple(reasons), settings=rule.settings)


def _tried(rule: Rule, because: list[str], *, matches: bool) -> Tried:
    return Tried(rule=rule.name, then=rule.then, matches=matches, because=tuple(because))


def _said(condition: AnyCondition, facts: Facts, *, held: bool | None) -> str:
    if held is None:
        why = condition.failure(facts) or f"wanted: {condition.wanted}"
        return f"{condition.fact} is not known ({why})"
    return f"{condition.fact} is {condition.shown(facts)}" + ("" if held else f", not {condition.wanted}")
