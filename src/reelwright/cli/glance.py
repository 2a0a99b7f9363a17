"""A plain film's facts for people, read from what FFmpeg prints about it and about its coded headers.

`probe` answers from this where it says for sure what decoding the first frames would; a glance at anything else is no
answer. FFmpeg prints tags without some control characters and long ones cut: what may have met with that is no answer
either.
"""

import re

from reelwright.cli.text import duration, printable_path, rate, safe_title, size
from reelwright.media.colors import CHROMA_LOCATIONS

STREAM = re.compile(r"  Stream #0:(?P<index>\d+)(?:\[0x[0-9a-f]+\])?(?:\((?P<language>[\w-]+)\))?: (?P<facts>.*)")
VIDEO = re.compile(
    r"Video: (?P<codec>\w+)(?: \([^()]*\))*(?:, \d+ reference frames?)?(?: \([^()]*\))*"
    r", (?P<format>\w+)(?:\((?P<color>[^()]*)\))?, (?P<size>[1-9]\d*x[1-9]\d*)\b"
    r"(?: \[[^\]]*\])?(?P<rest>(?:,.*)?)"
)
AUDIO = re.compile(
    r"Audio: (?P<codec>\w+)(?: \([^()]*\))*, (?P<rate>[1-9]\d*) Hz, (?P<layout>[\w.()+ -]+), \w+(?:,.*| \(.*)?"
)
SUBTITLE = re.compile(r"Subtitle: (?P<codec>\w+)(?: \([^()]*\))*(?:,.*)?")
DISPOSITION = re.compile(r" \(([a-z -]+)\)$")
DISPOSITIONS = frozenset(
    {
        *("default", "dub", "original", "comment", "lyrics", "karaoke", "forced", "hearing_impaired", "captions"),
        *("visual_impaired", "clean_effects", "descriptions", "metadata", "dependent"),
    }
)
INPUT = re.compile(r"Input #0, (?P<container>[\w,]+), from '")
DURATION = re.compile(r"  Duration: (\d+):(\d\d):(\d\d)\.(\d\d),")
TAG = re.compile(r"      (?P<key>\S.*?) *: (?P<value>.*)")
#: Before each further line of a tag's value.
FURTHER = " " * 22 + ": "
#: FFmpeg cuts a tag's lines here, in bytes.
LONGEST_TAG = 255
#: What decoded frames might add: other words in these places are no answer.
CERTAIN = {
    "h264": {"frame_mbs_only_flag": {"1"}, "pic_struct": {"0"}, "ct_type": {"0"}},
    "hevc": {"field_seq_flag": {"0"}, "pic_struct": {"0"}},
    "av1": {},
    "vp9": {},
}
#: SEI messages that say nothing of colour, fields, rotation or HDR: buffering, timing, user data, recovery point, hash,
#: light level; and of HDR all that is shown: mastering display. HDR10+ is none of them.
MASTERING_SEI, MASTERING_OBU = "137", "2"
HARMLESS_SEI = {"0", "1", "5", "6", "129", "132", MASTERING_SEI, "144"}
#: The same of AV1's metadata.
HARMLESS_OBU = {"1", MASTERING_OBU}
#: Packets of HEVC that hold units of Dolby Vision, counted by a second output.
NO_DOLBY_VISION = re.compile(r"^\[.*\]   Output stream #1:0 \(video\): 0 packets muxed", re.MULTILINE)
SAYING = frozenset({"last_payload_type_byte", "payload_type", "metadata_type"})
MASTERING = (("last_payload_type_byte", MASTERING_SEI), ("metadata_type", MASTERING_OBU))
#: Side data of streams, as it begins in the banner, and what of it is shown.
SIDE_DATA = {"Mastering display metadata": "HDR10", "Content light level metadata": ""}
HEADER = re.compile(
    r"^\[trace_headers @ 0x[0-9a-f]+\] \d+ +(frame_mbs_only_flag|pic_struct|ct_type|field_seq_flag|"
    r"metadata_type|last_payload_type_byte|payload_type)(?:\[\d+\])? +[01]* = (-?\d+)$",
    re.MULTILINE,
)
TRACED = re.compile(r"^\[trace_headers @ 0x[0-9a-f]+\] ", re.MULTILINE)
PACKET = re.compile(r"^\[trace_headers @ 0x[0-9a-f]+\] Packet: ", re.MULTILINE)
RANGES = frozenset({"tv", "pc"})
FORMATS = re.compile(r"(yuvj?|gray|nv)\w+")


