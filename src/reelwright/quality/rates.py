"""What a chunk's bytes and score do over CRF, near where they are known: two straight lines in logarithms.

ln(100 - score) rises and ln(bytes a frame) falls close to linearly in CRF. Where the bytes given up for a point of
VMAF are to be the same in every chunk, the CRF that a chunk then wants follows in closed form.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from reelwright.quality.belief import Belief, Prior, Sight, believe
from reelwright.quality.moves import SAME, Point
from reelwright.quality.outlook import CLOSEST
from reelwright.quality.prior import SHIFT, slope_for

#: Fall of ln(bytes) per CRF, measured on 34 chunks around the CRFs where they meet 93 to 95; and as many chunks as
#: that is worth against those of this film.
FALL, FALL_CHUNKS = 0.061, 4.0
#: Rise of ln(100 - score) per CRF of such chunks.
RISE = 0.056
#: What a sample's bytes, its key frames set right, are off by in the logarithm; and what that is worth in chunks.
SHORT, SHORT_CHUNKS = -0.08, 2.0
#: What the bytes of a picture say about those of its encode: the power, between two chunks of one film.
KINSHIP = 0.7
#: Curves that are steeper than usual lose bytes faster too: the power between the two.
TOGETHER = 0.5
#: Slopes of calm chunks, whose motion makes them no steeper than this, scatter by no more (of the logarithm).
CALM, CALM_SPREAD = 0.06, 0.2
#: Two trials nearer than this say little of a slope.
APART = 1.5
#: No line is flatter or steeper, in z and in ln(bytes) per CRF.
FLATTEST, STEEPEST = 0.002, 0.4
LEAST_FALL, MOST_FALL = 0.02, 0.12
#: Scores above this are clipped.
CEILING = 99.7
#: Standard deviation of a whole encode's score as its own.
WHOLE_SD = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A chunk that takes part in the exchange of bytes for quality."""

    index: int
    frames: int
    #: Of where it meets the film's target.
    prior: Prior
    points: tuple[Point, ...] = ()
    sights: tuple[Sight, ...] = ()
    #: Whether a sample of it can be encoded.
    can_sample: bool = False
    #: Bytes a frame of the source.
    source_rate: float = 1.0
    #: Whether hardly anything moves in it: scores of such chunks hardly fall.
    still: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """What the film's trials say of the bytes of those of its chunks that were not encoded."""

    #: Fall of ln(bytes a frame) per CRF, of a chunk whose ln(100 - score) rises by so much.
    fall: float = FALL
    rise: float = RISE
    #: To be added to the logarithm of a sample's bytes a frame.
    short: float = SHORT
    #: ln(bytes a frame) at a CRF, of a chunk whose source takes so many (as a logarithm).
    crf: float = 30.0
    rate: float = 8.0
    source: float = 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Score and bytes near a CRF."""

    crf: float
    #: ln(100 - score) there, its rise per CRF, and how unsure it is (standard deviation).
    z: float
    rise: float
    unsure: float
    #: ln(bytes a frame) there, its fall per CRF, and how unsure that is.
    rate: float
    fall: float
    unsure_rate: float

    def loss(self, crf: float) -> float:
        """Points of VMAF missing to 100 that are expected at a CRF."""
        return min(100.0, math.exp(self.z + self.rise * (crf - self.crf)))

    def bytes(self, crf: float) -> float:
        """Bytes a frame that are expected at a CRF."""
        return math.exp(self.rate - self.fall * (crf - self.crf))

    def at_loss(self, loss: float) -> float:
        """The CRF where so many points are missing."""
        return self.crf + (math.log(max(loss, 1e-3)) - self.z) / self.rise

    def wanted(self, slope: float) -> float:
        """The CRF where a point of VMAF costs so many bytes a frame (the logarithm of it), as if there were no bounds.

        There the fall of the bytes is the slope times the rise of the loss:
        fall * bytes(crf) = exp(slope) * rise * loss(crf).
        """
        lead = math.log(self.fall) + self.rate - slope - math.log(self.rise) - self.z
        return self.crf + lead / (self.fall + self.rise)

    def slope(self, crf: float) -> float:
        """Bytes a frame that a point of VMAF costs at a CRF, as a logarithm."""
        return math.log(self.fall / self.rise) + math.log(self.bytes(crf)) - (self.z + self.rise * (crf - self.crf))


def z_of(score: float) -> float:
    """A score as it is close to linear in CRF."""
    return math.log(100 - min(score, CEILING))


def belief_of(member: Member, target: float) -> Belief:
    """What is believed of a chunk's score by all its trials and samples."""
    whole = [Sight(crf=p.crf, score=p.score, sd=WHOLE_SD) for p in sorted(member.points, key=lambda p: p.crf)]
    prior = member.prior
    if prior.slope <= CALM and prior.spread > CALM_SPREAD:
        prior = replace(prior, spread=CALM_SPREAD)
    return believe(prior, target, [*sorted(member.sights, key=lambda s: (s.crf, s.score)), *whole])


