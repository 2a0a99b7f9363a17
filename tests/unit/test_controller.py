"""The CRF search against thousands of curves, before any encode."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from media import CURVES
from reelwright.planning.plan import Request
from reelwright.quality.controller import (
    Accept,
    Aim,
    FilmView,
    Move,
    Point,
    Prior,
    Sample,
    Sampling,
    Try,
    Wait,
    next_move,
)
from simulation import Curve, Film, load_film, search, search_film, straight, through

UNKNOWN = FilmView(median_crf=None, settled=False)
WIDE = Aim(target=93, low=92, high=94)
many = settings(max_examples=max(200, settings.default.max_examples), deadline=None)


@st.composite
def aims(draw: st.DrawFn, *, narrowest: float = 0.05) -> Aim:
    target = draw(st.floats(80, 97))
    width = draw(st.floats(narrowest, 2.5))
    below = draw(st.sampled_from((0.0, 0.5, 1.0))) * width  # one-sided bands too
    return Aim(
        target=target,
        low=target - below,
        high=target + (width - below),
        min_crf=draw(st.sampled_from((8.0, 12.0, 12.1))),
        max_crf=draw(st.sampled_from((38.3, 50.0, 63.0))),
        step=draw(st.sampled_from((0.1, 0.25, 1.0))),
        max_trials=draw(st.integers(1, 10)),
    )


@st.composite
def smooth(draw: st.DrawFn) -> Curve:
    """Straight in z, from shallow to steep, clipped near 100 as real scores are."""
    ceiling = draw(st.sampled_from((99.95, 100.0)))
    return straight(draw(st.floats(40, 99.9)), draw(st.floats(0.02, 0.4)), ceiling=ceiling)


@st.composite
def cut_off(draw: st.DrawFn) -> Curve:
    """Return a plateau at the score of a still picture, then a fall."""
    return straight(draw(st.floats(40, 97)), draw(st.floats(0.02, 0.4)), ceiling=97.4)


@st.composite
def wild(draw: st.DrawFn) -> Curve:
    """Anything a bad encoder could do: noise, steps up and down, a curve that rises with CRF."""
    table = draw(st.lists(st.floats(0, 100), min_size=1, max_size=40))
    return lambda crf: table[int(crf * 4) % len(table)]


@st.composite
def noisy(draw: st.DrawFn) -> Curve:
    curve = draw(st.one_of(smooth(), cut_off()))
    noise = draw(st.lists(st.integers(-3, 3), min_size=5, max_size=40))
    return lambda crf: min(100.0, curve(crf) + 0.05 * noise[int(crf * 4) % len(noise)])


any_curve = st.one_of(smooth(), cut_off(), noisy(), wild(), st.floats(60, 100).map(lambda s: lambda _crf: s))
views = st.one_of(
    st.just(UNKNOWN),
    st.builds(FilmView, median_crf=st.one_of(st.none(), st.floats(5, 70)), settled=st.just(True)),
)


def run(curve: Curve, aim: Aim = WIDE, *, start: float = 32, film: FilmView = UNKNOWN) -> tuple[Move, list[float]]:
    move, points = search(curve, aim, start=start, film=film)
    return move, [p.crf for p in points]


@many
@given(curve=any_curve, aim=aims(), start=st.floats(0, 80), film=views)
def test_every_search_ends_within_its_trials_on_the_grid_and_tries_nothing_twice(
    curve: Curve, aim: Aim, start: float, film: FilmView
) -> None:
    move, points = search(curve, aim, start=start, film=film)
    crfs = [p.crf for p in points]
    assert 1 <= len(crfs) <= aim.max_trials
    assert len(set(crfs)) == len(crfs)
    for crf in crfs:
        assert aim.min_crf <= crf <= aim.max_crf
        assert math.isclose(crf / aim.step, round(crf / aim.step), abs_tol=1e-6)
    assert isinstance(move, Accept) or not film.settled


@many
@given(curve=any_curve, aim=aims(), start=st.floats(0, 80), film=views)
def test_what_is_accepted_was_tried_and_is_truthful_about_the_band(
    curve: Curve, aim: Aim, start: float, film: FilmView
) -> None:
    move, points = search(curve, aim, start=start, film=film)
    hits = [p for p in points if aim.low <= p.score <= aim.high]
    if isinstance(move, Accept):
        scores = {p.crf: p.score for p in points}
        assert move.within_band == (aim.low <= scores[move.crf] <= aim.high)
        assert move.within_band == bool(hits)
    else:
        assert not hits
    assert len(hits) <= 1  # the first hit ends the search


@many
@given(curve=smooth(), target=st.floats(85, 97), band=st.floats(0.5, 2), start=st.floats(12, 50))
def test_a_smooth_curve_with_an_answer_is_always_answered(
    curve: Curve, target: float, band: float, start: float
) -> None:
    aim = Aim(target=target, low=target - band / 2, high=target + band / 2)
    assume(any(aim.low <= curve(step / 4) <= aim.high for step in range(48, 201)))
    move, crfs = run(curve, aim, start=start)
    assert isinstance(move, Accept), move
    assert move.within_band, (move, crfs)


@many
@given(curve=cut_off(), target=st.floats(85, 96.5), start=st.floats(12, 50))
def test_a_plateau_of_any_length_does_not_hide_the_answer_after_it(curve: Curve, target: float, start: float) -> None:
    aim = Aim(target=target, low=target - 0.5, high=target + 0.5)
    assume(any(aim.low <= curve(step / 4) <= aim.high for step in range(48, 201)))
    move, crfs = run(curve, replace(aim, max_trials=10), start=start)
    assert isinstance(move, Accept), move
    assert move.within_band, (move, crfs)


@many
@given(curve=noisy(), target=st.floats(88, 95), start=st.floats(12, 50))
def test_noise_of_a_few_tenths_does_not_hide_an_answer_in_a_band_of_two(
    curve: Curve, target: float, start: float
) -> None:
    aim = Aim(target=target, low=target - 1, high=target + 1)
    # An answer a whole CRF wide: eight trials may miss a single quarter step on a cliff.
    assume(sum(target - 0.7 <= curve(s / 4) <= target + 0.7 for s in range(48, 200)) >= 4)
    assume(curve(50) < target - 2)  # no plateau that noise lifts into the band
    move, _ = run(curve, aim, start=start)
    assert isinstance(move, Accept), move
    assert move.within_band, move


@many
@given(
    points=st.lists(st.builds(Point, crf=st.floats(0, 70), score=st.floats(0, 100)), max_size=9),
    aim=aims(),
    film=views,
    data=st.data(),
)
def test_the_order_of_the_trials_changes_nothing(
    points: list[Point], aim: Aim, film: FilmView, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(points))
    assert next_move(points, aim, prior=Prior(crf=30, sd=5.0), film=film) == next_move(
        shuffled, aim, prior=Prior(crf=30, sd=5.0), film=film
    )


@many
@given(
    points=st.lists(st.builds(Point, crf=st.floats(0, 70), score=st.floats(0, 100)), max_size=9),
    aim=aims(),
)
def test_trials_of_another_search_never_lead_to_a_repeat_or_out_of_bounds(points: list[Point], aim: Aim) -> None:
    move = next_move(points, aim, prior=Prior(crf=30, sd=5.0), film=FilmView(median_crf=35.1, settled=True))
    if isinstance(move, Try):
        assert aim.min_crf <= move.crf <= aim.max_crf
        assert all(abs(move.crf - p.crf) > 1e-6 for p in points)
    else:
        assert isinstance(move, Accept)
        assert any(move.crf == p.crf for p in points)


@many
@given(slope=st.floats(0.03, 0.25), at_40=st.floats(85, 98), start=st.floats(25, 45))
def test_a_straight_curve_needs_few_trials(slope: float, at_40: float, start: float) -> None:
    curve = straight(at_40, slope)
    assume(curve(13) > 94 and curve(49) < 92)
    assume(any(92 <= curve(s / 4) <= 94 for s in range(48, 201)))
    assert len(run(curve, start=start)[1]) <= 5


def test_the_first_trial_is_the_start_on_the_grid_and_within_the_bounds() -> None:
    def first(start: float) -> Move:
        return next_move((), WIDE, prior=Prior(crf=start, sd=5.0), film=UNKNOWN)

    # In z the band reaches further up than down, so its middle lies a little below the CRF of the target.
    assert [m.crf for m in map(first, (31.4, 3.0, 70.0)) if isinstance(m, Try)] == [31.25, 12.0, 50.0]


def test_of_several_hits_the_nearest_to_the_target_is_accepted_even_in_a_one_sided_band() -> None:
    aim = Aim(target=93, low=93, high=94)
    points = [Point(crf=30, score=93.9), Point(crf=31, score=93.4), Point(crf=32, score=92.95)]
    move = next_move(points, aim, prior=Prior(crf=30, sd=5.0), film=UNKNOWN)
    assert isinstance(move, Accept)
    assert (move.crf, move.within_band) == (31, True)


def test_a_miss_says_in_numbers_why_the_next_trial_goes_where_it_goes() -> None:
    move = next_move([Point(crf=40, score=91.2)], WIDE, prior=Prior(crf=40, sd=5.0), film=UNKNOWN)
    assert isinstance(move, Try)
    assert move.why == "91.20 at CRF 40 is below 92.00: a lower CRF"
    assert move.crf == 36.25


def test_a_long_second_step_is_damped_because_its_slope_is_only_assumed() -> None:
    move = next_move([Point(crf=50, score=60)], WIDE, prior=Prior(crf=50, sd=5.0), film=UNKNOWN)
    assert isinstance(move, Try)
    assert 38 < move.crf < 42


def test_two_clipped_scores_say_nothing_about_the_slope() -> None:
    aim = Aim(target=99, low=98.7, high=99.3)
    points = [Point(crf=20, score=99.95), Point(crf=22, score=99.9)]
    move = next_move(points, aim, prior=Prior(crf=20, sd=5.0), film=UNKNOWN)
    assert isinstance(move, Try)
    assert 26 < move.crf < 34  # as far as the prior slope says; the clipped one would say 43


def test_a_plateau_is_left_in_one_long_step() -> None:
    points = [Point(crf=12, score=97.41), Point(crf=20, score=97.4)]
    move = next_move(points, WIDE, prior=Prior(crf=12, sd=5.0), film=UNKNOWN)
    assert isinstance(move, Try)
    assert move.crf > 40


def test_a_plateau_before_a_cliff_is_not_flat() -> None:
    curve = through([(12, 99.96), (26, 99.94), (34, 99.75), (42, 95.39), (50, 83.79)])
    move, _ = run(curve, start=14)
    assert isinstance(move, Accept)
    assert move.within_band


def test_a_target_out_of_reach_ends_with_the_best_there_is() -> None:
    low, crfs = run(straight(70, 0.03), start=30)
    assert isinstance(low, Accept)
    assert (low.crf, low.within_band) == (12, False)
    assert crfs[-1] == 12
    assert "still below 92.00" in low.why
    high, crfs = run(straight(97.5, 0.06), start=40)
    assert isinstance(high, Accept)
    assert (high.crf, high.within_band) == (50, False)
    assert len(crfs) == 2
    assert "still above 94.00" in high.why


def test_a_band_between_two_neighbouring_steps_ends_with_the_nearer_one() -> None:
    aim = Aim(target=93, low=92.99, high=93.01)
    move, crfs = run(straight(88, 0.4), aim, start=38)
    assert isinstance(move, Accept)
    assert not move.within_band
    assert "no CRF is left between" in move.why
    assert move.crf == min(crfs, key=lambda crf: abs(straight(88, 0.4)(crf) - 93))


def test_the_trials_run_out_with_the_nearest_one() -> None:
    aim = replace(WIDE, max_trials=2)
    move, crfs = run(straight(60, 0.2), aim, start=45)
    assert isinstance(move, Accept)
    assert len(crfs) == 2
    assert move.crf == min(crfs)
    assert "after 2 trials" in move.why


def title(_crf: float) -> float:
    return 97.4


def test_a_flat_chunk_waits_until_the_film_has_its_median() -> None:
    early = FilmView(median_crf=37.0, settled=False)
    move, crfs = run(title, start=40, film=early)
    assert isinstance(move, Wait)
    assert crfs == [39.75, 50]
    assert "flat" in move.why


def test_a_flat_chunk_takes_the_films_median() -> None:
    move, crfs = run(title, start=40, film=FilmView(median_crf=37.1, settled=True))
    assert crfs == [39.75, 50, 37]
    assert isinstance(move, Accept)
    assert (move.crf, move.within_band) == (37, False)
    assert "flat" in move.why


def test_a_flat_chunk_keeps_a_trial_that_is_all_but_at_the_films_median() -> None:
    move, crfs = run(title, start=40, film=FilmView(median_crf=38.0, settled=True))
    assert crfs == [39.75, 50]
    assert isinstance(move, Accept)
    assert (move.crf, move.within_band) == (39.75, False)


def test_a_chunk_that_hardly_moves_begins_at_the_films_median_without_a_sample() -> None:
    sampling = Sampling(cost=0.01, blur=0.1)
    for median, first in ((37.1, 37.0), (58.0, 50.0), (None, None)):
        film = FilmView(median_crf=median, settled=False, still=True)
        move = next_move([], WIDE, prior=Prior(crf=24, sd=9.0), film=film, sampling=sampling)
        if first is None:
            assert isinstance(move, Sample)
        else:
            assert isinstance(move, Try)
            assert move.crf == first


def test_a_chunk_that_hardly_moves_and_has_an_answer_finds_it() -> None:
    curve = straight(93.0, 0.06)
    move, crfs = run(curve, start=24, film=FilmView(median_crf=30.0, settled=False, still=True))
    assert crfs[0] == 30
    assert isinstance(move, Accept)
    assert move.within_band
    assert abs(curve(move.crf) - 93) <= 1


def test_a_flat_chunk_never_goes_above_the_highest_crf() -> None:
    move, _ = run(title, start=40, film=FilmView(median_crf=58.0, settled=True))
    assert isinstance(move, Accept)
    assert move.crf == 50


def test_a_flat_chunk_without_trials_left_takes_the_tried_crf_nearest_the_median() -> None:
    film = FilmView(median_crf=42.0, settled=True)
    move, crfs = run(title, replace(WIDE, max_trials=2), start=40, film=film)
    assert crfs == [39.75, 50]
    assert isinstance(move, Accept)
    assert move.crf == 39.75


def test_a_film_of_flat_chunks_keeps_each_at_its_start() -> None:
    move, crfs = run(title, start=31, film=FilmView(median_crf=None, settled=True))
    assert isinstance(move, Accept)
    assert move.crf == crfs[0] == 30.75


def test_a_chunk_that_stays_below_the_band_whatever_the_crf_is_flat_too() -> None:
    move, crfs = run(lambda _crf: 85.0, start=30, film=FilmView(median_crf=33.0, settled=True))
    assert isinstance(move, Accept)
    assert 12 in crfs
    assert move.crf == 33


@pytest.mark.parametrize(
    "wrong",
    [{"low": 93.5}, {"high": 92.5}, {"step": 0.0}, {"max_trials": 0}, {"min_crf": 40.1, "max_crf": 40.2}],
)
def test_an_aim_that_nothing_can_meet_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"target|step|multiple"):
        replace(WIDE, **wrong)  # type: ignore[arg-type]


def mean_encodes(film: Film, half: float) -> float:
    noise, request = random.Random(1), Request(band_low=93 - half, band_high=93 + half)
    found = [f for _ in range(5) for f in search_film(film, request, noise=noise)]
    return sum(f.encodes * f.frames for f in found) / sum(f.frames for f in found)


@pytest.mark.skipif(not CURVES.is_dir(), reason="the measured curves are not here")
@pytest.mark.parametrize(("half", "limit"), [(1.0, 1.7), (0.5, 2.2)])
def test_on_the_measured_reel_the_search_keeps_to_its_budget(half: float, limit: float) -> None:
    assert mean_encodes(load_film(CURVES / "reel_1080p.json"), half) <= limit


def asked(points: list[Point], aim: Aim = WIDE, *, start: float = 30.0, film: FilmView = UNKNOWN) -> Try:
    move = next_move(points, aim, prior=Prior(crf=start, sd=5.0), film=film)
    assert isinstance(move, Try)
    return move


def test_of_a_first_trial_the_target_is_expected() -> None:
    assert asked([]).predicted == pytest.approx(WIDE.target, abs=0.2)


@given(slope=st.floats(0.065, 0.2), at_40=st.floats(85, 91), crfs=st.tuples(st.integers(48, 96), st.integers(165, 200)))
def test_between_two_trials_a_straight_curve_is_expected_exactly(
    slope: float, at_40: float, crfs: tuple[int, int]
) -> None:
    curve = straight(at_40, slope)
    points = [Point(crf=crf / 4, score=curve(crf / 4)) for crf in crfs]
    assume(94 < points[0].score < 99.4 and 0 < points[1].score < 92)
    move = asked(points)
    assert move.predicted == pytest.approx(curve(move.crf), abs=1e-6)


def test_out_of_the_unknown_the_expectation_lies_on_the_side_the_search_goes_to() -> None:
    down, up = asked([Point(crf=30, score=96)]), asked([Point(crf=30, score=88)])
    assert down.crf > 30
    assert down.predicted is not None
    assert down.predicted < 96
    assert up.crf < 30
    assert up.predicted is not None
    assert up.predicted > 88


def test_of_a_flat_chunk_its_own_level_is_expected() -> None:
    points = [Point(crf=30, score=97.4), Point(crf=50, score=97.0)]
    move = asked(points, film=FilmView(median_crf=20, settled=True))
    assert (move.crf, move.predicted) == (20, pytest.approx(97.4))
    inside = asked(points, film=FilmView(median_crf=40, settled=True)).predicted
    assert inside == pytest.approx(97.2, abs=0.02)


def test_the_goal_moves_the_next_trial_and_not_what_is_accepted() -> None:
    crfs = [asked([], replace(WIDE, goal=goal)).crf for goal in (93.5, 93.2, 93.0, 92.8, 92.5)]
    assert crfs == sorted(set(crfs))
    for goal in (92.5, 93.5):
        move = next_move(
            [Point(crf=30, score=92.05)], replace(WIDE, goal=goal), prior=Prior(crf=30, sd=5.0), film=UNKNOWN
        )
        assert isinstance(move, Accept)
        assert move.within_band


def test_a_goal_at_the_edge_of_the_band_is_kept_clear_of_it() -> None:
    assert asked([], replace(WIDE, goal=94.0)).crf == asked([], replace(WIDE, goal=93.7)).crf
    assert asked([], replace(WIDE, goal=10.0)).crf == asked([], replace(WIDE, goal=92.3)).crf


def test_neighbours_of_a_scene_are_kept_near_where_that_is_as_good() -> None:
    alone = asked([], start=30.0).crf
    near = replace(UNKNOWN, beside=(alone + 5,))
    assert asked([], start=30.0, film=near).crf == alone + 1, "little is known: one CRF more costs nothing"
    surely = next_move((), WIDE, prior=Prior(crf=30.0, sd=0.5), film=replace(UNKNOWN, beside=(45.0,)))
    assert isinstance(surely, Try)
    assert surely.crf < 31, "the answer is known to lie elsewhere: no encode is wasted on likeness"


def test_neighbours_of_a_scene_too_far_from_each_other_leave_a_chunk_alone() -> None:
    assert asked([], film=replace(UNKNOWN, beside=(20.0, 40.0))).crf == asked([]).crf


@many
@given(curve=st.one_of(smooth(), cut_off(), wild(), noisy()), aim=aims(), start=st.floats(0, 70))
def test_every_trial_of_a_search_has_an_expectation_that_is_a_score(curve: Curve, aim: Aim, start: float) -> None:
    points: list[Point] = []
    while isinstance(move := next_move(points, aim, prior=Prior(crf=start, sd=5.0), film=UNKNOWN), Try):
        assert move.predicted is not None
        assert 0 <= move.predicted <= 100
        points.append(Point(crf=move.crf, score=curve(move.crf)))
