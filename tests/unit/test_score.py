"""Pooling against numbers worked out by hand, and the size that pictures are scored at."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.quality.score import Run, Score, percentile, pool, pool_runs, scoring_size, weighted_percentile

scores = st.lists(st.floats(0, 100), min_size=1, max_size=200)


def pooled(*values: float) -> Score:
    return pool(values, model="m", n_subsample=1, scaled_to=None)


def test_scores_are_pooled_as_worked_out_by_hand() -> None:
    found = pooled(90, 95, 100, 85, 80)
    assert found.mean == 90
    assert found.harmonic_mean == pytest.approx(5 / (1 / 91 + 1 / 96 + 1 / 101 + 1 / 86 + 1 / 81) - 1)
    assert found.p5 == pytest.approx(81)  # 80 + 0.2 * 5: a fifth of the way from the first rank to the second
    assert found.p1 == pytest.approx(80.2)
    assert (found.min, found.frames) == (80, 5)


def test_a_frame_that_scores_zero_does_not_break_the_harmonic_mean() -> None:
    assert pooled(0, 100).harmonic_mean == pytest.approx(2 / (1 + 1 / 101) - 1)


def test_a_score_carries_what_it_is_a_score_of() -> None:
    found = pool([1.0], model="vmaf_4k_v0.6.1", n_subsample=3, scaled_to="1920x1080")
    assert (found.model, found.n_subsample, found.scaled_to) == ("vmaf_4k_v0.6.1", 3, "1920x1080")


@given(scores)
def test_pooled_values_keep_their_order(values: list[float]) -> None:
    found = pooled(*values)
    slack = 1e-9
    assert found.min == min(values)
    assert found.min <= found.p1 + slack <= found.p5 + 2 * slack
    assert found.harmonic_mean <= found.mean + slack
    assert min(values) - slack <= found.mean <= max(values) + slack


@given(scores, st.floats(0, 1))
def test_a_percentile_lies_within_the_values_and_rises_with_its_share(values: list[float], share: float) -> None:
    assert min(values) <= percentile(values, share) <= max(values)
    assert percentile(values, share / 2) <= percentile(values, share) + 1e-9


@given(st.lists(st.floats(0, 100), min_size=2, max_size=100))
def test_percentiles_are_those_of_the_inclusive_method(values: list[float]) -> None:
    whole = statistics.quantiles(values, n=20, method="inclusive")
    assert percentile(values, 0.05) == pytest.approx(whole[0])
    assert percentile(values, 0.5) == pytest.approx(statistics.median(values))
    assert percentile(values, 0) == min(values)
    assert percentile(values, 1) == max(values)


def test_nothing_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="no frame"):
        pooled()
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (1280, 720, (1920, 1080)),
        (640, 272, (1920, 816)),  # wide: the width decides
        (640, 480, (1440, 1080)),  # narrow: the height does
        (1726, 970, (1920, 1080)),  # just small enough
        (1728, 720, None),  # wide enough
        (1280, 972, None),  # high enough
        (1920, 1080, None),
        (720, 1280, None),  # upright, and high enough
        (480, 854, (608, 1080)),
        (2, 900, (2, 1080)),  # never nothing
    ],
)
def test_small_pictures_are_fitted_into_1080p(width: int, height: int, size: tuple[int, int] | None) -> None:
    assert scoring_size(width, height) == size


@given(st.integers(1, 1727), st.integers(1, 971))
def test_a_fitted_picture_fills_1080p_on_one_side_with_even_sizes_and_its_aspect_kept(width: int, height: int) -> None:
    fitted = scoring_size(width, height)
    assert fitted is not None
    wide, high = fitted
    assert wide % 2 == high % 2 == 0
    assert 2 <= wide <= 1920
    assert 2 <= high <= 1080
    assert wide == 1920 or high == 1080
    factor = min(1920 / width, 1080 / height)
    assert math.isclose(wide, width * factor, abs_tol=1) or wide == 2
    assert math.isclose(high, height * factor, abs_tol=1) or high == 2


values_of_frames = st.lists(st.floats(0, 100), min_size=1, max_size=40)


@given(values=values_of_frames, share=st.floats(0, 1), weight=st.sampled_from([1.0, 3.0]))
def test_a_percentile_of_equal_weights_is_the_plain_one_or_near_it(
    values: list[float], share: float, weight: float
) -> None:
    found = weighted_percentile([(value, weight) for value in values], share)
    assert min(values) <= found <= max(values)
    if weight == 1:
        assert found == pytest.approx(percentile(values, share), abs=1e-9)


@given(runs=st.lists(st.tuples(values_of_frames, st.integers(1, 500)), min_size=1, max_size=6))
def test_runs_count_by_their_frames_however_many_were_scored(runs: list[tuple[list[float], int]]) -> None:
    made = [Run(scores=scores, frames=frames) for scores, frames in runs]
    found = pool_runs(made, model="m", n_subsample=5, scaled_to=None)
    means = [(sum(run.scores) / len(run.scores), run.frames) for run in made]
    assert found.mean == pytest.approx(sum(m * n for m, n in means) / sum(n for _, n in means))
    assert found.frames == sum(len(run.scores) for run in made)
    assert found.min <= found.p1 <= found.p5 <= 100
    assert found.harmonic_mean <= found.mean + 1e-9


@given(values=values_of_frames)
def test_a_run_of_every_frame_is_pooled_as_it_was_alone(values: list[float]) -> None:
    alone = pool(values, model="m", n_subsample=1, scaled_to=None)
    run = pool_runs([Run(scores=values, frames=len(values))], model="m", n_subsample=1, scaled_to=None)
    for name in ("mean", "harmonic_mean", "p5", "p1", "min", "frames"):
        assert getattr(run, name) == pytest.approx(getattr(alone, name), abs=1e-9)


def test_nothing_scored_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="no frame"):
        pool_runs([], model="m", n_subsample=1, scaled_to=None)
    with pytest.raises(ValueError, match="no values"):
        weighted_percentile([], 0.05)
