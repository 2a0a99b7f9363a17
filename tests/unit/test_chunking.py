"""How a film is divided: every frame once, a chunk at every cut, none too long and none too short."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import constant, index
from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import find_cuts, join_short, make_chunks, scene_bounds, split_evenly

TEN = Fraction(10)
#: Rates met in the wild.
RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(25, 2))


def ranges(of: FrameIndex, longest: Fraction = TEN) -> list[tuple[int, int]]:
    return [(c.start, c.end) for c in make_chunks(of, longest)]


def length(of: FrameIndex, start: int, end: int) -> Fraction:
    return of.seconds(end) - of.seconds(start)


@st.composite
def uneven(draw: st.DrawFn) -> FrameIndex:
    """A film whose frames last from a millisecond to 15 seconds, with cuts anywhere."""
    gap = st.one_of(st.integers(1, 60), st.sampled_from((40, 400, 999, 1000, 2500, 9900, 10_000, 15_000)))
    gaps = draw(st.lists(gap, min_size=1, max_size=120))
    pts, at = [], draw(st.integers(-2000, 90_000))
    for step in gaps:
        pts.append(at)
        at += step
    cuts = draw(st.lists(st.integers(0, len(pts) - 1), max_size=8))
    return index(pts, last=gaps[-1], cuts=cuts)


@st.composite
def even(draw: st.DrawFn) -> FrameIndex:
    frames = draw(st.integers(1, 3000))
    cuts = draw(st.lists(st.integers(0, frames - 1), max_size=8))
    return constant(frames, draw(st.sampled_from(RATES)), cuts=cuts)


films = st.one_of(uneven(), even())
limits = st.sampled_from((Fraction(1, 2), Fraction(3, 2), Fraction(2), Fraction(5), TEN))


@settings(max_examples=150, deadline=None)
@given(film=films, longest=limits)
def test_every_frame_is_in_exactly_one_chunk_and_in_order(film: FrameIndex, longest: Fraction) -> None:
    chunks = make_chunks(film, longest)
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert [frame for c in chunks for frame in range(c.start, c.end)] == list(range(film.frames))
    assert all(c.frames == c.end - c.start > 0 for c in chunks)


@settings(max_examples=150, deadline=None)
@given(film=films, longest=limits)
def test_only_a_single_frame_may_last_longer_than_the_limit(film: FrameIndex, longest: Fraction) -> None:
    assert all(length(film, a, b) <= longest or b - a == 1 for a, b in ranges(film, longest))


@settings(max_examples=150, deadline=None)
@given(film=films, longest=limits)
def test_a_chunk_under_a_second_has_no_neighbour_in_its_scene_that_could_take_it(
    film: FrameIndex, longest: Fraction
) -> None:
    scenes = {start for start, _ in scene_bounds(find_cuts(film.difference), film)}
    for (a, b), (c, d) in pairwise(ranges(film, longest)):
        if min(length(film, a, b), length(film, c, d)) < 1 and c not in scenes:
            assert length(film, a, d) > longest


@settings(max_examples=100, deadline=None)
@given(film=even(), longest=st.sampled_from((Fraction(5, 2), Fraction(5), TEN)))
def test_at_a_constant_rate_no_chunk_is_under_a_second_unless_the_film_is(film: FrameIndex, longest: Fraction) -> None:
    found = ranges(film, longest)
    assert len(found) == 1 or all(length(film, a, b) >= 1 for a, b in found)


@settings(max_examples=150, deadline=None)
@given(film=films)
def test_a_chunk_starts_at_every_cut_that_is_a_second_away_from_the_scene_before(film: FrameIndex) -> None:
    starts = {a for a, _ in ranges(film)}
    begin = 0
    for cut in find_cuts(film.difference)[1:]:
        if length(film, begin, cut) >= 1:
            begin = cut
            # the last scene may be too short to stand alone; then it goes with the one before
            assert cut in starts or length(film, cut, film.frames) < 1


@pytest.mark.parametrize(
    ("cuts", "scenes"),
    [
        ((), [(0, 250)]),
        ((100,), [(0, 100), (100, 250)]),
        ((100, 110), [(0, 100), (100, 250)]),  # 10 frames after a cut: they lead the scene after
        ((100, 110, 120, 130), [(0, 100), (100, 130), (130, 250)]),  # short ones are joined until a second is reached
        ((10,), [(0, 250)]),  # the first 10 frames have nothing before them
        ((240,), [(0, 250)]),  # the last 10 go with the scene before
        ((25,), [(0, 25), (25, 250)]),  # exactly one second stands alone
        ((225,), [(0, 225), (225, 250)]),  # at the end too
        ((24,), [(0, 250)]),  # one frame less does not
    ],
)
def test_scenes_are_joined_only_to_reach_a_second(cuts: tuple[int, ...], scenes: list[tuple[int, int]]) -> None:
    assert scene_bounds((0, *cuts), constant(250)) == scenes


def test_a_film_under_a_second_is_one_chunk_whatever_happens_in_it() -> None:
    assert ranges(constant(20, cuts=(5, 10))) == [(0, 20)]
    assert ranges(constant(1)) == [(0, 1)]


@pytest.mark.parametrize(
    ("seconds", "parts"),
    [
        (10, [250]),  # exactly the limit
        (11, [137, 138]),  # not 10 and 1
        (21, [175, 175, 175]),
        (20, [250, 250]),
    ],
)
def test_long_scenes_are_split_evenly(seconds: int, parts: list[int]) -> None:
    film = constant(25 * seconds)
    assert [b - a for a, b in split_evenly(0, film.frames, film, TEN)] == parts


def test_a_limit_that_no_whole_number_of_frames_fills_takes_one_part_more() -> None:
    film = constant(480, Fraction(24000, 1001))  # 20.02 s; 240 frames are 10.01 s
    assert [b - a for a, b in ranges(film)] == [160, 160, 160]


def test_frames_of_uneven_length_are_split_by_time_and_not_by_number() -> None:
    # a thousand frames in the first second, then ten seconds of one frame each
    film = index([*range(1000), *range(1000, 11_000, 1000)], last=1000)
    assert ranges(film) == [(0, 1004), (1004, 1010)]


def test_parts_are_joined_only_where_one_of_them_is_under_a_second() -> None:
    film = constant(250)
    assert join_short([(0, 50), (50, 125)], film, TEN) == [(0, 50), (50, 125)]
    assert join_short([(0, 24), (24, 125)], film, TEN) == [(0, 125)]
    assert join_short([(0, 125), (125, 149)], film, TEN) == [(0, 149)]
    assert join_short([(0, 24), (24, 125)], film, Fraction(4)) == [(0, 24), (24, 125)]  # together they are too long


def test_a_frame_longer_than_the_limit_stands_alone() -> None:
    film = index([0, 2000, 4000, 24_000, 26_000], last=2000)  # the third is shown for 20 s
    found = ranges(film)
    assert (2, 3) in found
    assert found[0][0] == 0
    assert found[-1][1] == 5


def test_two_chunks_of_one_scene_differ_by_one_frame_at_most_at_a_constant_rate() -> None:
    for frames in range(251, 1500, 37):
        sizes = [b - a for a, b in ranges(constant(frames))]
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(("frames", "longest"), [(0, TEN), (10, Fraction(0)), (10, Fraction(-1))])
def test_no_frames_or_no_length_is_refused(frames: int, longest: Fraction) -> None:
    with pytest.raises(ValueError, match="needs frames"):
        make_chunks(constant(frames), longest)


QUIET = [1.0] * 40


@pytest.mark.parametrize(
    ("what", "difference", "cuts"),
    [
        ("nothing at all", [], ()),
        ("one frame", [0.0], (0,)),
        ("a still picture", [0.0] * 50, (0,)),
        ("steady motion, however strong", [30.0] * 50, (0,)),
        ("motion that grows stronger", [float(k) for k in range(50)], (0,)),
        ("a fade", [*QUIET, *[6.0] * 12, *QUIET], (0,)),  # each step stays below the floor
        ("a strong fade", [*QUIET, *[12.0] * 12, *QUIET], (0,)),  # its first step is not three times its surroundings
        ("a cut out of stillness", [*QUIET, 60.0, *QUIET], (0, 40)),
        ("a cut in motion", [*[10.0] * 40, 60.0, *[10.0] * 40], (0, 40)),
        ("a change that motion hides", [*[10.0] * 40, 29.0, *[10.0] * 40], (0,)),
        ("a faint change out of stillness", [*[0.1] * 40, 7.9, *[0.1] * 40], (0,)),  # below the floor
        ("two cuts next to each other", [*QUIET, 60.0, 60.0, *QUIET], (0, 40, 41)),
        ("two cuts three frames apart", [*QUIET, 60.0, 1.0, 1.0, 60.0, *QUIET], (0, 40, 43)),
        ("a cut at frame 1", [0.0, 60.0, *QUIET], (0, 1)),
        ("a cut at the last frame", [*QUIET, 60.0], (0, 40)),
        ("two frames with a cut", [0.0, 60.0], (0, 1)),
    ],
)
def test_a_cut_is_a_single_change_that_stands_out(what: str, difference: list[float], cuts: tuple[int, ...]) -> None:
    assert find_cuts(difference) == cuts, what


def test_the_first_frames_difference_is_not_taken_for_motion() -> None:
    # frame 0 has nothing before it: whatever stands there must not hide a cut at frame 1
    assert find_cuts([255.0, 60.0, 1.0, 1.0, 1.0]) == (0, 1)


def test_a_flash_makes_no_chunk_of_its_own() -> None:
    film = index(range(0, 10_000, 40), cuts=(100, 101))  # one white frame: a change to it and one back
    assert ranges(film) == [(0, 100), (100, 250)]


def test_a_chunks_features_leave_out_the_change_of_the_cut_before_it() -> None:
    film = constant(100, cuts=(50,))
    second = make_chunks(film, TEN)[1]
    assert (second.start, second.end) == (50, 100)
    assert second.features.difference == pytest.approx(0.5)  # and not the 60 of the cut
    assert second.features.spatial == pytest.approx(74.5)
    assert second.features.temporal == pytest.approx(sum(k % 7 for k in range(51, 100)) / 49)
    assert second.features.luma == 100
    assert second.features.source_bytes == pytest.approx(1074.5)
    assert second.features.intra_share == pytest.approx(2 / 50)


def test_a_chunk_of_one_frame_has_that_frames_features() -> None:
    only = make_chunks(constant(1), TEN)[0].features
    assert (only.spatial, only.temporal, only.difference, only.source_bytes) == (0.0, 0.0, 0.5, 1000.0)
