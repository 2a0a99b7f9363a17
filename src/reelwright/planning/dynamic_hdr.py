"""HDR10+ of a film: what can be carried into AV1, and why the rest cannot."""

from reelwright.media.model import Stream
from reelwright.media.timing import FrameIndex

#: Codecs whose packets hold HDR10+ where we find it: SEI messages, or metadata units of AV1.
READABLE = frozenset({"hevc", "h264", "av1"})
HINT = "The source was left as it is."


def unreadable(film: Stream) -> str | None:
    """Why a film's HDR10+ cannot be carried, as far as the probe tells; None where it can, or there is none."""
    if film.video is None or not film.video.hdr10plus or film.codec in READABLE:
        return None
    return f"The film carries HDR10+ metadata in {film.codec}, where it cannot be read frame by frame to be kept."


def uncarried(index: FrameIndex) -> str | None:
    """Why a film's HDR10+ cannot be carried, as every frame of it tells; None where it can, or there is none.

    FFmpeg shows what one frame carries on those after it too, until another comes: a frame whose own packet has none
    has none. But what no packet was seen to carry came from where we did not look.
    """
    carried = {digest for payload, digest in index.hdr10plus if payload}
    lost = {place for place, (payload, digest) in enumerate(index.hdr10plus) if digest and not payload}
    lost -= {place for place in lost if index.hdr10plus[place][1] in carried}
    if not lost:
        return None
    frames = sum(place in lost for place in index.hdr10plus_of or ())
    return f"{frames} of its frames carry HDR10+ metadata that cannot be read to be kept."


def expected(index: FrameIndex) -> list[tuple[str, str]]:
    """What each frame of the output has to carry: payloads, and the digest of what a decoder makes of them."""
    if not index.hdr10plus_of:
        return []
    pairs = [pair if pair[0] else ("", "") for pair in index.hdr10plus]
    return [pairs[place] for place in index.hdr10plus_of]
