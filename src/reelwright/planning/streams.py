"""The declared fate of each stream: encode, copy, attach, convert, or drop for a stated reason."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from reelwright.media.model import MediaInfo, Stream, StreamKind
from reelwright.media.timing import FrameIndex
from reelwright.planning.containers import PICTURE_TYPES, Container, Holdings, holdings
from reelwright.planning.sound import OpusPlan, OpusRates, low_rate, opus_plan, why_copied, why_encoded


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
    #: How a sound becomes Opus; None: it does not.
    opus: OpusPlan | None = None
    #: Whether the container has a place for it as it is.
    may_copy: bool = True


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


def _sound(stream: Stream, holds: Holdings, rates: OpusRates | None) -> StreamPlan:
    """A sound is copied, or becomes Opus where `rates` say so and Opus can hold it."""
    fits = holds.sound(stream.codec)
    if rates is not None:
        # What cannot stay as it is becomes Opus however few bits it has.
        known = stream if fits or stream.audio is None else replace(stream, audio=replace(stream.audio, bit_rate=None))
        if (opus := opus_plan(known, rates)) is not None:
            kept = _keep(stream, Fate.ENCODE, why_encoded(stream, opus))
            return replace(kept, opus=opus, may_copy=fits)
    if not fits:
        return _drop(stream, f"audio in {stream.codec or 'an unknown codec'} has no place in {holds.name}")
    return _keep(stream, Fate.COPY, (why_copied(stream, rates) or "") if rates else "")


def fate_of(stream: Stream, film: Stream, holds: Holdings, opus: OpusRates | None = None) -> StreamPlan:
    """Decide what becomes of one stream when the film goes into a container; `opus`: sound becomes that."""
    if stream.kind is StreamKind.VIDEO:
        return _video(stream, film, holds)
    if stream.kind is StreamKind.AUDIO:
        return _sound(stream, holds, opus)
    if stream.kind is StreamKind.SUBTITLE:
        return _subtitle(stream, holds)
    if stream.kind is StreamKind.ATTACHMENT:
        return _attached_file(stream, holds)
    return _drop(stream, f"a {stream.codec or 'nameless'} data stream has no place in {holds.name}")


def plan_streams(
    info: MediaInfo, film: Stream, container: Container = Container.MATROSKA, opus: OpusRates | None = None
) -> tuple[StreamPlan, ...]:
    """The fate of every stream, in the source's order."""
    return tuple(fate_of(stream, film, holdings(container), opus) for stream in info.streams)


def beside_film(streams: Iterable[StreamPlan]) -> list[StreamPlan]:
    """The streams whose packets follow the film's in the output, in its order: copies and sounds, then subtitles."""
    kept = [s for s in streams if s.fate is Fate.COPY or s.opus is not None]
    return kept + [s for s in streams if s.fate is Fate.CONVERT]


def settled_sounds(streams: tuple[StreamPlan, ...], index: FrameIndex) -> tuple[StreamPlan, ...]:
    """The fates once the film was read: a stream whose header keeps its rate to itself has shown it by then."""
    sizes, found = dict(index.stream_bytes), []
    for stream in streams:
        opus = stream.opus
        if opus is not None and opus.source_bit_rate is None and sizes.get(stream.index) and index.duration:
            rate = round(8 * sizes[stream.index] / index.duration)
            if stream.may_copy and (reason := low_rate(rate, opus.kbps)):
                stream = replace(stream, fate=Fate.COPY, reason=reason, opus=None)  # noqa: PLW2901
        found.append(stream)
    return tuple(found)


def written_streams(info: MediaInfo, plans: tuple[StreamPlan, ...]) -> tuple[Stream, ...]:
    """Streams of the source that become streams of the output, in the output's order: the film, then those beside."""
    by_index = {stream.index: stream for stream in info.streams}
    film = [p for p in plans if p.fate is Fate.ENCODE and p.opus is None]
    return tuple(by_index[p.index] for p in (*film, *beside_film(plans)))
