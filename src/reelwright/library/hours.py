"""Hours of the day in which a library's films may be begun, by the clock on the wall."""

import re
from dataclasses import dataclass

DAY = 24 * 60
EXPECTED = 'expected hours such as "22-6", "22:30-6", or several such as "0-6, 13-15"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """Spans of the day in minutes since midnight, half-open; a span whose end comes first goes over midnight."""

    #: None: all day.
    spans: tuple[tuple[int, int], ...] = ()

    def open_at(self, minute: int) -> bool:
        """Whether a film may be begun at this minute of the day.

        The clock on the wall decides, so a night is the night also when the clocks change: an hour that comes twice
        counts twice, and one that is left out is not missed.
        """
        return not self.spans or any(_within(span, minute) for span in self.spans)


def _within(span: tuple[int, int], minute: int) -> bool:
    start, end = span
    return start <= minute < end if start < end else minute >= start or minute < end


def read_hours(text: str) -> Hours:
    """Hours as people write them; an empty text means all day.

    Raises:
        ValueError: it is none; the text says what was expected.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return Hours(spans=tuple(_span(part) for part in parts))


def _span(text: str) -> tuple[int, int]:
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(EXPECTED)
    found = _minute(start.strip()), _minute(end.strip())
    if found[0] % DAY == found[1] % DAY and found != (0, DAY):
        raise ValueError(f"{text} is no time at all; {EXPECTED}")
    return found[0] % DAY, found[1]


def _minute(text: str) -> int:
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", text)
    minutes = int(found[1]) * 60 + int(found[2] or 0) if found else DAY + 1
    if minutes > DAY or (found and int(found[2] or 0) >= 60):  # noqa: PLR2004 - minutes of an hour
        raise ValueError(EXPECTED)
    return minutes
