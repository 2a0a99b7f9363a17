"""What films teach the next one, and that it never makes a search worse for long."""

import json
import math
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histories import Kind, Reel, after, make, setting
from reelwright.engine.learning import built_in
from reelwright.quality.learned import MOST_CHUNKS, PastChunk, PastFilm, learn, load_model
from reelwright.quality.traits import Traits

HD = setting()
CARTOON = Kind(level=46, temporal=4)
NOISY = Kind(level=30, temporal=12, source=0.4)
#: How many films are remembered in these replays.
MEMORY = 10


def replay(kinds: list[Kind], chunks: int = 8) -> list[tuple[float, float]]:
    """Encodes a chunk of each film after those before it: with what they taught, and with the built-in model."""
    past: list[Reel] = []
    found = []
    for number, kind in enumerate(kinds):
        film = make(kind, number, chunks)
        found.append((film.encodes(after(past[-MEMORY:])), film.encodes(after([]))))
        past.append(film)
    return found


def ratio(found: list[tuple[float, float]]) -> float:
    return fmean(learned for learned, _ in found) / fmean(plain for _, plain in found)


class TestTheModelBuiltIn:
    def test_it_ships_and_says_how_good_it_is(self) -> None:
        model = built_in()
        assert model.films >= 7
        assert model.errors["model"] < model.errors["constant"]

    def test_without_a_film_it_alone_counts(self) -> None:
        learned = learn(built_in())
        assert (learned.weight, learned.tried) == (0.0, ())

    @pytest.mark.parametrize(("width", "height", "low", "high"), [(1920, 1080, 37, 42), (1280, 720, 28, 34)])
    def test_it_knows_picture_sizes(self, width: int, height: int, low: float, high: float) -> None:
        crf, sd = learn(built_in()).ordinary(setting(width, height), 93)
        assert low < crf < high
        assert 2 < sd < 6

    def test_what_nobody_has_measured_is_less_sure(self) -> None:
        learned = learn(built_in())
        known = learned.ordinary(HD, 93)[1]
        for changes in ({"preset": 2}, {"parameters": {"tune": "0"}}, {"model": "vmaf_4k_v0.6.1"}, {"release": "9"}):
            assert learned.ordinary(replace(HD, **changes), 93)[1] > known  # type: ignore[arg-type]

    @pytest.mark.parametrize("broken", [{}, {"coefficients": {}}, {"coefficients": {"level": 1}, "covariance": []}])
    def test_a_file_that_is_no_model_is_refused(self, broken: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="no model"):
            load_model(broken)


