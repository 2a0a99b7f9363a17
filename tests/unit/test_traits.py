"""What the learned model sees of a chunk, a setting, and a chunk's trials."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from histories import setting
from reelwright.quality.traits import (
    HIGHEST,
    LOWEST,
    UNKNOWN,
    Traits,
    answer_from,
    digest,
    release_of,
    rows_of,
    setting_row,
    traits_of,
    unknown,
)

USUAL = setting()
junk = st.sampled_from([None, True, "7", [1], 10**400, -3, 0, 1e308, float("nan"), float("inf")]) | st.floats()


def test_features_become_traits() -> None:
    features = {"spatial": 60.0, "temporal": 7, "difference": 1.0, "luma": 90.0, "source_bytes": 25_920.0}
    assert traits_of(features, frames=24, width=1920, height=1080) == Traits(
        frames=24, bits=0.1, spatial=60.0, temporal=7.0, difference=1.0, luma=90.0
    )


@given(features=st.dictionaries(st.sampled_from(["spatial", "temporal", "luma", "source_bytes", "?"]), junk))
def test_whatever_a_ledger_holds_rows_are_finite(features: dict[str, Any]) -> None:
    rows = rows_of([traits_of(features, frames=3, width=64, height=48)] * 2)
    assert all(math.isfinite(value) and abs(value) < 1e308 for row in rows for value in row.values())


def test_a_chunks_bits_count_against_its_films() -> None:
    film = [Traits(frames=10, bits=bits, temporal=8.0) for bits in (0.05, 0.1, 0.2)]
    rows = rows_of(film)
    assert rows[1]["bits"] == pytest.approx(0, abs=1e-9)
    assert rows[2]["bits"] == pytest.approx(math.log(2))
    richer = rows_of([replace(t, bits=(t.bits or 0) * 4) for t in film])
    assert [r["bits"] for r in richer] == pytest.approx([r["bits"] for r in rows])
    assert richer[0]["source"] > rows[0]["source"]


def test_what_is_all_but_still_is_not_judged_by_its_bits() -> None:
    grain = rows_of([Traits(frames=9, bits=2.0, temporal=0.5), Traits(frames=9, bits=0.05, temporal=8.0)])[0]
    assert grain["bits"] == 0
    assert grain["still"] > 0


def test_traits_nobody_knows_count_as_typical() -> None:
    assert rows_of([Traits(frames=5)]) == [{"level": 1.0, "source": 0.0}]


def test_the_usual_setting_adds_no_name_of_its_own() -> None:
    assert setting_row(USUAL, USUAL) == {"small": 0.0, "tiny": 0.0, "faster": 0.0}
    assert not unknown(setting_row(setting(854, 480), USUAL))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"encoder": "libaom-av1"}, "encoder"),
        ({"preset": 8}, "preset"),
        ({"model": "vmaf_4k_v0.6.1"}, "model"),
        ({"scaled_to": "1280x720"}, "scaled"),
        ({"parameters": {"keyint": "-1", "scd": "0", "tune": "0"}}, "parameters"),
        ({"release": "v5.0.0"}, "release"),
    ],
)
def test_everything_that_moves_the_curve_and_is_not_the_usual_is_unknown_by_so_much(
    changes: dict[str, Any], kind: str
) -> None:
    found = unknown(setting_row(replace(USUAL, **changes), USUAL))
    assert [(name.partition(":")[0], spread) for name, spread in found.items()] == [(kind, (0.0, UNKNOWN[kind]))]


def test_smaller_pictures_are_nearer_to_small_until_they_are_small() -> None:
    small = [setting_row(setting(w, h), USUAL)["small"] for w, h in ((1920, 1080), (1280, 720), (854, 480), (320, 180))]
    assert small == sorted(small)
    assert (small[0], small[-1]) == (0, 1)
    assert setting_row(setting(320, 180), USUAL)["tiny"] > 0.5


def test_parameters_have_one_name_in_any_order_and_releases_one_for_their_patches() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) != digest({"a": "1"})
    assert release_of("v4.2.0-151-g5ed9ffbcb") == release_of("4.2.1") == "4.2"
    assert release_of("") == ""


class TestAnswers:
    def test_between_two_trials_it_is_read_from_the_line(self) -> None:
        crf, sd = answer_from([(20, 96.5), (40, 86)], 93, 5) or (0, 0)
        assert crf == pytest.approx(30)
        assert sd < 0.5

    def test_from_one_trial_it_follows_the_usual_slope_and_says_how_unsure_that_is(self) -> None:
        near, far = answer_from([(30, 92.5)], 93, 5), answer_from([(30, 88)], 93, 5)
        assert near is not None
        assert far is not None
        assert far[0] < near[0] < 30
        assert far[1] > 3 * near[1]

    @pytest.mark.parametrize(
        "points", [[], [(30, 99.9)], [(20, 97.42), (58, 97.18)], [(50, 20.0)], [(12, 99.0), (13, 99.0)]]
    )
    def test_trials_that_do_not_say_say_nothing(self, points: list[tuple[float, float]]) -> None:
        assert answer_from(points, 93, 5) is None

    @given(
        points=st.lists(st.tuples(st.floats(1, 70), st.floats(0, 100)), max_size=6),
        target=st.floats(1, 99.9),
        temporal=st.none() | st.floats(0, 200),
    )
    def test_whatever_the_trials_an_answer_can_be_tried(
        self, points: list[tuple[float, float]], target: float, temporal: float | None
    ) -> None:
        answer = answer_from(points, target, temporal)
        assert answer is None or (LOWEST <= answer[0] <= HIGHEST and 0 < answer[1] < 20)
