"""Timecode: SMPTE ST 12-1's labels of frames, with and without drop frame."""

import re
from fractions import Fraction

from reelwright.errors import UsageError

CODE = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;])(\d{2})", re.ASCII)
#: Rates whose timecode may drop labels, and how many it drops each minute but the tenth.
DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}
MINUTES_KEPT = 10


def labels_a_second(rate: Fraction) -> int:
    """Labels of a second: the rate, rounded up to a whole number (23.976 counts to 24).

    Raises:
        UsageError: the rate is not above 0.
    """
    if rate <= 0:
        raise UsageError(f"A rate of {rate} frames a second cannot be.")
    return -(-rate.numerator // rate.denominator)


def parse_timecode(text: str, rate: Fraction) -> int:
    """Count of frames that a timecode stands for; `;` before the frames asks for drop frame.

    Raises:
        UsageError: it is no timecode, its rate has no drop frame, or drop frame leaves that label out.
    """
    whole = CODE.fullmatch(text)
    base = labels_a_second(rate)
    if whole is None or int(whole[5]) >= base:
        raise UsageError(f"{text!r} is no timecode at {float(rate):g} frames a second.", hint="Write 01:00:00:00.")
    hours, minutes, seconds, frames = (int(whole[k]) for k in (1, 2, 3, 5))
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if whole[4] == ":":
        return count
    dropped = _dropped(rate, text)
    if seconds == 0 and frames < dropped and minutes % MINUTES_KEPT:
        raise UsageError(f"There is no timecode {text}: drop frame leaves it out.")
    total = hours * 60 + minutes
    return count - dropped * (total - total // MINUTES_KEPT)


def format_timecode(count: int, rate: Fraction, *, drop: bool = False) -> str:
    """The timecode of a count of frames; it starts again after 24 hours, and counts back below zero from there.

    Raises:
        UsageError: the rate has no drop frame.
    """
    base = labels_a_second(rate)
    if drop:
        lost = _dropped(rate, "drop frame")
        ten_minutes = base * 600 - lost * (MINUTES_KEPT - 1)
        count %= ten_minutes * 6 * 24
        tens, rest = divmod(count, ten_minutes)
        minutes = max(0, (rest - lost) // (base * 60 - lost))
        count += lost * (tens * (MINUTES_KEPT - 1) + minutes)
    count %= base * 86400
    seconds, frames = divmod(count, base)
    mark = ";" if drop else ":"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"


def _dropped(rate: Fraction, text: str) -> int:
    if rate not in DROPPED:
        raise UsageError(f"{text}: only 29.97 and 59.94 frames a second have drop frame.", hint="Write : for ;.")
    return DROPPED[rate]
