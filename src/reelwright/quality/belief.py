"""What is believed of a chunk's curve before it is known: where its answer lies, how steep it is, how sure that is.

A curve is a straight line in z = ln(100 - score) over CRF near its answer. The belief is a mixture: a few slopes, and
for each of them a normal distribution of the CRF where the aim is met. Given a slope a score points at one CRF, so
each observation is a conjugate update, and how well it was expected weighs the slopes. Everything is in closed form.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: Slopes looked at, in standard deviations of their logarithm from the prior's.
NODES = (-4.5, -3.0, -2.1, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.1)
#: No curve is a line: an observation so many CRFs from the answer is off by this share of the way, in CRF.
BEND = 0.06
#: What a line through the answer itself is still off by, in CRF.
GRAIN = 0.15
#: Scores from here on are clipped: they only say that the answer lies no lower.
CLIPPED = 99.3
#: A score is never known better than this, in z.
FINEST = 0.004


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What is expected of a chunk before anything of it was encoded."""

    #: CRF where the aim's target is expected, and the standard deviation of that.
    crf: float
    sd: float
    #: Rise of z per CRF, and the standard deviation of its logarithm.
    slope: float = 0.058
    spread: float = 0.45
    #: By how many CRFs samples look worse than the whole chunk, and the standard deviation of that. All samples of a
    #: chunk err alike, being of the same frames.
    shift: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """A score that was seen, of the whole chunk or of a sample of it."""

    crf: float
    score: float
    #: Standard deviation of the score: nearly 0.
    sd: float
    #: Bytes a frame that it says the whole chunk takes; None: not known.
    rate: float | None = None
    #: Whether it is of a sample: it scores like the whole chunk at a CRF that is higher by the chunk's shift.
    sample: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One slope that is held possible."""

    weight: float
    slope: float
    #: CRF of the answer, were this the slope: mean and variance.
    crf: float
    variance: float
    #: The same of the samples' shift, and the covariance of both.
    shift: float = 0.0
    shift_variance: float = 0.0
    shared: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Belief:
    """Lines whose weights add up to 1, for a target."""

    target: float
    lines: tuple[Line, ...]

    @property
    def crf(self) -> float:
        """Where the answer is expected."""
        return math.fsum(line.weight * line.crf for line in self.lines)

    @property
    def sd(self) -> float:
        """Standard deviation of where the answer lies, in CRF."""
        middle = self.crf
        return math.sqrt(math.fsum(n.weight * (n.variance + (n.crf - middle) ** 2) for n in self.lines))

    @property
    def slope(self) -> float:
        """The slope that is expected: the mean of the logarithms."""
        return math.exp(math.fsum(line.weight * math.log(line.slope) for line in self.lines))

    @property
    def spread(self) -> float:
        """Standard deviation of the slope's logarithm."""
        middle = math.log(self.slope)
        return math.sqrt(math.fsum(n.weight * (math.log(n.slope) - middle) ** 2 for n in self.lines))

    @property
    def shift(self) -> float:
        """By how many CRFs the chunk's samples look worse than all of it."""
        return math.fsum(line.weight * line.shift for line in self.lines)

    def score(self, crf: float) -> float:
        """The score expected at a CRF."""
        return max(0.0, 100 - math.exp(_z(self.target) + self.slope * (crf - self.crf)))

    def unsure(self, crf: float) -> float:
        """Standard deviation of the score expected at a CRF."""
        middle = self.slope * (crf - self.crf)
        variance = math.fsum(
            line.weight
            * (
                line.slope**2 * (line.variance + (BEND * (crf - line.crf)) ** 2 + GRAIN**2)
                + (line.slope * (crf - line.crf) - middle) ** 2
            )
            for line in self.lines
        )
        return (100 - self.score(crf)) * math.sqrt(variance)


def believe(prior: Prior, target: float, sights: Iterable[Sight] = ()) -> Belief:
    """What is believed after all that was seen; the order of the sights does not matter much and is kept."""
    lines = tuple(
        Line(
            weight=math.exp(-node * node / 2),
            slope=prior.slope * math.exp(prior.spread * node),
            crf=prior.crf,
            # Of a flat curve it is the level that is known so well, which says little of where it meets the target.
            variance=(prior.sd * max(1.0, math.exp(-prior.spread * node))) ** 2,
            shift=prior.shift,
            shift_variance=prior.blur**2,
        )
        for node in NODES
    )
    belief = Belief(target=target, lines=_weighed(lines))
    for sight in sights:
        belief = see(belief, sight)
    return belief


def see(belief: Belief, sight: Sight) -> Belief:
    """What is believed after one more sight: Bayes' rule, line by line."""
    return replace(belief, lines=_weighed(tuple(_seen(line, sight, belief.target) for line in belief.lines)))


