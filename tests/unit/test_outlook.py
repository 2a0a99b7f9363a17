"""What a film's first chunks say of the rest."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.quality.outlook import NAMES, Expected, Found, Outlook, foretell, mixed

SIZE = len(NAMES)
FILM = Outlook(
    mean=(39.0, -3.0, 3.0, 2.0, 0.5, 0.0),
    covariance=tuple(tuple(v if i == k else 0.3 for k in range(SIZE)) for i, v in enumerate((9.0, 6, 6, 6, 2, 1))),
    within=7.0,
)


def expected(bits: float = 0.0, motion: float = 0.0, film: Outlook = FILM) -> Expected:
    return Expected(film=film, row=(1.0, bits, motion, 0.0, 0.0, 0.0), slope=0.056)


finished = st.lists(
    st.builds(
        lambda bits, motion, crf: Found(expected=expected(bits, motion), crf=crf),
        st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(12, 50),
    ),
    max_size=8,
)  # fmt: skip


def test_before_anything_is_finished_it_is_what_other_films_say() -> None:
    crf, sd = foretell(expected(bits=1.0), 93)
    assert crf == pytest.approx(36)
    assert sd == pytest.approx(math.sqrt(7 + 9 + 6 + 2 * 0.3))


def test_another_target_moves_it_along_the_slope() -> None:
    assert foretell(expected(), 95)[0] == pytest.approx(39 + math.log(5 / 7) / 0.056)
    assert foretell(expected(), 100)[0] == foretell(expected(), 99.5)[0]


def test_a_film_teaches_its_own_slope() -> None:
    steep = [Found(expected=expected(bits=b), crf=39 - 12 * b) for b in (-1, -0.6, -0.2, 0.2, 0.6, 1)]
    low, high = (foretell(expected(bits=b), 93, steep)[0] for b in (-0.8, 0.8))
    assert low - high == pytest.approx(12 * 1.6, rel=0.25)
    assert low - high > 2 * 3 * 1.6 * 0.9


def test_the_more_alike_chunks_are_finished_the_surer_the_next_one_is() -> None:
    sds = [foretell(expected(), 93, [Found(expected=expected(), crf=35.0)] * n)[1] for n in (0, 1, 4, 20)]
    assert sds == sorted(sds, reverse=True)
    assert sds[-1] < 2
    assert foretell(expected(), 93, [Found(expected=expected(), crf=35.0)] * 20)[0] == pytest.approx(35, abs=0.3)


def test_a_film_whose_chunks_scatter_leaves_the_next_one_unsure() -> None:
    mixed_up = [Found(expected=expected(), crf=crf) for crf in (25, 50, 28, 47, 24, 49)]
    assert foretell(expected(), 93, mixed_up)[1] > 8


@settings(max_examples=60)
@given(seen=finished, data=st.data())
def test_the_order_of_finished_chunks_changes_nothing(seen: list[Found], data: st.DataObject) -> None:
    other = data.draw(st.permutations(seen))
    assert foretell(expected(0.5), 93, seen) == pytest.approx(foretell(expected(0.5), 93, other), abs=1e-7)


@settings(max_examples=60)
@given(seen=finished.filter(bool))
def test_with_a_known_scatter_it_is_the_normal_distributions_own_conditional(seen: list[Found]) -> None:
    crf, sd = foretell(expected(0.5, -0.3), 93, seen)
    rows = np.array([one.expected.row for one in seen])
    row, cov = np.array(expected(0.5, -0.3).row), np.array(FILM.covariance)
    found = []
    # The scatter is learned from the residuals of a first conditioning, and then held.
    within = FILM.within
    for _ in range(2):
        gain = cov @ rows.T @ np.linalg.inv(rows @ cov @ rows.T + within * np.eye(len(seen)))
        mean = np.array(FILM.mean) + gain @ (np.array([one.crf for one in seen]) - rows @ np.array(FILM.mean))
        left = cov - gain @ rows @ cov
        found.append((float(row @ mean), math.sqrt(within + row @ left @ row)))
        off = np.array([one.crf for one in seen]) - rows @ mean
        used = np.trace(rows @ left @ rows.T) / within
        within = (5 * within + off @ off) / (5 + max(0.0, len(seen) - used))
    assert (crf, sd) == pytest.approx(found[-1], rel=1e-6)


def test_two_outlooks_are_mixed_with_what_they_differ_by() -> None:
    other = replace(FILM, mean=(45.0, *FILM.mean[1:]), within=9.0)
    half = mixed(other, FILM, 0.5)
    assert half.mean[0] == 42
    assert half.covariance[0][0] == pytest.approx(9 + 9)
    assert half.within == 8
    assert mixed(other, FILM, 0.0) == FILM
