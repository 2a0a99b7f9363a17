"""What each container that is written has a place for."""

from dataclasses import dataclass
from enum import StrEnum

#: Types of attached pictures, by codec.
PICTURE_TYPES = {
    "mjpeg": ("image/jpeg", "jpg"),
    "png": ("image/png", "png"),
    "webp": ("image/webp", "webp"),
    "bmp": ("image/bmp", "bmp"),
    "gif": ("image/gif", "gif"),
}


class Container(StrEnum):
    """What an output is written as, by its suffix."""

    MATROSKA = "mkv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """What a container has a place for, by FFmpeg's names of codecs."""

    #: The container's name for people.
    name: str
    #: Subtitle codecs it stores as they are.
    subtitles: frozenset[str]
    #: Text subtitles that become SubRip: the words and times are kept, the styling of the container is not.
    text_subtitles: frozenset[str]
    #: Audio codecs it stores as they are.
    sounds: frozenset[str]
    #: Video codecs it stores as they are, for streams beside the film.
    videos: frozenset[str]
    #: FFmpeg's dispositions it keeps of any stream, and of subtitles besides.
    dispositions: frozenset[str] = frozenset()
    of_subtitles: frozenset[str] = frozenset()
    #: Tags that its writer leaves out, in canonical form: of the file, and of anything else.
    no_file_tags: frozenset[str] = frozenset()
    no_tags: frozenset[str] = frozenset()

    def sound(self, codec: str | None) -> bool:
        """Whether it stores audio of a codec."""
        return codec is not None and codec in self.sounds

    def pictures(self, codec: str | None) -> bool:
        """Whether it stores a second video stream of a codec."""
        return codec is not None and codec in self.videos

    def tag(self, form: str, *, of_file: bool) -> bool:
        """Whether it keeps a tag of the file itself, or of something in it."""
        return form not in (self.no_file_tags if of_file else self.no_tags)

    def disposition(self, name: str, *, subtitle: bool) -> bool:
        """Whether it keeps a disposition."""
        return name in self.dispositions or (subtitle and name in self.of_subtitles)


HOLDINGS = {
    Container.MATROSKA: Holdings(
        name="Matroska",
        subtitles=frozenset(
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
                "text",
                "dvdsub",
                "pgssub",
                "dvbsub",
                "arib_caption",
            }
        ),
        text_subtitles=frozenset({"mov_text"}),
        # What FFmpeg's Matroska writer takes.
        sounds=frozenset(
            {
                *("aac", "ac3", "alac", "atrac1", "atrac3", "cook", "dts", "eac3", "flac", "mlp", "mp1", "mp2", "mp3"),
                *("opus", "pcm_f32le", "pcm_f64le", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32be"),
                *("pcm_s32le", "pcm_u8", "ra_144", "ra_288", "sipr", "truehd", "tta", "vorbis", "wavpack"),
            }
        ),
        videos=frozenset(
            {
                *("av1", "dirac", "ffv1", "h264", "hevc", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3"),
                *("prores", "rv10", "rv20", "rv30", "rv40", "snow", "theora", "vp8", "vp9", "vvc"),
            }
        ),
        dispositions=frozenset(
            {"default", "dub", "original", "comment", "forced", "hearing_impaired", "visual_impaired"}
        ),
        of_subtitles=frozenset({"descriptions"}),
        no_file_tags=frozenset({"ENCODING_TOOL"}),
        no_tags=frozenset({"CREATION_TIME", "ENCODING_TOOL"}),
    ),
}


def container_of(suffix: str) -> Container:
    """The container a file of this suffix is written as; Matroska where nothing else is meant."""
    return next((c for c in Container if suffix.lower() == f".{c.value}"), Container.MATROSKA)


def holdings(container: Container) -> Holdings:
    """What a container has a place for."""
    return HOLDINGS[container]
