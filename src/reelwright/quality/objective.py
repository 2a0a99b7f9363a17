"""The film's mean on the target with the fewest bytes: a point of VMAF costs the same in every chunk.

At the optimum no byte can be moved from one chunk to another for a better mean: d(bytes) / d(VMAF x frames) is the same
everywhere (the constant slope of Netflix's dynamic optimizer). The slope that brings the mean to the target is solved
for from what is believed of every chunk, and again with each trial. It goes in three rounds:

1. Each chunk that can be sampled is. Then the whole film is known roughly, in score and in bytes.
2. Each chunk is encoded at the CRF it wants by the film's slope; those still to come pay for what the others missed.
3. A trial near what its chunk wants is kept: off the optimum, bytes are lost to second order only. Where another
   encode pays, it is made, and the last ones bring the mean to the target.

A pure function of the trials, whatever order they came in.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reelwright.quality.belief import Belief
from reelwright.quality.feedback import median_by_frames
from reelwright.quality.film_aim import FilmAim
from reelwright.quality.moves import SAME, Accept, Move, Point, Sample, Try
from reelwright.quality.projection import Projection, Prospect, project
from reelwright.quality.rates import Line, Member, belief_of, line_of, trend_of

#: The mean is accepted from so far below the target to so far above it, and is aimed at so far above it.
UNDER, OVER, LEAN = 0.05, 0.12, 0.02
#: An encode is made again where that saves at least this share of what as many frames take on average in the film.
PAYS = 0.05
#: Chunks may depart from the film's slope by so much (in its logarithm) to bring the mean home.
LEEWAY = 0.4
#: A trial that corrects the mean departs from what its chunk wants by no more CRFs.
REACH = 6.0
#: A flat chunk's score moves by no more than this per CRF, over so many CRFs.
FLAT_SLOPE, FLAT_SPAN = 0.05, 6.0
#: Flat chunks take what the others want in the median, and so many CRFs more. Not the highest CRF there is: VMAF does
#: not see dark gradients band.
BEYOND = 6.0
#: First trials begin when no more than this share of the frames is still to be sampled.
FEW = 0.1
#: Whole trials of a film at the most: so many a chunk, and so many besides; and of one chunk to be where it wants.
MOST_EACH, MOST_BESIDES, MOST_WISHES = 2, 4, 5
#: The film's slope, as a logarithm, lies between these.
SLOPES = (-12.0, 24.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """What becomes of the chunks, and what the film is expected to come to."""

    #: By the chunks' indices, the most useful first; a chunk that is not named waits.
    moves: Mapping[int, Move]
    #: A trial of these is begun when nothing else runs: it depends on what that comes to.
    alone: bool
    #: ln(bytes a frame that a point of VMAF costs).
    slope: float
    #: The CRF each chunk wants by the film's slope.
    wanted: Mapping[int, float]
    prospects: Mapping[int, Prospect]
    projection: Projection

    @property
    def settled(self) -> bool:
        """Whether every chunk has the trial that is taken."""
        return all(isinstance(move, Accept) for move in self.moves.values())


@dataclass(slots=True)
class _Known:
    """A chunk with what follows from its trials."""

    member: Member
    belief: Belief
    line: Line
    flat: bool
    wanted: float = 0.0
    choice: Point | None = None

    @property
    def frames(self) -> int:
        return self.member.frames

    def cost(self, size: float, loss: float, slope: float) -> float:
        """Bytes, and what is lost in their currency."""
        return self.frames * (size + math.exp(slope) * (0.0 if self.flat else loss))

    def cost_of(self, point: Point, slope: float) -> float:
        return self.cost(point.rate or 0.0, 100 - point.score, slope)

    def cost_at(self, crf: float, slope: float) -> float:
        return self.cost(self.line.bytes(crf), self.line.loss(crf), slope)

    def tried(self, crf: float) -> bool:
        return any(abs(p.crf - crf) < SAME for p in self.member.points)


def exchange(members: Sequence[Member], aim: FilmAim, *, frozen: bool = False) -> Exchange:
    """Say what becomes of every chunk.

    Args:
        members: the chunks that take part, with their trials so far.
        aim: the film's.
        frozen: no decision may depend on which trials of a round happen to be through.
    """
    missing = {m.index for m in members if not m.points}
    unseen = {m.index for m in members if m.index in missing and m.can_sample and not m.sights}
    film = [replace(m, points=()) for m in members] if frozen and missing else members
    known, slope = _know(film, aim)
    alone = False
    if unseen and (frozen or _frames(known, unseen) > FEW * _frames(known)):
        moves: dict[int, Move] = _samples(known, unseen, aim)
    elif missing:
        moves = _samples(known, unseen, aim) | _firsts(known, missing - unseen, slope, aim)
    else:
        moves, alone = _repairs(known, slope, aim)
        alone = alone or frozen
    prospects = {
        k.member.index: Prospect(frames=k.frames, line=k.line, crf=k.wanted, chosen=k.choice, counts=not k.flat)
        for k in known
    }
    return Exchange(
        moves=moves, alone=alone, slope=slope, wanted={k.member.index: k.wanted for k in known},
        prospects=prospects, projection=project(prospects.values()),
    )  # fmt: skip


def _frames(known: Sequence[_Known], of: Collection[int] | None = None) -> int:
    return sum(k.frames for k in known if of is None or k.member.index in of)


def _know(members: Sequence[Member], aim: FilmAim) -> tuple[list[_Known], float]:
    """What follows from the trials, and the slope that brings the mean to the target."""
    trend = trend_of(members)
    known = []
    for member in members:
        belief = belief_of(member, aim.target)
        line = line_of(member, belief, trend, belief.crf)
        known.append(_Known(member=member, belief=belief, line=line, flat=_is_flat(member, aim)))
    free = [k for k in known if not k.flat]
    slope = _solve(free, aim)
    for k in free:  # a line holds near its trial: the one nearest to what is wanted
        k.line = line_of(k.member, k.belief, trend, aim.clip(k.line, k.line.wanted(slope)))
    slope = _solve(free, aim)
    for k in free:
        k.wanted = aim.clip(k.line, k.line.wanted(slope))
    middle = median_by_frames(sorted((k.wanted, k.frames) for k in free))
    for k in known:
        if k.flat:
            k.wanted = aim.snap((k.belief.crf if middle is None else middle) + BEYOND)
            k.line = line_of(k.member, k.belief, trend, k.wanted)
        k.choice = _choose(k, slope, aim)
    return known, slope


def _is_flat(member: Member, aim: FilmAim) -> bool:
    """Tell whether CRF hardly moves the score; of a still chunk that is supposed until it scores below the target."""
    seen = sorted([(p.crf, p.score) for p in member.points] + [(s.crf, s.score) for s in member.sights])
    if member.still and all(score >= aim.target for _, score in seen):
        return True
    if len(seen) < 2 or seen[-1][0] - seen[0][0] < FLAT_SPAN:  # noqa: PLR2004 - two ends
        return False
    scores = [score for _, score in seen]
    return max(scores) - min(scores) <= FLAT_SLOPE * (seen[-1][0] - seen[0][0])


def _solve(
    free: Sequence[_Known], aim: FilmAim, fixed: float = 0.0, frames: int = 0, around: float | None = None
) -> float:
    """The slope at which the mean is on the target, by halving; at its bounds where no slope does that.

    Args:
        free: chunks that go where the slope sends them.
        aim: the film's.
        fixed: loss of the other chunks, summed over their frames.
        frames: of those other chunks.
        around: the slope to stay near to.
    """
    low, high = SLOPES if around is None else (around - LEEWAY, around + LEEWAY)
    goal = (frames + _frames(free)) * (100 - aim.target - LEAN) - fixed
    for _ in range(40):
        middle = (low + high) / 2
        if _expected_loss(free, aim, middle) > goal:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _expected_loss(free: Sequence[_Known], aim: FilmAim, slope: float) -> float:
    """Points missing to 100, over the frames of these chunks. What is unsure in a logarithm adds to the mean."""
    return math.fsum(
        k.frames * k.line.loss(aim.clip(k.line, k.line.wanted(slope))) * math.exp(min(k.line.unsure, 0.5) ** 2 / 2)
        for k in free
    )


def _choose(k: _Known, slope: float, aim: FilmAim) -> Point | None:
    """The trial that serves the film best: cheapest at the film's slope, of those that keep the floor if any does."""
    points = k.member.points
    kept = [p for p in points if p.score >= aim.floor] or sorted(points, key=lambda p: (-p.score, p.crf))[:1]
    if k.flat:  # they look alike
        return min(kept, key=lambda p: (p.rate or 0.0, p.crf), default=None)
    return min(kept, key=lambda p: (k.cost_of(p, slope), p.crf), default=None)


