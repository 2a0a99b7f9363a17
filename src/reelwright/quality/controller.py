"""Which CRF to try next: a pure function of the trials so far.

A trial is a real encode, so each one counts. What is believed of the chunk's curve (`belief.py`) says where an encode
is likeliest to land within the band; where that is too unsure, a short sample of the chunk is encoded first. Once two
trials bracket the answer, they are all that counts. The search works on z = ln(100 - score), which is close to linear
in CRF for most scenes, and on whole steps of the CRF grid, so that nothing is tried twice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from reelwright.quality.belief import Belief, Prior, Sight, believe, beyond, hit, hit_after_sample, likeliest
from reelwright.quality.feedback import CLEAR, QUARTER
from reelwright.quality.moves import SAME, Accept, Aim, FilmView, Move, Point, Sample, Sampling, Try, Wait

__all__ = [
    "Accept",
    "Aim",
    "FilmView",
    "Move",
    "Point",
    "Prior",
    "Sample",
    "Sampling",
    "Sight",
    "Try",
    "Wait",
    "next_move",
]

#: A plateau rises by no more than this in z per CRF.
PLATEAU = 0.005
#: Standard deviation of a whole encode's score as its own: what is left is the encoder's whims.
WHOLE_SD = 0.02
#: No curve is steeper, in z per CRF.
STEEPEST = 0.4
#: What a miss is expected to cost, in whole encodes: the next one may miss as well.
MISS = 1.5
#: Neighbours of one scene are kept so many CRFs apart at the most, where that leaves this share of the chance to hit.
BESIDE, AS_GOOD = 4.0, 0.9
#: For the sake of bytes aims depart from where they would be if bytes cost the same everywhere as far as that leaves
#: this share of the chance to hit. Simulated with the same sample errors, a reel, bunny and 60 chunks like either:
#: 0.99 costs nothing and saves 0.2 to 2.4 % of the bytes, 0.97 saves 0.2 to 3.2 % for 0.02 to 0.05 encodes a chunk.
SAFE = 0.985
#: Scores above this are clipped: they say "too good" and nothing about the slope.
CEILING = 99.5
#: Share of a bracket kept clear at both ends, so that a curve with a knee cannot make it shrink by crumbs.
MARGIN = 0.1
#: After so many trials, and every so many further ones, a bracket is halved: a plateau or a knee can fool
#: interpolation again and again, but not halving; in between, the halves may have become straight.
HALVE_AFTER, HALVE_EVERY = 5, 3
#: A chunk is flat when its score moves by no more than this per CRF over at least `FLAT_SPAN` CRFs up to the
#: bound it was driven to: a quarter of the smallest slope measured around 93.
FLAT_SLOPE = 0.05
FLAT_SPAN = 4.0
#: A flat chunk keeps a trial this near to the film's median: another would look the same.
BY_MEDIAN = 2.0
#: A sample nearer than this to another of its chunk says nothing new: they err alike.
APART = 1.0
#: A step into the unknown that ends this close to a bound goes to the bound: only there it shows whether the
#: chunk has an answer at all.
NEAR_BOUND = 2.0


def next_move(
    points: Sequence[Point],
    aim: Aim,
    *,
    prior: Prior,
    film: FilmView,
    sights: Sequence[Sight] = (),
    sampling: Sampling | None = None,
) -> Move:
    """Say what to do with a chunk, given its trials so far.

    The order of the points and sights does not matter. Points outside the aim's CRF bounds, left from an earlier
    search, are not looked at.

    Args:
        points: the chunk's trials so far.
        aim: target, band and bounds.
        prior: what was expected of the chunk before.
        film: what the rest of the film has come to.
        sights: samples of the chunk that were scored.
        sampling: what another sample would be; None: it cannot be sampled.
    """
    inside = (p for p in points if aim.min_crf - SAME <= p.crf <= aim.max_crf + SAME)
    known = sorted(inside, key=lambda p: (p.crf, p.score))
    seen = sorted(sights, key=lambda s: (s.crf, s.score, s.sd))
    glimpsed = [Point(crf=s.crf, score=s.score) for s in seen]
    if not known:
        return _first_move(glimpsed, seen, aim, prior=prior, film=film, sampling=sampling)
    best = _best(known, aim)
    if aim.low <= best.score <= aim.high:
        why = f"{_say(best)} {_band(best, aim)}"
        return Accept(crf=best.crf, why=why, within_band=True)
    everything = sorted([*known, *glimpsed], key=lambda p: (p.crf, p.score))
    if _is_flat(everything, aim):
        return _flat_move(known, everything, aim, start=prior.crf, film=film)
    bracket = _bracket(known, aim)
    if not bracket.room:
        return _give_up(known, bracket, aim)
    if len(known) >= aim.max_trials:
        why = f"{_say(best)} is the nearest to {aim.target:.2f} after {len(known)} trials"
        return Accept(crf=best.crf, why=why, within_band=False)
    return _search(known, bracket, aim, _belief(known, seen, prior, aim))


def _first_move(
    glimpsed: list[Point],
    seen: list[Sight],
    aim: Aim,
    *,
    prior: Prior,
    film: FilmView,
    sampling: Sampling | None,
) -> Move:
    """The first trial, or a sample where a miss is likely enough to make it pay."""
    if glimpsed and _is_flat(glimpsed, aim):
        return _flat_move([], glimpsed, aim, start=prior.crf, film=film)
    if film.still and film.median_crf is not None:
        return _still_move(film.median_crf, aim, believe(prior, aim.target, seen))
    belief = believe(prior, aim.target, seen)
    crf = _likely(belief, aim, film)
    chance = hit(belief, crf, aim.low, aim.high)
    settled = chance + _ends_anyway(belief, crf, aim)
    if sampling is not None and len(seen) < sampling.most:
        at = aim.max_crf if crf > aim.max_crf - NEAR_BOUND else aim.min_crf if crf < aim.min_crf + NEAR_BOUND else crf
        after = hit_after_sample(belief, aim.low, aim.high, sampling.blur) + _ends_anyway(belief, at, aim)
        pays = sampling.cost + (1 - min(after, 1.0)) * MISS < (1 - settled) * MISS
        if pays and all(abs(s.crf - at) >= APART for s in seen):
            why = f"a sample at CRF {at:g}: {chance:.0%} sure of the band without it"
            return Sample(crf=at, why=why, predicted=belief.score(at), unsure=belief.unsure(at))
    why = f"first trial, at CRF {crf:g} where {belief.score(crf):.2f} is expected"
    why = f"{why}, {chance:.0%} sure of the band"
    return Try(crf=crf, why=why, predicted=belief.score(crf), unsure=belief.unsure(crf))


def _still_move(median: float, aim: Aim, belief: Belief) -> Try:
    """The first trial of a chunk that hardly moves: where it ends if it proves flat, as nearly all of those do."""
    crf = _crf(_nearest_step(median, range(aim.first, aim.last + 1), aim), aim)
    why = f"first trial of a chunk that hardly moves, at the film's median, CRF {crf:g}"
    return Try(crf=crf, why=why, predicted=belief.score(crf), unsure=belief.unsure(crf))


def _likely(belief: Belief, aim: Aim, film: FilmView) -> float:
    """Where an encode is likeliest to land around the goal; not far from neighbours of its scene, if that is as good.

    Neighbours far apart in CRF look different where one follows the other.
    """
    low, high = _goal_band(aim)
    crf = _aimed(belief, aim)
    if film.beside:
        chance = hit(belief, crf, low, high)
        first, last = (max(film.beside) - BESIDE) / aim.step, (min(film.beside) + BESIDE) / aim.step
        room = range(max(aim.first, math.ceil(first - SAME)), min(aim.last, math.floor(last + SAME)) + 1)
        near = likeliest(belief, low, high, room, aim.step) if room else (crf, 0.0)
        crf = near[0] if near[1] >= AS_GOOD * chance else crf
    return _crf(round(crf / aim.step), aim)


def _aimed(belief: Belief, aim: Aim) -> float:
    """Where an encode likeliest lands at the goal, if the band is hit almost as likely as without costs."""
    every = range(aim.first, aim.last + 1)
    crf, _ = likeliest(belief, *_goal_band(aim), every, aim.step)
    if aim.even is None:
        return crf
    even, _ = likeliest(belief, *_goal_band(replace(aim, goal=aim.even)), every, aim.step)
    enough = SAFE * hit(belief, even, aim.low, aim.high)
    steps = round((even - crf) / aim.step)
    for k in range(abs(steps)):
        nearer = crf + math.copysign(k * aim.step, steps)
        if hit(belief, nearer, aim.low, aim.high) >= enough:
            return nearer
    return even


def _ends_anyway(belief: Belief, crf: float, aim: Aim) -> float:
    """Probability that a trial at a bound is the last one though it misses: there is nothing beyond."""
    if crf > aim.max_crf - aim.step + SAME:
        return beyond(belief, crf, aim.high)
    if crf < aim.min_crf + aim.step - SAME:
        return 1 - beyond(belief, crf, aim.low)
    return 0.0


def _belief(known: Sequence[Point], seen: Sequence[Sight], prior: Prior, aim: Aim) -> Belief:
    whole = [Sight(crf=p.crf, score=p.score, sd=WHOLE_SD) for p in known]
    return believe(prior, aim.target, [*seen, *whole])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bracket:
    """Where to look: right of a trial that scored too high, left of one that scored too low."""

    left: Point | None
    right: Point | None
    #: Untried grid positions strictly inside.
    room: range


def _best(known: Sequence[Point], aim: Aim) -> Point:
    within = [p for p in known if aim.low <= p.score <= aim.high]
    return min(within or known, key=lambda p: (abs(p.score - aim.target), -p.score, p.crf))


def _bracket(known: Sequence[Point], aim: Aim) -> _Bracket:
    """Choose where to look. Noise can make several places; the narrowest one with two ends is kept to."""
    found = [
        _between(left, right, aim)
        for left, right in pairwise([None, *known, None])
        if (left is None or left.score > aim.high) and (right is None or right.score < aim.low)
    ]
    return min(found, key=lambda b: _rank(b, aim))


def _between(left: Point | None, right: Point | None, aim: Aim) -> _Bracket:
    first = aim.first if left is None else math.floor(left.crf / aim.step + SAME) + 1
    last = aim.last if right is None else math.ceil(right.crf / aim.step - SAME) - 1
    return _Bracket(left=left, right=right, room=range(first, last + 1))


def _rank(bracket: _Bracket, aim: Aim) -> tuple[bool, bool, float]:
    """Closed brackets first, the narrowest; then open ones with room, by how near the end scored."""
    left, right = bracket.left, bracket.right
    if left and right:
        return False, False, right.crf - left.crf
    end = left or right
    return True, not bracket.room, abs(end.score - aim.target) if end else 0.0


def _search(known: Sequence[Point], bracket: _Bracket, aim: Aim, belief: Belief) -> Try:
    left, right = bracket.left, bracket.right
    if left and right:
        guess = _interpolate(left, right, aim, halve=_is_fooled(known, left))
        why = f"between {_say(left)} and {_say(right)}"
    elif left:
        guess = _into_the_open(left, bracket, belief, aim)
        guess = aim.max_crf if guess > aim.max_crf - NEAR_BOUND else guess
        why = f"{_say(left)} is above {aim.high:.2f}: a higher CRF"
    elif right:
        guess = _into_the_open(right, bracket, belief, aim)
        guess = aim.min_crf if guess < aim.min_crf + NEAR_BOUND else guess
        why = f"{_say(right)} is below {aim.low:.2f}: a lower CRF"
    else:
        raise AssertionError("a bracket has at least one end once there is a trial")
    crf = _crf(_nearest_step(guess, bracket.room, aim), aim)
    predicted = _on_line(left, right, crf) if left and right else belief.score(crf)
    return Try(crf=crf, why=why, predicted=predicted, unsure=belief.unsure(crf))


def _on_line(left: Point, right: Point, crf: float) -> float:
    """The score at a CRF on the straight line in z through two trials; beyond them it stays as it is there."""
    share = min(max((crf - left.crf) / (right.crf - left.crf), 0.0), 1.0)
    return _score(_z(left.score) + share * (_z(right.score) - _z(left.score)))


def _is_fooled(known: Sequence[Point], left: Point) -> bool:
    """Tell whether to halve: on a plateau that ends in a fall a straight line is always too far left."""
    late = len(known) - HALVE_AFTER
    before = [p for p in known if p.crf < left.crf]
    plateau = bool(before) and _z(left.score) - _z(before[-1].score) <= PLATEAU * (left.crf - before[-1].crf)
    return plateau or (late >= 0 and late % HALVE_EVERY == 0)


def _interpolate(left: Point, right: Point, aim: Aim, *, halve: bool) -> float:
    width = right.crf - left.crf
    rise = _z(right.score) - _z(left.score)
    if halve or rise <= 0:  # no rise: both scores are clipped
        return left.crf + width / 2
    share = (_goal(aim) - _z(left.score)) / rise
    return left.crf + width * min(max(share, MARGIN), 1 - MARGIN)


def _into_the_open(end: Point, bracket: _Bracket, belief: Belief, aim: Aim) -> float:
    """Where an encode is likeliest to land within the band; never nearer to the last trial than that was wrong."""
    crf, _ = likeliest(belief, *_goal_band(aim), bracket.room, aim.step)
    least = abs(_goal(aim) - _z(end.score)) / STEEPEST
    return max(crf, end.crf + least) if bracket.right is None else min(crf, end.crf - least)


def _goal_band(aim: Aim) -> tuple[float, float]:
    """The band around the goal: of a one-sided band its inner half, so that the goal lies in its middle."""
    goal = _score(_goal(aim))
    half = min(goal - aim.low, aim.high - goal)
    return goal - half, goal + half


def _goal(aim: Aim) -> float:
    """Aim at the goal, or the target, clear of the band's edges: a hit must survive a small error."""
    clear = (aim.high - aim.low) * (QUARTER if aim.goal is None else CLEAR)
    wanted = aim.target if aim.goal is None else aim.goal
    return _z(min(max(wanted, aim.low + clear), aim.high - clear))


