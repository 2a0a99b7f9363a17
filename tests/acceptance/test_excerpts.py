"""Excerpts: exactly the frames asked for, sound in step, and trials that the whole film uses as well."""

import shutil
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from clips import GRAINY, PICTURE, X264, Clips
from command import QUICK, Command, contents

#: A little over a second: Matroska rounds times to milliseconds.
SECOND = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.1"}
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000")
WORDS = """1
00:00:00,500 --> 00:00:02,500
Before

2
00:00:02,600 --> 00:00:09,000
After

3
00:00:03,500 --> 00:00:03,700
Late
"""
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1700
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1700
END=3000
title=Two
[CHAPTER]
TIMEBASE=1/1000
START=3000
END=4000
title=Three
"""
#: Frames of 40, 80 and 120 ms in turn.
UNEVEN = "setpts='(80*N+mod(N,3)*20)/1000/TB',settb=1/1000"


def talking(clips: Clips, suffix: str = ".mkv", *args: str) -> Path:
    """Four seconds with sound, subtitles and chapters."""
    (clips.folder / "words.srt").write_text(WORDS)
    (clips.folder / "chapters.txt").write_text(CHAPTERS)
    return clips(
        *("talking" + "".join(args).replace("/", "").replace("'", "")[:60] + suffix, *GRAINY, *TONE),
        *("-i", "words.srt", "-i", "chapters.txt", "-t", "4", "-map", "0", "-map", "1"),
        *(() if suffix == ".ts" else ("-map", "2", "-map_chapters", "3")),
        *(*X264, "-c:a", "mp2" if suffix == ".ts" else "aac", "-c:s", "mov_text" if suffix == ".mp4" else "srt", *args),
    )


def times(path: Path, kind: str) -> list[tuple[Fraction, Fraction, bytes]]:
    """Begin, length and bytes of each packet of the first stream of a kind, by time."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        found = [
            (p.pts * p.time_base, (p.duration or 0) * p.time_base, bytes(p))
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]
    return sorted(found)


def shown(path: Path) -> list[Fraction]:
    """When each decoded frame is shown."""
    with av.open(f"file:{path}") as container:
        return [f.pts * f.time_base for f in container.decode(video=0)]


def assert_frames(source: Path, out: Path, start: Fraction, stop: Fraction) -> tuple[Fraction, Fraction]:
    """Assert that the output shows the frames of [start, stop); returns the first one's time here and there."""
    before, after = shown(source), shown(out)
    inside = [t for t in before if start <= t - before[0] < stop]
    assert len(after) == len(inside) > 0
    for a, b in zip(after, inside, strict=True):
        assert abs((a - after[0]) - (b - inside[0])) <= Fraction(1, 1000)
    return inside[0], after[0]


def overlapping(
    packets: Sequence[tuple[Fraction, Fraction, bytes]], begin: Fraction, end: Fraction
) -> list[tuple[Fraction, Fraction, bytes]]:
    return [p for p in packets if p[0] < end and p[0] + p[1] > begin]


@pytest.mark.parametrize("suffix", [".mkv", pytest.param(".mp4", marks=pytest.mark.prove), ".ts"])
def test_an_excerpt_has_its_frames_and_every_packet_of_sound_in_step(
    clips: Clips, encode: Command, films: Path, suffix: str
) -> None:
    source = Path(shutil.copy(talking(clips, suffix), films))
    run = encode(source.name, *QUICK, "--start", "0:01.7", "--duration", "1.5", env=SECOND)
    assert run.code == 0, run.err
    out = films / f"{source.stem}.excerpt-1.7s-3.2s.av1.mkv"
    there, here = assert_frames(source, out, Fraction("1.7"), Fraction("3.2"))
    end = there + Fraction(36, 24)
    sound, copied = overlapping(times(source, "audio"), there, end), times(out, "audio")
    assert [p[2] for p in copied] == [p[2] for p in sound]
    for a, b in zip(copied, sound, strict=True):
        assert abs((a[0] - here) - (b[0] - there)) <= Fraction(2, 1000)
    # Nothing lies before zero, and the picture begins as long after it as the first packet of sound begins early.
    assert 0 <= copied[0][0] <= Fraction(1, 1000)
    assert 0 <= here < Fraction(1152, 48000) + Fraction(1, 1000)
    assert "This is an excerpt of the film, from 0:01.7 to 0:03.2" in run.out


@pytest.mark.parametrize("suffix", [pytest.param(".mkv", marks=pytest.mark.prove), ".mp4"])
def test_subtitles_and_chapters_are_cut_at_the_excerpts_ends(
    clips: Clips, encode: Command, films: Path, suffix: str
) -> None:
    source = Path(shutil.copy(talking(clips, suffix), films))
    run = encode(source.name, "-o", "part.mkv", *QUICK, "--start", "2", "--duration", "1", env=SECOND)
    assert run.code == 0, run.err
    out = films / "part.mkv"
    first = shown(out)[0]
    words = [(round(float(a - first), 2), round(float(b), 2), c) for a, b, c in times(out, "subtitle")]
    assert words == [(0.0, 0.5, b"Before"), (0.6, 0.4, b"After")]
    with av.open(str(out)) as container:
        chapters = [
            (float(c["start"] * c["time_base"] - first), float(c["end"] * c["time_base"] - first))
            for c in container.chapters()
        ]
        assert [c["metadata"]["title"] for c in container.chapters()] == ["Two"]
    assert chapters == [pytest.approx((0, 1), abs=0.0011)]


