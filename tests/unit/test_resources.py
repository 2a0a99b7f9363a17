"""How the work is spread: from what there is, from what was seen, and what is done when it gets short."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.engine.jobs import Usage, UsageSample, size_class
from reelwright.engine.resources import (
    DISK_RESERVE_BYTES,
    FEW,
    MARGIN,
    MOST_THREADS,
    SETTLE_SECONDS,
    Machine,
    Parallel,
    Pressure,
    by_threads,
    decide_parallel,
    disk_needed,
    encode_bytes,
    learn,
    pressure,
    room_for_one_more,
)

MIB = 1 << 20
GIB = 1 << 30
HD: dict[str, Any] = {"width": 1920, "height": 1080}


def machine(cores: int, free: int, total: int = 64 * GIB) -> Machine:
    return Machine(cores=cores, free_bytes=free, total_bytes=total)


def sample(peak: int = GIB, cores: float = 1.7, *, idle: float | None = 0.3, threads: int | None = 2) -> UsageSample:
    """A trial of 1080p that kept so many cores busy, encoding for three seconds and scoring for one."""
    return UsageSample(
        **HD,
        threads=threads,
        cpu_idle=idle,
        encode=Usage(wall_seconds=3.0, cpu_seconds=3 * cores, peak_rss_bytes=peak),
        score=Usage(wall_seconds=1.0, cpu_seconds=cores, peak_rss_bytes=peak // 2),
    )


class TestThreadsThatWereSeen:
    def test_those_that_left_least_idle_are_taken(self) -> None:
        seen = [sample(idle=0.2)] * 4 + [sample(idle=0.01, threads=3)] * 4
        assert decide_parallel(machine(4, 64 * GIB), seen, **HD).threads == 3

    def test_an_odd_row_is_never_taken_as_it_is(self) -> None:
        for odd in (-1, 0, 99):
            found = decide_parallel(machine(2, 64 * GIB), [sample(idle=0.0, threads=odd)] * 8, **HD)
            assert 1 <= found.threads <= 4


class TestNothingSeen:
    @pytest.mark.parametrize(
        ("cores", "memory", "requested", "encodes", "threads"),
        [
            (1, 64 * GIB, 0, 1, 1),
            (2, 64 * GIB, 0, 2, 2),  # one a core: while one scores, the other encodes
            (4, 64 * GIB, 0, 3, 2),
            (16, 64 * GIB, 0, 9, 2),
            (64, 64 * GIB, 0, 33, 2),
            (16, 4 * GIB, 0, 1, 3),  # memory is what is short: the one gets the threads that fit
            (16, 8 * GIB, 0, 3, 2),  # and none where more would not fit
            (16, 0, 0, 1, 2),  # one is always tried
            (2, 1 * GIB, 7, 7, 2),  # who asks gets it
        ],
    )
    def test_trials_at_once_follow_from_cores_and_memory(
        self, cores: int, memory: int, requested: int, encodes: int, threads: int
    ) -> None:
        found = decide_parallel(machine(cores, memory), (), **HD, requested=requested)
        assert (found.encodes, found.threads) == (encodes, threads)

    def test_it_says_why(self) -> None:
        found = decide_parallel(machine(2, 22 * GIB), (), **HD)
        assert found.why == "2 encodes at once, 2 threads each: 2 cores, 22.0 GiB free, 1.8 GiB expected of each"

    def test_one_of_anything_is_no_plural(self) -> None:
        found = decide_parallel(machine(1, 900 * MIB), (), width=160, height=90)
        assert found.why == "1 encode at once, 1 thread each: 1 core, 900 MiB free, 344 MiB expected of each"


class TestLearned:
    def test_it_says_what_was_seen(self) -> None:
        found = decide_parallel(machine(4, 22 * GIB), [sample()] * 24, **HD)
        assert found.why == (
            "3 encodes at once, 2 threads each: 24 seen at this size need 1.2 GiB and 1.7 cores each; "
            "4 cores, 22.0 GiB free"
        )

    def test_a_few_are_called_a_few(self) -> None:
        found = decide_parallel(machine(2, 22 * GIB), [sample()], **HD)
        assert found.why == (
            "2 encodes at once, 2 threads each: only 1 seen at this size, 1.8 GiB expected of each; "
            "2 cores, 22.0 GiB free"
        )

    def test_less_memory_than_expected_allows_more_encodes(self) -> None:
        small = decide_parallel(machine(16, 5 * GIB), [sample(400 * MIB, 1.8)] * FEW, **HD)
        assert small.encodes > decide_parallel(machine(16, 5 * GIB), (), **HD).encodes
        assert small.encodes == 8  # 4 GiB of 500 MiB each

    def test_a_few_that_needed_little_prove_little(self) -> None:
        assert learn([sample(MIB)] * (FEW - 1), **HD, threads=2).memory_bytes == encode_bytes(1920, 1080)
        assert learn([sample(MIB)] * FEW, **HD, threads=2).memory_bytes < 2 * MIB

    def test_a_few_that_needed_much_are_believed_at_once(self) -> None:
        assert learn([sample(8 * GIB)], **HD, threads=2).memory_bytes == MARGIN * 8 * GIB

    def test_the_larger_of_encode_and_scoring_counts(self) -> None:
        odd = replace(sample(GIB), score=Usage(wall_seconds=1, cpu_seconds=1, peak_rss_bytes=3 * GIB))
        assert learn([odd] * FEW, **HD, threads=2).memory_bytes == MARGIN * 3 * GIB

    def test_one_in_a_hundred_does_not_decide_and_one_in_ten_does(self) -> None:
        usual, large = sample(GIB), sample(5 * GIB)
        assert learn([usual] * 99 + [large], **HD, threads=2).memory_bytes == MARGIN * GIB
        assert learn([usual] * 9 + [large], **HD, threads=2).memory_bytes == MARGIN * 5 * GIB

    def test_a_larger_picture_needs_more_than_a_smaller_one_did(self) -> None:
        wider = learn([sample(GIB)] * FEW, width=2304, height=1080, threads=2)
        assert wider.memory_bytes == MARGIN * 1.2 * GIB

    def test_fewer_threads_then_tell_of_more_threads_now(self) -> None:
        alone = learn([sample(3 * GIB, threads=1)] * FEW, **HD, threads=2)
        assert alone.memory_bytes == MARGIN * 4 * GIB

    def test_usage_that_was_not_kept_is_no_sample(self) -> None:
        found = learn([sample(0)] * FEW, **HD, threads=2)
        assert (found.memory_bytes, found.samples) == (encode_bytes(1920, 1080), 0)

    @pytest.mark.parametrize(("cores", "each", "encodes"), [(16, 1.6, 10), (16, 2.5, 7), (16, 0.2, 18), (16, 40.0, 1)])
    def test_as_many_run_as_fill_the_cpu_within_bounds(self, cores: int, each: float, encodes: int) -> None:
        assert decide_parallel(machine(cores, 64 * GIB), [sample(cores=each)] * 8, **HD).encodes == encodes

    @pytest.mark.parametrize("hindered", [sample(cores=0.3, idle=0.0), sample(cores=0.3, idle=None)])
    def test_what_was_seen_on_a_full_machine_starts_no_more(self, hindered: UsageSample) -> None:
        assert decide_parallel(machine(8, 64 * GIB), [hindered] * 64, **HD).encodes == 5

    def test_cores_seen_with_other_threads_say_nothing(self) -> None:
        assert learn([sample(threads=4)] * 64, **HD, threads=2).cores is None

    def test_time_that_was_not_measured_says_nothing(self) -> None:
        none = replace(sample(), encode=Usage(peak_rss_bytes=GIB), score=Usage())
        assert learn([none] * 64, **HD, threads=2).cores is None

    def test_a_cap_is_the_most_one_is_expected_to_take(self) -> None:
        assert decide_parallel(machine(16, 3 * GIB), (), **HD, cap_bytes=512 * MIB).encodes == 4
        assert decide_parallel(machine(16, 3 * GIB), (), **HD, cap_bytes=900 * GIB).encodes == 1


class TestNice:
    def test_a_fifth_of_the_memory_is_left_to_others(self) -> None:
        plain = decide_parallel(machine(64, 30 * GIB, 32 * GIB), (), **HD)
        polite = decide_parallel(machine(64, 30 * GIB, 32 * GIB), (), **HD, nice=1)
        assert polite.encodes < plain.encodes
        assert polite.reserve_bytes == int(32 * GIB * 0.2)

    @pytest.mark.parametrize(
        ("cores", "nice", "encodes"), [(16, 9, 9), (16, 10, 8), (3, 10, 2), (2, 19, 2), (1, 19, 1)]
    )
    def test_a_very_nice_run_leaves_a_core_where_there_are_more_than_two(
        self, cores: int, nice: int, encodes: int
    ) -> None:
        assert decide_parallel(machine(cores, 64 * GIB), (), **HD, nice=nice).encodes == encodes


usages = st.builds(
    Usage,
    wall_seconds=st.floats(0, 1e6),
    cpu_seconds=st.floats(0, 1e6),
    peak_rss_bytes=st.integers(0, 1 << 36),
)
samples = st.builds(
    UsageSample,
    width=st.integers(0, 8192),
    height=st.integers(0, 4320),
    threads=st.none() | st.integers(-1, 99),
    cpu_idle=st.none() | st.floats(0, 1),
    encode=usages,
    score=usages,
)
lists = st.lists(samples, max_size=20)


@given(
    seen=lists,
    cores=st.integers(1, 256),
    memory=st.integers(0, 1 << 40),
    more=st.integers(0, 1 << 38),
    width=st.integers(2, 8192),
    height=st.integers(2, 4320),
    nice=st.integers(0, 19),
    cap=st.none() | st.integers(1, 1 << 36),
)
def test_memory_is_never_promised_twice_and_more_of_it_never_means_fewer(
    *,
    seen: list[UsageSample],
    cores: int,
    memory: int,
    more: int,
    width: int,
    height: int,
    nice: int,
    cap: int | None,
) -> None:
    def found(free: int) -> Parallel:
        return decide_parallel(machine(cores, free), seen, width=width, height=height, nice=nice, cap_bytes=cap)

    one = found(memory)
    assert one.encodes >= 1
    assert 1 <= one.threads <= min(2 * cores, MOST_THREADS)
    assert one.encodes == 1 or one.encodes * (one.need_bytes - 1) + one.reserve_bytes <= memory
    assert found(memory + more).encodes >= one.encodes


@given(seen=lists, most=st.integers(1, 50))
def test_who_asks_gets_it_whatever_was_seen(seen: list[UsageSample], most: int) -> None:
    assert decide_parallel(machine(2, GIB), seen, **HD, requested=most).encodes == most


@given(each=st.floats(0.05, 1.9))
def test_two_cores_never_run_fewer_than_two(each: float) -> None:
    assert decide_parallel(machine(2, 64 * GIB), [sample(cores=each)] * 64, **HD).encodes >= 2


def test_memory_grows_with_threads() -> None:
    factors = [by_threads(number) for number in range(1, MOST_THREADS + 1)]
    assert factors == sorted(set(factors))
    assert (by_threads(None), by_threads(2), by_threads(-3), by_threads(99)) == (1, 1, factors[0], factors[-1])


def test_sizes_that_are_near_share_a_class_or_lie_in_neighbouring_ones() -> None:
    hd = size_class(1920, 1080)
    assert abs(size_class(1920, 800) - hd) > 1
    assert abs(size_class(1920, 960) - hd) <= 1
    assert abs(size_class(2048, 1080) - hd) <= 1
    assert abs(size_class(1280, 720) - hd) > 1
    assert size_class(0, 0) == size_class(-1, 5) == 0


def test_the_disk_keeps_a_reserve() -> None:
    assert disk_needed(0) == DISK_RESERVE_BYTES
    assert disk_needed(2 * GIB) == disk_needed(0) + GIB


FOUR = Parallel(encodes=4, threads=2, why="", need_bytes=2 * GIB, reserve_bytes=GIB)


def asked(free: float, **changes: Any) -> Pressure:
    """What is to be done with so many GiB free while four run."""
    calm: dict[str, Any] = {"most": 4, "running": 4, "since_change": 1e9, "plenty_for": 0.0, "lowered": 0}
    return pressure(free_bytes=int(free * GIB), parallel=FOUR, **{**calm, **changes})


class TestPressure:
    @pytest.mark.parametrize(
        ("free", "changes", "answer"),
        [
            (1.0, {}, Pressure.NONE),
            (0.99, {}, Pressure.FEWER),
            (0.24, {}, Pressure.URGENT),
            (0.99, {"running": 1}, Pressure.NONE),  # the last one is never put off
            (0.0, {"running": 1}, Pressure.NONE),
            (0.99, {"most": 1}, Pressure.NONE),  # others are on their way out
            (0.1, {"most": 1, "running": 2}, Pressure.URGENT),
            (0.99, {"since_change": SETTLE_SECONDS - 1}, Pressure.NONE),  # the last change may not show yet
            (0.1, {"since_change": 1.0}, Pressure.NONE),
            (9.0, {"most": 3, "plenty_for": 60.0, "lowered": 1}, Pressure.MORE),
            (9.0, {"most": 3, "plenty_for": 59.0, "lowered": 1}, Pressure.NONE),
            (9.0, {"most": 3, "plenty_for": 200.0, "lowered": 3}, Pressure.NONE),  # it was too many three times
            (9.0, {"most": 3, "plenty_for": 240.0, "lowered": 3}, Pressure.MORE),
            (9.0, {"most": 4, "plenty_for": 1e9}, Pressure.NONE),  # never more than at the start
        ],
    )
    def test_free_memory_decides(self, free: float, changes: dict[str, Any], answer: Pressure) -> None:
        assert asked(free, **changes) is answer

    def test_one_more_must_leave_the_reserve_alone(self) -> None:
        assert room_for_one_more(3 * GIB, FOUR)
        assert not room_for_one_more(3 * GIB - 1, FOUR)
