"""The order of work: long before short, spread over the film; and the waves of what must not depend on timing."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import chunk
from reelwright.engine.order import FIRST_WAVE, SMALLEST_WAVE, STILL, in_order, is_still, waves
from reelwright.planning.chunking import Chunk

lengths = st.lists(st.integers(1, 300), min_size=1, max_size=120)


def chunks_of(frames: list[int]) -> list[Chunk]:
    return [chunk(k, sum(frames[:k]), sum(frames[: k + 1])) for k in range(len(frames))]


@settings(deadline=None)
@given(frames=lengths)
def test_every_chunk_comes_once_and_none_long_after_a_much_shorter_one(frames: list[int]) -> None:
    order = in_order(chunks_of(frames))
    assert sorted(order) == list(range(len(frames)))
    shortest = frames[order[0]]
    for index in order:
        assert frames[index] <= 1.5 * shortest
        shortest = min(shortest, frames[index])


@settings(deadline=None)
@given(frames=lengths, still=st.sets(st.integers(0, 119)))
def test_chunks_that_hardly_move_come_last(frames: list[int], still: set[int]) -> None:
    chunks = [
        replace(c, features=replace(c.features, temporal=STILL / 2)) if c.index in still else c
        for c in chunks_of(frames)
    ]
    late = [is_still(chunks[index]) for index in in_order(chunks)]
    assert late == sorted(late)


def test_of_chunks_alike_the_first_few_are_spread_over_the_film() -> None:
    first = sorted(in_order(chunks_of([100] * 100))[:8])
    gaps = [b - a for a, b in zip([0, *first], [*first, 99], strict=True)]
    assert max(gaps) <= 35


@settings(deadline=None)
@given(frames=lengths)
def test_waves_follow_the_order_and_none_is_larger_than_all_before_it(frames: list[int]) -> None:
    order = in_order(chunks_of(frames))
    found = waves(order)
    numbers = [found[index] for index in order]
    assert numbers == sorted(numbers)
    sizes = [size for _, size in sorted(Counter(numbers).items())]
    assert sizes[0] == min(FIRST_WAVE, len(frames))
    for number in range(1, len(sizes)):
        assert sizes[number] <= max(SMALLEST_WAVE, sum(sizes[:number]))
    assert sizes[-1] <= max(FIRST_WAVE, SMALLEST_WAVE)
