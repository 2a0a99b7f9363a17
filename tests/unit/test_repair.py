import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.errors import UsageError
from reelwright.sequences.repair import MOST_TRIED, Missing, fill, holes

FRAMES = st.sets(st.integers(1, 40), max_size=40)


@given(FRAMES, st.sampled_from(Missing))
def test_every_planned_frame_has_a_place_in_order_whatever_is_missing(there: set[int], policy: Missing) -> None:
    own = {n: f"a.{n}" for n in there}
    places = fill(range(1, 41), own, policy)
    assert [p.number for p in places] == list(range(1, 41))
    for place in places:
        if place.number in own:
            assert place.tried[0].path == own[place.number]
        assert len({c.path for c in place.tried}) == len(place.tried) <= MOST_TRIED + 1
    assert holes(places) == tuple(n for n in range(1, 41) if n not in own)


@given(FRAMES.filter(bool))
def test_hold_takes_the_frame_before_and_the_one_after_only_where_there_is_none(there: set[int]) -> None:
    places = fill(range(1, 41), {n: f"a.{n}" for n in there}, Missing.HOLD)
    for place in places:
        before = [n for n in there if n <= place.number]
        assert place.tried[0].number == (max(before) if before else min(there))


@given(FRAMES.filter(bool))
def test_nearest_takes_the_nearest_and_of_two_the_earlier(there: set[int]) -> None:
    for place in fill(range(1, 41), {n: f"a.{n}" for n in there}, Missing.NEAREST):
        assert place.tried[0].number == min(there, key=lambda n: (abs(n - place.number), n))


def test_drawn_policies_never_take_a_neighbour() -> None:
    for policy in (Missing.BLACK, Missing.CHECKER, Missing.PLACEHOLDER, Missing.ERROR):
        (first, second) = fill([1, 2], {1: "a.1"}, policy)
        assert [c.number for c in first.tried] == [1]
        assert second.tried == ()
        assert second.otherwise is policy


def test_hold_and_nearest_end_in_a_placeholder_where_no_neighbour_can_be_read() -> None:
    for policy in (Missing.HOLD, Missing.NEAREST):
        assert fill([1], {1: "a.1"}, policy)[0].otherwise is Missing.PLACEHOLDER


def test_other_places_come_after_the_own_file_and_before_neighbours() -> None:
    places = fill(
        [1, 2], {1: "a.1"}, Missing.HOLD, retrieved=[("v001", {1: "old.1", 2: "old.2"}), ("v000", {2: "o.2"})]
    )
    assert [(c.path, c.place) for c in places[0].tried] == [("a.1", None), ("old.1", "v001")]
    assert [c.path for c in places[1].tried] == ["old.2", "o.2", "a.1"]
    assert holes(places) == (2,)


def test_nothing_planned_is_an_error() -> None:
    with pytest.raises(UsageError, match="No frame is planned"):
        fill([], {}, Missing.HOLD)
