"""Conditions that a plugin judges: its matcher looks at all facts of a file, and is kept from breaking a scan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reelwright.library.facts import Facts


class Matcher(Protocol):
    """A matcher: one more thing that `when` and `unless` of a rule can ask. Port version 1.

    It is pure: what it answers follows from the facts alone, so that `library plan` and `why` say the same tomorrow.
    `port_version` is 1.
    """

    port_version: int
    #: For people who write rules: what it looks at, and what may be wanted of it.
    meaning: str

    def check(self, wanted: Any) -> None:
        """Look at what a rule wants, as TOML has it.

        Raises:
            ValueError: it cannot be; what it says ends the sentence "NAME = VALUE is wrong: …".
        """
        ...

    def holds(self, wanted: Any, facts: Facts) -> bool | None:
        """Whether it is as wanted; None where the facts do not tell."""
        ...

    def found(self, facts: Facts) -> str:
        """What was found, for people, as the end of "NAME is …"."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class PluggedCondition:
    """What a plugin's matcher has to say of a file."""

    #: "plugin.thing".
    fact: str
    #: As the rule has it, for people.
    wanted: str
    value: Any
    matcher: Matcher = field(compare=False)

    def judge(self, facts: Facts) -> bool | None:
        """Whether it holds; None where nobody knows, or the plugin failed."""
        answer = _asked(lambda: self.matcher.holds(self.value, facts))
        return answer if isinstance(answer, bool) else None

    def shown(self, facts: Facts) -> str:
        """What was found, for people."""
        answer = _asked(lambda: self.matcher.found(facts))
        return answer if isinstance(answer, str) else "not told"

    def failure(self, facts: Facts) -> str:
        """How the plugin failed over a file; empty where it did not."""
        answer = _asked(lambda: self.matcher.holds(self.value, facts))
        if answer is None or isinstance(answer, bool):
            return ""
        if isinstance(answer, Exception):
            return f"its plugin failed, {type(answer).__name__}: {answer}"
        return f"its plugin answered {answer!r} in place of true or false"


def _asked(question: Callable[[], object]) -> object:
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - others' code: one file's failure is not the scan's
        return error


def plugged(name: str, wanted: object, matchers: Mapping[str, Matcher]) -> PluggedCondition:
    """A condition that a plugin judges.

    Raises:
        ValueError: there is no such matcher, or it does not take what is wanted.
    """
    if name not in matchers:
        raise ValueError(f"there is no matcher {name}: `reelwright doctor` shows the plugins that are installed")
    try:
        matchers[name].check(wanted)
    except ValueError as error:
        raise ValueError(f"{name} = {wanted!r} is wrong: {error}") from error
    except Exception as error:
        raise ValueError(f"{name} = {wanted!r}: its plugin failed, {type(error).__name__}: {error}") from error
    shown = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    return PluggedCondition(fact=name, wanted=shown, value=wanted, matcher=matchers[name])
