"""Which chunks a request makes of a film."""

from reelwright.errors import UsageError
from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import Chunk, features_of, find_cuts, make_chunks
from reelwright.planning.excerpt import clip_chunks, is_excerpt, span_of
from reelwright.planning.plan import Request, Strategy, chunk_length
from reelwright.planning.zones import resolve


def cuts_of(index: FrameIndex, request: Request) -> tuple[int, ...]:
    """First frames of scenes: those that were given, else those found in the film.

    Raises:
        UsageError: those that were given are of another film.
    """
    if request.cuts is None:
        return find_cuts(index.difference)
    if request.cuts_frames != index.frames:
        raise UsageError(
            f"The scenes are of a film with {request.cuts_frames} frames; this one has {index.frames}.",
            hint="Give the scenes of this very file.",
        )
    return request.cuts


def divide(index: FrameIndex, request: Request) -> tuple[Chunk, ...]:
    """The chunks to encode, or the film in one piece, clipped to the excerpt where one is asked for.

    Raises:
        UsageError: what was asked for does not fit the film.
    """
    if request.strategy == Strategy.REMUX:
        return ()  # nothing is encoded
    if request.strategy == Strategy.DIRECT:
        whole = Chunk(index=0, start=0, end=index.frames, features=features_of(index, 0, index.frames))
        chunks: tuple[Chunk, ...] = (whole,)
    else:
        cuts, zones = cuts_of(index, request), resolve(request.zones, index)
        chunks = make_chunks(index, chunk_length(request), cuts=cuts, zones=zones)
    if not is_excerpt(request):
        return chunks
    return clip_chunks(chunks, index, *span_of(request, index))
