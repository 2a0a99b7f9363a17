"""What is expected of a chunk before it is encoded."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.quality.belief import Prior
from reelwright.quality.kinship import WITHIN
from reelwright.quality.prior import BETWEEN, BLUR, SHIFT, SLOPE, Answer, Shift, expect, sampled

answers = st.lists(st.builds(Answer, crf=st.floats(12, 50), slope=st.floats(0.02, 0.3)), max_size=20)


def at(width: int, height: int, target: float = 93, seen: tuple[Answer, ...] = (), temporal: float = 5) -> Prior:
    return expect(width=width, height=height, preset=6, target=target, temporal=temporal, answers=seen)


def alike(crf: float, count: int) -> tuple[Answer, ...]:
    return tuple(Answer(crf=crf, slope=SLOPE) for _ in range(count))


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
    assert at(width, height).crf == pytest.approx(crf)
    assert at(width, height).sd == pytest.approx(math.sqrt(WITHIN + BETWEEN))


def test_a_higher_target_starts_lower_and_a_lower_one_higher() -> None:
    assert at(1920, 1080, 95).crf == pytest.approx(40 - 6.0, abs=0.1)
    assert at(1920, 1080, 97).crf < at(1920, 1080, 95).crf < 40 < at(1920, 1080, 90).crf


def test_a_target_of_100_still_has_a_start() -> None:
    assert at(1920, 1080, 100).crf == at(1920, 1080, 99.5).crf < 0


def test_a_film_of_many_like_chunks_is_believed_more_than_its_class() -> None:
    few, many = at(1920, 1080, seen=alike(30, 2)), at(1920, 1080, seen=alike(30, 40))
    assert 40 > few.crf > many.crf
    assert many.crf == pytest.approx(30, abs=0.5)
    assert many.sd < few.sd < at(1920, 1080).sd


def test_a_film_whose_chunks_differ_leaves_the_next_one_unsure() -> None:
    mixed = tuple(Answer(crf=crf, slope=SLOPE) for crf in (20, 45, 22, 48, 19, 44))
    assert at(1920, 1080, seen=mixed).sd > at(1920, 1080).sd


def test_what_moves_a_lot_falls_apart_fast() -> None:
    slopes = [at(1920, 1080, temporal=t).slope for t in (0, 10, 20, 30, 40)]
    assert slopes[0] == slopes[1] == SLOPE
    assert slopes == sorted(slopes)
    assert 0.1 < slopes[3] < 0.2


def test_a_preset_that_was_never_measured_starts_like_the_one_that_was() -> None:
    assert expect(width=1920, height=1080, preset=4, target=93, temporal=5) == at(1920, 1080)


@settings(max_examples=40, deadline=None)
@given(seen=answers)
def test_the_start_lies_between_the_constant_and_what_the_film_has_shown(seen: list[Answer]) -> None:
    crfs = [40.0, *(answer.crf for answer in seen)]
    assert min(crfs) - 1e-6 <= at(1920, 1080, seen=tuple(seen)).crf <= max(crfs) + 1e-6


@settings(max_examples=40, deadline=None)
@given(seen=answers, data=st.data())
def test_the_order_in_which_chunks_were_finished_changes_nothing(seen: list[Answer], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seen))
    one, other = at(1920, 1080, seen=tuple(seen)), at(1920, 1080, seen=tuple(shuffled))
    assert one.crf == pytest.approx(other.crf, abs=1e-9)
    assert one.sd == pytest.approx(other.sd, abs=1e-9)
    assert one.slope == pytest.approx(other.slope, abs=1e-9)


def test_what_a_films_samples_were_off_by_is_expected_of_the_next_one() -> None:
    assert sampled([]) == pytest.approx((SHIFT, BLUR))
    alike, scattered = sampled([Shift(crf=3.0)] * 30), sampled([Shift(crf=-1.0), Shift(crf=4.0)] * 15)
    assert SHIFT < alike[0] < 3
    assert alike[1] < BLUR < scattered[1]
    seen = tuple(Answer(crf=30, slope=SLOPE, shift=3.0) for _ in range(30))
    assert (at(1920, 1080, seen=seen).shift, at(1920, 1080, seen=seen).blur) == pytest.approx(alike)


def test_one_wild_sample_hardly_moves_what_is_expected_of_the_others() -> None:
    mean, blur = sampled([Shift(crf=crf) for crf in [SHIFT] * 10 + [60.0]])
    assert mean < SHIFT + 0.3
    assert blur < BLUR + 0.1


def test_samples_of_short_chunks_are_expected_to_be_off_by_less_where_the_film_shows_it() -> None:
    shown = [Shift(crf=5.86 - 439.8 / frames, frames=frames) for frames in range(114, 84, -1)]
    short, long = sampled(shown, frames=72)[0], sampled(shown, frames=114)[0]
    assert short == pytest.approx(5.86 - 439.8 / 72, abs=0.7)  # shorter than all that were seen
    assert long > short + 1
    assert sampled(shown, frames=72)[1] < sampled([Shift(crf=s.crf) for s in shown])[1]
    assert sampled([Shift(crf=1.5, frames=f) for f in (60, 90, 120)], frames=20)[0] == pytest.approx(
        sampled([Shift(crf=1.5)] * 3)[0], abs=0.3
    )
