"""The linear algebra of what is learned, against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.quality.normal import Evidence, Normal, Seen, extended, independent, inverse

NAMES = ("level", "slope", "bend")
OWN = {"level": 4.0, "slope": 1.5}
START = independent({"level": (40.0, 3.0), "slope": (-2.0, 1.0), "bend": (0.0, 2.0)})

values = st.floats(-3, 3).map(lambda v: round(v, 3))
seen = st.builds(
    lambda slope, bend, value, variance: Seen(
        row={"level": 1.0, "slope": slope, "bend": bend}, value=value, variance=variance
    ),
    values, values, st.floats(20, 50), st.floats(0.5, 9),
)  # fmt: skip
groups = st.lists(st.lists(seen, min_size=1, max_size=6), max_size=4)


def learned(some: list[list[Seen]]) -> Normal:
    evidence = Evidence(START)
    for group in some:
        evidence.observe(group, OWN)
    return evidence.posterior()


def by_numpy(some: list[list[Seen]]) -> tuple[np.ndarray, np.ndarray]:
    """Generalised least squares with the whole covariance of every group, and the start as a prior."""
    precision = np.linalg.inv(np.diag([9.0, 1.0, 4.0]))
    right = precision @ np.array([40.0, -2.0, 0.0])
    for group in some:
        rows = np.array([[one.row[name] for name in NAMES] for one in group])
        own = np.diag([OWN.get(name, 0.0) for name in NAMES])
        whole = np.diag([one.variance for one in group]) + rows @ own @ rows.T
        precision = precision + rows.T @ np.linalg.inv(whole) @ rows
        right = right + rows.T @ np.linalg.inv(whole) @ np.array([one.value for one in group])
    covariance = np.linalg.inv(precision)
    return covariance @ right, covariance


@settings(max_examples=60)
@given(some=groups)
def test_groups_are_learned_from_as_generalised_least_squares_would(some: list[list[Seen]]) -> None:
    found, (mean, covariance) = learned(some), by_numpy(some)
    assert [found.mean[name] for name in NAMES] == pytest.approx(mean, rel=1e-6, abs=1e-6)
    for i, name in enumerate(NAMES):
        assert [found.covariance[name][of] for of in NAMES] == pytest.approx(covariance[i], rel=1e-6, abs=1e-7)


@settings(max_examples=30)
@given(some=groups)
def test_the_order_of_groups_changes_nothing(some: list[list[Seen]]) -> None:
    one, other = learned(some), learned(some[::-1])
    assert one.mean == pytest.approx(other.mean, abs=1e-7)


def test_a_thousand_members_of_one_group_say_less_than_ten_groups() -> None:
    def chunk(value: float) -> Seen:
        return Seen(row={"level": 1.0}, value=value, variance=4.0)

    one = learned([[chunk(30.0)] * 1000])
    many = learned([[chunk(30.0)] * 4] * 10)
    # Of a film of its own nothing is known better than films differ: 9 against 4 here.
    assert one.mean["level"] == pytest.approx(40 - 10 * 9 / 13, abs=0.05)
    assert many.mean["level"] < one.mean["level"] - 2
    assert many.variance({"level": 1.0}) < one.variance({"level": 1.0})


def test_what_is_forgotten_counts_no_more() -> None:
    evidence = Evidence(START)
    evidence.observe([Seen(row={"level": 1.0}, value=20.0, variance=1.0)], OWN)
    moved = evidence.posterior().mean["level"]
    evidence.forget(0.5)
    assert moved < evidence.posterior().mean["level"] < 40
    evidence.forget(0.0)
    assert evidence.posterior().mean == pytest.approx(START.mean)


def test_a_coefficient_nobody_knew_is_added_with_its_own_spread() -> None:
    more = extended(START, {"preset:8": (0.0, 2.0), "level": (0.0, 99.0)})
    assert more.mean == {**START.mean, "preset:8": 0.0}
    row = {"level": 1.0, "preset:8": 1.0}
    assert more.at(row) == 40
    assert more.variance(row) == pytest.approx(9 + 4)


def test_a_matrix_that_is_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="not positive definite"):
        inverse([[1.0, 2.0], [2.0, 1.0]])


def test_an_inverse_is_numpys() -> None:
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    assert np.array(inverse(matrix.tolist())) == pytest.approx(np.linalg.inv(matrix))
