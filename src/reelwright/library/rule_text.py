"""Rules from the tables of a TOML file; all that is wrong is told at once, with the rule and the key."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from reelwright.config import settings_from
from reelwright.errors import UsageError
from reelwright.library.facts import FACTS
from reelwright.library.matchers import read_condition
from reelwright.library.plugged import Matcher, plugged
from reelwright.library.rules import Action, AnyCondition, Rule

KEYS = ("name", "when", "unless", "then", "why", "settings")
#: Sections of the configuration that a rule may set for the films it matches.
SETTABLE = frozenset({"encoding", "processing", "profile"})


def rules_from(tree: Mapping[str, Any], place: str, matchers: Mapping[str, Matcher] | None = None) -> tuple[Rule, ...]:
    """The rules of a file's tables, in their order.

    Args:
        tree: what the TOML holds.
        place: where it is from, for messages.
        matchers: those that plugins give, by name; a name with a period is sought among them.

    Raises:
        UsageError: whatever is wrong with them, a sentence for each rule and key.
    """
    wrong = [f"there is no table {name}" for name in tree if name != "rule"]
    tables = tree.get("rule", [])
    if not isinstance(tables, list) or not tables:
        raise UsageError(f"{place}: expected rules as tables [[rule]].", hint=" ".join(wrong))
    rules = [_read(table, number, wrong, matchers or {}) for number, table in enumerate(tables, start=1)]
    names = [rule.name for rule in rules if rule is not None]
    wrong += [f"two rules are called {name}" for name in sorted({n for n in names if names.count(n) > 1})]
    if wrong:
        raise UsageError(f"{place}: {'; '.join(wrong)}.")
    return tuple(rule for rule in rules if rule is not None)


def _read(table: object, number: int, wrong: list[str], matchers: Mapping[str, Matcher]) -> Rule | None:
    if not isinstance(table, Mapping):
        wrong.append(f"rule {number} is no table")
        return None
    name = table.get("name")
    label = f"rule {number}" + (f" ({name})" if isinstance(name, str) and name else "")
    before = len(wrong)
    if not isinstance(name, str) or not name.strip():
        wrong.append(f"{label} has no name")
    wrong += [f"{label}: there is no key {key}{near(key, KEYS)}" for key in table if key not in KEYS]
    if table.get("then") not in list(Action):
        wrong.append(f"{label}: then = {table.get('then')!r} is wrong: expected {', '.join(Action)}")
    if not isinstance(table.get("why", ""), str):
        wrong.append(f"{label}: why is no text")
    when, unless = (_conditions(table.get(key, {}), f"{label}, {key}", wrong, matchers) for key in ("when", "unless"))
    settings = table.get("settings", {})
    _check_settings(settings, label, wrong)
    if len(wrong) > before:
        return None
    return Rule(
        name=str(name), when=when, unless=unless, then=Action(table["then"]), why=table.get("why", ""),
        settings=settings,
    )  # fmt: skip


def _conditions(
    table: object, label: str, wrong: list[str], matchers: Mapping[str, Matcher]
) -> tuple[AnyCondition, ...]:
    if not isinstance(table, Mapping):
        wrong.append(f"{label} is no table of facts")
        return ()
    found: list[AnyCondition] = []
    for name, wanted in table.items():
        try:
            found.append(plugged(name, wanted, matchers) if "." in name else read_condition(name, wanted))
        except ValueError as error:
            wrong.append(f"{label}: {error}" + ("" if name in FACTS else near(name, (*FACTS, *matchers))))
    return tuple(found)


def _check_settings(settings: object, label: str, wrong: list[str]) -> None:
    if not isinstance(settings, Mapping):
        wrong.append(f"{label}: settings is no table")
        return
    if strange := sorted(set(settings) - SETTABLE):
        wrong.append(
            f"{label}, settings: {', '.join(strange)} cannot be set by a rule (only {', '.join(sorted(SETTABLE))})"
        )
        return
    try:
        settings_from(None, settings)
    except UsageError as error:
        wrong.append(f"{label}, settings: {error.message.rstrip('.')}")


def near(key: str, known: Sequence[str]) -> str:
    """What was probably meant, as an addition to a message."""
    close = get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