def test_frames_of_uneven_length_keep_their_times(clips: Clips, encode: Command, films: Path) -> None:
    made = clips("uneven.mkv", *PICTURE, "-vf", UNEVEN, "-fps_mode", "vfr", "-frames:v", "40", *X264)
    source = Path(shutil.copy(made, films))
    before = shown(source)
    assert len({b - a for a, b in pairwise(before)}) > 1
    # On a frame's very time: it is inside; and what begins on the end's very time is not.
    start, stop = before[7] - before[0], before[22] - before[0]
    run = encode(
        *(source.name, "-o", "part.mkv", *QUICK, "--start", f"{float(start):.3f}"),
        *("--duration", f"{float(stop - start):.3f}", "--json"),
    )
    assert run.code == 0, run.err
    _, here = assert_frames(source, films / "part.mkv", start, stop)
    assert here == 0
    assert len(shown(films / "part.mkv")) == 15
    assert all(check["passed"] for check in run.results[0]["data"]["checks"])


def test_what_an_excerpt_tried_serves_the_whole_film_and_the_other_way_round(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(clips("still.mkv", *PICTURE, "-frames:v", "96", *X264), films))
    part = encode(source.name, *QUICK, "--start", "0.5", "--duration", "3", "--json", env=SECOND)
    assert part.code == 0, part.err
    trials = [e["data"] for e in part.events if e["event"] == "trial_complete"]
    assert [t["frames"] for t in sorted(trials, key=lambda t: t["chunk"])] == [11, 24, 24, 13]
    whole = encode(source.name, *QUICK, "--json", env=SECOND)
    assert whole.code == 0, whole.err
    reused = {(t["data"]["chunk"], t["data"]["reused"]) for t in whole.events if t["event"] == "trial_complete"}
    assert reused == {(0, False), (1, True), (2, True), (3, False)}
    inner = encode(source.name, *QUICK, "--start", "0.958", "--duration", "2", "--json", env=SECOND)
    assert inner.results[0]["data"]["trials"] == 0
    assert inner.results[0]["data"]["outcome"] == "encoded"
    assert len(shown(films / "still.excerpt-0.958s-2.958s.av1.mkv")) == 48


def test_another_range_is_another_job_and_the_same_one_is_done_already(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(clips.long(".mkv"), films / "film.mkv"))
    first = encode(source.name, "-o", "part.mkv", *QUICK, "--start", "0.5", "--duration", "0.5", "--json")
    again = encode(source.name, "-o", "part.mkv", *QUICK, "--start", "0:00.50", "--duration", "0.5", "--json")
    other = encode(source.name, "-o", "part.mkv", *QUICK, "--start", "0.5", "--duration", "1", "--json")
    assert (first.code, again.code, other.code) == (0, 0, 8)
    assert again.results[0]["data"]["outcome"] == "already_done"
    assert first.results[0]["job"] == again.results[0]["job"] != other.results[0]["job"]
    assert len(shown(films / "part.mkv")) == 12
    # The sizes are the excerpt's, not the film's.
    assert first.results[0]["data"]["bytes_before"] < source.stat().st_size / 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--start", "2.5"), "The film is 0:01.999 long"),
        (("--start", "1:00:00"), "--start 1:00:00 is not before its end"),
        (("--start", "0.001", "--duration", "0.002"), "No frame begins from 0:00.001 to 0:00.003"),
    ],
)
def test_a_range_without_frames_is_wrong_usage(
    clips: Clips, encode: Command, films: Path, args: tuple[str, ...], said: str
) -> None:
    source = Path(shutil.copy(clips.long(".mkv", "-an"), films / "film.mkv"))
    before = contents(films)
    run = encode(source.name, *QUICK, *args, "--json")
    run.assert_json_failed(2, "film.mkv", said)
    assert contents(films) == before


@pytest.mark.parametrize("text", ["1:60", "-1", "abc", "10s", ""])
def test_what_is_no_time_is_wrong_usage(encode: Command, text: str) -> None:
    run = encode("film.mkv", "--start", text)
    assert run.code == 2
    assert "no time" in run.err or "expected one argument" in run.err


def test_a_duration_of_nothing_is_wrong_usage(encode: Command) -> None:
    encode("film.mkv", "--duration", "0.0").assert_failed(2, "--duration 0")


def test_several_excerpts_into_a_folder_say_what_they_are(clips: Clips, encode: Command, films: Path) -> None:
    for name in ("a.mkv", "b.mkv"):
        shutil.copy(clips.film(), films / name)
    run = encode("a.mkv", "b.mkv", "-o", "out", *QUICK, "--duration", "0.1")
    assert run.code == 0, run.err
    assert sorted(p.name for p in (films / "out").iterdir()) == [
        "a.excerpt-0s-0.1s.mkv",
        "b.excerpt-0s-0.1s.mkv",
    ]
