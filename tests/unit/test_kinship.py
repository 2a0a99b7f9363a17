"""What finished chunks say of another, against films that are known."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.quality.kinship import NEAR, WITHIN, Shown, Traits, foretell

HERE = Traits(place=1000, source=5000, spatial=50, temporal=5)
BETWEEN = 15.0
traits = st.builds(
    Traits, place=st.floats(0, 1e6), source=st.floats(1, 1e6), spatial=st.floats(0, 300), temporal=st.floats(0, 60)
)
many_shown = st.lists(st.builds(Shown, above=st.floats(-30, 30), traits=st.one_of(st.none(), traits)), max_size=40)


def far(above: float, place: float = 1e6, **changes: float) -> Shown:
    """A chunk so far from the one asked about that being near says nothing."""
    return Shown(above=above, traits=replace(HERE, place=place, **changes))


def test_without_a_chunk_nothing_is_known_of_the_film() -> None:
    mean, variance = foretell([], HERE, BETWEEN)
    assert mean == 0
    assert variance == pytest.approx(WITHIN + BETWEEN)


@settings(max_examples=60, deadline=None)
@given(shown=many_shown, here=traits)
def test_whatever_was_shown_the_answer_is_a_number_and_never_surer_than_one_chunk_can_be(
    shown: list[Shown], here: Traits
) -> None:
    mean, variance = foretell(shown, here, BETWEEN)
    assert math.isfinite(mean)
    assert 1.0 < variance < 5000


def test_a_film_that_lies_low_is_expected_to_go_on_so() -> None:
    few, _ = foretell([far(-8.0)], HERE, BETWEEN)
    more, _ = foretell([far(-8.0)] * 6, HERE, BETWEEN)
    assert -8 < more < few < 0


def test_a_chunk_next_door_says_more_than_one_far_away() -> None:
    near = Shown(above=6.0, traits=replace(HERE, place=1100))
    assert foretell([near], HERE, BETWEEN)[0] > foretell([far(6.0)], HERE, BETWEEN)[0]
    assert foretell([near], HERE, BETWEEN)[1] < foretell([far(6.0)], HERE, BETWEEN)[1]
    assert NEAR > 0


def test_what_goes_with_the_answers_of_a_film_is_found_out() -> None:
    """Answers that fall by 10 CRF for each e-fold of the source's bytes."""
    source = random.Random(2)
    shown = []
    for k in range(12):
        level = source.gauss(0, 0.6)
        shown.append(far(-10 * level + source.gauss(0, 0.5), 1e6 + 1e5 * k, source=5000 * math.exp(level)))
    costly, _ = foretell(shown, replace(HERE, source=5000 * math.exp(1)), BETWEEN)
    cheap, variance = foretell(shown, replace(HERE, source=5000 * math.exp(-1)), BETWEEN)
    assert cheap == pytest.approx(10, abs=2.5)
    assert costly == pytest.approx(-10, abs=2.5)
    assert variance < WITHIN


def test_a_film_whose_chunks_differ_for_no_known_reason_leaves_the_next_unsure() -> None:
    alike = foretell([far(k % 2 * 0.5, 1e6 + 1e5 * k) for k in range(10)], HERE, BETWEEN)[1]
    mixed = foretell([far(k % 2 * 20.0 - 10, 1e6 + 1e5 * k) for k in range(10)], HERE, BETWEEN)[1]
    assert alike < 10
    assert mixed > 20
