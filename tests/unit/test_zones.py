"""Zones: how they are written, which frames they are, and what a search inside one knows and aims at."""

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import chunk, constant, index, plan
from reelwright.engine.aims import aim_of
from reelwright.engine.job_state import TrialStep
from reelwright.engine.scheduler import accept_waiting, begin, film_view, next_steps, prior_of, with_point
from reelwright.errors import UsageError
from reelwright.planning.chunking import Chunk, make_chunks
from reelwright.planning.division import divide
from reelwright.planning.plan import Request, zoned
from reelwright.planning.requests import plain_request, request_from
from reelwright.planning.times import decimal
from reelwright.planning.zones import Zone, parse_zone, resolve, zone_notes
from reelwright.quality.controller import Accept, Point

FILM = constant(500)  # 20 s


def nanoseconds(count: int) -> str:
    return decimal(Fraction(count, 10**9))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("00:10-00:20:target=95", Zone(start="10", end="20", target=95)),
        ("240f-480f:crf=20", Zone(start="240f", end="480f", crf=20)),
        ("0-end:preset=4", Zone(start="0", end="end", preset=4)),
        ("1:02:03.5-1:02:04:svt.tune=0", Zone(start="3723.5", end="3724", svt=(("tune", "0"),))),
        (
            "5-007f:crf=20.25,svt.b=2,preset=0,svt.a=1",
            Zone(start="5", end="7f", crf=20.25, preset=0, svt=(("a", "1"), ("b", "2"))),
        ),
    ],
)
def test_zones_are_read_and_said_again(text: str, zone: Zone) -> None:
    assert parse_zone(text) == zone
    assert parse_zone(str(zone)) == zone


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no zone such as"),
        ("10-20", "is no zone such as"),
        ("10:target=95", "is no zone such as"),
        ("10-20:", "is no zone such as"),
        ("end-20:crf=20", "is no zone such as"),
        ("10-1:60:crf=20", "under 60"),
        ("1:2f-20:crf=20", "no frame number"),
        ("10-20:crf", "crf is no number"),
        ("10-20:crf=20.1", "in quarter steps"),
        ("10-20:crf=0", "from 1 to 70"),
        ("10-20:target=100", "from 1 to 99.9"),
        ("10-20:target=nan", "no number"),
        ("10-20:preset=14", "from 0 to 13"),
        ("10-20:preset=2.5", "preset is no number"),
        ("10-20:tune=0", "tune is none of target, crf, preset and svt.NAME"),
        ("10-20:target=95,crf=20", "not a target and a crf at once"),
        ("10-20:crf=20,crf=21", "says crf twice"),
        ("10-20:crf=20,", " is none of"),
    ],
)
def test_what_is_no_zone_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        parse_zone(text)


def test_bounds_are_times_or_frames_and_half_open() -> None:
    zones = ["16-end:crf=40", "2-4:crf=20", "100f-200f:crf=30"]
    assert [row[:2] for row in resolve(zones, FILM)] == [(50, 100), (100, 200), (400, 500)]


