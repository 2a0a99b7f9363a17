"""Sources that are not whole, or change on the way: named and left alone, or taken for what is there."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from zoo.builders import ends, source
from zoo.rates import MILLISECOND
from zoo.studio import FRAMES, MPEG2, PLAIN, X264, X265, Film, Studio, film, uneven


def cut_off(path: Path, share: float) -> Film:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return film(path)


@ends(4, "damaged or cut off")
def cut_off_matroska(studio: Studio) -> Film:
    return cut_off(studio.make("film.mkv", *X264, rate=2), 0.7)


@ends(4, "cannot be read as a film")
def cut_off_mp4(studio: Studio) -> Film:
    return cut_off(studio.make("film.mp4", *X264), 0.7)


@ends(4, "damaged or cut off")
def overwritten_in_the_middle(studio: Studio) -> Film:
    made = studio.make("film.mkv", *X264)
    data = bytearray(made.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    made.write_bytes(data)
    return film(made)


def concatenated(studio: Studio, name: str, *parts: Path) -> Film:
    """Elementary streams one after the other, in one container."""
    bare = studio.path("all.264")
    bare.write_bytes(b"".join(part.read_bytes() for part in parts))
    studio.ffmpeg("-r", "24", "-i", bare, "-c", "copy", "-bsf:v", "setts=pts=N:dts=N:time_base=1/24", studio.path(name))
    return film(studio.path(name), frames=10)


@ends(4, "picture size or format changes")
def another_size_on_the_way(studio: Studio) -> Film:
    small = studio.make("small.264", *X264, "-bf", "0", frames=5)
    large = studio.make("large.264", *X264, "-bf", "0", frames=5, width=96, height=64)
    return concatenated(studio, "film.mkv", small, large)


@ends(4, "sample aspect changes")
def another_sample_aspect_on_the_way(studio: Studio) -> Film:
    square = studio.make("square.264", *X264, "-bf", "0", frames=5)
    wide = studio.make("wide.264", "-vf", "setsar=64/45", *X264, "-bf", "0", frames=5)
    return concatenated(studio, "film.ts", square, wide)


@ends(4, "timestamps do not rise at frame 7")
def two_frames_at_one_time(studio: Studio) -> Film:
    times = [Fraction(k if k < 7 else k - 1, 24) for k in range(FRAMES)]
    made = studio.make("even.mp4", *PLAIN)
    return uneven(studio.restamped(made, "film.mkv", times, MILLISECOND), times)


@ends(4, "timestamps do not rise")
def two_recordings_in_one(studio: Studio) -> Film:
    """A transport stream put behind another: the clock goes back."""
    first = studio.make("first.ts", *X264)
    path = studio.path("film.ts")
    path.write_bytes(first.read_bytes() * 2)
    return film(path)


def without_first(studio: Studio, made: Path, name: str, packets: int) -> Path:
    """The film's packets from one on, its first key frame not among them."""
    path = studio.path(name)
    with av.open(str(made)) as before, av.open(str(path), "w") as after:
        streams: dict[int, Any] = {s.index: after.add_stream_from_template(s, opaque=True) for s in before.streams}
        passed = 0
        for packet in before.demux():
            film_packet = packet.stream.type == "video"
            passed += film_packet
            if packet.size and not (film_packet and passed <= packets):
                packet.stream = streams[packet.stream_index]
                after.mux_one(packet)
    return path


@source
def begun_between_key_frames_h264(studio: Studio) -> Film:
    """A recording begun anywhere: its first pictures refer to what was never recorded, and no one can show them."""
    made = studio.make("whole.mkv", *X264)
    return from_key(without_first(studio, made, "film.ts", 3))


@source
def begun_between_key_frames_mpeg2(studio: Studio) -> Film:
    made = studio.make("whole.ts", *MPEG2)
    return from_key(without_first(studio, made, "film.ts", 3), 9)


@source
def begun_between_key_frames_hevc(studio: Studio) -> Film:
    coded = "keyint=8:min-keyint=8:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=error"
    made = studio.make("whole.mkv", *X265, "-x265-params", coded)
    return from_key(without_first(studio, made, "film.ts", 3))


@source
def begun_between_key_frames_matroska(studio: Studio) -> Film:
    made = studio.make("whole.mkv", *X264, "-x264-params", "open-gop=1")
    return from_key(without_first(studio, made, "film.mkv", 3))


def from_key(path: Path, first: int = 8) -> Film:
    """What is shown of a film whose first key frame, number 0, is gone: from the next one on."""
    times = tuple(Fraction(k, 24) for k in range(FRAMES - first))
    return Film(path=path, numbers=tuple(range(first, FRAMES)), times=times)
