"""The benchmark's own arithmetic: a wrong figure there would be believed."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from cells import Cell, full, quick
from chunk_rows import answered, chunk_rows, phases
from made_film import LONGEST, SCENES, SHORTEST, scenes
from plain import NEAR, between, bracket, next_crf
from table import held, overview

FILMS = ("reel", "bunny", "made")


def encode(crf: float, slope: float = 0.4, top: float = 108.0) -> dict[str, Any]:
    """A plain encode whose mean falls by `slope` a CRF step and whose bytes halve every eight."""
    times = [{"wall": 60.0, "cpu": 110.0, "busy": False}]
    return {"crf": crf, "mean": top - slope * crf, "bytes": 1e6 * 2 ** (-crf / 8), "times": times, "scores": []}


class TestTheEqualEncode:
    @settings(deadline=None)
    @given(answer=st.floats(12, 55), slope=st.floats(0.15, 1.5), start=st.integers(12, 55))
    def test_a_few_encodes_bracket_any_mean_and_the_line_gives_its_bytes(
        self, answer: float, slope: float, start: int
    ) -> None:
        wanted, rows = 93.0, []
        while (pair := bracket(rows, wanted)) is None:
            crf = next_crf(rows, wanted, float(start))
            assert crf not in {row["crf"] for row in rows}
            rows = sorted([*rows, encode(crf, slope, wanted + slope * answer)], key=lambda row: row["crf"])
        assert len(rows) <= 7
        found = between(*pair, pair[0], wanted)
        assert found.crf == pytest.approx(answer, abs=0.1)
        assert found.bytes == pytest.approx(1e6 * 2 ** (-answer / 8), rel=0.01)

    def test_encodes_far_apart_are_no_bracket(self) -> None:
        assert bracket([encode(30), encode(30 + NEAR + 0.5)], 95.8) is None

    def test_times_of_a_quiet_machine_count_where_there_are_any(self) -> None:
        row = encode(30)
        row["times"].append({"wall": 600.0, "cpu": 130.0, "busy": True})
        found = between(row, row, row, row["mean"])
        assert (found.wall, found.cpu, found.busy) == (60.0, 110.0, False)


def event(name: str, second: float, /, **data: Any) -> dict[str, Any]:
    return {"event": name, "timestamp": f"2026-01-01T00:00:{second:09.6f}Z", "data": data}


def trial(second: float, chunk: int, crf: float, score: float, **more: Any) -> dict[str, Any]:
    data = {"chunk": chunk, "crf": crf, "score": score, "frames": 10, "bytes": 100, "kind": "trial", **more}
    return event("trial_complete", second, **data, predicted=None, reused=False)


EVENTS = [
    event("file_discovered", 0),
    event("analysis_complete", 4),
    event("encoding_started", 5),
    trial(7, 0, 30, 90, seconds=2, kind="sample"),
    trial(9, 1, 30, 93, seconds=4),
    event("segment_complete", 9, chunk=1, crf=30, within_band=True, why="so"),
    trial(9, 0, 28, 91, seconds=2),
    trial(13, 0, 24, 93.5, seconds=4),
    event("segment_complete", 13, chunk=0, crf=24, within_band=True, why="so"),
    event("encoding_complete", 13),
    event("validation_complete", 15),
    event("result", 16),
]


class TestARun:
    def test_its_phases_and_its_tail(self) -> None:
        found = phases(EVENTS, 2)
        assert found["analysis"] == pytest.approx(4)
        assert found["trials"] == pytest.approx(8)
        assert found["tail"] == pytest.approx(4)
        assert found["assemble_and_validate"] == pytest.approx(2)
        assert found["slots_filled"] == pytest.approx(12 / 16)

    def test_each_chunk_is_measured_over_its_own_frames(self) -> None:
        rows = chunk_rows(EVENTS, [93.0] * 10 + [92.0] * 10, [90.0] * 10 + [95.0] * 10, target=93, band=1)
        assert [(r["chunk"], r["crf"], r["independent"], r["plain"]) for r in rows] == [
            (0, 24, 93.0, 90.0),
            (1, 30, 92.0, 95.0),
        ]
        assert [(r["trials"], r["samples"]) for r in rows] == [(2, 1), (1, 0)]

    @pytest.mark.parametrize(
        ("within", "scores", "found"),
        [
            (True, [80.0], True),
            (False, [97.0, 96.0], False),  # flat: above the band at every CRF tried
            (False, [80.0, 85.0], False),
            (False, [97.0, 90.0], True),  # given up although there is one
        ],
    )
    def test_a_search_that_gave_up_beside_an_answer_counts_as_a_miss(
        self, *, within: bool, scores: list[float], found: bool
    ) -> None:
        assert answered({"within_band": within}, scores, 93, 1) is found


class TestCells:
    def test_every_combination_is_there_once_the_quick_ones_first(self) -> None:
        every, first = full(FILMS, "made"), quick(FILMS, "made")
        assert len(every) == len(set(every)) == len(FILMS) * 2**5
        assert every[: len(first)] == first

    def test_names_are_unlike(self) -> None:
        assert len({cell.name for cell in full(FILMS, "made")}) == len(FILMS) * 2**5

    def test_a_name_says_it_all(self) -> None:
        cell = Cell(film="a", preset=8, target=95, band=0.5, objective="min-size", warm=True)
        assert cell.name == "a-p8-t95-b0.5-min-size-warm"


def test_the_film_made_is_three_minutes_of_forty_scenes_at_least() -> None:
    made = scenes()
    assert len(made) == SCENES >= 40
    assert all(SHORTEST <= scene.frames <= LONGEST for scene in made)
    assert 170 <= sum(scene.frames for scene in made) / 24 <= 190
    assert all(a.plate != b.plate for a, b in pairwise(made))
    assert scenes() == made


@pytest.mark.parametrize(
    ("value", "bounds", "found"),
    [(1.6, (None, 1.6), True), (1.61, (None, 1.6), False), (-0.2, (-0.1, 0.2), False), (5.0, (None, None), True)],
)
def test_what_is_held(value: float, bounds: tuple[float | None, float | None], *, found: bool) -> None:
    assert held(value, bounds) is found


def test_a_figure_that_was_not_reached_is_marked() -> None:
    row = dict(  # noqa: C408
        film="reel.mkv", reel=True, preset=6, target=93.0, band=1.0, objective="uniform", warm=False, busy=False,
        plain_busy=False, scaled_to=None, chunks_with_an_answer=20, chunks_within_the_band=19,
        mean_of_chunks_with_an_answer=93.1, encodes_per_chunk_by_frames=1.5, wall_over_plain=2.5, cpu_over_plain=2.0,
        scoring_share_of_cpu=0.2, bytes_over_plain=1.0,
    )  # fmt: skip
    lines = overview([row])
    assert "19 of 20, 95.0 % **missed**" in lines[0]
    assert "at least 60 chunks are wanted" in lines[0]
    wall = next(line for line in lines if "wall time" in line)
    assert "at 93: 2.50 **missed**<br>*≤ 2.10*" in wall
    encodes = next(line for line in lines if "encodes per chunk" in line)
    assert "at 93: 1.50<br>*≤ 1.60*" in encodes