def _samples(known: Sequence[_Known], unseen: Collection[int], aim: FilmAim) -> dict[int, Move]:
    """Samples where each chunk is expected to meet the target."""
    found: dict[int, Move] = {}
    for k in _longest_first(k for k in known if k.member.index in unseen):
        crf = aim.snap(k.belief.crf)
        why = f"a sample at CRF {crf:g}, to weigh the chunk against the others"
        found[k.member.index] = Sample(crf=crf, why=why, predicted=k.belief.score(crf), unsure=k.belief.unsure(crf))
    return found


def _firsts(known: Sequence[_Known], missing: Collection[int], slope: float, aim: FilmAim) -> dict[int, Move]:
    """First whole trials, at a slope that makes up for what the finished ones missed."""
    fixed = [k for k in known if k.choice and not k.flat and _gain(k, slope, aim) <= 0]
    ids = {k.member.index for k in fixed}
    free = [k for k in known if not k.flat and k.member.index not in ids]
    near = _solve(free, aim, _loss_of(fixed), _frames(fixed), around=slope) if free else slope
    found: dict[int, Move] = {}
    for k in _longest_first(k for k in known if k.member.index in missing):
        found[k.member.index] = _try(k, aim.snap(k.wanted if k.flat else aim.clip(k.line, k.line.wanted(near))), slope)
    return found


