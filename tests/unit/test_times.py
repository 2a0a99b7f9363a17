"""When frames are shown, worked out of what a container says and does not say."""

from fractions import Fraction
from typing import Any

import pytest

from reelwright.tools.children.times import filled, rises, times_of

TICK = Fraction(1, 90000)


def facts(**more: Any) -> dict[str, Any]:
    return {"format": "matroska,webm", "time_base": Fraction(1, 1000), "rate": Fraction(24), **more}


@pytest.mark.parametrize(
    ("pts", "rising"),
    [([], True), ([5], True), ([0, 1, 5], True), ([0, 0], False), ([0, 2, 1], False), ([0, None, 2], False)],
)
def test_times_rise_where_each_is_there_and_later_than_the_one_before(pts: list[int | None], *, rising: bool) -> None:
    assert rises(pts) is rising


def test_what_a_container_stamps_is_taken_as_it_is() -> None:
    times = times_of([3, 40, 90], [0, 0, 0], [0, 3, 40], facts(), sparse=False)
    assert (times.counted, times.base, times.pts) == (False, Fraction(1, 1000), [3, 40, 90])


def test_what_a_container_stamps_wrongly_is_not_mended_in_silence() -> None:
    times = times_of([3, 3, None], [1, 1, 1], [0, 1, 2], facts(), sparse=False)
    assert (times.counted, times.pts) == (False, [3, 3, None])


@pytest.mark.parametrize("name", ["h264", "hevc", "mpegvideo", "m4v"])
def test_a_bare_stream_has_its_rate_and_nothing_else(name: str) -> None:
    times = times_of([48000, 96000, 144000], [0] * 3, [0] * 3, facts(format=name), sparse=False)
    assert (times.counted, times.base, times.pts) == (True, Fraction(1, 24), [0, 1, 2])


def test_a_film_without_any_time_has_its_rate() -> None:
    times = times_of([None, None], [0, 0], [], facts(), sparse=False)
    assert (times.counted, times.base, times.pts) == (True, Fraction(1, 24), [0, 1])


def avi(pts: list[int | None], slots: list[int]) -> tuple[bool, list[int | None]]:
    times = times_of(pts, [1] * len(pts), slots, facts(format="avi", time_base=Fraction(1, 24)), sparse=False)
    assert times.base == Fraction(1, 24)
    return times.counted, times.pts


def test_frames_of_an_avi_file_that_come_out_of_order_are_shown_in_its_chunks_places() -> None:
    assert avi([1, 3, 4, 2, 5], [0, 1, 2, 3, 4]) == (True, [0, 1, 2, 3, 4])
    assert avi([None, None, None], [0, 1, 2]) == (True, [0, 1, 2])


def test_a_chunk_of_no_bytes_in_an_avi_file_leaves_its_place_empty() -> None:
    assert avi([2, 1, None], [0, 1, 6]) == (True, [0, 1, 6])
    assert avi([0, 1, 6], [0, 1, 6]) == (False, [0, 1, 6])


def test_an_avi_file_with_fewer_chunks_than_frames_keeps_its_faults() -> None:
    assert avi([2, 1, None], [0, 1]) == (False, [2, 1, None])


def test_a_frame_a_disc_does_not_stamp_is_shown_when_the_one_before_has_been() -> None:
    found = times_of(
        [90000, 94504, None, None, 105015],
        [4504, 3003, 4504, 3003, 4504],
        [],
        facts(format="mpeg", time_base=TICK),
        sparse=True,
    )
    assert (found.counted, found.base) == (True, TICK)
    assert found.pts == [90000, 94504, 97507, 102011, 105015]


def test_frames_ahead_of_the_first_stamp_are_counted_back_from_it() -> None:
    assert filled([None, None, 30], [10, 10, 10]) == [10, 20, 30]


def test_what_nothing_tells_stays_unknown() -> None:
    assert filled([None, None], [10, 10]) == [None, None]
    assert filled([5, None, 30], [0, 0, 0]) == [5, None, 30]
