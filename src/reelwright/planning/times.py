"""Times as people write them: 90, 1:30, 0:01:30.5. Kept as decimal seconds in text, which is exact and plain."""

import re
from fractions import Fraction

#: Seconds, M:SS or H:MM:SS, with a fraction of nine digits at the most.
WRITTEN = re.compile(r"(?:(?:([0-9]{1,4}):)?([0-9]{1,4}):)?([0-9]{1,9}(?:\.[0-9]{1,9})?)")
MINUTE, HOUR = 60, 3600


def parse_time(text: str) -> Fraction:
    """Seconds of a time such as 90, 1:30 or 0:01:30.5.

    Raises:
        ValueError: it is none; minutes below an hour and seconds below a minute are under 60.
    """
    found = WRITTEN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time such as 90, 1:30 or 0:01:30.5")
    hours, minutes, seconds = int(found[1] or 0), int(found[2] or 0), Fraction(found[3])
    if (found[2] and seconds >= MINUTE) or (found[1] and minutes >= MINUTE):
        raise ValueError(f"{text!r} is no time: minutes and seconds after a colon are under 60")
    return hours * HOUR + minutes * MINUTE + seconds


def decimal(seconds: Fraction) -> str:
    """Seconds as a decimal number, to a nanosecond, without trailing zeros."""
    nano = round(seconds * 10**9)
    whole, part = divmod(nano, 10**9)
    return f"{whole}.{part:09}".rstrip("0").rstrip(".")


def clock(seconds: Fraction) -> str:
    """Seconds for people, to a millisecond: 0:10, 1:30.5, 1:02:03."""
    thousandths = round(seconds * 1000)
    whole, part = divmod(thousandths, 1000)
    fraction = f".{part:03}".rstrip("0") if part else ""
    minutes = f"{whole // MINUTE % MINUTE}" if whole < HOUR else f"{whole // HOUR}:{whole // MINUTE % MINUTE:02}"
    return f"{minutes}:{whole % MINUTE:02}{fraction}"