class UncertainError(Exception):
    """The banner does not say everything for sure."""


def sure(found: "re.Match[str] | None") -> "re.Match[str]":
    """The match, if there is one."""
    if found is None:
        raise UncertainError
    return found


def glance(said: bytes, path: str, size_bytes: int) -> list[str] | None:
    """The lines `probe` prints of a plain film; None where the file has to be looked at more closely.

    Args:
        said: what FFmpeg wrote to standard error, at level info, while it copied the first packets of the first
            video stream through the filter `trace_headers`.
        path: the file.
        size_bytes: its size.
    """
    try:
        text = said.decode("utf-8")
        dump = text.partition("\nStream mapping:")[0]
        lines = [line for line in dump.split("\n") if not line.startswith("[")]
        streams, chapters = read_streams(lines, coded=check_headers(codec_of(lines), text))
        answer = [
            f"{printable_path(path)}  {size(size_bytes)}",
            f"container  {sure(INPUT.match(lines[0]))['container']}, {duration(seconds_of(lines))}",
            *streams,
            *([f"chapters   {chapters}"] if chapters else []),
        ]
        return answer if all(line.isprintable() for line in answer) else None
    except (UncertainError, UnicodeDecodeError):
        return None


def seconds_of(lines: list[str]) -> float:
    """The film's duration, as FFmpeg rounds it; it must not lie where that decides to which second it is rounded."""
    said = next((line for line in lines if line.startswith("  Duration:")), "")
    hours, minutes, seconds, hundredths = (int(part) for part in sure(DURATION.match(said)).groups())
    if hundredths == 50:  # noqa: PLR2004
        raise UncertainError
    return 3600 * hours + 60 * minutes + seconds + hundredths / 100


def codec_of(lines: list[str]) -> str:
    """Codec of the first picture; empty where there is none."""
    found = (VIDEO.search(line) for line in lines if line.startswith("  Stream #"))
    return next((video["codec"] for video in found if video), "")


def read_streams(lines: list[str], *, coded: frozenset[str]) -> tuple[list[str], int]:
    """A line for each stream, and the number of chapters.

    Args:
        lines: the banner.
        coded: what the film's coded headers add to its words.
    """
    codec, chapters = "", 0
    streams: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith("    Chapter #0:"):
            chapters += 1
        elif line.startswith(("  Stream group", "  Stream Group")):
            raise UncertainError  # pictures made of tiles
        elif "Side data:" in line and line != "    Side data:":
            raise UncertainError
        elif line.startswith("  Stream #"):
            found = sure(STREAM.match(line))
            if int(found["index"]) != len(streams):
                raise UncertainError
            facts, flags = split_dispositions(found["facts"])
            words = words_of(facts)
            shown = side_data(lines[number + 1 :])
            if words[0] == "video":
                if codec:
                    raise UncertainError  # one of them may be a picture
                codec = words[1]
                words += sorted(shown | coded)
            elif shown:
                raise UncertainError
            title = title_of(lines[number + 1 :])
            words += [found["language"] or "", safe_title(title), *sorted(flags)]
            streams.append(f"  {len(streams)}  {', '.join(word for word in words if word)}")
    return streams, chapters


def side_data(lines: list[str]) -> frozenset[str]:
    """What is shown of the side data below a stream's line: HDR10; anything else is not certain."""
    found, inside = set(), False
    for line in lines:
        if not line.startswith("    "):
            break
        if inside and line.startswith("      "):
            name = line.strip().partition(":")[0]
            if name not in SIDE_DATA:
                raise UncertainError  # Dolby Vision, rotation, loudness
            found.add(SIDE_DATA[name])
        inside = line == "    Side data:" or (inside and line.startswith("      "))
    return frozenset(found - {""})


def split_dispositions(facts: str) -> tuple[str, set[str]]:
    """The dispositions at the end of a stream's line, and what stands before them."""
    flags: set[str] = set()
    while (found := DISPOSITION.search(facts)) and (name := found[1].replace(" ", "_")) in DISPOSITIONS:
        flags.add(name)
        facts = facts[: found.start()]
    if "attached pic" in facts or "still image" in facts or "timed thumbnails" in facts:
        raise UncertainError
    return facts, flags


