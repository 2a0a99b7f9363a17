"""Parts of a movie: what has changed, what is rendered again, and that a part is what it is in the whole."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reelwright.sequences.overlay import DEFAULT, BurnIn, Corner, slate_of
from reelwright.sequences.parts import (
    Earlier,
    changed,
    dated,
    earlier_of,
    edges,
    is_same,
    length,
    part,
    recipe,
    slate_identity,
    spans,
    whole,
)
from reelwright.sequences.rendering import Raster, Rendering
from reelwright.sequences.repair import Missing, fill

RASTER = Raster(width=96, height=54, out_width=96, out_height=54)


def rendering(numbers: range, slate: int = 1, policy: Missing = Missing.PLACEHOLDER, **more: Any) -> Rendering:
    fields = {"shot": "sh", "date": "2026-01-01", "frames": f"{numbers[0]}-{numbers[-1]}"}
    own = {n: f"f.{n}" for n in more.pop("own", numbers)}
    made = slate_of("t", fields, frames=slate) if slate else None
    return Rendering(
        name="f", places=fill(numbers, own, policy), step=1, padding=4, rate=Fraction(24), raster=RASTER,
        burn_ins=more.pop("burn_ins", DEFAULT), fields=tuple(sorted(fields.items())), timecode=86400,
        slate=None if made is None else replace(made, pictures=("f.1005",)), **more,
    )  # fmt: skip


def digests(made: Rendering) -> dict[str, str | None]:
    return {c.path: f"hash of {c.path}" for p in made.places for c in p.tried}


def earlier(made: Rendering) -> Earlier:
    """The rendering as it was said to have come out, where every file could be read."""
    known = digests(made)
    said = [
        {"number": p.number, "decision": "source", "from": {"path": p.tried[0].path}, "troubles": [],
         "digest": known[p.tried[0].path]}
        if p.tried
        else {"number": p.number, "decision": p.otherwise.value, "from": None, "troubles": [], "digest": None}
        for p in made.places
    ]  # fmt: skip
    slate = [{"frame": k, "decision": "slate"} for k in range(made.slate_frames)]
    found = earlier_of({
        "recipe": recipe(made, []), "slate": slate_identity(made, known), "date": "2026-01-01", "files": [],
        "pictures": [*slate, *said],
    })  # fmt: skip
    assert found is not None
    return found


def test_nothing_has_changed_where_all_hashes_are_the_same() -> None:
    made = rendering(range(1001, 1011), own=[1001, 1002, 1005])
    assert changed(made, earlier(made), digests(made)) == frozenset()


def test_a_changed_a_new_and_a_lost_file_are_told_and_what_they_stood_in_for() -> None:
    before = rendering(range(1001, 1011), own=[1001, 1002, 1003, 1005, 1007], policy=Missing.HOLD)
    now = rendering(range(1001, 1011), own=[1001, 1002, 1004, 1005, 1007], policy=Missing.HOLD)
    known = {**digests(now), "f.1007": "another"}
    # 1003 is gone, 1004 has come, 1007 has changed, and 1008 to 1010 are held from it.
    assert changed(now, earlier(before), known) == {3, 4, 7, 8, 9, 10}


def test_a_file_that_could_not_be_used_is_tried_again_only_where_it_has_changed() -> None:
    made = rendering(range(1001, 1003))
    said = {"number": 1001, "decision": "placeholder", "from": None, "digest": None,
            "troubles": [{"path": "f.1001", "why": "is empty", "digest": "a"}]}  # fmt: skip
    assert is_same(made.places[0], said, {"f.1001": "a"})
    assert not is_same(made.places[0], said, {"f.1001": "b"})
    unread = {**said, "troubles": [{"path": "f.1001", "why": "permission denied", "digest": None}]}
    assert not is_same(made.places[0], unread, {"f.1001": None})


def test_the_policy_matters_where_something_was_drawn_and_nowhere_else() -> None:
    before = earlier(rendering(range(1001, 1011), own=[1001, 1002]))
    black = rendering(range(1001, 1011), own=[1001, 1002], policy=Missing.BLACK)
    assert changed(black, before, digests(black)) == set(range(3, 11))


def test_a_recipe_holds_all_but_the_day_and_the_range() -> None:
    short, long = rendering(range(1001, 1011)), rendering(range(1001, 1021))
    assert recipe(short, ["x"]) == recipe(dated(long, "2027-07-07"), ["x"])
    assert recipe(short, ["x"]) != recipe(short, ["y"])
    assert recipe(short, []) != recipe(replace(short, timecode=0), [])
    assert recipe(short, []) != recipe(rendering(range(1002, 1011)), [])
    burnt = (BurnIn(corner=Corner.TOP, text="{frames}"),)
    assert recipe(rendering(range(1001, 1011), burn_ins=burnt), []) != recipe(
        rendering(range(1001, 1021), burn_ins=burnt), []
    )


def test_a_manifest_of_another_kind_tells_nothing() -> None:
    assert earlier_of({"pictures": []}) is None
    assert earlier_of({"pictures": None, "recipe": ""}) is None


@given(st.sets(st.integers(0, 199)), st.integers(1, 200), st.sampled_from([1, 48]), st.integers(0, 60))
def test_spans_hold_all_that_changed_and_end_at_groups(stale: set[int], frames: int, group: int, lead: int) -> None:
    lead = min(lead, frames - 1)
    cuts = edges(frames, {group})
    found = spans(stale, cuts, lead=lead)
    inside = {frame for start, end in found for frame in range(start, end)}
    assert {frame for frame in stale if frame < frames} <= inside
    assert all({start, end} <= {*cuts} for start, end in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    assert length(found) == len(inside)
    assert all(start == 0 and end > lead for start, end in found if start < lead)


@given(st.integers(1, 400), st.integers(0, 100), st.integers(1, 100))
def test_a_whole_movie_is_cut_without_a_gap(frames: int, lead: int, group: int) -> None:
    found = whole(frames + lead, group=group, lead=lead)
    assert found[0][0] == 0
    assert found[0][1] > lead
    assert found[-1][1] == frames + lead
    assert all(one[1] == other[0] for one, other in pairwise(found))


@given(st.integers(1, 30), st.integers(0, 5), st.data())
def test_frames_of_a_part_have_the_number_and_the_timecode_of_the_whole(count: int, lead: int, data: Any) -> None:
    made = rendering(range(1001, 1001 + count), slate=lead)
    start = data.draw(st.sampled_from([0, *range(lead, made.frames)]))
    end = data.draw(st.integers(max(start, lead) + 1, made.frames))
    piece = part(made, (start, end))
    assert piece.frames == end - start
    assert piece.places == made.places[max(0, start - lead) : end - lead]
    assert piece.timecode - made.timecode == piece.first - made.first
    assert bool(piece.slate) == (start < lead)


def test_chunks_of_the_quality_engine_are_where_parts_end() -> None:
    assert edges(121, {1}, chunks=[15, 31, 48, 121], reel=48) == (0, 15, 31, 48, 121)
    assert edges(200, {1}, chunks=[15, 31, 48, 121], reel=48) == (0, 15, 31, 48, 121, 144, 192, 200)
    assert edges(100, {1}, chunks=[15, 31, 48, 121], reel=48) == (0, 15, 31, 48, 96, 100)
    assert edges(121, {1, 48}, chunks=[15, 31, 48, 96, 121], reel=48) == (0, 48, 96, 121)
