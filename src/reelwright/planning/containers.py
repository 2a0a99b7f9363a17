"""What each container that is written has a place for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from reelwright.media.model import Chapter, MediaInfo, Stream, StreamKind

#: Types of attached pictures, by codec.
PICTURE_TYPES = {
    "mjpeg": ("image/jpeg", "jpg"),
    "png": ("image/png", "png"),
    "webp": ("image/webp", "webp"),
    "bmp": ("image/bmp", "bmp"),
    "gif": ("image/gif", "gif"),
}
#: Chapters are told apart by milliseconds.
MILLI = Fraction(1, 1000)


class Container(StrEnum):
    """What an output is written as, by its suffix."""

    MATROSKA = "mkv"
    MP4 = "mp4"


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """What a container has a place for, by FFmpeg's names. Of sets that say what is held, None is everything."""

    #: The container's name for people.
    name: str
    #: Codecs of pictures beside the film.
    video: frozenset[str] | None = None
    #: Codecs of attached pictures.
    pictures: frozenset[str] = frozenset(PICTURE_TYPES)
    #: Fonts and other attached files.
    attachments: bool = True
    #: Subtitle codecs it stores as they are.
    subtitles: frozenset[str]
    #: Text subtitles that are converted, and what is lost by it.
    text_subtitles: frozenset[str]
    #: Codec of converted subtitles, and its name for people.
    text_codec: str
    text_name: str
    #: Audio codecs it stores.
    audio: frozenset[str]
    #: Tags of the whole file.
    tags: frozenset[str] | None = None
    #: Tags of anything in it.
    stream_tags: frozenset[str] | None = None
    #: Tags that its writer leaves out, in capitals: of the file, and of anything in it.
    no_file_tags: frozenset[str] = frozenset()
    no_tags: frozenset[str] = frozenset()
    #: Dispositions of a stream, and of subtitles besides.
    dispositions: frozenset[str]
    of_subtitles: frozenset[str] = frozenset()
    #: Whether sound without a place is stored in a lossless codec that has one.
    converts_sound: bool = True
    #: Whether chapters may overlap and leave gaps.
    free_chapters: bool = True
    #: Whether a stream without packets has a place.
    empty_streams: bool = True

    def sound(self, codec: str | None) -> bool:
        """Whether it stores audio of a codec."""
        return codec is not None and codec in self.audio

    def tag(self, form: str, *, of_file: bool) -> bool:
        """Whether it keeps a tag of the file itself, or of something in it; by its key in capitals."""
        known = self.tags if of_file else self.stream_tags
        left_out = self.no_file_tags if of_file else self.no_tags
        return form not in left_out and (known is None or form.lower() in known)

    def disposition(self, name: str, *, subtitle: bool) -> bool:
        """Whether it keeps a disposition."""
        return name in self.dispositions or (subtitle and name in self.of_subtitles)

    def shows_empty(self, kind: StreamKind) -> bool:
        """Whether a stream without packets is a stream of the output; timed text always has one of no text."""
        return self.empty_streams or kind is StreamKind.SUBTITLE

    def picture(self, codec: str | None) -> bool:
        """Whether it stores pictures of a codec beside the film."""
        return self.video is None or codec in self.video


