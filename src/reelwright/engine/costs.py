"""What a point of VMAF costs in each chunk of a film, as far as its trials and its source tell."""

from functools import lru_cache
from statistics import fmean
from typing import TYPE_CHECKING

from reelwright.quality.rates import expected_cost, told_cost

if TYPE_CHECKING:
    from reelwright.engine.job_state import ChunkState


@lru_cache(maxsize=4)
def costs_of(chunks: "tuple[ChunkState, ...]", target: float, *, frozen: bool) -> tuple[float, ...]:
    """ln(bytes a frame that a point of VMAF costs) where each chunk meets the target.

    Args:
        chunks: the film's.
        target: VMAF.
        frozen: nothing may depend on which trials happen to be through: the sources alone are asked.
    """
    seen = [] if frozen else [s for s in chunks if s.points or s.sights]
    told = {
        s.chunk.index: told_cost(s.points, s.sights, target=target, temporal=s.chunk.features.temporal) for s in seen
    }
    known = {index: cost for index, cost in told.items() if cost is not None}
    expected = [expected_cost(s.chunk.features.source_bytes, s.chunk.features.temporal) for s in chunks]
    # What the source says has an unknown in it that is the same in all of the film.
    off = fmean(cost - expected[index] for index, cost in known.items()) if known else 0.0
    return tuple(known.get(k, cost + off) for k, cost in enumerate(expected))
