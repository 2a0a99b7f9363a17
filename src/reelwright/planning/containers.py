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
    #: Audio codecs it has no mapping for.
    no_sound: frozenset[str]

    def sound(self, codec: str | None) -> bool:
        """Whether it stores audio of a codec."""
        return codec is not None and codec not in self.no_sound


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
        no_sound=frozenset(
            {
                "adpcm_ima_qt",
                "qdm2",
                "qdmc",
                "amr_nb",
                "amr_wb",
                "pcm_bluray",
                "pcm_dvd",
                "mace3",
                "mace6",
                "adpcm_swf",
            }
        ),
    ),
}


def container_of(suffix: str) -> Container:
    """The container a file of this suffix is written as; Matroska where nothing else is meant."""
    return next((c for c in Container if suffix.lower() == f".{c.value}"), Container.MATROSKA)


def holdings(container: Container) -> Holdings:
    """What a container has a place for."""
    return HOLDINGS[container]