MATROSKA = Holdings(
    name="Matroska",
    # What FFmpeg's Matroska writer takes.
    video=frozenset(
        {
            *("av1", "dirac", "ffv1", "h264", "hevc", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3"),
            *("prores", "rv10", "rv20", "rv30", "rv40", "snow", "theora", "vp8", "vp9", "vvc"),
        }
    ),
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
    text_codec="subrip",
    text_name="SubRip",
    audio=frozenset(
        {
            *("aac", "ac3", "alac", "atrac1", "atrac3", "cook", "dts", "eac3", "flac", "mlp", "mp1", "mp2", "mp3"),
            *("opus", "pcm_f32le", "pcm_f64le", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32be"),
            *("pcm_s32le", "pcm_u8", "ra_144", "ra_288", "sipr", "truehd", "tta", "vorbis", "wavpack"),
        }
    ),
    no_file_tags=frozenset({"ENCODING_TOOL"}),
    no_tags=frozenset({"CREATION_TIME", "ENCODING_TOOL"}),
    dispositions=frozenset({"default", "dub", "original", "comment", "forced", "hearing_impaired", "visual_impaired"}),
    of_subtitles=frozenset({"descriptions"}),
)

#: As FFmpeg's muxer writes it and its demuxer reads it back: every packet equal, each at its time.
MP4 = Holdings(
    name="MP4",
    video=frozenset({"h264", "hevc", "vvc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "png"}),
    pictures=frozenset({"mjpeg", "png", "bmp"}),
    attachments=False,
    subtitles=frozenset({"mov_text"}),
    text_subtitles=frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "text"}),
    text_codec="mov_text",
    text_name="timed text, without placed or overlapping lines and most styling",
    # Samples of PCM come back in other packets, and those of TrueHD are too short for Matroska's milliseconds.
    audio=frozenset({"aac", "ac3", "eac3", "dts", "flac", "alac", "opus", "mp3", "mp2", "vorbis"}),
    tags=frozenset(
        {
            *("title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright"),
            *("grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords"),
            *("track", "disc", "season_number", "episode_sort", "media_type", "hd_video", "gapless_playback"),
            *("compilation", "creation_time"),
        }
    ),
    dispositions=frozenset(
        {"default", "dub", "comment", "forced", "hearing_impaired", "captions", "visual_impaired", "descriptions"}
    ),
    stream_tags=frozenset({"title", "language"}),
    converts_sound=False,
    free_chapters=False,
    empty_streams=False,
)

HOLDINGS = {Container.MATROSKA: MATROSKA, Container.MP4: MP4}
#: MP4 says these two at once.
PAIRED = (frozenset({"hearing_impaired", "captions"}), frozenset({"visual_impaired", "descriptions"}))
#: MP4 has one mark for the layers of MPEG audio; FFmpeg tells them apart if it looks at enough packets.
READ_AS = {Container.MP4: {"mp2": "mp3", "mp1": "mp3"}}


def container_of(suffix: str) -> Container:
    """The container a file of this suffix is written as; Matroska where nothing else is meant."""
    return next((c for c in Container if suffix.lower() == f".{c.value}"), Container.MATROSKA)


def holdings(container: Container) -> Holdings:
    """What a container has a place for."""
    return HOLDINGS[container]


def read_as(container: Container, codec: str) -> str:
    """By which name a codec's stream is read back from a container."""
    return READ_AS.get(container, {}).get(codec, codec)


def held_language(container: Container, language: str | None) -> str | None:
    """A language as a container says it: MP4 has three letters (ISO 639-2), and no others."""
    if container is Container.MATROSKA or language is None:
        return language
    return language if len(language) == 3 and language.isascii() and language.islower() else None  # noqa: PLR2004


def held_dispositions(
    container: Container, streams: Sequence[tuple[StreamKind, tuple[str, ...]]]
) -> list[tuple[str, ...]]:
    """Each stream's dispositions as a container says them, from kinds and dispositions in the order of writing.

    MP4 enables at least one track of a kind, which is its way of saying "default": where none is, the first one.
    """
    holds = holdings(container)
    if container is Container.MATROSKA:
        return [
            tuple(name for name in names if holds.disposition(name, subtitle=kind is StreamKind.SUBTITLE))
            for kind, names in streams
        ]
    known = holds.dispositions
    enabled = {kind for kind, dispositions in streams if "default" in dispositions}
    held = []
    for kind, dispositions in streams:
        kept = {name for name in dispositions if name in known}
        kept |= {name for pair in PAIRED if pair & kept for name in pair}
        if kind not in enabled:
            enabled.add(kind)
            kept.add("default")
        held.append(tuple(sorted(kept)))
    return held


def held_chapters(container: Container, chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Chapters as a container says them.

    MP4's follow one another from the beginning without a gap: each ends where the next begins, and an untitled one
    comes before a first that begins later. Two that begin together begin a millisecond apart.
    """
    if holdings(container).free_chapters or not chapters:
        return tuple(chapters)
    # What begins before the film's clock begins with it.
    ordered = sorted((replace(c, start=max(c.start, Fraction(0))) for c in chapters), key=lambda c: c.start)
    if ordered[0].start > 0:
        ordered.insert(0, Chapter(start=Fraction(0), end=ordered[0].start, title=None))
    starts = [ordered[0].start]
    for chapter in ordered[1:]:
        starts.append(max(chapter.start, starts[-1] + MILLI))
    ends = [*starts[1:], max(ordered[-1].end, starts[-1] + MILLI)]
    return tuple(replace(c, start=a, end=b) for c, a, b in zip(ordered, starts, ends, strict=True))


def held_notes(container: Container, info: MediaInfo, written: Sequence[Stream]) -> tuple[str, ...]:
    """Sentences on what a container does not say of a film as its source does, streams that are left out aside.

    Args:
        container: what is written.
        info: the source.
        written: its streams that are encoded, copied or converted, the film first.
    """
    holds, notes = holdings(container), []
    if lost := sorted({k.lower() for k, _ in info.tags} - (holds.tags or set()) - UNKEPT_TAGS if holds.tags else ()):
        notes.append(f"{holds.name} has no place for the tags {', '.join(lost)}.")
    marks = held_dispositions(container, [(s.kind, s.dispositions) for s in written])
    for stream, kept in zip(written, marks, strict=True):
        if missing := [name for name in stream.dispositions if name not in kept]:
            notes.append(f"Stream {stream.index}: {holds.name} does not mark streams as {', '.join(missing)}.")
        if stream.language and held_language(container, stream.language) is None:
            notes.append(f"Stream {stream.index}: {holds.name} has no place for the language {stream.language}.")
    added = [
        str(s.index) for s, kept in zip(written, marks, strict=True) if "default" in set(kept) - set(s.dispositions)
    ]
    if added:
        which = f"stream {added[0]} is" if len(added) == 1 else f"streams {', '.join(added)} are"
        notes.append(f"{holds.name} marks the first of a kind as default: {which} marked so.")
    if any(abs(a.end - b.end) > MILLI for a, b in _paired(container, info.chapters)):
        notes.append(f"Chapters in {holds.name} have no gaps and no overlaps: each ends where the next begins.")
    return tuple(notes)


def _paired(container: Container, chapters: Sequence[Chapter]) -> list[tuple[Chapter, Chapter]]:
    held = held_chapters(container, chapters)
    return list(zip(sorted(chapters, key=lambda c: c.start), held[len(held) - len(chapters) :], strict=True))


#: Tags that speak of the former file, not of the film; they are never carried over.
UNKEPT_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration"})
