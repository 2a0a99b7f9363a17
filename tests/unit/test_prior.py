"""Where a search starts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.quality.prior import PSEUDO_FRAMES, start_crf

history = st.lists(st.tuples(st.floats(12, 50), st.integers(1, 400)), max_size=20)


def at(width: int, height: int, target: float = 93, accepted: tuple[tuple[float, int], ...] = ()) -> float:
    return start_crf(width=width, height=height, preset=6, target=target, accepted=accepted)


@pytest.mark.parametrize(
    ("width", "height", "crf"),
    [
        (1920, 1080, 40),
        (1920, 800, 40),
        (1440, 1080, 40),
        (3840, 2160, 40),
        (1280, 720, 32),
        (1280, 536, 32),
        (960, 720, 32),
        (854, 480, 23),
        (640, 272, 23),
    ],
)
def test_a_film_without_history_starts_at_the_constant_of_its_picture_size(width: int, height: int, crf: float) -> None:
    assert at(width, height) == pytest.approx(crf)


def test_a_higher_target_starts_lower_and_a_lower_one_higher() -> None:
    assert at(1920, 1080, 95) == pytest.approx(40 - 5.6, abs=0.1)
    assert at(1920, 1080, 97) < at(1920, 1080, 95) < 40 < at(1920, 1080, 90)


def test_a_target_of_100_still_has_a_start() -> None:
    assert at(1920, 1080, 100) == at(1920, 1080, 99.5) < 0


def test_as_many_frames_as_the_pseudo_weight_count_as_much_as_the_constant() -> None:
    assert at(1920, 1080, accepted=((30.0, PSEUDO_FRAMES),)) == pytest.approx(35)


def test_a_long_history_outweighs_the_constant() -> None:
    assert at(1920, 1080, accepted=((30.0, 100 * PSEUDO_FRAMES),)) == pytest.approx(30, abs=0.2)


def test_frames_weigh_in_the_films_median_and_not_chunks() -> None:
    chunks = ((20.0, 10), (21.0, 10), (22.0, 10), (44.0, 4000))
    assert at(1920, 1080, accepted=chunks) > 43


def test_a_preset_that_was_never_measured_starts_like_the_one_that_was() -> None:
    assert start_crf(width=1920, height=1080, preset=4, target=93) == at(1920, 1080)


@given(chunks=history)
def test_the_start_lies_between_the_constant_and_what_the_film_has_shown(
    chunks: list[tuple[float, int]],
) -> None:
    crfs = [40.0, *(crf for crf, _ in chunks)]
    assert min(crfs) - 1e-6 <= at(1920, 1080, accepted=tuple(chunks)) <= max(crfs) + 1e-6


@given(chunks=history, data=st.data())
def test_the_order_in_which_chunks_were_finished_changes_nothing(
    chunks: list[tuple[float, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(chunks))
    assert at(1920, 1080, accepted=tuple(shuffled)) == at(1920, 1080, accepted=tuple(chunks))
