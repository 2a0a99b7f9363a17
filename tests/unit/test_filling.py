"""Which setting fills the CPU, from what was idle beside the trials."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.engine.filling import (
    ENOUGH,
    FULL,
    MOST_THREADS,
    SHORTEST_SECONDS,
    WORTH,
    Setting,
    best_of,
    most_threads_of,
    next_setting,
    seen_before,
    threads_at_the_end,
    told_by,
)
from reelwright.engine.jobs import Usage, UsageSample

MOST = Setting(encodes=4, threads=4)


def of(encodes: int, threads: int) -> Setting:
    return Setting(encodes=encodes, threads=threads)


def often(idle: float) -> list[float]:
    return [idle] * ENOUGH


class TestWhatIsTriedNext:
    def test_a_setting_that_leaves_little_idle_is_kept(self) -> None:
        assert next_setting(of(2, 2), {of(2, 2): often(FULL)}, most=MOST) == of(2, 2)

    def test_nothing_is_judged_by_a_few_trials(self) -> None:
        few = [0.5] * (ENOUGH - 1)
        assert next_setting(of(2, 2), {of(2, 2): few}, most=MOST) == of(2, 2)
        assert next_setting(of(2, 2), {of(2, 2): [*few, 0.5]}, most=MOST) == of(2, 3)

    def test_threads_are_tried_before_another_encode(self) -> None:
        seen = {of(2, 2): often(0.2)}
        assert next_setting(of(2, 2), seen, most=MOST) == of(2, 3)
        seen[of(2, 3)] = often(0.2)
        assert next_setting(of(2, 3), seen, most=MOST) == of(3, 2)

    def test_one_that_helped_is_the_next_step_up(self) -> None:
        seen = {of(2, 2): often(0.3), of(2, 3): often(0.2)}
        assert next_setting(of(2, 3), seen, most=MOST) == of(2, 4)

    def test_what_does_not_help_is_left_again(self) -> None:
        seen = {of(2, 2): often(0.2), of(2, 3): often(0.2), of(3, 2): often(0.2 - WORTH / 2)}
        assert next_setting(of(3, 2), seen, most=MOST) == of(2, 2)

    def test_bounds_are_kept(self) -> None:
        assert next_setting(of(4, 4), {of(4, 4): often(0.5)}, most=MOST) == of(4, 4)
        assert next_setting(of(4, 2), {of(4, 2): often(0.5), of(4, 3): often(0.5)}, most=MOST) == of(4, 2)

    def test_one_odd_trial_moves_nothing(self) -> None:
        assert next_setting(of(2, 2), {of(2, 2): [0.01, 0.02, 0.9, 0.03]}, most=MOST) == of(2, 2)


class TestWhatEarlierFilmsSay:
    def test_the_smallest_setting_that_fills_the_cpu_is_taken(self) -> None:
        seen = {of(1, 1): often(0.3), of(1, 2): often(0.04), of(1, 4): often(0.01)}
        assert best_of(seen, of(1, 9)) == of(1, 2)

    def test_where_none_does_the_one_that_leaves_least(self) -> None:
        seen = {of(1, 1): often(0.6), of(1, 2): often(0.4), of(1, 4): often(0.2)}
        assert best_of(seen, of(1, 9)) == of(1, 4)

    def test_without_any_the_built_in_one(self) -> None:
        assert best_of({of(1, 4): [0.0]}, of(1, 2)) == of(1, 2)

    def test_trials_without_the_figures_are_left_out(self) -> None:
        rows = [
            UsageSample(
                width=64, height=48, threads=threads, cpu_idle=idle, encode=Usage(wall_seconds=seconds), score=Usage()
            )
            for threads, idle, seconds in (
                (2, 0.1, 9.0),
                (None, 0.2, 9.0),
                (2, None, 9.0),
                (3, 0.3, 9.0),
                (3, 0.4, 1.0),
            )
        ]
        assert seen_before(rows, 5) == {of(5, 2): [0.1], of(5, 3): [0.3]}

    def test_a_trial_that_is_mostly_start_up_tells_nothing(self) -> None:
        half = Usage(wall_seconds=SHORTEST_SECONDS / 2)
        assert told_by(0.4, half, half) == 0.4
        assert told_by(0.4, half) is None
        assert told_by(None, half, half) is None


class TestTheEnd:
    @pytest.mark.parametrize(
        ("running", "threads"),
        [(4, 2), (5, 2), (3, 3), (2, 4), (1, 6)],
    )
    def test_the_last_ones_share_what_is_free(self, running: int, threads: int) -> None:
        assert threads_at_the_end(of(4, 2), running) == threads

    def test_they_never_get_fewer_or_more_than_the_most(self) -> None:
        assert threads_at_the_end(of(4, 2), 1, most=3) == 3
        assert threads_at_the_end(of(4, 5), 1, most=4) == 5


@settings(deadline=None)
@given(
    seen=st.dictionaries(
        st.builds(of, st.integers(1, 6), st.integers(1, 6)), st.lists(st.floats(0, 1), max_size=8), max_size=12
    ),
    encodes=st.integers(1, 4),
    threads=st.integers(1, 4),
)
def test_the_next_setting_was_judged_or_is_one_step_from_one_that_was(
    seen: dict[Setting, list[float]], encodes: int, threads: int
) -> None:
    now = of(encodes, threads)
    found = next_setting(now, seen, most=MOST)
    judged = [s for s, shares in seen.items() if len(shares) >= ENOUGH] + [now]
    steps = [(found.encodes - s.encodes, found.threads - s.threads) for s in judged]
    assert {(0, 0), (1, 0), (0, 1)} & set(steps)


@settings(deadline=None)
@given(shares=st.lists(st.floats(0, 1), min_size=16, max_size=16))
def test_it_comes_to_rest(shares: list[float]) -> None:
    settings = [of(encodes, threads) for encodes in range(1, 5) for threads in range(1, 5)]
    idle, now, seen = dict(zip(settings, shares, strict=True)), of(2, 2), {}
    for _ in range(40):
        seen.setdefault(now, []).extend(often(idle[now]))
        after = next_setting(now, seen, most=MOST)
        if after == now:
            break
        now = after
    assert next_setting(now, seen, most=MOST) == now


@pytest.mark.parametrize(("cores", "most"), [(1, 2), (2, 4), (3, 6), (64, MOST_THREADS)])
def test_more_threads_than_twice_the_cores_are_not_tried(cores: int, most: int) -> None:
    assert most_threads_of(cores) == most
