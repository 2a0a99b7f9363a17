"""What a point of VMAF costs in a chunk: by its source, and by what was encoded of it."""

import math
from dataclasses import replace

import pytest

from examples import chunk
from reelwright.engine.costs import costs_of
from reelwright.engine.job_state import ChunkState
from reelwright.engine.scheduler import begin, with_point, with_sight
from reelwright.planning.plan import Request
from reelwright.quality.belief import Sight
from reelwright.quality.moves import Point
from reelwright.quality.prior import SHIFT, SLOPE
from reelwright.quality.rates import FALL, SHORT, expected_cost, told_cost


def encoded(crf: float, shift: float = 0.0) -> Point:
    """An encode on lines in logarithms that meets 93 at CRF 30 with 1000 bytes a frame."""
    score = 100 - 7 * math.exp(SLOPE * (crf + shift - 30))
    return Point(crf=crf, score=score, rate=1000 * math.exp(-FALL * (crf - 30)))


def told(*points: Point, sights: tuple[Sight, ...] = (), target: float = 93) -> float:
    cost = told_cost(points, sights, target=target, temporal=5.0)
    assert cost is not None
    return cost


def test_an_encode_anywhere_on_the_lines_tells_the_same() -> None:
    assert told(encoded(24)) == pytest.approx(told(encoded(30)))
    assert told(encoded(36), encoded(25)) == pytest.approx(told(encoded(30)))
    assert told(encoded(30)) == pytest.approx(math.log(1000 / SLOPE))


def test_a_sample_tells_what_the_whole_chunk_would() -> None:
    point = encoded(30, SHIFT)
    assert point.rate is not None
    sample = Sight(crf=30, score=point.score, sd=0.02, sample=True, rate=point.rate * math.exp(-SHORT))
    assert told(sights=(sample,)) == pytest.approx(told(encoded(30)))


def test_nothing_is_told_where_nobody_counted_bytes() -> None:
    assert told_cost((Point(crf=30, score=93),), (), target=93, temporal=5.0) is None


def test_a_point_costs_more_where_the_source_took_more_and_less_where_much_moves() -> None:
    assert expected_cost(9999, 5) - expected_cost(4999, 5) == pytest.approx(math.log(2))
    assert expected_cost(5000, 30) < expected_cost(5000, 5)


def film() -> tuple[ChunkState, ...]:
    chunks = [chunk(k, 100 * k, 100 * k + 100) for k in range(3)]
    rates = (1000.0, 2000.0, 4000.0)
    known = [replace(c, features=replace(c.features, source_bytes=r)) for c, r in zip(chunks, rates, strict=True)]
    request = Request(target_vmaf=93, band_low=92, band_high=94)
    state = with_point(begin(request, (1920, 1080), known, {}), 1, encoded(30))
    return with_sight(state, 2, Sight(crf=30, score=93, sd=0.02, sample=True)).chunks


def test_chunks_that_were_not_encoded_are_measured_by_those_that_were() -> None:
    costs = costs_of(film(), 93, frozen=False)
    assert costs[1] == pytest.approx(told(encoded(30)), abs=0.01)
    assert costs[0] == pytest.approx(costs[1] - math.log(2), abs=0.01)
    assert costs[2] == pytest.approx(costs[1] + math.log(2), abs=0.01), "its sample says nothing of bytes"


def test_where_nothing_may_depend_on_timing_sources_alone_are_asked() -> None:
    assert costs_of(film(), 93, frozen=True) == tuple(expected_cost(rate, 1.0) for rate in (1000, 2000, 4000))
