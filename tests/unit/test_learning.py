"""From the ledger's trials to what is expected of a job's chunks."""

from dataclasses import replace
from typing import Any

import pytest

from reelwright.engine import learning
from reelwright.engine.jobs import FilmHistory, PastTrial
from reelwright.engine.learning import built_in, facts_of, learned_from, past_film
from reelwright.engine.memory import MemoryJobStore
from reelwright.engine.model_view import look
from reelwright.planning.plan import Request
from reelwright.quality.prior import SHIFT, expect
from reelwright.quality.traits import Traits

TRAITS = Traits(frames=100, bits=0.1, spatial=60.0, temporal=7.0, luma=90.0)
FEATURES = {"spatial": 60.0, "temporal": 7.0, "difference": 1.0, "luma": 90.0, "source_bytes": 25_920.0}


def past(start: int = 0, crf: float = 30.0, score: float = 93.0, **changes: Any) -> PastTrial:
    values: dict[str, Any] = {
        "start": start, "end": start + 100, "crf": crf, "score": score, "model": "vmaf_v0.6.1", "scaled_to": None,
        "features": FEATURES, "width": 1920, "height": 1080, "encoder": "libsvtav1", "preset": 6,
        "parameters": {"keyint": "-1", "scd": "0"}, "build": {"ffmpeg": "n9", "svt": "v4.2.0", "machine": "x86_64"},
    }  # fmt: skip
    return PastTrial(**{**values, **changes})


def film(name: str = "a", *trials: PastTrial) -> FilmHistory:
    some = trials or tuple(past(start, crf, score) for start in (0, 100, 200) for crf, score in ((28, 94), (32, 92)))
    return FilmHistory(source_id=name, path=f"/films/{name}.mkv", trials=some)


def test_trials_of_a_chunk_are_one_answer() -> None:
    found = past_film(film(), 93)
    assert found.name == "a"
    assert [round(chunk.crf) for chunk in found.chunks] == [30, 30, 30]


def test_trials_with_other_settings_are_answers_of_their_own() -> None:
    found = past_film(film("a", past(), past(preset=8, crf=28.0), past(build={"svt": "v5.0.0"}, crf=31.0)), 93)
    assert [(c.setting.preset, c.setting.release, round(c.crf)) for c in found.chunks] == [
        (6, "v4.2.0", 30), (8, "v4.2.0", 28), (6, "v5.0.0", 31),
    ]  # fmt: skip


def test_samples_of_the_past_tell_how_much_worse_samples_look() -> None:
    """Chunks fall by half a point a CRF; samples at CRF 28 score as they do at CRF 31."""
    sample = 100 - 6 * (8 / 6) ** 0.75
    films = [
        replace(film(name), samples=tuple(past(start, 28.0, sample) for start in (0, 100, 200))) for name in "abcdef"
    ]
    assert past_film(films[0], 93).shifts == pytest.approx((3.0, 3.0, 3.0), abs=0.2)
    before, after = learned_from([film()], 93).sampled, learned_from(films, 93).sampled
    assert before is None
    assert after is not None
    assert SHIFT + 0.5 < after[0] < 3.0
    expected = learned_from(films, 93).foresee([TRAITS], [built_in().usual])[0]
    prior = expect(width=1920, height=1080, preset=6, target=93, expected=expected)
    assert (prior.shift, prior.blur) == after


def test_samples_too_short_to_be_made_today_tell_nothing() -> None:
    short = [past(0, crf, score, end=40) for crf, score in ((28, 94), (32, 92))]
    found = past_film(replace(film("a", *short), samples=(past(0, 28.0, 92.0, end=40),)), 93)
    assert found.chunks
    assert found.shifts == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"score": float("nan")}, {"score": -4.0}, {"score": 1e9}, {"crf": 0.0}, {"crf": 1e300}, {"width": 0},
        {"end": 0}, {"height": -1080},
    ],
)  # fmt: skip
def test_a_trial_that_cannot_be_is_left_out(changes: dict[str, Any]) -> None:
    spoilt = film("a", replace(past(), **changes), *film().trials)
    assert past_film(spoilt, 93) == past_film(film(), 93)


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {}}, {"features": {"temporal": "fast", "source_bytes": None}}, {"parameters": {"a": None}},
        {"build": {}}, {"model": ""}, {"encoder": ""}, {"preset": -7}, {"scaled_to": "wide"}, {"width": 1, "height": 1},
        {"features": {"temporal": 10**400, "spatial": float("inf"), "luma": -1}},
    ],
)  # fmt: skip
def test_an_odd_trial_stops_nothing(changes: dict[str, Any]) -> None:
    learned = learned_from([film(), film("b", replace(past(), **changes))], 93)
    assert [t.name for t in learned.tried] == ["a", "b"]


def test_what_no_check_foresaw_leaves_the_model_built_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = learning.learn

    def fails(model: Any, films: Any = (), target: float = 93.0) -> Any:
        if films:
            raise ValueError("the matrix is not positive definite")
        return real(model, films, target)

    monkeypatch.setattr(learning, "learn", fails)
    assert learned_from([film()], 93).tried == ()
    assert "Nothing is learned" in caplog.text


def test_what_was_learned_is_told() -> None:
    assert facts_of(learned_from([], 93)) == {}
    told = facts_of(learned_from([film(), film("b")], 93))["learned"]
    assert told == {"films": 2, "chunks": 6, "weight": pytest.approx(0.9, abs=0.1)}


class TestTheView:
    REQUEST = Request()

    def store(self, films: int) -> MemoryJobStore:
        class Shelf(MemoryJobStore):
            def history(self, *, encoder: str, without: str | None, films: int, trials: int) -> list[FilmHistory]:  # noqa: ARG002
                return shelf

        shelf = [film(str(number)) for number in range(films)]
        return Shelf()

    def test_without_films_both_columns_are_the_model_built_in(self) -> None:
        view = look(self.store(0), self.REQUEST, "libsvtav1", learns=True)
        assert all(row.used == row.built_in for row in view.sizes)
        assert (view.films, view.recent_built_in, view.weight) == ((), None, 0.0)

    def test_films_move_what_is_used(self) -> None:
        view = look(self.store(5), self.REQUEST, "libsvtav1", learns=True)
        (row,) = [r for r in view.sizes if (r.width, r.preset) == (1920, 6)]
        assert row.used.crf < row.built_in.crf - 3
        assert [f.path for f in view.films][:2] == ["/films/0.mkv", "/films/1.mkv"]
        assert (view.recent_learned or 99) < (view.recent_built_in or 0)

    def test_where_learning_is_off_nothing_was_learned(self) -> None:
        assert look(self.store(5), self.REQUEST, "libsvtav1", learns=False).films == ()

    def test_the_requests_preset_is_among_those_shown(self) -> None:
        view = look(self.store(0), replace(self.REQUEST, preset=12), "libsvtav1", learns=True)
        assert {row.preset for row in view.sizes} == {4, 6, 8, 10, 12}
