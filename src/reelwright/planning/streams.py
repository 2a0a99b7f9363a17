"""The declared fate of each stream: encode, copy, attach, convert, or drop for a stated reason."""

from dataclasses import dataclass
from enum import StrEnum

from reelwright.media.model import MediaInfo, Stream, StreamKind

#: Subtitle codecs Matroska stores as they are.
SUBTITLES = frozenset(
    {
        "ass",
        "ssa",
        "subrip",
        "srt",
        "webvtt",
        "hdmv_pgs_subtitle",
        "dvd_subtitle",
        "dvb_subtitle",
        "hdmv_text_subtitle",
    }
)
SUBTITLES |= {"text", "dvdsub", "pgssub", "dvbsub", "arib_caption"}
#: Text subtitles that become SubRip: the words and times are kept, the styling of the container is not.
TEXT_SUBTITLES = frozenset({"mov_text"})
#: Audio codecs Matroska has no mapping for.
NOT_IN_MATROSKA = frozenset(
    {"adpcm_ima_qt", "qdm2", "qdmc", "amr_nb", "amr_wb", "pcm_bluray", "pcm_dvd", "mace3", "mace6", "adpcm_swf"}
)
#: Types of attached pictures, by codec.
PICTURE_TYPES = {
    "mjpeg": ("image/jpeg", "jpg"),
    "png": ("image/png", "png"),
    "webp": ("image/webp", "webp"),
    "bmp": ("image/bmp", "bmp"),
    "gif": ("image/gif", "gif"),
}


class Fate(StrEnum):
    """What becomes of a stream."""

    ENCODE = "encode"
    COPY = "copy"
    #: Written as an attached file: fonts and cover art.
    ATTACH = "attach"
    CONVERT = "convert"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamPlan:
    """One stream of the source and what becomes of it."""

    index: int
    kind: StreamKind
    codec: str | None
    fate: Fate
    #: Why, where it is not carried over as it is; empty otherwise.
    reason: str = ""
    file_name: str | None = None
    mimetype: str | None = None


def _drop(stream: Stream, reason: str) -> StreamPlan:
    return StreamPlan(index=stream.index, kind=stream.kind, codec=stream.codec, fate=Fate.DROP, reason=reason)


def _keep(stream: Stream, fate: Fate, reason: str = "") -> StreamPlan:
    return StreamPlan(index=stream.index, kind=stream.kind, codec=stream.codec, fate=fate, reason=reason)


def _attachment(stream: Stream, name: str, mimetype: str) -> StreamPlan:
    return StreamPlan(
        index=stream.index,
        kind=stream.kind,
        codec=stream.codec,
        fate=Fate.ATTACH,
        file_name=stream.file_name or name,
        mimetype=stream.mimetype or mimetype,
    )


def _video(stream: Stream, film: Stream) -> StreamPlan:
    if stream.index == film.index:
        return _keep(stream, Fate.ENCODE)
    if stream.video and stream.video.attached_picture:
        mimetype, suffix = PICTURE_TYPES.get(stream.codec or "", ("", ""))
        if not mimetype:
            return _drop(stream, f"cover art in {stream.codec} has no place in Matroska")
        return _attachment(stream, f"cover.{suffix}", mimetype)
    return _keep(stream, Fate.COPY)


def _subtitle(stream: Stream) -> StreamPlan:
    if stream.codec in SUBTITLES:
        return _keep(stream, Fate.COPY)
    if stream.codec in TEXT_SUBTITLES:
        return _keep(stream, Fate.CONVERT, f"{stream.codec} has no place in Matroska: its text becomes SubRip")
    return _drop(stream, f"subtitles in {stream.codec} have no place in Matroska")


def fate_of(stream: Stream, film: Stream) -> StreamPlan:
    """Decide what becomes of one stream when the film goes into Matroska."""
    if stream.kind is StreamKind.VIDEO:
        return _video(stream, film)
    if stream.kind is StreamKind.AUDIO:
        if stream.codec is None or stream.codec in NOT_IN_MATROSKA:
            return _drop(stream, f"audio in {stream.codec or 'an unknown codec'} has no place in Matroska")
        return _keep(stream, Fate.COPY)
    if stream.kind is StreamKind.SUBTITLE:
        return _subtitle(stream)
    if stream.kind is StreamKind.ATTACHMENT:
        return _attachment(stream, f"attachment-{stream.index}", "application/octet-stream")
    return _drop(stream, f"a {stream.codec or 'nameless'} data stream has no place in Matroska")


def plan_streams(info: MediaInfo, film: Stream) -> tuple[StreamPlan, ...]:
    """The fate of every stream, in the source's order."""
    return tuple(fate_of(stream, film) for stream in info.streams)
