"""Which chunks a request makes of a film."""

from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import Chunk, make_chunks
from reelwright.planning.excerpt import clip_chunks, is_excerpt, span_of
from reelwright.planning.plan import Request, chunk_length
from reelwright.planning.zones import resolve


def divide(index: FrameIndex, request: Request) -> tuple[Chunk, ...]:
    """The chunks to encode: the whole film's, clipped to the excerpt where one is asked for.

    Raises:
        UsageError: what was asked for does not fit the film.
    """
    chunks = make_chunks(index, chunk_length(request), zones=resolve(request.zones, index))
    if not is_excerpt(request):
        return chunks
    return clip_chunks(chunks, index, *span_of(request, index))