def _try(k: _Known, crf: float, slope: float, why: str = "") -> Try:
    loss = k.line.loss(crf)
    give = f" ± {loss * k.line.unsure:.2f}" if k.line.unsure else ""
    said = f"{_money(slope)} bytes a frame for a point of VMAF want CRF {k.wanted:.2f}"
    why = f"{why}{said}; {100 - loss:.2f}{give} is expected at CRF {crf:g}"
    return Try(crf=crf, why=why, predicted=100 - loss, unsure=loss * k.line.unsure or None)


def _money(slope: float) -> str:
    return f"{math.exp(slope):.3g}"


def _longest_first(known: Iterable[_Known]) -> list[_Known]:
    return sorted(known, key=lambda k: (-k.frames, k.member.index))


def _loss_of(known: Sequence[_Known]) -> float:
    return math.fsum(k.frames * (100 - k.choice.score) for k in known if k.choice)


def _is_low(k: _Known, aim: FilmAim) -> bool:
    """Whether the chunk is below the floor, and may be tried again."""
    return bool(k.choice and k.choice.score < aim.floor and not k.flat and len(k.member.points) < aim.max_trials)


def _gain(k: _Known, slope: float, aim: FilmAim) -> float:
    """Bytes that another encode would save, less what it has to save; below 0 where it does not pay."""
    crf = aim.snap(k.wanted)
    if k.choice is None or k.tried(crf):
        return -math.inf
    if _is_low(k, aim) and crf < k.choice.crf:
        return math.inf
    if len(k.member.points) >= MOST_WISHES:
        return -math.inf
    return k.cost_of(k.choice, slope) - k.cost_at(crf, slope)


def _repairs(known: Sequence[_Known], slope: float, aim: FilmAim) -> tuple[dict[int, Move], bool]:
    """What is done again now that every chunk has a trial; and whether that is to wait until nothing runs."""
    spent = sum(len(k.member.points) for k in known)
    if spent >= MOST_EACH * len(known) + MOST_BESIDES and not any(_is_low(k, aim) for k in known):
        _balance(known, slope, math.inf, aim)
        return _accept(known, slope, aim), False
    each = math.fsum(k.frames * (k.choice.rate or 0.0) for k in known if k.choice) / _frames(known)
    found = _redo(known, slope, each, aim)
    if found:
        return found, False
    if _balance(known, slope, PAYS * each * _frames(known) / len(known), aim):
        return _accept(known, slope, aim), False
    correction = _correction(known, slope, each, aim)
    if correction is None:
        _balance(known, slope, math.inf, aim)
        return _accept(known, slope, aim), False
    return correction, True


def _redo(known: Sequence[_Known], slope: float, each: float, aim: FilmAim) -> dict[int, Move]:
    """Chunks for which another encode pays, at a slope that leaves the mean where it is to be."""
    again = [k for k in known if _gain(k, slope, aim) > PAYS * k.frames * each]
    ids = {k.member.index for k in again}
    kept = [k for k in known if not k.flat and k.member.index not in ids]
    free = [k for k in again if not k.flat]
    near = _solve(free, aim, _loss_of(kept), _frames(kept), around=slope) if free else slope
    found: dict[int, Move] = {}
    for k in _longest_first(again):
        crf = aim.snap(k.wanted if k.flat else aim.clip(k.line, k.line.wanted(near)))
        if k.choice is None or k.tried(crf):
            continue
        # For the mean's sake it may hardly move: then nothing is left to gain.
        if _is_low(k, aim) or k.cost_of(k.choice, slope) - k.cost_at(crf, slope) > PAYS * k.frames * each / 2:
            found[k.member.index] = _again(k, crf, slope)
    return found


