"""The declared fate of each stream: encode, copy, attach, convert, or drop for a stated reason."""

from dataclasses import dataclass
from enum import StrEnum

from reelwright.media.model import MediaInfo, Stream, StreamKind
from reelwright.planning.containers import PICTURE_TYPES, Container, Holdings, holdings


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


def _attached_file(stream: Stream, holds: Holdings) -> StreamPlan:
    if not holds.attachments:
        return _drop(stream, f"the attached file {stream.file_name or 'without a name'} has no place in {holds.name}")
    return _attachment(stream, f"attachment-{stream.index}", "application/octet-stream")


def _video(stream: Stream, film: Stream, holds: Holdings) -> StreamPlan:
    if stream.index == film.index:
        return _keep(stream, Fate.ENCODE)
    if stream.video and stream.video.attached_picture:
        mimetype, suffix = PICTURE_TYPES.get(stream.codec or "", ("", ""))
        if not mimetype or stream.codec not in holds.pictures:
            return _drop(stream, f"cover art in {stream.codec} has no place in {holds.name}")
        return _attachment(stream, f"cover.{suffix}", mimetype)
    if not holds.picture(stream.codec):
        return _drop(stream, f"video in {stream.codec or 'an unknown codec'} has no place in {holds.name}")
    return _keep(stream, Fate.COPY)


def _subtitle(stream: Stream, holds: Holdings) -> StreamPlan:
    if stream.codec in holds.subtitles:
        return _keep(stream, Fate.COPY)
    if stream.codec in holds.text_subtitles:
        becomes = f"{stream.codec} has no place in {holds.name}: its text becomes {holds.text_name}"
        return _keep(stream, Fate.CONVERT, becomes)
    return _drop(stream, f"subtitles in {stream.codec} have no place in {holds.name}")


def fate_of(stream: Stream, film: Stream, holds: Holdings) -> StreamPlan:
    """Decide what becomes of one stream when the film goes into a container."""
    if stream.kind is StreamKind.VIDEO:
        return _video(stream, film, holds)
    if stream.kind is StreamKind.AUDIO:
        if not holds.sound(stream.codec):
            return _drop(stream, f"audio in {stream.codec or 'an unknown codec'} has no place in {holds.name}")
        return _keep(stream, Fate.COPY)
    if stream.kind is StreamKind.SUBTITLE:
        return _subtitle(stream, holds)
    if stream.kind is StreamKind.ATTACHMENT:
        return _attached_file(stream, holds)
    return _drop(stream, f"a {stream.codec or 'nameless'} data stream has no place in {holds.name}")


def plan_streams(info: MediaInfo, film: Stream, container: Container = Container.MATROSKA) -> tuple[StreamPlan, ...]:
    """The fate of every stream, in the source's order."""
    return tuple(fate_of(stream, film, holdings(container)) for stream in info.streams)


def written_streams(info: MediaInfo, plans: tuple[StreamPlan, ...]) -> tuple[Stream, ...]:
    """Streams of the source that become streams of the output, in the output's order: film, copies, conversions."""
    by_index = {stream.index: stream for stream in info.streams}
    return tuple(by_index[p.index] for fate in (Fate.ENCODE, Fate.COPY, Fate.CONVERT) for p in plans if p.fate is fate)
