"""The declared fate of each stream: encode, copy, attach, convert, or drop for a stated reason, by a named rule."""

from dataclasses import dataclass
from enum import StrEnum

from reelwright.media.model import Framing, MediaInfo, Stream, StreamKind
from reelwright.planning.containers import PICTURE_TYPES, Container, Holdings, holdings
from reelwright.planning.fates import Fate, Rule

__all__ = ["Fate", "Route", "Rule", "StreamPlan", "fate_of", "plan_streams"]


class Route(StrEnum):
    """By which way a stream gets into the output."""

    #: Its frames are encoded as chunks.
    CHUNKS = "chunks"
    #: Its packets are written as they are, or with other framing around the same data.
    PACKETS = "packets"
    #: FFmpeg makes another stream of it first.
    FFMPEG = "ffmpeg"
    #: As an attached file.
    FILE = "file"
    NONE = "none"


ROUTES = {Fate.ENCODE: Route.CHUNKS, Fate.COPY: Route.PACKETS, Fate.ATTACH: Route.FILE, Fate.DROP: Route.NONE}


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamPlan:
    """One stream of the source and what becomes of it."""

    index: int
    kind: StreamKind
    codec: str | None
    fate: Fate
    #: Why, where it is not carried over as it is; empty otherwise.
    reason: str = ""
    #: By which rule; None where it is carried over as it is.
    rule: Rule | None = None
    file_name: str | None = None
    mimetype: str | None = None
    #: Framing that is taken off, or changed, while its packets are copied.
    framing: Framing | None = None
    #: FFmpeg's name of the codec it is converted to; None: it keeps its own.
    codec_out: str | None = None

    @property
    def route(self) -> Route:
        """By which way it gets into the output."""
        if self.fate is Fate.CONVERT:
            return Route.FFMPEG if self.framing is None else Route.PACKETS
        return ROUTES[self.fate]

    @property
    def is_carried(self) -> bool:
        """Whether it is a stream of the output beside the film."""
        return self.route in {Route.PACKETS, Route.FFMPEG}


def _plan(stream: Stream, fate: Fate, reason: str = "", rule: Rule | None = None) -> StreamPlan:
    return StreamPlan(index=stream.index, kind=stream.kind, codec=stream.codec, fate=fate, reason=reason, rule=rule)


def _attachment(stream: Stream, name: str, mimetype: str) -> StreamPlan:
    given = [what for what, said in (("name", stream.file_name), ("type", stream.mimetype)) if not said]
    return StreamPlan(
        index=stream.index,
        kind=stream.kind,
        codec=stream.codec,
        fate=Fate.ATTACH,
        rule=Rule.NAMED_HERE if given else None,
        reason=f"the source gives it no {' and no '.join(given)}, so it is given one" if given else "",
        file_name=stream.file_name or name,
        mimetype=stream.mimetype or mimetype,
    )


def _attached_file(stream: Stream, holds: Holdings) -> StreamPlan:
    if not holds.attachments:
        reason = f"the attached file {stream.file_name or 'without a name'} has no place in {holds.name}"
        return _plan(stream, Fate.DROP, reason, Rule.NO_PLACE)
    return _attachment(stream, f"attachment-{stream.index}", "application/octet-stream")


FRAMINGS = {
    Framing.ADTS: "the ADTS headers go, the AAC stays as it is",
    Framing.START_CODES: "start codes become lengths, the coded pictures stay as they are",
    Framing.SEGMENTS: "the segments of a picture share a packet, their bytes stay as they are",
}


def _copy(stream: Stream) -> StreamPlan:
    """Packets as they are; with another framing where every container that is written has that one."""
    if stream.framing is None:
        return _plan(stream, Fate.COPY)
    return StreamPlan(
        index=stream.index,
        kind=stream.kind,
        codec=stream.codec,
        fate=Fate.CONVERT,
        reason=FRAMINGS[stream.framing],
        rule=Rule.FRAMING,
        framing=stream.framing,
        codec_out=stream.codec,
    )


def _cover(stream: Stream, holds: Holdings) -> StreamPlan:
    mimetype, suffix = PICTURE_TYPES.get(stream.codec or "", ("", ""))
    if not mimetype or stream.codec not in holds.pictures:
        return _plan(stream, Fate.DROP, f"cover art in {stream.codec} has no place in {holds.name}", Rule.NO_PLACE)
    return _attachment(stream, f"cover.{suffix}", mimetype)


