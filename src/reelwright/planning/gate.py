"""Whether an encode is worth keeping: a limit on its size, judged as early as the trials allow.

The output of a film that is through is its chunks and what is copied; the limit holds for that. Before the end a
film is given up only if it would be too large even in a lucky case: at least three chunks with a quarter of the
frames have landed, and what they take, with what is copied and every other frame at half of their mean, is above
the limit already; or if the projection from all trials and samples lies above it by more than it may be off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

#: Chunks, and the share of the frames, that must have landed before a film is given up early.
ENOUGH_CHUNKS = 3
ENOUGH_FRAMES = Fraction(1, 4)
#: What the other frames are taken to cost at the least, as a share of the mean so far.
LUCKY = Fraction(1, 2)
#: Share of the frames that anything must be known of before a projection counts.
SEEN = Fraction(1, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """How large an output may be."""

    #: Of the source's bytes; None: any.
    percent: float | None
    #: In bytes; None: any.
    most_bytes: int | None = None
    source_bytes: int
    #: Bytes of the streams that are copied, at the least.
    copied_bytes: int
    #: Frames to encode.
    frames: int

    @property
    def bytes(self) -> Fraction:
        """The limit: the lower one of those there are."""
        share = [] if self.percent is None else [self.source_bytes * Fraction(str(self.percent)) / 100]
        return min([*share, *([] if self.most_bytes is None else [Fraction(self.most_bytes)])])

    @property
    def words(self) -> str:
        """The limit as it was asked for."""
        if self.percent is None or (self.most_bytes is not None and self.most_bytes <= self.bytes):
            return f"the {megabytes(self.most_bytes or 0)} asked for"
        return f"the {self.percent:g} % asked for"


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """What the pictures will take, by the trials and samples there are."""

    low: float
    likely: float
    high: float
    #: Chunks anything is known of, and their frames.
    chunks: int
    frames: int
    #: A mean VMAF that would fit; None: none is known.
    fitting: float | None = None


def foretell(limit: Limit, projection: Projection) -> str | None:
    """Why the output will not be worth it, as a sentence; None where it may be, or too little is known."""
    if projection.chunks < ENOUGH_CHUNKS or projection.frames < SEEN * limit.frames:
        return None
    low, likely, high = (Fraction(b) + limit.copied_bytes for b in (projection.low, projection.likely, projection.high))
    if low <= limit.bytes:
        return None
    hint = f" A mean of about VMAF {projection.fitting:.1f} would fit." if projection.fitting is not None else ""
    seen = f"{projection.chunks} chunks with {100 * projection.frames / limit.frames:.0f} % of the frames"
    said = f"{megabytes(low)} to {megabytes(high)}, likely {share(limit, likely)}"
    return f"Not worth it: by {seen}, the output would be {said}.{hint}"


def judge(limit: Limit, landed: Sequence[tuple[int, int]]) -> str | None:
    """Why the output is not worth it, as a sentence; None as long as it may be.

    Args:
        limit: how large it may be.
        landed: frames and bytes of each accepted chunk.
    """
    frames, taken = sum(f for f, _ in landed), sum(b for _, b in landed)
    left = limit.frames - frames
    if left > 0 and (len(landed) < ENOUGH_CHUNKS or frames < ENOUGH_FRAMES * limit.frames):
        return None
    rest = LUCKY * left * Fraction(taken, frames) if left > 0 else Fraction(0)
    least = taken + limit.copied_bytes + rest
    if least <= limit.bytes:
        return None
    if left <= 0:
        return too_large(limit, int(least))
    return (
        f"Not worth it: {len(landed)} chunks with {100 * frames / limit.frames:.0f} % of the frames take "
        f"{megabytes(taken)}; even at half of that a frame for the rest, the output would be {share(limit, least)}."
    )


def too_large(limit: Limit, size: int) -> str | None:
    """Why an output of this size is not worth it, as a sentence; None where it is."""
    return f"Not worth it: the output would be {share(limit, Fraction(size))}." if size > limit.bytes else None


def share(limit: Limit, size: Fraction) -> str:
    """A size beside the source and the limit."""
    percent = 100 * size / limit.source_bytes if limit.source_bytes else Fraction(0)
    return (
        f"{megabytes(size)}, {float(percent):.1f} % of the source's {megabytes(limit.source_bytes)}, "
        f"above {limit.words}"
    )


def megabytes(count: float | Fraction) -> str:
    """Bytes in millions, to three digits."""
    return f"{float(count) / 1e6:.3g} MB"