def _z(score: float) -> float:
    return math.log(100 - min(score, CEILING))


def _score(z: float) -> float:
    """The score of a z: the inverse of `_z` below the ceiling."""
    return max(0.0, 100 - math.exp(z))


def _give_up(known: Sequence[Point], bracket: _Bracket, aim: Aim) -> Accept:
    """Accept the best there is, now that there is nothing left to try."""
    best = _best(known, aim)
    if bracket.right is None:
        best = bracket.left or best
        why = f"{_say(best)}, the highest allowed, is still above {aim.high:.2f}"
    elif bracket.left is None:
        why = f"the lowest CRF allowed is still below {aim.low:.2f}: {_say(best)} is the nearest"
    else:
        why = f"no CRF is left between {_say(bracket.left)} and {_say(bracket.right)}"
    return Accept(crf=best.crf, why=why, within_band=False)


def _is_flat(known: Sequence[Point], aim: Aim) -> bool:
    """Tell whether CRF hardly moves the score, right up to the bound it was driven to.

    Two trials near the ceiling can look alike before a steep fall, so only the bound itself is proof.
    """
    if all(p.score > aim.high for p in known):
        bound, driven = known[-1], known[-1].crf / aim.step > aim.last - SAME
    elif all(p.score < aim.low for p in known):
        bound, driven = known[0], known[0].crf / aim.step < aim.first + SAME
    else:
        return False
    spans = [(abs(p.crf - bound.crf), abs(p.score - bound.score)) for p in known]
    return driven and any(run >= FLAT_SPAN and rise <= FLAT_SLOPE * run for run, rise in spans)


