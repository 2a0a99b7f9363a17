"""Whole films of stub curves, finished in any order by any number of workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from examples import chunk
from reelwright.engine.aims import goal_of, matters
from reelwright.engine.job_state import FilmStep, JobState, TrialStep
from reelwright.engine.jobs import StepKind
from reelwright.engine.scheduler import FILM_STEPS, accept_waiting, begin, next_steps, with_point, with_sight
from reelwright.planning.plan import Request
from reelwright.quality.belief import Sight
from reelwright.quality.controller import Point
from reelwright.quality.feedback import median_by_frames
from reelwright.quality.moves import Held
from reelwright.quality.steps import Goal
from simulation import Curve, straight

SIZE = (1920, 1080)
many = settings(max_examples=40, deadline=None)
Choose = Callable[[int], int]


@dataclass
class Run:
    """What became of a film."""

    state: JobState
    #: Every trial of a whole chunk, in the order of landing, and every sample.
    trials: list[tuple[int, float]]
    samples: list[tuple[int, float]]
    film_steps: list[StepKind]


def chunks_of(frames: Sequence[int]) -> list[object]:
    return [chunk(k, sum(frames[:k]), sum(frames[: k + 1])) for k in range(len(frames))]


def play(
    request: Request,
    film: Sequence[tuple[int, Curve]],
    *,
    workers: int = 3,
    choose: Choose = lambda _: 0,
    points: dict[int, list[Point]] | None = None,
    sights: dict[int, list[Sight]] | None = None,
    misleading: float = 0.0,
) -> Run:
    """Carry a film out as the runner does; `choose` says which of the trials under way lands next.

    Samples are off by `misleading`.
    """
    state = begin(request, SIZE, chunks_of([n for n, _ in film]), points or {}, sights or {})  # type: ignore[arg-type]
    running: list[TrialStep] = []
    run = Run(state=state, trials=[], samples=[], film_steps=[])
    for _ in range(10_000):
        state = accept_waiting(state)
        busy = {step.chunk.index for step in running}
        steps = next_steps(state, busy, workers - len(running))
        assert len([s for s in steps if isinstance(s, TrialStep)]) <= workers - len(running)
        for step in steps:
            if isinstance(step, FilmStep):
                assert not running, "a step on the whole film while a trial is under way"
                assert all(s.accepted for s in state.chunks)
                run.film_steps.append(step.kind)
                state = replace(state, committed=state.committed | {step.kind})
            else:
                assert step.chunk.index not in busy, "two trials of one chunk at once"
                running.append(step)
        if running:
            landed = running.pop(choose(len(running)))
            index, score = landed.chunk.index, film[landed.chunk.index][1](landed.crf)
            if landed.windows is None:
                run.trials.append((index, landed.crf))
                state = with_point(state, index, Point(crf=landed.crf, score=score))
            else:
                run.samples.append((index, landed.crf))
                state = with_sight(state, index, sight(landed.crf, score + misleading))
        elif not steps:
            run.state = state
            return run
    raise AssertionError("the film does not end")


def sight(crf: float, score: float) -> Sight:
    return Sight(crf=crf, score=min(100.0, max(0.0, score)), sd=0.02, sample=True)


def accepted(run: Run) -> list[float]:
    return [s.accepted.crf for s in run.state.chunks if s.accepted]


def ended_well(run: Run, count: int) -> None:
    assert len(accepted(run)) == count, "every chunk is accepted"
    assert len(set(run.trials)) == len(run.trials), "no trial is made twice"
    assert len(set(run.samples)) == len(run.samples), "no sample is made twice"
    assert tuple(run.film_steps) == FILM_STEPS
    for known in run.state.chunks:
        assert known.accepted is not None
        assert known.accepted.crf in {p.crf for p in known.points}, "what is accepted was encoded"


def level(score: float) -> Curve:
    return lambda _: score


smooth = st.builds(straight, st.floats(60, 99), st.floats(0.02, 0.3))
flat = st.sampled_from((97.0, 99.9, 85.0, 10.0)).map(level)
wild = st.lists(st.floats(0, 100), min_size=1, max_size=30).map(lambda t: lambda crf: t[int(crf * 4) % len(t)])
lengths = st.integers(24, 300)
tame_films = st.lists(st.tuples(lengths, st.one_of(smooth, smooth, flat)), min_size=1, max_size=8)
any_films = st.lists(st.tuples(lengths, st.one_of(smooth, flat, wild)), min_size=1, max_size=8)
#: Which of those under way lands: a list of numbers, used again and again.
orders = st.lists(st.integers(0, 100), min_size=1, max_size=30)


def landing(order: Sequence[int]) -> Choose:
    """A choice that follows the numbers given."""
    drawn = iter(order * 1000)
    return lambda count: next(drawn) % count


@many
@given(film=any_films, order=orders, workers=st.integers(1, 9), deterministic=st.booleans())
@example(film=[(46, level(99.9)), (54, straight(91.0, 0.125))], order=[0], workers=1, deterministic=False)
def test_every_film_ends_with_each_chunk_accepted_and_no_trial_made_twice(
    film: list[tuple[int, Curve]], order: list[int], workers: int, *, deterministic: bool
) -> None:
    run = play(Request(deterministic=deterministic), film, workers=workers, choose=landing(order))
    ended_well(run, len(film))


@many
@given(film=any_films, order=orders, workers=st.integers(1, 9))
def test_deterministic_means_the_same_crfs_for_every_order_and_number_of_workers(
    film: list[tuple[int, Curve]], order: list[int], workers: int
) -> None:
    request = Request(deterministic=True)
    one, other = play(request, film, workers=1), play(request, film, workers=workers, choose=landing(order))
    assert accepted(one) == accepted(other)
    assert set(one.trials) == set(other.trials)


@many
@given(film=tame_films, order=orders, data=st.data())
def test_a_deterministic_film_resumed_from_any_point_ends_as_if_never_stopped(
    film: list[tuple[int, Curve]], order: list[int], data: st.DataObject
) -> None:
    request = Request(deterministic=True)
    whole = play(request, film, choose=landing(order))
    kept = whole.trials[: data.draw(st.integers(0, len(whole.trials)))]
    # A chunk's samples come before its trials; here those of every chunk were kept that has a trial, and some more.
    begun, more = {index for index, _ in kept}, data.draw(st.integers(0, len(whole.samples)))
    seen = [s for k, s in enumerate(whole.samples) if s[0] in begun or k < more]
    sights: dict[int, list[Sight]] = {}
    for index, crf in sorted(seen):
        sights.setdefault(index, []).append(sight(crf, film[index][1](crf)))
    points: dict[int, list[Point]] = {}
    for index, crf in sorted(kept):  # a ledger gives them back by CRF, not in the order they were made
        points.setdefault(index, []).append(Point(crf=crf, score=film[index][1](crf)))
    rest = play(request, film, points=points, sights=sights, choose=landing(order[::-1]))
    assert accepted(rest) == accepted(whole)
    assert set(rest.trials) | set(kept) == set(whole.trials)
    assert not set(rest.trials) & set(kept)


@many
@given(film=any_films, misleading=st.floats(-20, 20), workers=st.integers(1, 5))
def test_samples_however_wrong_never_keep_a_film_from_its_end(
    film: list[tuple[int, Curve]], misleading: float, workers: int
) -> None:
    run = play(Request(), film, workers=workers, misleading=misleading)
    ended_well(run, len(film))
    assert all(run.samples.count((index, crf)) == 1 for index, crf in run.samples)


@many
@given(film=st.lists(st.tuples(st.integers(80, 300), smooth), min_size=1, max_size=8), misleading=st.floats(-0.5, 0.5))
def test_what_is_accepted_is_judged_by_whole_encodes_alone(film: list[tuple[int, Curve]], misleading: float) -> None:
    run = play(Request(), film, misleading=misleading)
    for known, (_, curve) in zip(run.state.chunks, film, strict=True):
        assert known.accepted is not None
        assert known.accepted.within_band == (92 <= curve(known.accepted.crf) <= 94)


def test_a_chunk_that_is_too_short_is_not_sampled() -> None:
    assert not play(Request(), [(40, straight(80, 0.06))]).samples
    assert play(Request(), [(100, straight(80, 0.06))]).samples


@many
@given(film=any_films, order=orders, workers=st.integers(1, 4))
def test_a_fixed_crf_is_tried_once_a_chunk(film: list[tuple[int, Curve]], order: list[int], workers: int) -> None:
    run = play(Request(crf=31.25), film, workers=workers, choose=landing(order))
    ended_well(run, len(film))
    assert sorted(run.trials) == [(k, 31.25) for k in range(len(film))]


def test_flat_chunks_take_the_median_of_the_others_by_frames() -> None:
    film = [(100, straight(94.0, 0.06)), (50, straight(90.0, 0.06)), (400, straight(80.0, 0.06)), (60, level(99.0))]
    run = play(Request(), film)
    crfs = accepted(run)
    assert crfs[3] == crfs[2]  # the longest chunk is more than half of the film
    assert run.state.chunks[3].flat
    assert run.state.chunks[3].accepted is not None
    assert not run.state.chunks[3].accepted.within_band


def still_after(first: float, *, deterministic: bool = False, answered: bool = False) -> list[float]:
    """First trials of two still chunks, where the other chunk, and if `answered` one of them, were accepted."""
    chunks = chunks_of([200, 50, 50])
    chunks[1:] = [replace(c, features=replace(c.features, temporal=0.5)) for c in chunks[1:]]
    points = {0: [Point(crf=first, score=93.0)], **({1: [Point(crf=44.0, score=93.0)]} if answered else {})}
    state = begin(Request(deterministic=deterministic), SIZE, chunks, points)  # type: ignore[arg-type]
    return [step.crf for step in next_steps(state, (), 9) if isinstance(step, TrialStep)]


def test_chunks_that_hardly_move_begin_at_the_films_median_until_one_of_them_has_an_answer() -> None:
    assert still_after(23.0) == [23.0, 23.0]
    assert still_after(47.0) == [47.0, 47.0]
    assert still_after(23.0, answered=True)[0] not in {23.0, 44.0}
    assert still_after(23.0, deterministic=True) != [23.0, 23.0], "who has ended depends on timing"


def test_a_film_of_flat_chunks_alone_ends() -> None:
    run = play(Request(), [(100, level(99.0)), (100, level(99.0)), (50, level(20.0))])
    ended_well(run, 3)
    assert all(s.flat for s in run.state.chunks)


def test_a_chunk_that_was_flat_and_answers_after_all_does_not_move_the_others_median() -> None:
    def late_answer(crf: float) -> float:
        """Flat from the start to the bound, but not at the film's median."""
        return 99.0 if crf >= 39 else 80.0 if crf > 20 else 93.0

    film = [(100, straight(90.9, 0.06)), (300, late_answer), (80, level(99.0))]
    request = Request(deterministic=True)
    one, three = play(request, film, workers=1), play(request, film, workers=3)
    assert one.state.chunks[1].flat
    assert accepted(one)[1] != accepted(one)[0], "it found an answer of its own"
    assert accepted(one) == accepted(three)
    assert accepted(one)[2] == accepted(one)[0]