def _again(k: _Known, crf: float, slope: float) -> Try:
    point = k.choice
    was = f"{_say(point)} is off: " if point else ""
    return _try(k, crf, slope, was)


def _surplus(known: Sequence[_Known], aim: FilmAim) -> float:
    """How far the mean lies above what it is to be, over the frames that count."""
    counted = [k for k in known if not k.flat]
    return _frames(counted) * (100 - aim.target) - _loss_of(counted)


def _is_home(surplus: float, frames: int) -> bool:
    return -UNDER * frames <= surplus <= OVER * frames


def _balance(known: Sequence[_Known], slope: float, most: float, aim: FilmAim) -> bool:
    """Take other trials of chunks that have several until the mean is home, if it can be; tell whether it is.

    A swap may cost no more than `most` bytes.
    """
    frames = _frames([k for k in known if not k.flat])
    for _ in known:
        surplus = _surplus(known, aim)
        if _is_home(surplus, frames):
            return True
        home = surplus - LEAN * frames
        swaps = [
            (abs(home + k.frames * (p.score - k.choice.score)), k.cost_of(p, slope) - k.cost_of(k.choice, slope), k, p)
            for k in known
            for p in k.member.points
            if k.choice and p is not k.choice and not k.flat and p.score >= aim.floor
        ]
        swaps = [swap for swap in swaps if swap[1] <= most]  # another encode would cost less
        near = [swap for swap in swaps if swap[0] <= UNDER * frames]
        best = min(near, key=lambda s: s[1]) if near else min(swaps, key=lambda s: s[0], default=None)
        if best is None or best[0] >= abs(home):
            return False
        best[2].choice = best[3]
    return _is_home(_surplus(known, aim), frames)


def _correction(known: Sequence[_Known], slope: float, each: float, aim: FilmAim) -> dict[int, Move] | None:
    """The one encode that brings the mean home at the lowest price; None where none brings it nearer."""
    counted = [k for k in known if not k.flat and len(k.member.points) < aim.max_trials]
    frames = _frames([k for k in known if not k.flat])
    surplus = _surplus(known, aim) - LEAN * frames
    best: tuple[float, int, _Known, float] | None = None
    for k in counted:
        if k.choice is None:
            continue
        loss = 100 - k.choice.score
        crf = k.line.crf + (math.log(max(loss + surplus / k.frames, 1e-2)) - k.line.z) / k.line.rise
        crf = aim.snap(aim.clip(k.line, min(max(crf, k.wanted - REACH), k.wanted + REACH)))
        left = abs(surplus - k.frames * (k.line.loss(crf) - loss))
        if k.tried(crf) or left >= abs(surplus) - SAME:
            continue
        # What is left of the miss takes another encode of some chunk, or a part of one.
        price = k.cost_at(crf, slope) - k.cost_of(k.choice, slope) + PAYS * each * k.frames
        price += PAYS * each * frames / len(counted) * max(0.0, left / abs(surplus) if left > UNDER * frames else 0.0)
        if best is None or (price, k.member.index) < best[:2]:
            best = price, k.member.index, k, crf
    if best is None:
        return None
    _, index, k, crf = best
    mean = 100 - _loss_of([c for c in known if not c.flat]) / frames
    why = f"the film's mean is {mean:.2f}: CRF {crf:g} here brings it to {aim.target:g}"
    return {index: Try(crf=crf, why=why, predicted=100 - k.line.loss(crf))}


def _accept(known: Sequence[_Known], slope: float, aim: FilmAim) -> dict[int, Move]:
    found: dict[int, Move] = {}
    for k in known:
        point = k.choice
        if point is None:
            continue
        off = point.crf - k.wanted
        if k.flat:
            why = f"flat, {_say(point)}: nearest to what other chunks want, CRF {k.wanted:.2f}"
        elif point.score < aim.floor:
            why = f"{_say(point)} is below the floor of {aim.floor:g}, and no trial was better"
        else:
            why = f"{_say(point)}: {off:+.2f} from what is wanted at {_money(slope)} bytes a frame for a point of VMAF"
        found[k.member.index] = Accept(crf=point.crf, why=why, within_band=not k.flat and point.score >= aim.floor)
    return found


def _say(point: Point) -> str:
    return f"{point.score:.2f} at CRF {point.crf:g}"