def words_of(facts: str) -> list[str]:
    """What is said of a stream before its language."""
    if found := VIDEO.fullmatch(facts):
        return video_words(found)
    if found := AUDIO.fullmatch(facts):
        return ["audio", found["codec"], found["layout"].removesuffix(" (default)"), f"{found['rate']} Hz"]
    return ["subtitle", sure(SUBTITLE.fullmatch(facts))["codec"]]


def video_words(found: "re.Match[str]") -> list[str]:
    """What is said of a picture."""
    if found["codec"] not in CERTAIN or not FORMATS.fullmatch(found["format"]):
        raise UncertainError
    frames = re.search(r", ([\d.]+)(k?) fps\b", found["rest"])
    shown = f"{frames[1]}{frames[2]} fps" if frames else rate(None)
    words, place = colors(found["color"] or "")
    chroma = [f"chroma {place}"] if place not in {None, "left"} else []
    return ["video", found["codec"], found["size"], found["format"], shown, words, *chroma]


def colors(inside: str) -> tuple[str, str | None]:
    """Range, primaries, transfer and matrix as `probe` shows them, and where chroma lies."""
    parts = [part for part in inside.split(", ") if part and part != "progressive"]
    place = parts.pop() if parts and parts[-1] in CHROMA_LOCATIONS else None
    span = [parts.pop(0)] if parts and parts[0] in RANGES else []
    names = parts.pop(0).split("/") if parts else []
    # Anything else is a field order, or a name we do not know.
    if parts or len(names) not in {0, 1, 3} or not all(re.fullmatch(r"[a-z0-9-]+", name) for name in names):
        raise UncertainError
    matrix, primaries, transfer = names if len(names) == 3 else (names * 3 or ["unknown"] * 3)  # noqa: PLR2004
    if not {matrix, primaries, transfer} <= COLORS:
        raise UncertainError
    return "/".join([*span, *(name for name in (primaries, transfer, matrix) if name != "unknown")]), place


#: Names both ways of looking use for the same thing; "unknown" is none.
COLORS = frozenset({"unknown", "bt709", "bt470bg", "smpte170m", "smpte240m", "bt2020", "bt2020nc", "bt2020-10",
                    "bt470m", "iec61966-2-1", "smpte2084", "arib-std-b67", "smpte432"})  # fmt: skip


def title_of(lines: list[str]) -> str:
    """The title among the tags below a stream's line."""
    title: list[str] = []
    key = ""
    for line in lines:
        if not line.startswith("    ") or line == "    Side data:":
            break
        if line == "    Metadata:":
            continue
        if line.startswith(FURTHER):
            value = line.removeprefix(FURTHER)
        else:
            tag = sure(TAG.fullmatch(line))
            key, value = tag["key"], tag["value"]
        if key == "filename":
            raise UncertainError
        if key == "title":
            title.append(value)
            if len(value.encode()) >= LONGEST_TAG or "?" in value:
                raise UncertainError  # cut, or with a control character that was made a question mark
    return "\n".join(title)


def check_headers(codec: str, text: str) -> frozenset[str]:
    """Make sure that the coded headers leave nothing for a decoder to tell; what they add to the film's words.

    Raises:
        UncertainError: they do not.
    """
    found = set(HEADER.findall(text))
    certain = CERTAIN.get(codec)
    if certain is None or not TRACED.search(text):
        raise UncertainError
    for name, value in found:
        harmless = HARMLESS_OBU if name == "metadata_type" else HARMLESS_SEI
        if name in SAYING and value not in harmless:
            raise UncertainError
        if value not in certain.get(name, {value}):
            raise UncertainError
    if codec == "hevc" and not NO_DOLBY_VISION.search(text):
        raise UncertainError
    if codec == "h264" and ("frame_mbs_only_flag", "1") not in found:
        raise UncertainError
    if not any(mastering in found for mastering in MASTERING):
        return frozenset()
    # On the first picture it is shown on every one; what comes later only, a decoder has to tell.
    first = PACKET.split(text, maxsplit=2)[:2]
    if not any(mastering in HEADER.findall("".join(first)) for mastering in MASTERING):
        raise UncertainError
    return frozenset({"HDR10"})
