"""When films may be begun and libraries are scanned: by the clock on the wall, over midnight and when clocks change."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.library.hours import DAY, read_hours
from reelwright.library.schedule import LEAST, Standing, check_expression, is_due, next_due

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "open_at", "closed_at"),
    [
        ("", [0, 12 * 60, DAY - 1], []),
        ("22-6", [22 * 60, DAY - 1, 0, 5 * 60 + 59], [6 * 60, 21 * 60 + 59]),
        ("22:30-6", [22 * 60 + 30, 0], [22 * 60 + 29, 6 * 60]),
        ("0-6, 13-15", [0, 13 * 60, 14 * 60 + 59], [6 * 60, 15 * 60, 23 * 60]),
        ("0-24", [0, 12 * 60, DAY - 1], []),
        ("18-24", [18 * 60, DAY - 1], [0, 17 * 60]),
    ],
)
def test_hours_are_open_from_their_first_minute_to_before_their_last(
    text: str, open_at: list[int], closed_at: list[int]
) -> None:
    hours = read_hours(text)
    assert all(hours.open_at(minute) for minute in open_at)
    assert not any(hours.open_at(minute) for minute in closed_at)


@pytest.mark.parametrize("text", ["22", "22-", "-6", "25-6", "22:60-6", "6-6", "noon-6", "24:01-6"])
def test_what_is_no_hours_is_told_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected hours such as"):
        read_hours(text)


@given(start=st.integers(0, 23), length=st.integers(1, 23), minute=st.integers(0, DAY - 1))
def test_a_span_and_the_one_between_its_ends_share_no_minute(start: int, length: int, minute: int) -> None:
    end = (start + length) % 24
    assert read_hours(f"{start}-{end}").open_at(minute) != read_hours(f"{end}-{start}").open_at(minute)


def test_a_night_is_a_night_also_when_the_clocks_change() -> None:
    """In Berlin the 29th of March 2026 has no 02:30, and the 25th of October has two."""
    night = read_hours("2-4")
    put_forward = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)
    walls = [(put_forward + dt.timedelta(minutes=30 * step)).astimezone(BERLIN) for step in range(5)]
    assert [night.open_at(wall.hour * 60 + wall.minute) for wall in walls] == [False, True, True, False, False]
    put_back = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    walls = [(put_back + dt.timedelta(minutes=60 * step)).astimezone(BERLIN) for step in range(4)]
    assert [wall.hour for wall in walls] == [2, 2, 3, 4]
    assert [night.open_at(wall.hour * 60 + wall.minute) for wall in walls] == [True, True, True, False]


NOW = dt.datetime(2026, 12, 1, 12, 0)  # noqa: DTZ001 -- the clock on the wall


def due(
    expression: str = "", ago: dt.timedelta | None = LEAST, *, queue_empty: bool = True, changed: bool = False
) -> bool:
    scanned = None if ago is None else NOW - ago
    return is_due(Standing(expression=expression, scanned=scanned, now=NOW, queue_empty=queue_empty, changed=changed))


def test_without_an_expression_a_library_is_scanned_when_its_queue_is_empty_once_an_hour_at_the_most() -> None:
    assert due()
    assert not due(ago=LEAST - dt.timedelta(seconds=1))
    assert not due(queue_empty=False)


def test_a_library_that_was_never_scanned_or_has_changed_is_due_whatever_its_schedule() -> None:
    assert due("0 3 * * *", None, queue_empty=False)
    assert due("0 3 * * *", dt.timedelta(minutes=1), changed=True, queue_empty=False)


def test_an_expression_is_due_once_after_each_of_its_times() -> None:
    assert due("0 12 * * *", dt.timedelta(hours=1), queue_empty=False)
    assert not due("0 12 * * *", dt.timedelta(0))
    assert not due("0 3 * * *", dt.timedelta(hours=8))
    assert due("0 3 * * *", dt.timedelta(hours=10))


def test_clocks_that_were_put_back_make_nothing_due_twice_and_nothing_wait_for_ever() -> None:
    assert not due("30 11 * * *", dt.timedelta(minutes=-30))  # scanned at 12:30, put back to 12:00: tomorrow at 11:30
    assert due(ago=dt.timedelta(days=-1))  # a clock that was a day ahead


@pytest.mark.parametrize("expression", ["0 3 * *", "61 3 * * *", "0 3 31 2 *", "every night"])
def test_what_is_no_expression_or_never_comes_true_is_told(expression: str) -> None:
    with pytest.raises(ValueError, match="expected a cron expression"):
        check_expression(expression)


def test_weekdays_and_steps_are_understood() -> None:
    assert next_due("*/20 * * * *", NOW) == NOW + dt.timedelta(minutes=20)
    assert next_due("0 4 * * SUN", NOW).strftime("%A %H:%M") == "Sunday 04:00"
    check_expression("")