def trend_of(members: Sequence[Member]) -> Trend:
    """What the chunks that were encoded say of the others' bytes."""
    falls = [_secant(p, q) for m in members for p, q in _pairs(m.points)]
    fall = (FALL * FALL_CHUNKS + math.fsum(falls)) / (FALL_CHUNKS + len(falls))
    gaps = [gap for m in members for gap in _gaps(m, fall)]
    short = (SHORT * SHORT_CHUNKS + math.fsum(gaps)) / (SHORT_CHUNKS + len(gaps))
    seen = [(crf, rate + (0.0 if m.points else short), m) for m in members for crf, rate in _rated(m)]
    if not seen:
        return Trend(fall=fall, short=short)
    crf = math.fsum(crf for crf, _, _ in seen) / len(seen)
    return Trend(
        fall=fall,
        short=short,
        crf=crf,
        rate=math.fsum(rate + fall * (at - crf) for at, rate, _ in seen) / len(seen),
        source=math.fsum(math.log(max(m.source_rate, 1.0)) for _, _, m in seen) / len(seen),
    )


def line_of(member: Member, belief: Belief, trend: Trend, near: float) -> Line:
    """A chunk's line near a CRF: through its nearest whole trial, else through what is believed of it."""
    points = sorted((p for p in member.points if p.rate), key=lambda p: (abs(p.crf - near), p.crf))
    rise = min(max(belief.slope, FLATTEST), STEEPEST)
    fall = min(max(trend.fall * (rise / trend.rise) ** TOGETHER, LEAST_FALL), MOST_FALL)
    if points:
        first = points[0]
        other = next((p for p in points[1:] if abs(p.crf - first.crf) >= APART), None)
        if other is not None:
            own = (z_of(other.score) - z_of(first.score)) / (other.crf - first.crf)
            rise, fall = min(max(own, FLATTEST), STEEPEST), _secant(first, other)
        return Line(
            crf=first.crf, z=z_of(first.score), rise=rise, unsure=0.0,
            rate=math.log(first.rate or 1.0), fall=fall, unsure_rate=0.0,
        )  # fmt: skip
    unsure = belief.sd * rise
    z = math.log(100 - belief.target)
    sights = sorted((s for s in member.sights if s.rate), key=lambda s: (abs(s.crf - near), s.crf))
    if sights:
        rate, at, unsure_rate = math.log(sights[0].rate or 1.0) + trend.short, sights[0].crf, 0.2
    else:
        kin = KINSHIP * (math.log(max(member.source_rate, 1.0)) - trend.source)
        rate, at, unsure_rate = trend.rate + kin, trend.crf, 0.6
    return Line(
        crf=belief.crf, z=z, rise=rise, unsure=unsure,
        rate=rate - fall * (belief.crf - at), fall=fall, unsure_rate=unsure_rate,
    )  # fmt: skip


