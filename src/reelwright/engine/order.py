"""In which order a film's chunks are worked on, so that the first teach the rest and the last can pay back."""

import math
from collections.abc import Sequence

from reelwright.planning.chunking import Chunk
from reelwright.quality.kinship import Traits

#: Chunks of the first wave, and of any at least: what one wave has shown, the next one knows.
FIRST_WAVE, SMALLEST_WAVE = 4, 2
#: Chunks of less temporal information (ITU-T P.910, on 270 lines, the cut before them included) hardly move: titles,
#: black, slow pans over photographs. The four measured, up to 2.1, were flat; the calmest that had an answer has 3.4.
STILL = 2.5
#: Golden section: its multiples, less whole numbers, fill the film as evenly as can be, however many there are.
SECTION = (math.sqrt(5) - 1) / 2


def in_order(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    """Indices of chunks, long before short by half octaves, among those alike spread over the film; still ones last.

    Long ones first: the last ones then end nearly together, and weigh so little that what they miss hardly moves the
    film's mean. Spread, so that the first few have seen most of the film. Those that hardly move have no answer as a
    rule: they teach and pay back nothing, and end at the film's median, which the others have shown by then.
    """
    ordered = sorted(chunks, key=lambda c: (is_still(c), -_octave(c), (c.index * SECTION) % 1, c.index))
    return tuple(chunk.index for chunk in ordered)


def waves(order: Sequence[int]) -> dict[int, int]:
    """The wave of each chunk, where what a chunk knows must not depend on timing: it knows the waves before its own.

    Waves grow with what is known and shrink again towards the end, where the last ones pay back what others missed.
    """
    found: dict[int, int] = {}
    wave = 0
    while len(found) < len(order):
        done, left = len(found), len(order) - len(found)
        size = max(SMALLEST_WAVE, min(done, left // 2)) if done else FIRST_WAVE
        found |= dict.fromkeys(order[done : done + size], wave)
        wave += 1
    return found


def is_still(chunk: Chunk) -> bool:
    """Whether a chunk hardly moves."""
    return chunk.features.temporal < STILL


def _octave(chunk: Chunk) -> int:
    return round(2 * math.log2(max(chunk.frames, 1)))


def traits_of(chunk: Chunk) -> Traits:
    """What is known of a chunk for nothing and may go with its answer."""
    features = chunk.features
    return Traits(
        place=(chunk.start + chunk.end) / 2,
        source=features.source_bytes,
        spatial=features.spatial,
        temporal=features.temporal,
    )