def _video(stream: Stream, film: Stream, holds: Holdings) -> StreamPlan:
    if stream.index == film.index:
        return _plan(stream, Fate.ENCODE)
    video = stream.video
    if video and video.attached_picture:
        return _cover(stream, holds)
    if stream.codec is None:
        return _plan(stream, Fate.DROP, "pictures in an unknown codec", Rule.NO_READER)
    if not holds.picture(stream.codec):
        reason = f"video in {stream.codec} has no place in {holds.name}"
        return _plan(stream, Fate.DROP, reason, Rule.NO_PLACE)
    if video is None or not video.width or not video.height:
        return _plan(stream, Fate.DROP, "nothing says how large its pictures are", Rule.NO_PARAMETERS)
    return _copy(stream)


def _sound(stream: Stream, holds: Holdings) -> StreamPlan:
    audio = stream.audio
    if stream.codec is None:
        return _plan(stream, Fate.DROP, "audio in an unknown codec", Rule.NO_READER)
    if audio is None or not audio.sample_rate or not audio.channels:
        return _plan(stream, Fate.DROP, "nothing says how its samples are stored", Rule.NO_PARAMETERS)
    if holds.sound(stream.codec):
        return _copy(stream)
    becomes, rule = sound_in_stead(stream)
    reason = f"{stream.codec} has no place in {holds.name}"
    if not holds.converts_sound or not holds.sound(becomes):
        return _plan(stream, Fate.DROP, f"audio in {reason}", Rule.NO_PLACE)
    said = "every sample is kept" if rule is Rule.SAMPLES_KEPT else "nothing more is lost"
    return StreamPlan(
        index=stream.index,
        kind=stream.kind,
        codec=stream.codec,
        fate=Fate.CONVERT,
        reason=f"{reason}: it becomes {becomes}, {said}",
        rule=rule,
        codec_out=becomes,
    )


#: Most channels of a FLAC stream.
FLAC_CHANNELS = 8


def sound_in_stead(stream: Stream) -> tuple[str, Rule]:
    """A lossless codec for sound whose own has no place, and whether it holds the very samples.

    Whole samples fit PCM or FLAC as they are. A decoder that gives fractions has them rounded to 24 bits, 144 dB
    below full scale.
    """
    audio = stream.audio
    sample = (audio.sample_format if audio else None) or ""
    whole = sample.removesuffix("p") in {"u8", "s16", "s32"}
    narrow = sample.removesuffix("p") in {"u8", "s16"}
    rule = Rule.SAMPLES_KEPT if whole else Rule.DECODED
    stored_plain = (stream.codec or "").startswith("pcm_") or stream.codec == "s302m"
    if stored_plain or (audio is not None and (audio.channels or 0) > FLAC_CHANNELS):
        return ("pcm_s16le" if narrow else "pcm_s24le"), rule
    return "flac", rule


def _subtitle(stream: Stream, holds: Holdings) -> StreamPlan:
    if stream.codec in holds.subtitles:
        return _copy(stream)
    if stream.codec in holds.text_subtitles:
        return StreamPlan(
            index=stream.index,
            kind=stream.kind,
            codec=stream.codec,
            fate=Fate.CONVERT,
            reason=f"{stream.codec} has no place in {holds.name}: its text becomes {holds.text_name}",
            rule=Rule.TEXT_CONVERTED,
            codec_out=holds.text_codec,
        )
    if stream.codec is None:
        return _plan(
            stream, Fate.DROP, f"subtitles nothing here can read have no place in {holds.name}", Rule.NO_READER
        )
    return _plan(stream, Fate.DROP, f"subtitles in {stream.codec} have no place in {holds.name}", Rule.NO_PLACE)


def fate_of(stream: Stream, film: Stream, holds: Holdings) -> StreamPlan:
    """Decide what becomes of one stream when the film goes into a container."""
    if stream.kind is StreamKind.VIDEO:
        return _video(stream, film, holds)
    if stream.kind is StreamKind.AUDIO:
        return _sound(stream, holds)
    if stream.kind is StreamKind.SUBTITLE:
        return _subtitle(stream, holds)
    if stream.kind is StreamKind.ATTACHMENT:
        return _attached_file(stream, holds)
    reason = f"a {stream.codec or 'nameless'} data stream has no place in {holds.name}"
    return _plan(stream, Fate.DROP, reason, Rule.DATA_STREAM)


def plan_streams(info: MediaInfo, film: Stream, container: Container = Container.MATROSKA) -> tuple[StreamPlan, ...]:
    """The fate of every stream, in the source's order."""
    return tuple(fate_of(stream, film, holdings(container)) for stream in info.streams)


def written_streams(info: MediaInfo, plans: tuple[StreamPlan, ...]) -> tuple[Stream, ...]:
    """Streams of the source that become streams of the output, in the output's order: the film, then as they were."""
    by_index = {stream.index: stream for stream in info.streams}
    film = [plan for plan in plans if plan.fate is Fate.ENCODE]
    return tuple(by_index[plan.index] for plan in (*film, *(plan for plan in plans if plan.is_carried)))