def _flat_move(known: Sequence[Point], everything: Sequence[Point], aim: Aim, *, start: float, film: FilmView) -> Move:
    """What becomes of a flat chunk: it takes the film's median, once there is one."""
    low, high = everything[0], everything[-1]
    why = f"flat, {_say(low)} and {_say(high)}"
    if not film.settled:
        return Wait(why=f"{why}: waits for the film's median")
    if film.median_crf is None and known:
        crf = min((p.crf for p in known), key=lambda crf: (abs(crf - start), crf))
        why = f"{why}, as is every chunk: CRF {crf:g} is nearest the start"
        return Accept(crf=crf, why=why, within_band=False)
    wanted = start if film.median_crf is None else film.median_crf
    median = _crf(_nearest_step(wanted, range(aim.first, aim.last + 1), aim), aim)
    crf = min((p.crf for p in known), key=lambda crf: (abs(crf - median), crf), default=math.inf)
    if abs(crf - median) > BY_MEDIAN and len(known) < aim.max_trials:
        why = f"{why}: the film's median, CRF {median:g}" if film.median_crf is not None else f"{why}: the start"
        return Try(crf=median, why=why, predicted=_on_line(low, high, median))
    return Accept(crf=crf, why=f"{why}: CRF {crf:g} by the film's median {median:g}", within_band=False)


def _nearest_step(crf: float, room: range, aim: Aim) -> int:
    return min(max(round(crf / aim.step), room[0]), room[-1])


def _crf(steps: int, aim: Aim) -> float:
    return round(steps * aim.step, 6)  # 3 * 0.1 is 0.3


def _say(point: Point) -> str:
    if point.held is None:
        return f"{point.score:.2f} at CRF {point.crf:g}"
    held = f"a 5th percentile of {point.held.p5:.2f}, counted as {point.score:.2f},"
    return f"{point.held.mean:.2f} with {held} at CRF {point.crf:g}"


def _band(point: Point, aim: Aim) -> str:
    """How an accepted trial lies: by its mean, or by the 5th percentile that is not to fall below its floor."""
    if point.held is None:
        return f"is within {aim.low:.2f} to {aim.high:.2f}"
    return f"is as low as its floor of {point.held.p5 - point.score + aim.low:.2f} lets it be"
