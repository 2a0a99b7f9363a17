"""A matcher: rules can ask for the year that stands in a file's name, as in `Metropolis (1927).mkv`."""

import re
from collections.abc import Mapping
from typing import Any


class TitleYear:
    """The year in a file's name; a rule wants one ("1927") or a range ("1900..1959")."""

    port_version = 1
    meaning = 'year in the name, as in "Metropolis (1927).mkv": 1927, or a range such as "1900..1959"'

    def check(self, wanted: Any) -> None:
        """Raise ValueError where a rule wants what cannot be."""
        _range(wanted)

    def holds(self, wanted: Any, facts: Mapping[str, Any]) -> bool | None:
        """Whether the year is as wanted; None where the name tells none."""
        year = _year(facts)
        if year is None:
            return None
        first, last = _range(wanted)
        return first <= year <= last

    def found(self, facts: Mapping[str, Any]) -> str:
        """What `why` shows."""
        year = _year(facts)
        return "not in the name" if year is None else str(year)


def _year(facts: Mapping[str, Any]) -> int | None:
    found = re.findall(r"\((1[89]\d\d|20\d\d)\)", str(facts.get("name") or ""))
    return int(found[-1]) if found else None


def _range(wanted: Any) -> tuple[int, int]:
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return wanted, wanted
    found = re.fullmatch(r"(\d{4})(?:\.\.(\d{4}))?", str(wanted))
    if found is None:
        raise ValueError('expected a year such as 1927, or a range such as "1900..1959"')
    return int(found[1]), int(found[2] or found[1])


TITLE_YEAR = TitleYear()
