import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.errors import UsageError
from reelwright.sequences.timecode import format_timecode, labels_a_second, parse_timecode
from reelwright.tools.delivery import Counting, timecode_text

RATES = st.sampled_from(
    [Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)]
)
DROPPING = st.sampled_from([Fraction(30000, 1001), Fraction(60000, 1001)])
COUNTS = st.integers(0, 24 * 3600 * 23)


@given(COUNTS, RATES)
def test_a_timecode_is_read_back_as_the_count_it_stands_for(count: int, rate: Fraction) -> None:
    assert parse_timecode(format_timecode(count, rate), rate) == count


@given(COUNTS, DROPPING)
def test_so_is_one_that_drops_labels(count: int, rate: Fraction) -> None:
    assert parse_timecode(format_timecode(count, rate, drop=True), rate) == count


@pytest.mark.parametrize(
    ("text", "rate", "count"),
    [
        ("00:00:41:17", Fraction(24), 1001),
        ("01:00:00:00", Fraction(24000, 1001), 86400),
        # SMPTE ST 12-1: two labels are left out at each minute but the tenth.
        ("00:00:59;29", Fraction(30000, 1001), 1799),
        ("00:01:00;02", Fraction(30000, 1001), 1800),
        ("00:10:00;00", Fraction(30000, 1001), 17982),
        ("01:00:00;00", Fraction(30000, 1001), 107892),
        ("00:01:00;04", Fraction(60000, 1001), 3600),
    ],
)
def test_known_timecodes(text: str, rate: Fraction, count: int) -> None:
    assert parse_timecode(text, rate) == count
    assert format_timecode(count, rate, drop=";" in text) == text


@pytest.mark.parametrize(
    "text", ["", "1:00:00:00", "00:00:60:00", "00:00:00:24", "00:00:00:00\n", "\u0660\u0660:00:00:00"]
)
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no timecode"):
        parse_timecode(text, Fraction(24))


def test_labels_that_drop_frame_leaves_out_and_rates_without_it_are_refused() -> None:
    with pytest.raises(UsageError, match="leaves it out"):
        parse_timecode("00:01:00;00", Fraction(30000, 1001))
    with pytest.raises(UsageError, match=r"only 29\.97"):
        parse_timecode("00:01:00;00", Fraction(24))


def test_a_slate_ahead_of_midnight_has_the_last_label_of_the_day() -> None:
    assert format_timecode(-1, Fraction(25)) == "23:59:59:24"


@given(st.integers(0, 100_000), st.integers(0, 3_000_000), DROPPING | RATES, st.booleans())
def test_what_drawtext_counts_is_the_timecode(n: int, first: int, rate: Fraction, drop: bool) -> None:  # noqa: FBT001
    drop = drop and rate in {Fraction(30000, 1001), Fraction(60000, 1001)}
    text = timecode_text(Counting(first=1, step=1, padding=4, rate=rate, timecode=first, drop=drop))
    names = {"n": n, "mod": lambda a, b: a - b * math.floor(a / b), "floor": math.floor, "max": max}
    shown = re.sub(r"%\{eif:(.*?):d:2\}", lambda found: f"{int(eval(found[1], {}, names)):02d}", text)  # noqa: S307
    assert shown == format_timecode(first + n, rate, drop=drop)


def test_ntsc_counts_to_the_next_whole_number() -> None:
    assert [labels_a_second(r) for r in (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25))] == [24, 30, 25]
    with pytest.raises(UsageError, match="cannot be"):
        labels_a_second(Fraction(0))
