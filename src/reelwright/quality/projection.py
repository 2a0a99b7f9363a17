"""What a film will come to, by what is known of its chunks so far: its mean, its bytes, and how sure that is."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reelwright.quality.moves import Point
from reelwright.quality.rates import Line

#: Share of what is unsure of chunks that is the same in all of them, and does not even out over a film.
COMMON = 0.35
#: Two standard deviations: of twenty films one ends outside.
RANGE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """A chunk, and where it is expected to end."""

    frames: int
    line: Line
    #: The CRF it is expected to end at.
    crf: float
    #: The trial that stands for it, once it has one.
    chosen: Point | None = None
    #: Whether it counts for the mean: it has an answer.
    counts: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """What a film is expected to come to, and the standard deviations of that."""

    #: VMAF over the frames that count; None: there are none.
    mean: float | None
    mean_sd: float
    #: Of all its pictures.
    bytes: float
    bytes_sd: float

    @property
    def bytes_range(self) -> tuple[float, float]:
        """Where the bytes will very likely lie. Errors of logarithms: the range is longer upwards."""
        spread = math.exp(RANGE * self.bytes_sd / self.bytes) if self.bytes else 1.0
        return self.bytes / spread, self.bytes * spread

    @property
    def mean_range(self) -> tuple[float, float] | None:
        """Where the mean will very likely lie."""
        if self.mean is None:
            return None
        return max(0.0, self.mean - RANGE * self.mean_sd), min(100.0, self.mean + RANGE * self.mean_sd)


def project(prospects: Iterable[Prospect]) -> Projection:
    """What the chunks come to together; those that have their trial are known, the others are expected."""
    size = loss = frames = 0.0
    own_bytes = common_bytes = own_loss = common_loss = 0.0
    for p in prospects:
        chosen = p.chosen
        missing = 100 - chosen.score if chosen else p.line.loss(p.crf)
        taken = chosen.rate if chosen and chosen.rate is not None else p.line.bytes(p.crf)
        size += taken * p.frames
        if p.counts:
            frames += p.frames
            loss += missing * p.frames
        if chosen:
            continue
        # What is not known of the score is made up for by another CRF, which costs bytes.
        unsure = math.hypot(p.line.unsure_rate, p.line.unsure * p.line.fall / p.line.rise)
        own_bytes += (taken * p.frames * unsure) ** 2
        common_bytes += taken * p.frames * unsure
        if p.counts:
            own_loss += (missing * p.frames * p.line.unsure) ** 2
            common_loss += missing * p.frames * p.line.unsure
    return Projection(
        mean=100 - loss / frames if frames else None,
        mean_sd=math.hypot(math.sqrt(own_loss), COMMON * common_loss) / frames if frames else 0.0,
        bytes=size,
        bytes_sd=math.hypot(math.sqrt(own_bytes), COMMON * common_bytes),
    )


def fitting(prospects: Collection[Prospect], room: float, max_crf: float) -> float | None:
    """The mean the film would have at CRFs that are all higher by as much as makes it fit; None where none does.

    Args:
        prospects: the film's chunks.
        room: bytes there are for their pictures.
        max_crf: no chunk goes higher.
    """

    def crf_of(p: Prospect, higher: float) -> float:
        return max(p.crf, min(p.crf + higher, max_crf))

    low, high = 0.0, max_crf
    if math.fsum(p.frames * p.line.bytes(crf_of(p, high)) for p in prospects) > room:
        return None
    for _ in range(40):
        middle = (low + high) / 2
        fits = math.fsum(p.frames * p.line.bytes(crf_of(p, middle)) for p in prospects) <= room
        low, high = (low, middle) if fits else (middle, high)
    counted = [p for p in prospects if p.counts]
    loss = math.fsum(p.frames * p.line.loss(crf_of(p, high)) for p in counted)
    return 100 - loss / sum(p.frames for p in counted) if counted else None
