"""What can be said of a file before it is read, and what FFmpeg's banner adds."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reelwright.errors import SourceError
from reelwright.media.colors import CHROMA_LOCATIONS
from reelwright.media.model import DolbyVision, MediaInfo, Stream

STREAM = re.compile(r"  Stream #0:(\d+)")
RECORD = re.compile(
    r"      DOVI configuration record:.*?\bprofile: (\d+)(?:.*?\bel flag: (\d))?(?:.*?\bcompatibility id: (\d+))?"
)
#: The profile whose base layer is told by its transfer, and how.
BY_COLORS = 8
COMPATIBLE = {"smpte2084": 1, "bt709": 2, "arib-std-b67": 4}


def check_folder(path: Path) -> None:
    """Say why discovery came back with a folder itself.

    Raises:
        SourceError: it is a folder, which cannot be listed or holds no film.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long or a folder closed
        return
    if not os.access(path, os.R_OK | os.X_OK):
        raise SourceError("The folder cannot be read.", hint="Check its permissions.")
    raise SourceError("There is no film in this folder.", hint="What counts as one is set by input.file_pattern.")


def check_readable(path: Path) -> None:
    """Say in one sentence why a path cannot be a film, before anything is started.

    Raises:
        SourceError: it is missing, a folder, not a plain file, empty or unreadable.
    """
    try:
        if path.is_dir():
            raise SourceError("It is a folder.")
        if not path.exists():
            raise SourceError("There is no such file.", hint="Check the path.")
        if not path.is_file():
            raise SourceError("It is not a plain file.")
        if path.stat().st_size == 0:
            raise SourceError("The file is empty.", hint="Was its copy interrupted?")
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise SourceError(f"It cannot be read: {error.strerror}.", hint="Check the file's permissions.") from error


STREAM_LINE = re.compile(r"\s*Stream #0:(\d+)\b")
#: Lines of this heading stand below a stream's own, a step further in than it.
SIDE_HEADING = re.compile(r"(\s*)Side data:\s*")


def with_side_data(info: MediaInfo, banner: str) -> MediaInfo:
    """The facts with what a banner says of each stream's side data, which PyAV does not show."""
    told = parse_side_data(banner)
    return replace(
        info, streams=tuple(replace(s, side_data=told[s.index]) if s.index in told else s for s in info.streams)
    )


def parse_side_data(banner: str) -> dict[int, tuple[tuple[str, str], ...]]:
    """Side data by stream, from what `ffmpeg -i` prints: name and value of each."""
    found: dict[int, list[tuple[str, str]]] = {}
    stream, depth = -1, -1
    for line in banner.splitlines():
        if line.startswith("Output #"):
            break
        if match := STREAM_LINE.match(line):
            stream, depth = int(match[1]), -1
        elif match := SIDE_HEADING.fullmatch(line):
            depth = len(match[1])
        elif depth >= 0 and len(line) - len(line.lstrip()) == depth + 2:
            # Deeper lines belong to the one above them.
            # "Display Matrix: rotation of …", "Content Light Level Metadata, MaxCLL=…".
            name, _, value = re.sub("[:,]", "\n", line.strip(), count=1).partition("\n")
            found.setdefault(stream, []).append((name, value.strip()))
        elif depth >= 0 and len(line) - len(line.lstrip()) <= depth:
            depth = -1
    return {index: tuple(rows) for index, rows in found.items()}


#: A stream's line at level verbose; FFmpeg puts what it knows of the samples right behind their format.
SAMPLES = re.compile(r"^  Stream #0:(\d+).*?: Video: .*?, \w+\(([^()]*)\)", re.MULTILINE)


def with_banner(info: MediaInfo, banner: str) -> MediaInfo:
    """The facts with what a banner at level verbose adds: where chroma lies, side data, and Dolby Vision."""
    places = parse_chroma(banner.partition("\nStream mapping:")[0])
    streams = tuple(
        replace(s, video=replace(s.video, color=replace(s.video.color, chroma_location=places[s.index])))
        if s.video is not None and s.index in places
        else s
        for s in info.streams
    )
    info = with_side_data(replace(info, streams=streams), banner)
    film = info.film
    return info if film is None or film.codec not in DOLBY_VISION else with_dolby_vision(info, film, banner)


#: Codecs that may hold Dolby Vision.
DOLBY_VISION = frozenset({"hevc", "av1", "h264"})


def parse_chroma(banner: str) -> dict[int, str]:
    """Where each picture's chroma lies, by the stream's index; streams of which nothing is said are left out."""
    found = {}
    for index, inside in SAMPLES.findall(banner):
        for word in inside.split(", "):
            if word in CHROMA_LOCATIONS:
                found[int(index)] = word
    return found


def with_dolby_vision(info: MediaInfo, film: Stream, banner: str) -> MediaInfo:
    """The facts with what a banner says of Dolby Vision."""
    if film.video is None:
        return info
    value = merged(film.video.dolby_vision, film.video.color.transfer, film.index, records(banner))
    if value is None:
        return info
    told = replace(film, video=replace(film.video, dolby_vision=value))
    return replace(info, streams=tuple(told if s.index == film.index else s for s in info.streams))


def merged(
    seen: DolbyVision | None, transfer: str | None, index: int, found: Mapping[int, DolbyVision]
) -> DolbyVision | None:
    """What the film's first frames and all streams' records say together.

    A stream that has an enhancement layer and no base layer belongs to the film, wherever it is.
    """
    layer = next((other for k, other in found.items() if k != index and other.enhancement), None)
    record = found.get(index) or layer
    if record is None:
        if seen is None or seen.seen != BY_COLORS:
            return seen
        # Only the record names the base layer; without it the colours do.
        return replace(seen, compatibility=COMPATIBLE.get(transfer or ""))
    looked = seen or DolbyVision()
    enhancement = record.enhancement or looked.enhancement or layer is not None
    return replace(record, seen=looked.seen, metadata=looked.metadata, enhancement=enhancement)


def records(banner: str) -> dict[int, DolbyVision]:
    """The configuration records of a file's streams, by their index, from what `ffmpeg -i` prints."""
    found: dict[int, DolbyVision] = {}
    index = -1
    for line in banner.splitlines():
        if stream := STREAM.match(line):
            index = int(stream[1])
        elif index >= 0 and (record := RECORD.match(line)):
            found[index] = DolbyVision(
                record=True,
                profile=int(record[1]),
                enhancement=record[2] == "1",
                compatibility=None if record[3] is None else int(record[3]),
            )
    return found