def _rated(member: Member) -> list[tuple[float, float]]:
    """CRF and ln(bytes a frame) of one trial of a chunk, or else of one sample."""
    seen = [(p.crf, p.rate) for p in member.points] + [(s.crf, s.rate) for s in member.sights]
    return [(crf, math.log(rate)) for crf, rate in seen if rate][:1]


def _gaps(member: Member, fall: float) -> list[float]:
    """How far the nearest trial to a sample lies above it, in ln(bytes a frame)."""
    pairs = [(p, s) for p in member.points for s in member.sights if p.rate and s.rate]
    nearest = sorted(pairs, key=lambda ps: abs(ps[0].crf - ps[1].crf))[:1]
    return [math.log((p.rate or 1.0) / (s.rate or 1.0)) + fall * (p.crf - s.crf) for p, s in nearest]


def _pairs(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    rated = sorted((p for p in points if p.rate), key=lambda p: p.crf)
    return [(p, q) for p, q in pairwise(rated) if q.crf - p.crf >= APART]


def _secant(p: Point, q: Point) -> float:
    """Fall of ln(bytes) per CRF between two trials."""
    own = math.log((p.rate or 1.0) / (q.rate or 1.0)) / (q.crf - p.crf) if abs(q.crf - p.crf) > SAME else FALL
    return min(max(own, LEAST_FALL), MOST_FALL)


def sample_rate(size: int, key: int, frames: int, windows: int, whole: int) -> float:
    """Bytes a frame that a sample says its chunk takes.

    A sample has a key frame for each window where the chunk has one in all, so its mean is too high. Its other frames
    alone are too low: the first after a key frame cost less than those further on. The geometric mean of both was
    right to 0.2 in the logarithm on measured chunks, where either was off by up to 1.

    Args:
        size: bytes of the sample.
        key: bytes of its key frames.
        frames: of the sample.
        windows: how many key frames it has.
        whole: frames of the chunk.
    """
    plain = size / frames
    inner = max(size - key, 1) / max(frames - windows, 1)
    return math.sqrt(plain * (key / windows + (whole - 1) * inner) / whole)


def expected_cost(source: float, temporal: float | None) -> float:
    """ln(bytes a frame that a point of VMAF costs) of a chunk that was not encoded, less what its film has in common.

    Bytes at one score go with the bytes of the source, in films measured by a power of 0.9 to 1.9 where the rest
    scattered by 0.1 to 0.45 (of the logarithm); where scores fall faster a point costs less.

    Args:
        source: bytes a frame of the source.
        temporal: temporal information (ITU-T P.910, on 270 lines).
    """
    return math.log(source + 1) - math.log(slope_for(temporal))


@lru_cache(maxsize=8192)
def told_cost(
    points: tuple[Point, ...], sights: tuple[Sight, ...], *, target: float, temporal: float | None
) -> float | None:
    """The same of a chunk that was encoded, by the encode nearest to its target; None: nobody knows of any bytes.

    Along lines in logarithms: from there to the target bytes fall and the loss rises.
    """
    rise, wanted = slope_for(temporal), math.log(max(100 - target, CLOSEST))
    seen = [(p.crf, z_of(p.score), math.log(p.rate)) for p in points if p.rate]
    if not seen:  # a sample scores like the whole chunk at a higher CRF
        seen = [(s.crf, z_of(s.score) - rise * SHIFT, math.log(s.rate) + SHORT) for s in sights if s.rate]
    if not seen:
        return None
    crf, z, rate = min(seen, key=lambda one: (abs(one[1] - wanted), one[0]))
    others = [(other - z) / (at - crf) for at, other, _ in seen if abs(at - crf) >= APART]
    rise = min(max(others[0], FLATTEST), STEEPEST) if others else rise
    return rate - FALL * (wanted - z) / rise - math.log(rise)