def test_a_time_between_two_frames_is_the_next_one() -> None:
    film = index([0, 100, 300, 700], last=300)
    ((start, end, _),) = resolve(["0.05-0.7:crf=20"], film)
    assert (start, end) == (1, 3)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["2-4:crf=20", "3.96-5:crf=30"], "The zones 2-4:crf=20 and 3.96-5:crf=30 overlap in frames 99 to 99"),
        (["0-end:crf=20", "100f-101f:target=90"], "overlap in frames 100 to 100"),
        (["10-21:crf=20"], "goes beyond the film: the film has 500 frames and is 0:20 long"),
        (["0f-501f:crf=20"], "goes beyond the film"),
        (["500f-end:crf=20"], "goes beyond the film"),
        (["5-5:crf=20"], "holds no frame"),
        (["5-4:crf=20"], "holds no frame"),
        (["0.01-0.02:crf=20"], "holds no frame"),
    ],
)
def test_zones_that_cannot_be_are_wrong_usage(texts: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        resolve(texts, FILM)


@given(
    st.integers(1, 800),
    st.sets(st.integers(1, 799)),
    st.lists(st.tuples(st.integers(0, 790), st.integers(1, 200)), max_size=4),
)
def test_zone_bounds_are_chunk_bounds_and_every_frame_is_covered_once(
    frames: int, cuts: set[int], wanted: list[tuple[int, int]]
) -> None:
    film = constant(frames, cuts=tuple(sorted(cuts)))
    zones = tuple(f"{a}f-{a + n}f:crf=20" for a, n in wanted)
    try:
        found = resolve(zones, film)
    except UsageError:
        return
    chunks = divide(film, Request(zones=zones, chunk_seconds=2))
    assert [k for c in chunks for k in range(c.start, c.end)] == list(range(frames))
    assert [c.index for c in chunks] == list(range(len(chunks)))
    for start, end, zone in found:
        inside = [c for c in chunks if c.start < end and c.end > start]
        assert (inside[0].start, inside[-1].end) == (start, end)
        assert {c.zone for c in inside} == {zone}
    assert sum(c.frames for c in chunks if c.zone) == sum(end - start for start, end, _ in found)
    assert all(film.seconds(c.end) - film.seconds(c.start) <= 2 for c in chunks)


def test_chunks_away_from_a_zone_are_as_without_it() -> None:
    film = constant(500, cuts=(100, 200, 300, 400))
    plain = {(c.start, c.end) for c in make_chunks(film, Fraction(10))}
    there = {(c.start, c.end) for c in divide(film, Request(zones=("225f-275f:crf=20",)))}
    assert {(0, 100), (100, 200), (300, 400), (400, 500)} <= plain & there


def test_a_zone_moves_the_target_with_the_band() -> None:
    request = Request(target_vmaf=93, band_low=92.5, band_high=94)
    aim = aim_of(request, parse_zone("0-1:target=95.5"))
    assert (aim.target, aim.low, aim.high) == (95.5, 95, 96.5)
    assert aim_of(request, parse_zone("0-1:preset=3")) == aim_of(request)


@given(st.floats(1, 99.9), st.floats(1, 99.9), st.floats(0, 20), st.floats(0, 20))
def test_an_aim_can_always_be_met(target: float, zone: float, below: float, above: float) -> None:
    request = Request(target_vmaf=target, band_low=target - below, band_high=target + above)
    aim = aim_of(request, Zone(start="0", end="1", target=zone))
    assert aim.low <= zone <= aim.high


def zone_chunk(number: int, text: str | None) -> Chunk:
    return replace(chunk(number, number * 50, number * 50 + 50), zone=parse_zone(text) if text else None)


def job(*texts: str | None, points: dict[int, list[Point]] | None = None, **changes: Any) -> Any:
    chunks = [zone_chunk(k, text) for k, text in enumerate(texts)]
    return begin(Request(**changes), (1280, 720), chunks, points or {})


def test_a_crf_of_a_zone_is_tried_once_and_taken() -> None:
    state = job(None, "50f-100f:crf=20", crf=45)
    steps = [s for s in next_steps(state, (), 5) if isinstance(s, TrialStep)]
    assert {s.chunk.index: s.crf for s in steps} == {0: 45, 1: 20}
    done = with_point(state, 1, Point(crf=20, score=30.0))
    assert done.chunks[1].accepted == Accept(crf=20, why="CRF 20 was asked for", within_band=True)


def test_a_target_of_a_zone_is_searched_for_even_where_the_film_has_one_crf() -> None:
    state = with_point(job(None, "50f-100f:target=96", crf=45), 1, Point(crf=30, score=93.0))
    assert state.chunks[1].accepted is None
    assert with_point(state, 1, Point(crf=22, score=96.2)).chunks[1].accepted is not None


def test_a_chunk_learns_from_its_kin_alone() -> None:
    good = {0: [Point(crf=20, score=93.0)], 1: [Point(crf=40, score=80.0)], 2: [Point(crf=41, score=80.2)]}
    state = job(None, "50f-100f:target=80", "100f-150f:target=80", "150f-200f:preset=3", points=good)
    assert film_view(state, state.chunks[0].chunk.zone).median_crf == 20
    assert film_view(state, state.chunks[1].chunk.zone).median_crf == 40
    assert film_view(state, state.chunks[3].chunk.zone).median_crf is None
    assert not film_view(state, state.chunks[3].chunk.zone).settled
    assert film_view(state, None).settled
    alone = job(None, "50f-100f:target=80")
    assert prior_of(alone, alone.chunks[1].chunk).crf > prior_of(alone, alone.chunks[0].chunk).crf


def test_a_flat_chunk_waits_for_its_kin_and_not_for_the_film() -> None:
    flat = [Point(crf=12, score=80.0), Point(crf=50, score=79.9)]
    state = job(None, "50f-100f:target=95", "100f-150f:target=95", points={1: flat})
    assert state.chunks[1].flat
    assert state.chunks[1].accepted is None
    state = with_point(state, 2, Point(crf=30, score=95.0))
    (step,) = [s for s in next_steps(state, {0}, 5) if isinstance(s, TrialStep)]
    assert (step.chunk.index, step.crf) == (1, 30)
    after = accept_waiting(with_point(state, 1, Point(crf=30, score=79.95)))
    assert after.chunks[1].accepted is not None
    assert after.chunks[1].accepted.crf == 30
    assert after.chunks[0].accepted is None


def test_parameters_of_a_zone_are_in_the_identity_of_its_trials_and_a_target_is_not() -> None:
    film = plan(svt=(("tune", "1"), ("film-grain", "4")))
    assert zoned(film, None) is film
    assert zoned(film, parse_zone("0-1:target=80")).encode_identity() == film.encode_identity()
    assert zoned(film, parse_zone("0-1:crf=20")).encode_identity() == film.encode_identity()
    other = zoned(film, parse_zone("0-1:preset=2,svt.tune=0"))
    assert other.encode_identity()["preset"] == 2
    assert dict(other.parameters) == {**dict(film.parameters), "tune": "0"}
    assert other.encode_identity() != film.encode_identity()


BOUNDS = st.one_of(st.integers(0, 10**9 - 1).map(lambda n: f"{n}f"), st.integers(0, 10**13).map(nanoseconds))
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
SVT = st.dictionaries(NAMES, st.integers(0, 999).map(str), min_size=1, max_size=3)


@given(
    BOUNDS,
    BOUNDS,
    st.one_of(st.none(), st.integers(100, 9990).map(lambda n: n / 100)),
    st.one_of(st.none(), st.integers(0, 13)),
    SVT,
)
def test_a_zone_survives_being_text_which_is_how_the_ledger_keeps_it(
    start: str, end: str, target: float | None, preset: int | None, svt: dict[str, str]
) -> None:
    zone = Zone(start=start, end=end, target=target, preset=preset, svt=tuple(sorted(svt.items())))
    assert parse_zone(str(zone)) == zone


def test_a_request_is_plain_enough_for_the_ledger() -> None:
    asked = Request(zones=("10-20:crf=20",), cuts=(0, 5), cuts_frames=9, scale=(0, 720), start="1.5", duration="2")
    assert request_from(json.loads(json.dumps(plain_request(asked)))) == asked


def test_zones_make_another_job_and_are_told() -> None:
    zones = ("10-end:crf=20,svt.tune=0", "5f-9f:target=90")
    assert plan(zones=zones).request_identity() != plan().request_identity()
    assert zone_notes(zones) == ("Zone 0:10 to the end: crf=20,svt.tune=0.", "Zone frame 5 to frame 9: target=90.")
    assert set(zone_notes(zones)) <= set(plan(zones=zones).notes)
