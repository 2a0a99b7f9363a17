"""Which frames of a chunk are taken as a sample of it."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import chunk, index
from reelwright.media.timing import FrameIndex
from reelwright.planning.windows import FEWEST, likest_windows, quarters, sample_windows, window_length
from reelwright.quality.steps import SAMPLE_FIRST, SAMPLE_STEP


def noisy(seed: int, frames: int = 250) -> FrameIndex:
    source = random.Random(seed)

    def values(most: float) -> tuple[float, ...]:
        return tuple(source.uniform(0, most) for _ in range(frames))

    return replace(index(), difference=values(20), spatial=values(100), temporal=values(30), luma=values(255))


def even() -> FrameIndex:
    count = index().frames
    same = dict.fromkeys(("difference", "spatial", "temporal", "luma"), (5.0,) * count)
    return replace(index(), **same, packet_bytes=(1000,) * count)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), start=st.integers(0, 120), frames=st.integers(2, 130))
def test_there_is_one_window_in_each_half_and_none_leaves_its_chunk(seed: int, start: int, frames: int) -> None:
    end = start + frames
    found = likest_windows(noisy(seed), start, end)
    length = window_length(frames)
    if length is None:
        assert found is None
        return
    assert found is not None
    assert found == likest_windows(noisy(seed), start, end)
    (first, before), (second, last) = found
    assert start < first < before <= (start + end) // 2 <= second < last <= end
    assert before - first == last - second == length
    assert 2 * length >= FEWEST
    scored = range(SAMPLE_FIRST, 2 * length, SAMPLE_STEP)
    assert {0, length}.isdisjoint(scored), "key frames are scored"
    places = [
        {k % SAMPLE_STEP for k in scored if k < length},
        {(k - length) % SAMPLE_STEP for k in scored if k > length},
    ]
    assert places[0].isdisjoint(places[1]), "both windows are scored at the same frames of their groups"


def test_where_every_frame_is_like_the_others_windows_lie_about_a_quarter_from_the_ends() -> None:
    found = likest_windows(even(), 40, 200)
    assert found is not None
    usual = quarters(40, 200, 16)
    assert all(abs(a[0] - b[0]) <= 4 for a, b in zip(found, usual, strict=True))


def test_a_burst_where_windows_usually_lie_is_avoided() -> None:
    plain = even()
    burst = range(70, 95)
    film = replace(plain, temporal=tuple(60.0 if k in burst else 5.0 for k in range(plain.frames)))
    usual, found = quarters(40, 200, 17)[0], likest_windows(film, 40, 200)
    assert found is not None
    shared = len(set(burst) & set(range(*found[0])))
    assert shared < len(set(burst) & set(range(*usual)))
    # A little of it belongs into the sample, as it does into the chunk.
    inside = len(set(burst) & {k for window in found for k in range(*window)})
    assert abs(inside / 34 - 25 / 160) < 0.1


def test_a_chunk_without_windows_of_its_own_is_sampled_in_its_quarters() -> None:
    plain = chunk(0, 40, 200)
    assert sample_windows(plain) == quarters(40, 200, 17)
    assert sample_windows(replace(plain, windows=((50, 66), (130, 146)))) == ((50, 66), (130, 146))
    assert sample_windows(chunk(0, 0, 40)) is None
