"""The contract of matchers."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from reelwright.library.facts import FACTS, Facts
from reelwright.library.plugged import Matcher
from reelwright.plugins.kinds import Kind
from reelwright.testing.held import check_port, held, one_line


def check_matcher(matcher: Matcher, *, holds: Iterable[tuple[Any, Facts, bool | None]], wrong: Iterable[Any]) -> None:
    """Hold a matcher against its port.

    Args:
        matcher: the plugin's.
        holds: what a rule may want, facts of a file, and the answer.
        wrong: what no rule may want.

    Raises:
        AssertionError: the port is not kept.
    """
    check_port(Kind.MATCHER, matcher)
    one_line(matcher.meaning, "its meaning")
    nothing_known: Facts = dict.fromkeys(FACTS)
    for wanted, facts, answer in holds:
        matcher.check(wanted)
        frozen = MappingProxyType(dict(facts))
        answers = [matcher.holds(wanted, frozen) for _ in range(2)]
        held(
            all(one is answer for one in answers),
            f"{wanted!r} of {dict(facts)}: {answers}, and {answer} twice was expected",
        )
        one_line(matcher.found(frozen), f"what it found in {dict(facts)}")
        for facts_unknown in (nothing_known, {}):
            unknown = matcher.holds(wanted, facts_unknown)
            held(unknown is None or isinstance(unknown, bool), f"where nothing is known, {wanted!r} gives {unknown!r}")
            one_line(matcher.found(facts_unknown), "what it found where nothing is known")
    for wanted in wrong:
        try:
            matcher.check(wanted)
        except ValueError as error:
            one_line(str(error), f"what it says of {wanted!r}")
        else:
            raise AssertionError(f"{wanted!r} should be wrong, and check() takes it")