def _seen(line: Line, sight: Sight, target: float) -> Line:
    """One step of a Kalman filter: what a score says of a line's answer, and a sample's of its shift as well."""
    away = (_z(min(sight.score, CLIPPED)) - _z(target)) / line.slope
    noise = (max(sight.sd / (100 - min(sight.score, CLIPPED)), FINEST) / line.slope) ** 2 + (BEND * away) ** 2
    pointed, crf_gain, shift_gain, total = sight.crf - away, line.variance, line.shared, line.variance + noise
    if sight.sample:
        pointed += line.shift
        crf_gain, shift_gain = line.variance - line.shared, line.shared - line.shift_variance
        total += line.shift_variance - 2 * line.shared + GRAIN**2
    if sight.score >= CLIPPED:
        return _at_least(line, pointed, max(total, line.variance + noise))
    gap = pointed - line.crf
    # The density of the score itself: a line of slope b squeezes CRFs into b times as much of z.
    likelihood = math.exp(-gap * gap / 2 / total) / math.sqrt(total) / line.slope
    return Line(
        weight=line.weight * likelihood,
        slope=line.slope,
        crf=line.crf + crf_gain / total * gap,
        variance=max(line.variance - crf_gain * crf_gain / total, 0.0),
        shift=line.shift + shift_gain / total * gap,
        shift_variance=max(line.shift_variance - shift_gain * shift_gain / total, 0.0),
        shared=line.shared - crf_gain * shift_gain / total,
    )


def _at_least(line: Line, pointed: float, total: float) -> Line:
    """The answer lies at `pointed` or above: moments of a truncated normal distribution."""
    deviation = math.sqrt(total)
    short = (line.crf - pointed) / deviation
    share = max(_below(short), 1e-9)
    rate = math.exp(-short * short / 2) / math.sqrt(2 * math.pi) / share
    kept = line.variance - line.variance**2 / total * rate * (rate + short)
    return replace(
        line,
        weight=line.weight * share,
        crf=line.crf + line.variance / deviation * rate,
        variance=max(kept, GRAIN**2),
    )


def _weighed(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    total = math.fsum(line.weight for line in lines)
    if total <= 0:  # so unexpected that no line is left: each is as good as any other
        return tuple(replace(line, weight=1 / len(lines)) for line in lines)
    return tuple(replace(line, weight=line.weight / total) for line in lines)


def hit(belief: Belief, crf: float, low: float, high: float) -> float:
    """Probability that a whole encode at this CRF scores within [low, high]."""
    upper, lower = _z(low) - _z(belief.target), _z(high) - _z(belief.target)
    chance = 0.0
    for line in belief.lines:
        deviation = math.sqrt(line.variance + (BEND * (crf - line.crf)) ** 2 + GRAIN**2)
        nearest, farthest = (crf - lower / line.slope - line.crf), (crf - upper / line.slope - line.crf)
        chance += line.weight * (_below(nearest / deviation) - _below(farthest / deviation))
    return chance


def beyond(belief: Belief, crf: float, score: float) -> float:
    """Probability that a whole encode at this CRF scores above that."""
    rise = _z(score) - _z(belief.target)
    chance = 0.0
    for line in belief.lines:
        deviation = math.sqrt(line.variance + (BEND * (crf - line.crf)) ** 2 + GRAIN**2)
        chance += line.weight * _below((line.crf - (crf - rise / line.slope)) / deviation)
    return chance


def hit_after_sample(belief: Belief, low: float, high: float, blur: float) -> float:
    """Probability that the whole encode scores within [low, high], if a sample is taken at the likeliest CRF first.

    What stays unknown then: the sample's own error, and how far the answer lies from the sample, as much as the slope
    is unknown. The width of the band is taken in CRF, around the answer.

    Args:
        belief: of the chunk.
        low: lower edge of the band.
        high: its upper edge.
        blur: standard deviation of the CRF that the sample will point at.
    """
    half = (_z(low) - _z(high)) / 2
    unsure = belief.spread**2 + BEND**2
    chance = 0.0
    for line in belief.lines:
        known = 1 / (1 / max(line.variance, FINEST) + 1 / (blur * blur + unsure * line.variance))
        left = math.sqrt(known + GRAIN**2)
        chance += line.weight * (2 * _below(half / line.slope / left) - 1)
    return chance


def likeliest(belief: Belief, low: float, high: float, steps: range, step: float) -> tuple[float, float]:
    """The CRF of a grid where an encode is likeliest to score within [low, high], and how likely that is.

    Args:
        belief: of the chunk.
        low: lower edge of the band.
        high: its upper edge.
        steps: multiples of `step` that may be tried.
        step: CRFs from one multiple to the next.
    """
    middle = min(max(round(belief.crf / step), steps[0]), steps[-1])
    reach = math.ceil(2 * belief.sd / step) + 4
    chances: dict[int, float] = {}

    def rank(k: int) -> tuple[float, int]:
        if k not in chances:
            chances[k] = hit(belief, k * step, low, high)
        return chances[k], -abs(k - middle)

    # A coarse look, then ever closer ones around the best: the chance has one summit for all practical purposes.
    stride = max(1, reach // 5)
    near = range(max(steps[0], middle - reach), min(steps[-1], middle + reach) + 1)
    found = max((middle, *near[::stride]), key=rank)
    while stride > 1:
        stride = max(1, stride // 3)
        looked = (found + place * stride for place in (-2, -1, 0, 1, 2))
        found = max((k for k in looked if steps[0] <= k <= steps[-1]), key=rank)
    return found * step, chances[found]


def _z(score: float) -> float:
    return math.log(100 - score)


def _below(x: float) -> float:
    """The standard normal distribution's share below x."""
    return (1 + math.erf(x / math.sqrt(2))) / 2