def test_searches_under_way_go_before_new_ones_and_long_chunks_before_short() -> None:
    chunks = chunks_of([50, 200, 100])
    state = begin(Request(), SIZE, chunks, {0: [Point(crf=40.0, score=80.0)]})  # type: ignore[arg-type]
    assert [s.chunk.index for s in next_steps(state, (), 9) if isinstance(s, TrialStep)] == [0, 1, 2]
    assert [s.chunk.index for s in next_steps(state, {1}, 1) if isinstance(s, TrialStep)] == [0]
    assert next_steps(state, {0, 1, 2}, 9) == []
    assert next_steps(state, (), 0) == []


def test_steps_on_the_whole_film_come_one_by_one_and_in_order() -> None:
    state = begin(Request(crf=30.0), SIZE, chunks_of([50]), {0: [Point(crf=30.0, score=90.0)]})  # type: ignore[arg-type]
    done: list[StepKind] = []
    assert next_steps(state, {0}, 4) == []  # a trial is still under way
    while steps := next_steps(state, (), 4):
        assert len(steps) == 1
        assert isinstance(steps[0], FilmStep)
        done.append(steps[0].kind)
        state = replace(state, committed=state.committed | {steps[0].kind})
    assert done == [StepKind.ASSEMBLE, StepKind.VALIDATE, StepKind.PLACE]


