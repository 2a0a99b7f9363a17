"""Whether an encode is worth keeping: when a film is given up, and when it must not be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.planning.gate import Limit, Projection, foretell, judge, too_large

CHUNKS = st.lists(st.tuples(st.integers(1, 500), st.integers(0, 10**7)), min_size=1, max_size=30)
PERCENT = st.floats(0.01, 1000)


def limit(**changes: Any) -> Limit:
    """A hundred frames in a source of 1 MB, half of which may be taken, with 100 kB of sound."""
    return Limit(**{"percent": 50, "source_bytes": 1_000_000, "copied_bytes": 100_000, "frames": 100, **changes})


def test_a_film_that_is_through_is_judged_by_what_it_takes() -> None:
    assert judge(limit(), [(50, 200_000), (50, 200_000)]) is None  # 500 kB are allowed
    said = judge(limit(), [(50, 200_000), (50, 200_001)])
    assert said == ("Not worth it: the output would be 0.5 MB, 50.0 % of the source's 1 MB, above the 50 % asked for.")


def test_a_film_is_given_up_once_enough_has_landed() -> None:
    landed = [(10, 100_000)] * 3
    # 300 kB, 100 kB of sound, and 70 frames at 5 kB: 750 kB.
    said = judge(limit(), landed)
    assert said is not None
    assert "3 chunks with 30 % of the frames take 0.3 MB; even at half of that" in said
    assert "0.75 MB, 75.0 % of the source's 1 MB, above the 50 % asked for" in said


@pytest.mark.parametrize(
    ("landed", "why"),
    [
        ([], "nothing has landed"),
        ([(30, 900_000)] * 2, "two chunks are too few"),
        ([(8, 300_000)] * 3, "too few frames have landed"),
        ([(10, 50_000)] * 3, "the rest may be cheap: 150 + 100 + 175 kB"),
    ],
)
def test_a_film_is_not_given_up_too_early(landed: list[tuple[int, int]], why: str) -> None:
    assert judge(limit(), landed) is None, why


@given(CHUNKS, st.integers(0, 10**8), st.integers(0, 10**7), PERCENT, st.data())
def test_what_is_given_up_early_could_only_be_saved_by_a_rest_at_less_than_half(
    chunks: list[tuple[int, int]], source: int, copied: int, percent: float, data: st.DataObject
) -> None:
    """Finish a film that was given up at half of the mean or more: it is too large in the end as well."""
    frames = sum(f for f, _ in chunks)
    landed = data.draw(st.integers(0, len(chunks)))
    known = limit(percent=percent, source_bytes=source, copied_bytes=copied, frames=frames)
    if judge(known, chunks[:landed]) is None:
        return
    if landed < len(chunks):
        assert landed >= 3
    done, taken = sum(f for f, _ in chunks[:landed]), sum(b for _, b in chunks[:landed])
    rest = [(f, -(-f * taken // (2 * done))) for f, _ in chunks[landed:]]
    assert judge(known, [*chunks[:landed], *rest]) is not None


@given(CHUNKS, st.integers(1, 10**8), st.integers(0, 10**7), PERCENT)
def test_at_the_end_it_is_exactly_the_limit_that_decides(
    chunks: list[tuple[int, int]], source: int, copied: int, percent: float
) -> None:
    known = limit(percent=percent, source_bytes=source, copied_bytes=copied, frames=sum(f for f, _ in chunks))
    size = copied + sum(b for _, b in chunks)
    assert (judge(known, chunks) is None) == (size <= known.bytes) == (too_large(known, size) is None)


@given(CHUNKS, st.integers(0, 10**8), PERCENT, PERCENT)
def test_a_higher_limit_never_gives_up_what_a_lower_one_keeps(
    chunks: list[tuple[int, int]], source: int, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    frames = 2 * sum(f for f, _ in chunks)
    if judge(limit(percent=low, source_bytes=source, frames=frames), chunks) is None:
        assert judge(limit(percent=high, source_bytes=source, frames=frames), chunks) is None


def test_an_empty_source_is_no_division_by_zero() -> None:
    said = judge(limit(source_bytes=0), [(100, 1)])
    assert said is not None
    assert "0.0 % of the source's 0 MB" in said


def test_the_lower_of_two_limits_holds_and_is_named() -> None:
    both = limit(percent=50, most_bytes=300_000)
    assert both.bytes == 300_000
    said = too_large(both, 400_000)
    assert said is not None
    assert "above the 0.3 MB asked for" in said
    assert limit(percent=20, most_bytes=300_000).words == "the 20 % asked for"
    assert limit(percent=None, most_bytes=300_000).bytes == 300_000


def projection(**changes: Any) -> Projection:
    """Clearly above the half megabyte that is allowed."""
    known = {"low": 500_000, "likely": 600_000, "high": 720_000, "chunks": 4, "frames": 40}
    return Projection(**{**known, **changes})


def test_a_projection_that_is_clear_of_the_limit_ends_it() -> None:
    said = foretell(limit(), projection(fitting=88.42))
    assert said == (
        "Not worth it: by 4 chunks with 40 % of the frames, the output would be 0.6 MB to 0.82 MB, likely 0.7 MB, "
        "70.0 % of the source's 1 MB, above the 50 % asked for. A mean of about VMAF 88.4 would fit."
    )


@pytest.mark.parametrize("changes", [{"low": 400_000}, {"chunks": 2}, {"frames": 9}])
def test_a_projection_that_may_be_wrong_ends_nothing(changes: dict[str, Any]) -> None:
    assert foretell(limit(), projection(**changes)) is None
