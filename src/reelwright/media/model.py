"""Facts about a media file, as the probe found them. What is not known is None."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class StreamKind(StrEnum):
    """What a stream carries."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    ATTACHMENT = "attachment"
    DATA = "data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Color:
    """Colour description in FFmpeg's names; None where the source does not say."""

    range: str | None = None
    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    #: Where chroma samples lie among luma samples: "left", "topleft", "center", …
    chroma_location: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DolbyVision:
    """What a film says of its Dolby Vision, in its configuration record and in the metadata of its first frames."""

    #: As the record says; None where there is no record, or it does not say.
    profile: int | None = None
    #: What the base layer is by itself: 1 HDR10, 2 SDR, 4 HLG, 0 nothing others can show; None as above.
    compatibility: int | None = None
    #: Profile by the metadata of the first frames; None where they have none, or none that is known.
    seen: int | None = None
    #: The first frames carry metadata.
    metadata: bool = False
    #: The container has a configuration record.
    record: bool = False
    #: There is an enhancement layer, in the film's stream or in one of its own.
    enhancement: bool = False

    @property
    def name(self) -> str:
        """The profile as people write it, such as "8.1", "5" or "7"; "unknown" where nothing tells."""
        profile = self.seen if self.profile is None else self.profile
        if profile is None:
            return "unknown"
        plain = self.compatibility is None or profile < 8  # noqa: PLR2004 - older profiles have one kind each
        return str(profile) if plain else f"{profile}.{self.compatibility}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """What only a video stream has."""

    width: int
    height: int
    pix_fmt: str | None
    bit_depth: int | None
    color: Color
    #: Sample aspect ratio; None where unknown or square by default.
    sample_aspect: Fraction | None
    #: Degrees the picture is turned by the display matrix, as stored.
    rotation: int
    #: Frames per second over the whole stream, and the container's guess at the nominal rate.
    average_rate: Fraction | None
    nominal_rate: Fraction | None
    #: Frames the container declares; None where it declares none.
    declared_frames: int | None
    #: True where one of the first frames, or the container, says so; None where nothing could be decoded.
    interlaced: bool | None
    attached_picture: bool
    #: A still format (PNG, JPEG, …) rather than a film's codec.
    still: bool
    hdr10plus: bool
    #: None where there is none.
    dolby_vision: DolbyVision | None
    #: Mastering display: red, green, blue and white point as x, y, then lowest and highest luminance in cd/m².
    mastering_display: tuple[Fraction, ...] | None
    #: Content light level: the highest of any sample and of any frame's mean, in cd/m².
    content_light: tuple[int, int] | None
    #: FFmpeg's names of the side data that the first frames carry, sorted.
    frame_data: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Audio:
    """What only an audio stream has."""

    channels: int | None
    layout: str | None
    sample_rate: int | None
    #: FFmpeg's name of the decoded samples' format, such as "s16" or "fltp".
    sample_format: str | None = None
    #: FFmpeg's name of the codec's profile, such as "DTS-HD MA".
    profile: str | None = None
    #: Bits a second, where the header or the muxer's statistics say so.
    bit_rate: int | None = None


class Framing(StrEnum):
    """What is around a codec's data in some containers, and not in others."""

    #: AAC with a header before each frame, as broadcasts have it.
    ADTS = "adts"
    #: H.264 and H.265 with start codes instead of lengths.
    START_CODES = "start codes"
    #: PGS with each segment in a packet of its own.
    SEGMENTS = "segments"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One stream of a container."""

    index: int
    kind: StreamKind
    codec: str | None
    language: str | None
    title: str | None
    #: FFmpeg's disposition names that are set, sorted.
    dispositions: tuple[str, ...]
    time_base: Fraction | None
    #: PTS of the first packet, in `time_base`.
    start_pts: int | None
    #: Duration in `time_base`, as the container declares it.
    duration: int | None
    #: Name of an attached file and its type; None for other kinds.
    file_name: str | None = None
    mimetype: str | None = None
    #: PTS from which it is seen or heard: after `start_pts` where an edit list or a codec's delay hides what is before.
    begins_pts: int | None = None
    video: Video | None = None
    audio: Audio | None = None
    #: Every tag as the container has it, language and title among them.
    tags: tuple[tuple[str, str], ...] = ()
    #: Keys of tags whose bytes were no UTF-8; their values are what those bytes mean in Windows-1252.
    broken_tags: tuple[str, ...] = ()
    #: What the container says beside the codec's parameters, in FFmpeg's words: name and value.
    side_data: tuple[tuple[str, str], ...] = ()
    framing: Framing | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """A chapter: start and end in seconds."""

    start: Fraction
    end: Fraction
    title: str | None
    #: Every tag, the title among them.
    tags: tuple[tuple[str, str], ...] = ()
    broken_tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaInfo:
    """A media file's facts."""

    #: FFmpeg's name of the demuxer, such as "matroska,webm".
    container: str
    size_bytes: int
    #: Seconds, as the container declares them.
    duration: Fraction | None
    #: Earliest timestamp of any stream, in seconds.
    start: Fraction | None
    streams: tuple[Stream, ...]
    chapters: tuple[Chapter, ...]
    tags: tuple[tuple[str, str], ...]
    broken_tags: tuple[str, ...] = ()

    def of_kind(self, kind: StreamKind) -> tuple[Stream, ...]:
        """Streams of one kind, in the container's order."""
        return tuple(stream for stream in self.streams if stream.kind is kind)

    @property
    def film(self) -> Stream | None:
        """The stream that is the film: the first moving picture, those marked default before others."""
        moving = [s for s in self.of_kind(StreamKind.VIDEO) if s.video and not s.video.attached_picture]
        return min(moving, key=lambda s: ("default" not in s.dispositions, s.index), default=None)