def test_what_others_have_shown_moves_the_start_of_a_search_unless_deterministic() -> None:
    film = [(2000, straight(93.0, 0.06)), (100, straight(93.0, 0.06))]
    points = {0: [Point(crf=30.0, score=93.0)]}

    def start(*, deterministic: bool) -> float:
        chunks = chunks_of([n for n, _ in film])
        state = begin(Request(deterministic=deterministic), SIZE, chunks, points)  # type: ignore[arg-type]
        step = next_steps(state, (), 1)[0]
        assert isinstance(step, TrialStep)
        return step.crf

    assert start(deterministic=True) == 39.75
    assert start(deterministic=False) < 35.0


@pytest.mark.parametrize(
    ("pairs", "median"),
    [
        ([], None),
        ([(30.0, 10)], 30.0),
        ([(30.0, 10), (40.0, 10)], 30.0),  # the lower of two halves
        ([(30.0, 10), (40.0, 11)], 40.0),
        ([(20.0, 1), (30.0, 1), (40.0, 100)], 40.0),  # frames count, not chunks
    ],
)
def test_the_median_counts_frames(pairs: list[tuple[float, int]], median: float | None) -> None:
    assert median_by_frames(pairs) == median


def test_a_step_carries_what_its_search_expects() -> None:
    state = begin(Request(), SIZE, chunks_of([100]), {0: [Point(crf=30, score=97)]})  # type: ignore[arg-type]
    (step,) = next_steps(state, [], 1)
    assert isinstance(step, TrialStep)
    assert step.predicted is not None
    assert 80 < step.predicted < 97


