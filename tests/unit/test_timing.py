"""Exact time: when frames are shown, and from where they are safely decoded."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import constant, index
from reelwright.media.timing import is_constant

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))


@pytest.mark.parametrize(
    ("frame", "back", "key"),
    [
        (99, 1, 2000),  # frame 99 is in the group of 3000: one group more is 2000
        (75, 1, 2000),  # the key frame itself belongs to its group
        (74, 1, 1000),
        (50, 1, 1000),
        (49, 1, None),  # one group back is the film's first: from the beginning
        (0, 1, None),
        (99, 0, 3000),
        (99, 2, 1000),
        (99, 3, None),
        (99, 9, None),  # further back than there are groups
        (24, 0, None),
    ],
)
def test_decoding_starts_so_many_key_frames_early_or_at_the_beginning(frame: int, back: int, key: int | None) -> None:
    place = KEYED.key_before(frame, back=back)
    assert (None if place is None else KEYED.key_pts[place]) == key


@given(
    keys=st.sets(st.integers(-100, 5000), max_size=20),
    frame=st.integers(0, 99),
    back=st.integers(0, 5),
)
def test_a_safe_key_never_lies_behind_its_frame(keys: set[int], frame: int, back: int) -> None:
    film = index(range(0, 4000, 40), key_pts=tuple(sorted(keys)))
    place = film.key_before(frame, back=back)
    if place is not None:
        found = film.key_pts[place]
        assert sum(found < k <= film.pts[frame] for k in keys) == back


def test_without_known_key_frames_decoding_starts_at_the_beginning() -> None:
    assert index(key_pts=()).key_before(100) is None
    assert not index(key_pts=()).is_key(100)


def test_decoding_may_start_at_key_frames_and_nowhere_else() -> None:
    assert [k for k in range(100) if KEYED.is_key(k)] == [0, 25, 50, 75]


def test_frames_are_timed_from_the_first_and_the_film_ends_with_its_last_frames_end() -> None:
    film = index((500, 540, 700), last=100)
    assert [film.seconds(k) for k in range(5)] == [0, Fraction(1, 25), Fraction(1, 5), Fraction(3, 10), Fraction(3, 10)]
    assert film.duration == Fraction(3, 10)
    assert film.rate == 10


def test_a_rate_of_24000_1001_stays_exact() -> None:
    film = constant(1000, Fraction(24000, 1001))
    assert film.rate == Fraction(24000, 1001)
    assert film.seconds(24) == Fraction(1001, 1000)


def test_a_film_of_no_length_has_a_rate_all_the_same() -> None:
    assert index((7,), last=0).rate == 25


@pytest.mark.parametrize(
    ("pts", "tolerance", "constant_rate"),
    [
        ((), 1, True),
        ((5,), 1, True),
        ((0, 999), 1, True),  # one gap is even
        ((0, 40, 80, 120), 0, True),
        ((0, 33, 67, 100, 133, 167), 1, True),  # 30 a second on a clock of milliseconds
        ((0, 33, 67, 100, 133, 167), 0, False),
        ((0, 40, 80, 160), 1, False),
        ((0, 41, 80, 120), 1, True),  # one tick of rounding
        ((0, 42, 80, 120), 1, False),
    ],
)
def test_even_times_are_even_to_a_tick_of_rounding(
    pts: tuple[int, ...], tolerance: int, *, constant_rate: bool
) -> None:
    assert is_constant(pts, tolerance) is constant_rate


@given(frames=st.integers(3, 400), rate=st.sampled_from((Fraction(24000, 1001), Fraction(30), Fraction(60000, 1001))))
def test_a_constant_rate_rounded_to_milliseconds_is_constant(frames: int, rate: Fraction) -> None:
    assert is_constant(tuple(round(1000 * k / rate) for k in range(frames)))
