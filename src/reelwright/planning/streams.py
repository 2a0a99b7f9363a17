"""The declared fate of each stream: encode, copy, attach, convert, or drop for a stated reason, by a named rule."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from reelwright.media.model import Framing, MediaInfo, Stream, StreamKind
from reelwright.media.timing import FrameIndex
from reelwright.planning.containers import PICTURE_TYPES, Container, Holdings, holdings
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.sound import OpusPlan, OpusRates, low_rate, opus_plan, why_copied, why_encoded

__all__ = ["Fate", "Route", "Rule", "StreamPlan", "fate_of", "plan_streams"]


class Route(StrEnum):
    """By which way a stream gets into the output."""

    #: Its frames are encoded as chunks.
    CHUNKS = "chunks"
    #: Its packets are written as they are, or with other framing around the same data.
    PACKETS = "packets"
    #: FFmpeg makes another stream of it first.
    FFMPEG = "ffmpeg"
    #: A step of its own encodes it: a sound that becomes Opus.
    SOUND = "sound"
    #: As an attached file.
    FILE = "file"
    NONE = "none"


class Input(IntEnum):
    """From which input of the joining a stream beside the film comes."""

    SOURCE = 1
    #: What FFmpeg has made of some streams, one after another.
    CONVERTED = 2
    #: Encoded sounds, each a file; they keep their streams' numbers in the source.
    SOUND = 3


INPUTS = {Route.PACKETS: Input.SOURCE, Route.FFMPEG: Input.CONVERTED, Route.SOUND: Input.SOUND}
ROUTES = {Fate.ENCODE: Route.CHUNKS, Fate.COPY: Route.PACKETS, Fate.ATTACH: Route.FILE, Fate.DROP: Route.NONE}


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamPlan:
    """One stream of the source and what becomes of it."""

    index: int
    kind: StreamKind
    codec: str | None
    fate: Fate
    #: Why it is not carried over as it is, or why it is although it was to become Opus; empty otherwise.
    reason: str = ""
    #: By which rule; None where it is carried over as it is.
    rule: Rule | None = None
    file_name: str | None = None
    mimetype: str | None = None
    #: Framing that is taken off, or changed, while its packets are copied.
    framing: Framing | None = None
    #: FFmpeg's name of the codec it is converted to; None: it keeps its own, or is the film.
    codec_out: str | None = None
    #: How a sound becomes Opus; None: it does not.
    opus: OpusPlan | None = None

    @property
    def route(self) -> Route:
        """By which way it gets into the output."""
        if self.opus is not None:
            return Route.SOUND
        if self.fate is Fate.CONVERT:
            return Route.FFMPEG if self.framing is None else Route.PACKETS
        return ROUTES[self.fate]

    @property
    def is_carried(self) -> bool:
        """Whether it is a stream of the output beside the film."""
        return self.route in INPUTS


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


def _copy(stream: Stream, why: str = "") -> StreamPlan:
    """Packets as they are; with another framing where every container that is written has that one.

    `why` it is copied is said where it might have become something else.
    """
    if stream.framing is None:
        return _plan(stream, Fate.COPY, why)
    reason = "; ".join(filter(None, (why, FRAMINGS[stream.framing])))
    planned = _plan(stream, Fate.CONVERT, reason, Rule.FRAMING)
    return replace(planned, framing=stream.framing, codec_out=stream.codec)


def _cover(stream: Stream, holds: Holdings) -> StreamPlan:
    mimetype, suffix = PICTURE_TYPES.get(stream.codec or "", ("", ""))
    if not mimetype or stream.codec not in holds.pictures:
        return _plan(stream, Fate.DROP, f"cover art in {stream.codec} has no place in {holds.name}", Rule.NO_PLACE)
    return _attachment(stream, f"cover.{suffix}", mimetype)


def _video(stream: Stream, film: Stream | None, holds: Holdings) -> StreamPlan:
    if film is not None and stream.index == film.index:
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


def _sound(stream: Stream, holds: Holdings, rates: OpusRates | None) -> StreamPlan:
    """A sound becomes Opus where `rates` say so and Opus can hold it; else it is copied, or stored without loss."""
    audio = stream.audio
    if stream.codec is None:
        return _plan(stream, Fate.DROP, "audio in an unknown codec", Rule.NO_READER)
    if audio is None or not audio.sample_rate or not audio.channels:
        return _plan(stream, Fate.DROP, "nothing says how its samples are stored", Rule.NO_PARAMETERS)
    fits, why = holds.sound(stream.codec), ""
    if rates is not None:
        # What cannot stay as it is becomes Opus however few bits it has.
        known = stream if fits else replace(stream, audio=replace(audio, bit_rate=None))
        if (opus := opus_plan(known, rates)) is not None:
            return _opus(stream, opus)
        why = why_copied(known, rates) or ""
    return _copy(stream, why) if fits else _stored(stream, holds, why.removeprefix("copied, because "))


def _opus(stream: Stream, opus: OpusPlan) -> StreamPlan:
    planned = _plan(stream, Fate.ENCODE, why_encoded(stream, opus), Rule.TO_OPUS)
    return replace(planned, opus=opus, codec_out="opus")


def _stored(stream: Stream, holds: Holdings, why: str) -> StreamPlan:
    """A sound without a place in a lossless codec that has one; `why`: what keeps it from being Opus."""
    becomes, rule = sound_in_stead(stream)
    reason = "; ".join(filter(None, (f"{stream.codec} has no place in {holds.name}", why)))
    if not holds.converts_sound or not holds.sound(becomes):
        return _plan(stream, Fate.DROP, f"audio in {reason}", Rule.NO_PLACE)
    said = "every sample is kept" if rule is Rule.SAMPLES_KEPT else "nothing more is lost"
    return replace(_plan(stream, Fate.CONVERT, f"{reason}: it becomes {becomes}, {said}", rule), codec_out=becomes)


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


def fate_of(stream: Stream, film: Stream | None, holds: Holdings, opus: OpusRates | None = None) -> StreamPlan:
    """Decide what becomes of one stream when it goes into a container.

    Args:
        stream: of the source.
        film: the stream that is encoded; None: none is.
        holds: what the container has a place for.
        opus: sound becomes that; None: it stays what it is.
    """
    if stream.kind is StreamKind.VIDEO:
        return _video(stream, film, holds)
    if stream.kind is StreamKind.AUDIO:
        return _sound(stream, holds, opus)
    if stream.kind is StreamKind.SUBTITLE:
        return _subtitle(stream, holds)
    if stream.kind is StreamKind.ATTACHMENT:
        return _attached_file(stream, holds)
    reason = f"a {stream.codec or 'nameless'} data stream has no place in {holds.name}"
    return _plan(stream, Fate.DROP, reason, Rule.DATA_STREAM)


def plan_streams(
    info: MediaInfo, film: Stream | None, container: Container = Container.MATROSKA, opus: OpusRates | None = None
) -> tuple[StreamPlan, ...]:
    """The fate of every stream, in the source's order; see `fate_of`."""
    return tuple(fate_of(stream, film, holdings(container), opus) for stream in info.streams)


