"""Scoring in steps: which frames come first, how far their mean may be off, and when that settles a trial."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.quality.score import percentile
from reelwright.quality.steps import (
    LONG,
    SHORT_STEP,
    SHORTEST,
    STEP,
    Goal,
    first_scored,
    first_step,
    is_settled,
    mean_error,
    sample_look,
    scored_frames,
)

GOAL = Goal(low=92.0, high=94.0)
scores = st.lists(st.floats(0, 100), min_size=2, max_size=60)


def test_steps_are_odd() -> None:
    assert STEP % 2 == 1


def test_samples_are_scored_in_thirds_without_the_key_frames_and_whole_where_every_frame_was_asked_for() -> None:
    step, first = sample_look(STEP)
    assert first % step != 0, "the first window's key frame"
    assert sample_look(1) == (1, 0)


def test_short_runs_are_scored_whole() -> None:
    assert first_step(SHORTEST - 1, STEP) == 1
    assert first_step(SHORTEST, STEP) == first_step(LONG - 1, STEP) == SHORT_STEP
    assert first_step(LONG, STEP) == STEP
    assert first_step(LONG - 1, 1) == 1
    assert first_step(10_000, 1) == 1


@given(bounds=st.lists(st.integers(1, 300), min_size=1, max_size=20), step=st.sampled_from([1, 3, 5, 7]))
def test_chunks_are_scored_on_the_frames_a_whole_film_would_be(bounds: list[int], step: int) -> None:
    found, start = [], 0
    for frames in bounds:
        found += scored_frames(start, start + frames, step)
        assert 0 <= first_scored(start, step) < step
        start += frames
    assert found == list(range(0, start, step))


def test_a_score_of_every_frame_is_exact() -> None:
    assert mean_error([1.0, 99.0], 1) == 0.0
    assert mean_error([93.0], 5) == math.inf  # one score says nothing of the rest


def test_a_slow_change_is_no_error_and_a_restless_one_is() -> None:
    slope = [90 + 0.1 * k for k in range(40)]
    jumps = random.Random(1).sample(slope, len(slope))
    assert mean_error(slope, 5) < 0.1 < mean_error(jumps, 5)


def test_more_frames_are_surer() -> None:
    assert mean_error([92.0, 94.0] * 30, 5) < mean_error([92.0, 94.0] * 10, 5)


@pytest.mark.parametrize(
    ("mean", "settled"),
    [
        (93.0, True),
        (92.5, True),
        (92.1, False),
        (91.9, False),
        (91.5, True),
        (93.9, False),
        (94.1, False),
        (94.6, True),
    ],
)
def test_a_mean_near_an_edge_of_the_band_settles_nothing(mean: float, settled: bool) -> None:  # noqa: FBT001
    values = [mean - 1, mean + 1] * 15
    assert 0.2 < mean_error(values, 5) < 0.4
    assert is_settled(values, 5, GOAL) is settled
    assert is_settled(values, 1, GOAL)
    assert is_settled(values, 5, None)


def test_a_band_as_narrow_as_the_error_is_never_settled_inside() -> None:
    values = [92.0, 94.0] * 15
    assert not is_settled(values, 5, Goal(low=92.9, high=93.1))
    assert is_settled(values, 5, Goal(low=94.0, high=95.0))


@given(values=scores, low=st.floats(1, 98), width=st.floats(0, 4))
def test_what_is_settled_stays_so_wherever_the_mean_of_all_frames_lies_within_the_error(
    values: list[float], low: float, width: float
) -> None:
    goal = Goal(low=low, high=low + width)
    mean, off = statistics.fmean(values), mean_error(values, 5)
    if is_settled(values, 5, goal):
        assert {goal.side(mean + share * off) for share in (-1, -0.5, 0, 0.5, 1)} == {goal.side(mean)}


def film_like(seed: int, frames: int) -> list[float]:
    """Frame scores as measured: a pyramid of sixteen, a slow change, and some noise."""
    chance = random.Random(seed)
    drift, swing = chance.uniform(-3, 3), chance.uniform(0.3, 1.5)
    high = (1.3, -0.5, 0.2, -0.5, 0.6, -0.5, 0.2, -0.5, 1.2, -0.5, 0.2, -0.5, 0.6, -0.5, 0.2, -0.5)
    return [93 + drift * k / frames + swing * high[k % 16] + chance.gauss(0, 0.4) for k in range(frames)]


#: The step of a chunk, the fewest frames such chunks have, and how many more.
KINDS = pytest.mark.parametrize(("step", "least", "more"), [(STEP, LONG, 200), (SHORT_STEP, SHORTEST, LONG - SHORTEST)])


@KINDS
def test_the_error_that_is_told_covers_nearly_all_that_are_made(step: int, least: int, more: int) -> None:
    covered, told = 0, []
    for seed in range(300):
        values = film_like(seed, least + seed % more)
        start = seed * 7
        some = [values[frame - start] for frame in scored_frames(start, start + len(values), step)]
        told.append(mean_error(some, step))
        covered += abs(statistics.fmean(some) - statistics.fmean(values)) <= told[-1]
    assert covered >= 0.93 * 300
    assert statistics.median(told) < 0.4  # and it is small enough to settle most trials


@KINDS
def test_accepted_chunks_are_within_the_band_by_every_frame(step: int, least: int, more: int) -> None:
    """The promise: of those a few frames let pass, one in a hundred at the most is outside, and only just."""
    passed = outside = 0
    for seed in range(3000):
        values = film_like(seed, least + seed % more)
        off = random.Random(seed).uniform(-1.5, 1.5) - statistics.fmean(values) + 93
        values = [value + off for value in values]
        some = [values[frame - seed] for frame in scored_frames(seed, seed + len(values), step)]
        if is_settled(some, step, GOAL) and GOAL.side(statistics.fmean(some)) == 0:
            passed += 1
            mean = statistics.fmean(values)
            outside += GOAL.side(mean) != 0
            assert 91.8 < mean < 94.2
    assert passed > 1000
    assert outside <= 0.01 * passed


# --- the 5th percentile's floor ---


def test_without_a_floor_the_mean_is_what_counts() -> None:
    assert GOAL.effective(93.0, 12.0) == 93.0


@pytest.mark.parametrize(
    ("mean", "p5", "effective"),
    [
        (93.0, 90.0, 93.0),  # clear of the floor
        (95.0, 85.0, 92.0),  # on it: the band's lower edge
        (95.0, 86.0, 93.0),  # near it: within the band, although the mean is above
        (95.0, 84.0, 91.0),  # below it: too low
        (91.0, 86.0, 91.0),  # the mean is lower still
    ],
)
def test_a_floor_holds_the_score_down(mean: float, p5: float, effective: float) -> None:
    goal = Goal(low=92.0, high=94.0, floor_p5=85.0)
    assert goal.effective(mean, p5) == effective
    assert goal.is_held(mean, p5) == (effective < mean)


@given(a=scores, b=scores, floor=st.floats(1, 99))
def test_the_effective_score_rises_with_both(a: list[float], b: list[float], floor: float) -> None:
    goal = Goal(low=92.0, high=94.0, floor_p5=floor)
    lower, higher = sorted((percentile(a, 0.05), percentile(b, 0.05)))
    mean = statistics.fmean(a)
    assert goal.effective(mean, lower) <= goal.effective(mean, higher) <= mean
    assert goal.effective(mean, lower) <= goal.effective(mean + 1, lower)
    if goal.effective(mean, lower) >= goal.low:
        assert lower >= floor - 1e-9


def test_with_a_floor_some_frames_settle_only_that_the_mean_is_too_low() -> None:
    goal = Goal(low=92.0, high=94.0, floor_p5=85.0)
    assert is_settled([90.0, 91.0] * 15, 5, goal)
    assert not is_settled([92.5, 93.5] * 15, 5, goal)
    assert not is_settled([97.5, 98.5] * 15, 5, goal)
