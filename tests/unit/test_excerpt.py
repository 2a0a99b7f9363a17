"""Times as people write them, and excerpts: which frames, which chunks, which chapters."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import constant, index
from reelwright.errors import UsageError
from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import make_chunks
from reelwright.planning.division import divide
from reelwright.planning.excerpt import (
    clip_index,
    excerpt_mark,
    excerpt_notes,
    span_of,
    window_of,
)
from reelwright.planning.plan import Request
from reelwright.planning.times import clock, decimal, parse_time

#: Frames of uneven length, in milliseconds.
UNEVEN = st.lists(st.integers(1, 3000), min_size=1, max_size=40)
SECONDS = st.integers(0, 60_000).map(lambda ms: Fraction(ms, 1000))


def uneven(lengths: list[int], origin: int = 0) -> FrameIndex:
    """A film whose frames last so many milliseconds."""
    pts = [origin + sum(lengths[:k]) for k in range(len(lengths))]
    return index(pts, last=lengths[-1])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("0.5", Fraction(1, 2)),
        ("1:30", 90),
        ("90:00", 5400),
        ("0:01:30.25", Fraction(361, 4)),
        ("10:00:00", 36_000),
        ("007", 7),
    ],
)
def test_times_are_read(text: str, seconds: Fraction) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "-1", "1:", ":30", "1:60", "1:60:00", "1:2:3:4", "1e3", "1.", ".5", "1 ", "\u0661", "nan", "10s", "1:30:"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        parse_time(text)


@given(st.integers(0, 10**17))
def test_decimal_seconds_are_exact_to_a_nanosecond_and_read_back(nano: int) -> None:
    seconds = Fraction(nano, 10**9)
    text = decimal(seconds)
    assert Fraction(text) == seconds
    assert parse_time(text) == seconds
    assert not ("." in text and text.endswith("0"))


@given(st.integers(0, 4 * 10**7))
def test_a_clock_reads_back_to_a_millisecond(ms: int) -> None:
    assert parse_time(clock(Fraction(ms, 1000))) == Fraction(ms, 1000)


@given(UNEVEN, SECONDS, SECONDS, st.integers(-5000, 5000))
def test_the_span_is_exactly_the_frames_whose_times_lie_inside(
    lengths: list[int], start: Fraction, length: Fraction, origin: int
) -> None:
    film = uneven(lengths, origin)
    inside = [k for k in range(film.frames) if start <= film.seconds(k) < start + length]
    request = Request(start=decimal(start), duration=decimal(length))
    if not inside:
        with pytest.raises(UsageError):
            span_of(request, film)
    else:
        assert span_of(request, film) == (inside[0], inside[-1] + 1)


@given(UNEVEN, st.lists(SECONDS, max_size=4))
def test_excerpts_one_after_another_share_no_frame_and_leave_none_out(lengths: list[int], cuts: list[Fraction]) -> None:
    film = uneven(lengths)
    times = sorted({Fraction(0), *cuts})
    edges = [*[film.frame_from(t) for t in times], film.frames]
    assert edges[0] == 0
    assert edges == sorted(edges)


def test_a_start_beyond_the_end_is_told_with_the_films_length() -> None:
    with pytest.raises(UsageError, match=r"The film is 0:10 long; --start 0:10 is not before its end\."):
        span_of(Request(start="10"), constant(250))


def test_a_span_between_two_frames_holds_none() -> None:
    with pytest.raises(UsageError, match=r"No frame begins from 0:00\.041 to 0:00\.051\."):
        span_of(Request(start="0.041", duration="0.01"), constant(250))
    with pytest.raises(UsageError, match=r"No frame begins from 0:09\.99 on\."):
        span_of(Request(start="9.99"), constant(250))


@given(st.integers(2, 600), st.sets(st.integers(1, 599)), SECONDS, SECONDS)
def test_chunks_inside_an_excerpt_are_the_films_own(
    frames: int, cuts: set[int], start: Fraction, length: Fraction
) -> None:
    film = constant(frames, cuts=tuple(sorted(cuts)))
    request = Request(start=decimal(start), duration=decimal(length), chunk_seconds=2)
    try:
        first, end = span_of(request, film)
    except UsageError:
        return
    whole = make_chunks(film, Fraction(2))
    found = divide(film, request)
    assert [c.index for c in found] == list(range(len(found)))
    assert [k for c in found for k in range(c.start, c.end)] == list(range(first, end))
    ours = {(c.start, c.end): c.features for c in found}
    for chunk in whole:
        if first <= chunk.start and chunk.end <= end:
            assert ours[chunk.start, chunk.end] == chunk.features


@given(UNEVEN, st.data())
def test_a_clipped_index_tells_the_same_times(lengths: list[int], data: st.DataObject) -> None:
    film = uneven(lengths)
    first = data.draw(st.integers(0, film.frames - 1))
    end = data.draw(st.integers(first + 1, film.frames))
    part = clip_index(film, first, end)
    assert part.frames == end - first == len(part.luma) == len(part.picture_type) == len(part.packet_bytes)
    assert part.duration == film.seconds(end) - film.seconds(first)
    assert [part.seconds(k) for k in range(part.frames)] == [
        film.seconds(k) - film.seconds(first) for k in range(first, end)
    ]
    assert window_of(part) == (film.seconds(first), film.seconds(end))


@pytest.mark.parametrize(
    ("request_", "mark", "said"),
    [
        (Request(), "", ()),
        (
            Request(start="10", duration="20"),
            ".excerpt-10s-30s",
            ("This is an excerpt of the film, from 0:10 to 0:30; sizes are of the excerpt alone.",),
        ),
        (
            Request(start="1.5"),
            ".excerpt-1.5s-end",
            ("This is an excerpt of the film, from 0:01.5 to its end; sizes are of the excerpt alone.",),
        ),
        (
            Request(duration="0.1"),
            ".excerpt-0s-0.1s",
            ("This is an excerpt of the film, from 0:00 to 0:00.1; sizes are of the excerpt alone.",),
        ),
    ],
)
def test_an_excerpt_says_that_it_is_one(request_: Request, mark: str, said: tuple[str, ...]) -> None:
    assert excerpt_mark(request_) == mark
    assert excerpt_notes(request_) == said