class TestLearning:
    def test_films_of_a_kind_move_the_next_ones_expectation_there(self) -> None:
        before = learn(built_in()).ordinary(HD, 93)
        crfs = [after([make(CARTOON, n) for n in range(count)]).ordinary(HD, 93)[0] for count in (0, 1, 4, 12)]
        assert crfs == sorted(crfs)
        assert crfs[0] == before[0]
        assert crfs[1] - crfs[0] > 0.5
        assert crfs[-1] > before[0] + 4

    def test_they_make_it_surer(self) -> None:
        one, many = (after([make(Kind(), n) for n in range(count)]).ordinary(HD, 93)[1] for count in (0, 12))
        assert many < one

    def test_one_preset_learns_from_another_but_less(self) -> None:
        fast = setting(preset=10)
        moved = {
            preset: after([make(CARTOON, n, of=setting(preset=preset)) for n in range(6)]).ordinary(fast, 93)[0]
            for preset in (6, 10)
        }
        assert learn(built_in()).ordinary(fast, 93)[0] < moved[6] < moved[10]

    def test_a_long_film_says_little_more_than_a_short_one(self) -> None:
        short, long = (after([make(CARTOON, 1, chunks)]).ordinary(HD, 93) for chunks in (12, 600))
        assert long[0] == pytest.approx(short[0], abs=1.5)
        assert long[1] > 0.7 * short[1]
        assert after([make(CARTOON, 1, 600)]).chunks <= MOST_CHUNKS

    def test_each_film_is_predicted_before_it_is_learned_from(self) -> None:
        films = [make(CARTOON, n) for n in range(3)]
        alone, all_three = after(films[:1]), after(films)
        assert all_three.tried[0] == alone.tried[0]
        assert alone.tried[0].learned == pytest.approx(alone.tried[0].built_in)
        assert all_three.tried[-1].learned < all_three.tried[-1].built_in

    def test_the_weight_follows_the_record(self) -> None:
        steady = after([make(CARTOON, n) for n in range(8)])
        fooled = after([*(make(CARTOON, n) for n in range(8)), *(make(NOISY, n) for n in range(2))])
        assert steady.weight > 0.85
        assert fooled.weight < steady.weight - 0.15

    def test_a_film_without_answers_teaches_nothing(self) -> None:
        assert learn(built_in(), [PastFilm(name="x", chunks=())]).tried == ()

    @settings(max_examples=40, deadline=None)
    @given(
        chunks=st.lists(
            st.builds(
                PastChunk,
                traits=st.builds(
                    Traits,
                    frames=st.integers(1, 500),
                    bits=st.none() | st.floats(0, 1e6),
                    temporal=st.none() | st.floats(0, 1e6),
                    spatial=st.none() | st.floats(0, 1e6),
                    luma=st.none() | st.floats(0, 1e4),
                ),
                setting=st.sampled_from([HD, setting(320, 180), setting(preset=12), setting(model="?")]),
                crf=st.floats(1, 70),
                sd=st.floats(0.01, 30),
            ),
            min_size=1,
            max_size=5,
        ),
        repeats=st.integers(1, 3),
    )
    def test_whatever_was_measured_what_is_expected_is_finite(self, chunks: list[PastChunk], repeats: int) -> None:
        films = [PastFilm(name=str(n), chunks=tuple(chunks)) for n in range(repeats)]
        crf, sd = learn(built_in(), films).ordinary(HD, 93)
        assert math.isfinite(crf)
        assert 0 < sd < 60
        assert learn(built_in(), films) == learn(built_in(), films)


class TestReplay:
    """Searches of film after film, with and without what was learned; no encode is run."""

    def test_films_of_one_kind_get_cheaper(self) -> None:
        found = replay([Kind(level=44, spread=0.7, scatter=1.0)] * 12)
        assert ratio(found[4:]) < 0.99
        assert fmean(learned for learned, _ in found[4:]) < 1.4

    def test_cartoons_for_a_year_and_then_noisy_films_cost_no_more_than_the_built_in_model_after_one_film(self) -> None:
        found = replay([CARTOON] * 10 + [NOISY] * 8)
        assert ratio(found[:10]) < 1.0
        assert ratio(found[11:]) < 1.03

    def test_films_nothing_like_each_other_cost_no_more(self) -> None:
        assert ratio(replay([Kind(level=48), Kind(level=20)] * 7)[2:]) < 1.03

    def test_films_that_scatter_widely_cost_no_more(self) -> None:
        assert ratio(replay([Kind(level=35, spread=8, scatter=6)] * 12)[2:]) < 1.03

    def test_corrupt_answers_cost_next_to_nothing(self) -> None:
        films = [make(Kind(), number, 8) for number in range(14)]
        spoilt = [
            replace(film.past(), chunks=tuple(replace(c, crf=11.0 if k % 2 else 51.0) for k, c in enumerate(chunks)))
            if number % 3 == 0
            else film.past()
            for number, film in enumerate(films[:10])
            for chunks in (film.past().chunks,)
        ]
        learned = learn(built_in(), spoilt)
        found = [(film.encodes(learned), film.encodes(after([]))) for film in films[10:]]
        assert ratio(found) < 1.04


def test_what_is_told_is_plain_json() -> None:
    tried = after([make(CARTOON, 1)]).tried[0]
    assert json.loads(json.dumps([tried.name, tried.chunks, tried.built_in]))[1] == 12
