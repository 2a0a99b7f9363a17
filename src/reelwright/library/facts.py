"""What rules can ask of a file: names, kinds, and the values of one file. What is not known is None."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from reelwright.media.model import MediaInfo, Stream, StreamKind, Video
from reelwright.planning.decision import Decision

Value = str | int | float | bool | tuple[str, ...]
Facts = Mapping[str, Value | None]

SECONDS_OF_A_DAY = 86400


class FactKind(StrEnum):
    """How a fact is compared."""

    TEXT = "text"
    #: Several texts; a matcher holds if it holds for one of them.
    TEXTS = "texts"
    NUMBER = "number"
    #: Bytes, or bytes or bits a second: "700MB", "1.5GiB", "4M".
    SIZE = "size"
    #: Seconds: "90", "45min", "1.5h", "30d".
    TIME = "time"
    FLAG = "flag"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing rules can ask."""

    name: str
    kind: FactKind
    #: For people who write rules.
    meaning: str
    #: It is known without opening the file.
    on_disk: bool = False


def _fact(name: str, kind: FactKind, meaning: str, *, on_disk: bool = False) -> Fact:
    return Fact(name=name, kind=kind, meaning=meaning, on_disk=on_disk)


_T, _N, _F = FactKind.TEXT, FactKind.NUMBER, FactKind.FLAG

FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        _fact("library", _T, "the library's name", on_disk=True),
        _fact("path", _T, "path below the library's root, with /", on_disk=True),
        _fact("name", _T, "the file's name", on_disk=True),
        _fact("extension", _T, "what follows the name's last period, in small letters", on_disk=True),
        _fact("size", FactKind.SIZE, "bytes of the file", on_disk=True),
        _fact("age", FactKind.TIME, "time since the file was last written", on_disk=True),
        _fact("hard_links", _N, "names the file has; more than 1: another place has it as well", on_disk=True),
        _fact("symlink", _F, "it is a symbolic link", on_disk=True),
        _fact("problem", _T, "why it cannot be used, in a word: no-film, undecodable, unreadable, empty, playlist, …"),
        _fact("verdict", _T, "what `encode` would do: encode, skip, refuse or unusable"),
        _fact("verdict_rule", _T, "name of the engine's rule behind the verdict, such as av1-already or interlaced"),
        _fact("container", _T, "FFmpeg's name of the container, such as matroska,webm"),
        _fact("codec", _T, "FFmpeg's name of the film's codec, such as h264"),
        _fact("width", _N, "of the film, in pixels"),
        _fact("height", _N, "of the film, in pixels"),
        _fact("fps", _N, "frames a second, on average"),
        _fact("duration", FactKind.TIME, "length of the film"),
        _fact("bit_depth", _N, "bits of a sample"),
        _fact("bitrate", FactKind.SIZE, "bits a second of the whole file"),
        _fact("bits_per_pixel", _N, "bits of the file for each pixel of each frame"),
        _fact("hdr", _T, "none, hdr10, hdr10+, hlg or dolby-vision"),
        _fact("dolby_vision", _T, 'profile, such as "5", "7" or "8.1"'),
        _fact("interlaced", _F, "fields instead of frames"),
        _fact("audio", FactKind.TEXTS, "codecs of the sounds"),
        _fact("audio_languages", FactKind.TEXTS, "languages of the sounds, as tagged"),
        _fact("channels", _N, "of the sound with the most channels"),
        _fact("sound_bitrate", FactKind.SIZE, "bits a second of all sounds together, where they say so"),
        _fact("subtitles", FactKind.TEXTS, "codecs of the subtitles"),
        _fact("subtitle_languages", FactKind.TEXTS, "languages of the subtitles, as tagged"),
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDisk:
    """What the file system says of a file; sizes in bytes, times in seconds."""

    library: str
    #: Below the root, with `/`; may hold surrogate escapes.
    path: str
    size: int
    #: Since it was last written.
    age: float | None
    hard_links: int
    symlink: bool = False


def disk_facts(file: OnDisk) -> dict[str, Value | None]:
    """The facts that are known without opening the file."""
    name = file.path.rsplit("/", 1)[-1]
    stem, period, ending = name.rpartition(".")
    return {
        "library": file.library,
        "path": file.path,
        "name": name,
        "extension": ending.lower() if period and stem else "",
        "size": file.size,
        "age": file.age,
        "hard_links": file.hard_links,
        "symlink": file.symlink,
    }


def problem_facts(problem: str) -> dict[str, Value | None]:
    """The facts of a file that could not be read as a film."""
    return {"problem": problem, "verdict": "unusable"}


def film_facts(info: MediaInfo, decision: Decision) -> dict[str, Value | None]:
    """The facts that a probe gives, with what the engine makes of them."""
    film = info.film
    video = film.video if film is not None else None
    found: dict[str, Value | None] = {
        "problem": decision.rule if decision.verdict.value == "unusable" else "",
        "verdict": decision.verdict.value,
        "verdict_rule": decision.rule,
        "container": info.container,
        "codec": film.codec if film is not None else None,
        "duration": None if info.duration is None else float(info.duration),
        "bitrate": _rate(info.size_bytes * 8, info.duration),
        **_sounds(info.of_kind(StreamKind.AUDIO)),
        **_words(info.of_kind(StreamKind.SUBTITLE)),
    }
    return found if video is None else found | _picture(video, info)


def _picture(video: Video, info: MediaInfo) -> dict[str, Value | None]:
    rate = video.average_rate or video.nominal_rate
    pixels = video.width * video.height
    bits = _rate(info.size_bytes * 8, info.duration)
    known = bits is not None and rate and pixels
    return {
        "width": video.width,
        "height": video.height,
        "fps": None if rate is None else float(rate),
        "bit_depth": video.bit_depth,
        "bits_per_pixel": bits / (pixels * float(rate)) if known and bits is not None and rate else None,
        "hdr": hdr_name(video),
        "dolby_vision": video.dolby_vision.name if video.dolby_vision is not None else "",
        "interlaced": video.interlaced,
    }


def hdr_name(video: Video) -> str:
    """The kind of HDR, the one that takes most care to keep where there are several."""
    if video.dolby_vision is not None:
        return "dolby-vision"
    if video.hdr10plus:
        return "hdr10+"
    return {"smpte2084": "hdr10", "arib-std-b67": "hlg"}.get(video.color.transfer or "", "none")


def _sounds(streams: tuple[Stream, ...]) -> dict[str, Value | None]:
    counts = [s.audio.channels for s in streams if s.audio is not None and s.audio.channels]
    rates = [s.audio.bit_rate if s.audio is not None else None for s in streams]
    return {
        "sound_bitrate": None if None in rates else sum(rate or 0 for rate in rates),
        "audio": _codecs(streams),
        "audio_languages": _languages(streams),
        "channels": max(counts, default=None if streams else 0),
    }


def _words(streams: tuple[Stream, ...]) -> dict[str, Value | None]:
    return {"subtitles": _codecs(streams), "subtitle_languages": _languages(streams)}


def _codecs(streams: tuple[Stream, ...]) -> tuple[str, ...]:
    return tuple(stream.codec or "unknown" for stream in streams)


def _languages(streams: tuple[Stream, ...]) -> tuple[str, ...]:
    return tuple(stream.language for stream in streams if stream.language)


def _rate(bits: int, duration: Fraction | None) -> float | None:
    return bits / float(duration) if duration else None