def test_of_a_crf_that_was_asked_for_nothing_is_expected() -> None:
    state = begin(Request(crf=30), SIZE, chunks_of([100]), {})  # type: ignore[arg-type]
    (step,) = next_steps(state, [], 1)
    assert isinstance(step, TrialStep)
    assert step.predicted is None


# --- trials of another job that were scored on some frames ---


def test_a_trial_that_some_frames_do_not_settle_is_scored_again_before_anything_is_tried() -> None:
    chunks = chunks_of([100, 200])
    state = begin(Request(), SIZE, chunks, {0: [Point(crf=20.0, score=98.0)]}, unclear={0: [30.0, 32.0]})  # type: ignore[arg-type]
    assert state.chunks[0].accepted is None
    first, other = next_steps(state, busy=(), most=2)
    assert isinstance(first, TrialStep)
    assert isinstance(other, TrialStep)
    assert (first.chunk.index, first.crf, first.again) == (0, 30.0, True)
    assert (other.chunk.index, other.again) == (1, False)
    state = with_point(state, 0, Point(crf=30.0, score=94.4))
    [second] = next_steps(state, busy=(1,), most=2)
    assert isinstance(second, TrialStep)
    assert (second.crf, second.again) == (32.0, True)
    state = with_point(state, 0, Point(crf=32.0, score=93.2))
    assert state.chunks[0].accepted is not None
    assert state.chunks[0].accepted.crf == 32.0


def test_an_accepted_trial_waits_for_those_that_are_to_be_scored_again() -> None:
    points = {0: [Point(crf=30.0, score=93.9)]}
    state = begin(Request(), SIZE, chunks_of([100]), points, unclear={0: [32.0]})  # type: ignore[arg-type]
    assert state.chunks[0].accepted is None
    better = with_point(state, 0, Point(crf=32.0, score=93.1))
    assert better.chunks[0].accepted is not None
    assert better.chunks[0].accepted.crf == 32.0


def test_what_a_score_is_held_against_is_the_aim_of_its_chunk() -> None:
    request = Request(band_low=92.5, band_high=93.5, floor_p5=80.0)
    assert goal_of(request) == Goal(low=92.5, high=93.5, floor_p5=80.0)
    fixed = replace(request, crf=30.0)
    assert goal_of(fixed) is None
    assert matters(request, None, 12.0)
    assert not matters(request, None, 11.75)
    assert matters(fixed, None, 30.0)
    assert not matters(fixed, None, 30.25)


def test_a_search_that_a_floor_holds_says_so() -> None:
    held = Held(mean=95.4, p5=85.5)
    points = {0: [Point(crf=30.0, score=92.5, held=held)]}
    [known] = begin(Request(floor_p5=85.0), SIZE, chunks_of([100]), points).chunks  # type: ignore[arg-type]
    assert known.accepted is not None
    assert known.accepted.within_band
    assert "95.40 with a 5th percentile of 85.50" in known.accepted.why
    assert "floor of 85.00" in known.accepted.why
