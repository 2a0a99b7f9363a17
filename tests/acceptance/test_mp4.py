"""MP4 outputs, opened with a reader of boxes that is not FFmpeg's."""

import json
import shutil
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import psutil
import pytest
from boxes import Movie, Track, movie
from clips import FRAMES, LENGTH, PICTURE, TONE, X264, Clips
from command import QUICK, Command, Run, frames, packets
from disks import mounted

from warm import PROGRAM, run_program

if TYPE_CHECKING:
    import subprocess

NTSC = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24000/1001")
HDR = "format=yuv420p10le,setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,500)"
CHAPTERS = (("Early", 20, 100), ("Late", 130, 230))


def parts(clips: Clips) -> tuple[Path, Path, Path, Path]:
    """Subtitles, chapters that leave gaps, a font and a cover."""
    texts = {
        "line.srt": "1\n00:00:00,100 --> 00:00:00,200\nHello\n",
        "gaps.txt": ";FFMETADATA1\n"
        + "".join(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={a}\nEND={b}\ntitle={name}\n" for name, a, b in CHAPTERS),
        "type.ttf": "no real font",
    }
    for name, text in texts.items():
        (clips.folder / name).write_text(text)
    words, chapters, font = (clips.folder / name for name in texts)
    return words, chapters, font, clips("front.png", *PICTURE, "-frames:v", "1")


def copied(make: Path, films: Path) -> Path:
    return Path(shutil.copy(make, films))


def encoded(
    encode: Command, films: Path, source: Path, *args: str, env: dict[str, str] | None = None
) -> tuple[Movie, Run]:
    """Encode into out.mp4; its boxes."""
    run = encode(source, "-o", "out.mp4", *QUICK, "--json", *args, env=env)
    assert run.code == 0, run.err
    made = movie(films / "out.mp4")
    assert made.order.index("moov") < made.order.index("mdat")
    assert made.made == 0
    assert sorted(p.name for p in films.iterdir()) == sorted({source.name, "out.mp4"})
    return made, run


def reasons(run: Run) -> str:
    return "\n".join(run.results[0]["data"]["reasons"])


def shown(track: Track, first: int = 0) -> list[Fraction]:
    """When each sample that is shown in the order of decoding begins, in seconds of the track."""
    assert not track.reordered
    return [Fraction(first + sum(track.durations[:k]), track.scale) for k in range(len(track.durations))]


def times(path: Path, stream: int) -> list[Fraction]:
    """Times of a stream's packets, in the order of showing."""
    with av.open(str(path)) as container:
        found = [
            p.pts * p.time_base for p in container.demux(container.streams[stream]) if p.size and p.pts is not None
        ]
    return sorted(found)


def test_an_mp4_of_everything_arrives_in_mp4_exactly(clips: Clips, encode: Command, films: Path) -> None:
    words, _, _, cover = parts(clips)
    (clips.folder / "close.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=100\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=100\nEND=250\ntitle=Two\n"
    )
    made = clips(
        *("whole-ntsc.mp4", *NTSC, *TONE, "-i", words, "-i", cover, "-i", clips.folder / "close.txt"),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_chapters", "4", *X264, "-filter:v:0", "setsar=4/3"),
        *("-frames:v:0", "6", "-c:a", "aac", "-c:s", "mov_text", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"),
        *("-metadata:s:a:0", "title=The sound", "-metadata:s:a:0", "language=fra", "-metadata", "title=A film"),
        *("-metadata", "comment=kept"),
    )
    source = copied(made, films)
    out, run = encoded(encode, films, source)
    picture, sound, text, _ = out.tracks
    assert (picture.kind, sound.kind) == ("vide", "soun")
    assert (picture.scale, picture.durations) == (24000, [1001] * FRAMES)
    assert picture.edits[0][1] == 0
    assert picture.picture.find("pasp").numbers("II") == (4, 3)
    # The priming samples are there and hidden, as in the source.
    assert (sound.scale, sound.edits[0][1]) == (48000, 1024)
    assert shown(sound, -1024) == times(source, 1)
    assert packets(films / "out.mp4", "audio") == packets(source, "audio")
    said = [p for p in packets(films / "out.mp4", "subtitle")[0] if p != b"\0\0"]
    assert said == [b"\0\x05Hello"]
    assert text.enabled
    assert out.index.find("udta/meta/ilst/covr/data").data[8:] == cover.read_bytes()
    with av.open(str(films / "out.mp4")) as after:
        assert [(c["metadata"]["title"], c["start"] * c["time_base"]) for c in after.chapters()] == [
            ("One", 0),
            ("Two", Fraction(1, 10)),
        ]
        assert after.metadata["title"] == "A film"
        assert after.metadata["comment"] == "kept"
        assert after.streams.audio[0].metadata["language"] == "fra"
        assert after.streams.audio[0].metadata["name"] == "The sound"
    assert "no place in MP4: its text" not in reasons(run)


@pytest.fixture
def rich(clips: Clips, films: Path) -> Path:
    """Matroska with a variable rate, late sound, and much that MP4 has no place for."""
    words, chapters, font, cover = parts(clips)
    made = clips(
        *("rich-vfr.mkv", *PICTURE, "-itsoffset", "0.0833", *TONE, *TONE, "-i", words, "-i", words, "-i", chapters),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-map_chapters", "5"),
        *("-vf", "setpts='PTS+N*N*17/TB/24000'", "-fps_mode", "passthrough", *LENGTH, *X264),
        *("-c:a:0", "libopus", "-c:a:1", "mp2", "-c:s:0", "srt", "-c:s:1", "ass"),
        *("-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Zwei", "-disposition:a:1", "default+original"),
        *("-disposition:s:0", "forced", "-metadata", "title=T", "-metadata", "IMDB=tt1"),
        *("-attach", cover, "-metadata:s:t:0", "mimetype=image/png", "-metadata:s:t:0", "filename=cover.png"),
        *("-attach", font, "-metadata:s:t:1", "mimetype=application/x-truetype-font"),
    )
    return copied(made, films)


NAMED = (
    "subrip has no place in MP4: its text becomes timed text",
    "ass has no place in MP4: its text becomes timed text",
    "the attached file type.ttf has no place in MP4",
    "MP4 has no place for the tags imdb",
    "MP4 does not mark streams as original",
    "each ends where the next begins",
    "marks the first of a kind as default",
)


def test_what_mp4_cannot_hold_is_said_before_and_all_else_arrives(encode: Command, films: Path, rich: Path) -> None:
    planned = encode(rich, "-o", "out.mp4", "--dry-run", "--json")
    assert [name for name in NAMED if name not in reasons(planned)] == []
    out, run = encoded(encode, films, rich)
    assert [name for name in NAMED if name not in reasons(run)] == []
    picture, opus, mpeg = out.tracks[:3]
    # A variable rate in Matroska's milliseconds, each exact.
    assert picture.scale % 1000 == 0
    assert times(films / "out.mp4", 0) == times(rich, 0)
    assert shown(picture) == [t - times(rich, 0)[0] for t in times(rich, 0)]
    assert packets(films / "out.mp4", "audio") == packets(rich, "audio")
    for number in (1, 2):
        assert times(films / "out.mp4", number) == times(rich, number)
    assert (opus.enabled, mpeg.enabled) == (False, True)
    texts = [[p for p in stream if p != b"\0\0"] for stream in packets(films / "out.mp4", "subtitle")]
    assert [p[2:7] for (p,) in texts] == [b"Hello", b"Hello"]
    with av.open(str(films / "out.mp4")) as after:
        found = [(c["metadata"]["title"], c["start"] * c["time_base"] * 1000) for c in after.chapters()]
        assert found == [("", 0), ("Early", 20), ("Late", 130)]
        assert after.streams.audio[1].metadata["language"] == "deu"
        assert av.stream.Disposition.forced in after.streams.subtitles[0].disposition


def test_late_sound_begins_as_late_as_it_did(clips: Clips, encode: Command, films: Path) -> None:
    made = clips(
        *("late-sound.mp4", *NTSC, "-itsoffset", "0.0833", *TONE, "-map", "0", "-map", "1", *LENGTH, *X264),
        *("-c:a", "ac3"),
    )
    source = copied(made, films)
    out, _ = encoded(encode, films, source)
    assert times(films / "out.mp4", 1) == times(source, 1)
    assert times(source, 1)[0] > 0
    pause, first = out.tracks[1].edits[0]
    assert first == -1
    assert Fraction(pause, out.scale) == times(source, 1)[0]


def test_hdr_metadata_and_colours_are_in_boxes(clips: Clips, encode: Command, films: Path) -> None:
    x265 = f"log-level=error:repeat-headers=1:hdr10=1:max-cll=1000,400:master-display={MASTERING}"
    made = clips(
        *("hdr.mkv", *PICTURE, *LENGTH, "-vf", HDR, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265)
    )
    out, _ = encoded(encode, films, copied(made, films))
    entry = out.tracks[0].picture
    assert entry.find("colr").data == b"nclx" + bytes((0, 9, 0, 16, 0, 9, 0))
    assert entry.find("clli").numbers("HH") == (1000, 400)
    # Chromaticities in 1/50000 (green, blue, red, white), luminance in 1/10000 cd/m²; AV1's steps are 1/65536.
    found = entry.find("mdcv").numbers("8H2I")
    want = (13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10_000_000, 500)
    assert [k for k, (a, b) in enumerate(zip(found, want, strict=True)) if abs(a - b) > 1] == []


def test_a_broadcast_with_aac_keeps_clock_and_offset(clips: Clips, encode: Command, films: Path) -> None:
    rate = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=50")
    source = copied(clips("fifty.ts", *rate, *TONE, "-frames:v", "12", *X264, "-c:a", "aac"), films)
    out, _ = encoded(encode, films, source)
    picture, sound = out.tracks
    assert (picture.scale, picture.durations) == (90000, [1800] * 12)
    before = times(source, 0)[0] - times(source, 1)[0]
    after = times(films / "out.mp4", 0)[0] - times(films / "out.mp4", 1)[0]
    assert abs(before - after) <= Fraction(1, 2 * sound.scale) + Fraction(1, 2 * picture.scale)
    # ADTS headers are for broadcasts; what they frame is equal.
    framed, bare = packets(source, "audio")[0], packets(films / "out.mp4", "audio")[0]
    assert [p[7:] for p in framed] == bare
    assert min(times(films / "out.mp4", 0)) >= 0


def test_a_film_that_begins_before_zero_is_shown_whole(clips: Clips, encode: Command, films: Path) -> None:
    shift = ("-output_ts_offset", "-0.2", "-avoid_negative_ts", "disabled")
    made = clips("negative.mkv", *PICTURE, *TONE, *LENGTH, "-c:v", "mpeg4", "-c:a", "mp2", *shift)
    source = copied(made, films)
    out, _ = encoded(encode, films, source)
    assert frames(films / "out.mp4") == FRAMES
    assert all(first in {-1, 0} for track in out.tracks for _, first in track.edits)
    moved = {a - b for k in (0, 1) for a, b in zip(times(films / "out.mp4", k), times(source, k), strict=True)}
    assert len(moved) == 1


def test_a_turned_film_and_its_second_picture_arrive(clips: Clips, encode: Command, films: Path) -> None:
    two = clips("two.mkv", *PICTURE, *PICTURE, "-map", "0", "-map", "1", *LENGTH, *X264)
    source = copied(clips("two-turned.mp4", "-display_rotation", "90", "-i", two, "-map", "0", "-c", "copy"), films)
    out, _ = encoded(encode, films, source)
    film, second = out.tracks
    # The matrix of a quarter turn: no cosine, a sine of one (16.16).
    assert film.box.find("tkhd").numbers("5i", 40)[:2] != (1 << 16, 0)
    assert second.reordered
    assert times(films / "out.mp4", 1) == times(source, 1)
    assert packets(films / "out.mp4", "video")[1] == packets(source, "video")[1]


def program(encode: Command, *args: str | Path) -> Run:
    """Another command of the program, on the same ledger."""
    done = run_program(
        [*PROGRAM, *args],
        cwd=encode.folder,
        env=encode.variables({"REELWRIGHT_PROCESSING__TEMP_DIR": str(encode.state / "work")}),
    )
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def test_an_excerpt_in_mp4_has_its_words_and_no_track_for_a_sound_that_begins_after_it(
    clips: Clips, encode: Command, films: Path
) -> None:
    words = clips.folder / "three.srt"
    words.write_text(
        "".join(f"{k}\n00:00:0{k},200 --> 00:00:0{k},700\nLine {k}\n\n" for k in range(3)), encoding="ascii"
    )
    late = ("-itsoffset", "1.6", "-f", "lavfi", "-i", "sine=frequency=880:duration=0.3")
    made = clips(
        *("three.mkv", "-i", clips.long(".mkv", "-c:a", "aac"), *late, "-i", words, "-map", "0", "-map", "1"),
        *("-map", "2", "-c", "copy", "-c:a:1", "ac3", "-c:s", "srt"),
    )
    source = copied(made, films)
    out, _ = encoded(encode, films, source, "--start", "0.5", "--duration", "1")
    assert [track.kind for track in out.tracks] == ["vide", "soun", "sbtl"]
    texts = [p for p in packets(films / "out.mp4", "subtitle")[0] if p != b"\0\0"]
    assert texts == [b"\0\x06Line 0", b"\0\x06Line 1"]


def test_other_commands_know_an_mp4_output(clips: Clips, encode: Command, films: Path) -> None:
    source = copied(clips.long(".mkv", "-c:a", "aac"), films)
    excerpt = ("--start", "0.5", "--duration", "1", "--scale", "80x", *QUICK, "--json")
    setting = {"REELWRIGHT_PLACEMENT__CONTAINER": "mp4"}
    first = encode(source, *excerpt, env=setting)
    assert first.code == 0, first.err
    out = Path(first.results[0]["data"]["output"])
    assert out.name.endswith(".av1.mp4")
    assert frames(out) == 24
    again = encode(source, *excerpt, env=setting)
    assert again.results[0]["data"]["outcome"] == "already_done"
    probed = json.loads(program(encode, "probe", out, "--json").out.splitlines()[-1])["data"]
    assert "mp4" in probed["container"]
    told = program(encode, "report", out, "-o", "page.html", "--json")
    assert told.code == 0, told.err
    assert (films / "page.html").read_text().count("data:image/webp") >= 2
    assert out.name in program(encode, "jobs", "list").out


def test_an_mp4_output_is_scored_against_its_source(clips: Clips, encode: Command, films: Path) -> None:
    source = copied(clips.film(), films)
    encoded(encode, films, source)
    scored = program(encode, "score", source, films / "out.mp4", "--json")
    assert scored.code == 0, scored.err
    assert json.loads(scored.out.splitlines()[-1])["data"]["vmaf"]["mean"] > 0


@pytest.mark.parametrize("suffix", [".mov", ".m4v", ".webm"])
def test_other_suffixes_are_refused_with_a_hint(encode: Command, films: Path, suffix: str) -> None:
    encode(films / "a.mkv", "-o", f"out{suffix}").assert_failed(2, "something.mkv or something.mp4")


def test_sound_without_a_place_is_refused_before_anything_is_encoded(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = copied(clips("samples.mkv", *PICTURE, *TONE, *LENGTH, *X264, "-c:a", "pcm_s16le"), films)
    run = encode(source, "-o", "out.mp4", *QUICK)
    run.assert_failed(3, "MP4 has no place for the film's sound in stream 1 (pcm_s16le)", "something.mkv")
    assert not (films / "out.mp4").exists()


def writer_of(process: "subprocess.Popen[bytes]") -> psutil.Process:
    """The child that joins the chunks, as soon as it runs."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        assert process.poll() is None
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                if any("children.mux" in word for word in child.cmdline()):
                    return child
            except psutil.Error:
                continue
        time.sleep(0.002)
    raise AssertionError("nothing was ever joined")


def test_a_run_killed_while_it_writes_leaves_nothing_under_the_name_and_goes_on(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = copied(clips.film(), films)
    process = encode.begin(source, "-o", "out.mp4", *QUICK)
    writer_of(process)
    process.kill()
    process.communicate()
    assert not (films / "out.mp4").exists()
    out, run = encoded(encode, films, source)
    assert run.results[0]["data"]["trials"] == 0
    assert len(out.tracks[0].durations) == FRAMES


@pytest.mark.usefixtures("root_only")
def test_a_full_disk_leaves_no_mp4(clips: Clips, encode: Command, films: Path, tmp_path: Path) -> None:
    source = copied(clips.dense(), films)
    with mounted(tmp_path / "small", 16384) as disk:
        run = encode(source, "-o", str(disk / "out.mp4"), "--preset", "13", "--crf", "12")
        run.assert_failed(7, "full")
        assert list(disk.iterdir()) == []
