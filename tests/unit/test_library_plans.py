"""Forecasts, orders and plans of libraries."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.errors import UsageError
from reelwright.library.forecast import Wish, forecast, unlike_any
from reelwright.library.order import Candidate, Order, priority
from reelwright.library.plans import Current, Plan, PlannedFile, changed_since, plain_plan, read_plan
from reelwright.library.rules import Action
from reelwright.planning.estimate import TrialFact

HD = {"width": 1920, "height": 1080, "fps": 24.0, "duration": 3600.0, "sound_bitrate": 128_000, "codec": "h264"}
WISH = Wish(preset=6, target=93)


def trial(**changes: Any) -> TrialFact:
    """A chunk of a hundred frames at 20 kB a frame."""
    return TrialFact(**{
        "source_id": "s", "curve_key": "c", "width": 1920, "height": 1080, "frames": 100, "size_bytes": 2_000_000,
        "score": 93.0, "seconds": 20.0, **changes,
    })  # fmt: skip


def test_a_forecast_is_made_of_films_like_it_and_leaves_the_sound() -> None:
    told = forecast(10**10, HD, [trial()], WISH, parallel=2)
    assert told is not None
    assert not told.rough
    pictures, sound = 86_400 * 20_000, 128_000 * 3600 / 8
    assert told.saves.likely == pytest.approx(10**10 - pictures - sound)
    assert told.saves.low < told.saves.likely < told.saves.high
    assert told.seconds.likely == pytest.approx(86_400 / 100 * 20 / 2)


def test_nothing_is_foretold_of_what_is_not_known_and_no_film_saves_more_than_it_has() -> None:
    assert forecast(10**9, {**HD, "duration": None}, [], WISH, parallel=2) is None
    assert forecast(10**9, {**HD, "width": 0}, [], WISH, parallel=2) is None
    rough = forecast(10**9, HD, [], WISH, parallel=2)
    assert rough is not None
    assert rough.rough
    assert rough.saves.high <= 10**9


def test_samples_are_taken_of_one_film_of_each_kind_nothing_is_known_of() -> None:
    films: list[tuple[int, Any]] = [
        (1, {**HD, "duration": 60.0}), (2, HD), (3, {**HD, "duration": 9000.0}), (4, {**HD, "codec": "hevc"}),
        (5, {**HD, "width": 640, "height": 360}), (6, {"codec": "h264"}),
    ]  # fmt: skip
    assert sorted(unlike_any(films, [])) == [2, 4, 5]
    assert unlike_any(films, [trial()]) == [5]
    assert unlike_any([], []) == []


@given(st.sampled_from(Order), st.integers(1, 10**12), st.integers(0, 2 * 10**18))
def test_of_two_equal_films_the_heavier_librarys_comes_first(order: Order, size: int, mtime: int) -> None:
    film = Candidate(size=size, mtime_ns=mtime, saves=size / 2, costs=100.0)
    assert priority(order, film, weight=2.0) >= priority(order, film, weight=1.0)


def test_orders() -> None:
    small = Candidate(size=10, mtime_ns=10**18, saves=5.0, costs=1.0)
    large = Candidate(size=1000, mtime_ns=0, saves=100.0, costs=100.0)
    first = {order: priority(order, small) > priority(order, large) for order in Order if order is not Order.NAME}
    assert first == {
        Order.SAVING: True, Order.LARGEST: False, Order.SMALLEST: True, Order.NEWEST: True, Order.OLDEST: False,
    }  # fmt: skip
    assert priority(Order.NAME, small) == priority(Order.NAME, large)
    hopeless = replace(small, saves=-50.0)
    assert priority(Order.SAVING, hopeless) == 0 < priority(Order.SAVING, replace(small, saves=None))


FILE = PlannedFile(
    path="a/\udcff b.mkv", size=10, mtime_ns=5, fingerprint="f", action=Action.ENCODE, rule="all",
    reasons=("Because.",),
    settings={"encoding": {"preset": 8}}, saves=(3.0, 1.0, 5.0), seconds=60.0,
)  # fmt: skip
PLAN = Plan(
    library="films", root="/films", marker="m", made=dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
    files=(FILE, replace(FILE, path="c.mkv", saves=None, seconds=None)), others={"skipped": 3},
)  # fmt: skip


def test_a_plan_comes_back_from_its_file_as_it_was() -> None:
    text = json.dumps(plain_plan(PLAN))
    assert text.isascii()
    assert read_plan(json.loads(text), "plan.json") == PLAN
    assert plain_plan(PLAN)["totals"] == {
        "files": 2, "bytes": 20, "saves": 3, "saves_low": 1, "saves_high": 5, "seconds": 60, "rough": False,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.mkv", "a/../../b.mkv", 3])
def test_a_plan_stays_in_its_library(path: object) -> None:
    tree = plain_plan(PLAN)
    tree["files"][0]["path"] = path
    with pytest.raises(UsageError, match="no whole plan"):
        read_plan(tree, "plan.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["reelwright_plan", "library", "root", "marker", "made", "files", "others", "path"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_the_file_holds_it_is_a_plan_or_a_sentence(tree: object) -> None:
    with pytest.raises(UsageError):
        read_plan({**tree, "library": None} if isinstance(tree, dict) else tree, "plan.json")


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Current(size=10, mtime_ns=5, fingerprint="f"), ""),
        (Current(size=10, mtime_ns=99, fingerprint="f"), ""),
        (None, "not there any more"),
        (Current(size=11, mtime_ns=5, fingerprint="f"), "its size is 11 bytes"),
        (Current(size=10, mtime_ns=5, fingerprint="g"), "its content is not"),
        (Current(size=10, mtime_ns=5, fingerprint=None), "its content is not"),
        (Current(size=10, mtime_ns=5, fingerprint="f", at_work="running"), "running already"),
        (Current(size=10, mtime_ns=5, fingerprint="f", refusal=("It is interlaced.",)), "It is interlaced."),
    ],
)
def test_what_changed_since_is_said(now: Current | None, why: str) -> None:
    said = changed_since(FILE, now)
    assert why in said
    assert bool(said) is bool(why)
