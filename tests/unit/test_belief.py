"""What is believed of a curve, against curves that are known."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.quality.belief import (
    CLIPPED,
    NODES,
    Belief,
    Prior,
    Sight,
    believe,
    beyond,
    hit,
    hit_after_sample,
    likeliest,
)
from simulation import straight

VAGUE = Prior(crf=40, sd=6)
STEPS = range(4 * 12, 4 * 50 + 1)
sights = st.lists(
    st.builds(Sight, crf=st.floats(5, 63), score=st.floats(0, 100), sd=st.floats(0, 3)), min_size=1, max_size=6
)


def line(crf: float, slope: float) -> tuple[float, float]:
    """A straight curve's answer and slope as `straight` takes them."""
    return 100 - math.exp(math.log(7) + slope * (40 - crf)), slope


def seen(curve: tuple[float, float], *crfs: float, sd: float = 0.02) -> list[Sight]:
    score = straight(*curve)
    return [Sight(crf=crf, score=score(crf), sd=sd) for crf in crfs]


def test_without_a_sight_the_belief_is_the_prior() -> None:
    belief = believe(VAGUE, 93)
    assert belief.crf == pytest.approx(40)
    # Flat slopes, of which more are looked at than of steep ones, leave the answer less sure.
    assert 6 <= belief.sd < 8
    assert belief.slope == pytest.approx(VAGUE.slope, rel=0.1)
    assert belief.score(40) == pytest.approx(93)
    assert len(belief.lines) == len(NODES)
    assert math.fsum(n.weight for n in belief.lines) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(crf=st.floats(30, 50), slope=st.floats(0.03, 0.12), away=st.floats(-4, 4))
def test_a_score_near_the_answer_tells_where_it_is(crf: float, slope: float, away: float) -> None:
    belief = believe(VAGUE, 93, seen(line(crf, slope), crf + away))
    # How far the answer lies from the score follows from the slope, which one score does not tell.
    assert abs(belief.crf - crf) < 0.6 + 1.8 * abs(away)
    assert belief.sd < VAGUE.sd


@settings(max_examples=60, deadline=None)
@given(crf=st.floats(32, 48), slope=st.floats(0.03, 0.12))
def test_two_scores_tell_the_slope(crf: float, slope: float) -> None:
    belief = believe(VAGUE, 93, seen(line(crf, slope), crf - 5, crf + 4))
    assert belief.crf == pytest.approx(crf, abs=1.0)
    assert belief.slope == pytest.approx(slope, rel=0.35)


@given(found=sights, prior=st.builds(Prior, crf=st.floats(-10, 80), sd=st.floats(0.5, 12)), target=st.floats(50, 99))
@settings(max_examples=150, deadline=None)
def test_whatever_is_seen_the_belief_is_one(found: list[Sight], prior: Prior, target: float) -> None:
    belief = believe(prior, target, found)
    assert math.fsum(n.weight for n in belief.lines) == pytest.approx(1)
    assert math.isfinite(belief.crf)
    assert 0 <= belief.sd < 1000
    assert prior.slope * 0.12 < belief.slope < prior.slope * 3
    crf, chance = likeliest(belief, target - 0.5, min(target + 0.5, 99.9), STEPS, 0.25)
    assert 12 <= crf <= 50
    assert -1e-9 <= chance <= 1 + 1e-9
    assert -1e-9 <= beyond(belief, crf, target) <= 1 + 1e-9
    assert 0 <= belief.score(crf) <= 100


def test_a_clipped_score_says_only_that_the_answer_lies_no_lower() -> None:
    clipped = believe(VAGUE, 93, [Sight(crf=45, score=100, sd=0.02)])
    shown = believe(VAGUE, 93, [Sight(crf=45, score=CLIPPED - 0.01, sd=0.02)])
    assert clipped.crf > 50
    assert clipped.sd > shown.sd


def test_a_sample_is_trusted_less_than_the_whole() -> None:
    whole = believe(VAGUE, 93, seen(line(36, 0.06), 37))
    sample = believe(VAGUE, 93, seen(line(36, 0.06), 37, sd=0.6))
    assert whole.sd < sample.sd < VAGUE.sd
    assert hit(whole, 36, 92, 94) > hit(sample, 36, 92, 94) > hit(believe(VAGUE, 93), 36, 92, 94)


def test_the_chance_of_a_hit_is_the_share_of_curves_that_are_hit() -> None:
    """Curves drawn from the prior, each seen once with a sample's error: of those said to be hit by 70 %, 70 % are."""
    source = random.Random(7)
    said, hits = 0.0, 0
    draws = 600
    for _ in range(draws):
        curve = line(source.gauss(40, 6), 0.058 * math.exp(0.45 * source.gauss(0, 1)))
        (clean,) = seen(curve, 40)
        noisy = Sight(crf=40, score=clean.score + source.gauss(0, 0.45), sd=0.45)
        crf, chance = likeliest(believe(VAGUE, 93, [noisy]), 92, 94, range(400), 0.25)
        said += chance
        hits += 92 <= straight(*curve)(crf) <= 94
    # Real curves bend, which the belief allows for and these do not: it may be too careful, never too sure.
    assert said / draws - 0.03 < hits / draws < said / draws + 0.2


def test_a_sample_promises_more_where_little_is_known() -> None:
    vague, sure = believe(VAGUE, 93), believe(Prior(crf=40, sd=1), 93)

    def gain(belief: Belief, blur: float = 1.5) -> float:
        return hit_after_sample(belief, 92, 94, blur) - likeliest(belief, 92, 94, STEPS, 0.25)[1]

    assert gain(vague) > 0.2
    assert gain(sure) < 0.1
    assert gain(vague, 1.0) > gain(vague, 2.0)


def test_the_likeliest_crf_is_the_best_of_all() -> None:
    belief = believe(VAGUE, 93, seen(line(37, 0.05), 44))
    crf, chance = likeliest(belief, 92.5, 93.5, STEPS, 0.25)
    assert chance == pytest.approx(max(hit(belief, k / 4, 92.5, 93.5) for k in STEPS), abs=1e-3)
    assert crf == pytest.approx(37, abs=3)


def test_a_chunk_that_stays_good_up_to_the_end_of_the_scale_is_known_to() -> None:
    belief = believe(VAGUE, 93, [Sight(crf=40, score=97.4, sd=0.5), Sight(crf=50, score=97.2, sd=0.5)])
    assert beyond(belief, 50, 94) > 0.9
    assert beyond(believe(VAGUE, 93), 50, 94) < 0.2