def settled_sounds(
    info: MediaInfo, streams: tuple[StreamPlan, ...], index: FrameIndex, container: Container
) -> tuple[StreamPlan, ...]:
    """The fates once the film was read: a stream whose header keeps its rate to itself has shown it by then."""
    sources, holds = {stream.index: stream for stream in info.streams}, holdings(container)

    def settled(planned: StreamPlan) -> StreamPlan:
        size = dict(index.stream_bytes).get(planned.index)
        opus, stream = planned.opus, sources[planned.index]
        if opus is None or opus.source_bit_rate is not None or not size or not index.duration:
            return planned
        why = low_rate(round(8 * size / index.duration), opus.kbps)
        return _copy(stream, why) if why and holds.sound(stream.codec) else planned

    return tuple(map(settled, streams))


def carried(streams: Iterable[StreamPlan]) -> list[tuple[StreamPlan, tuple[int, int]]]:
    """The streams beside the film in the output's order, which is the source's.

    Each with the input it comes from and its place there; see `Input`.
    """
    rows, converted = [], 0
    for stream in streams:
        if (origin := INPUTS.get(stream.route)) is None:
            continue
        anew = origin is Input.CONVERTED
        rows.append((stream, (int(origin), converted if anew else stream.index)))
        converted += anew
    return rows


def written_streams(info: MediaInfo, plans: tuple[StreamPlan, ...]) -> tuple[Stream, ...]:
    """Streams of the source that become streams of the output, in its order: what is encoded, then as they were."""
    by_index = {stream.index: stream for stream in info.streams}
    film = [plan for plan in plans if plan.route is Route.CHUNKS]
    return tuple(by_index[plan.index] for plan in (*film, *(plan for plan, _ in carried(plans))))
