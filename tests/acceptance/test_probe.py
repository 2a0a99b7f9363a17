"""`probe` answers plain films from FFmpeg's banner and headers, and then says exactly what the full look would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from clips import LENGTH, PICTURE, TONE, X264, Clips

from dolby_vision import P5, P7, P81, P82, Flavor, Making, film
from reelwright.app import Commands
from reelwright.app.probe import probe_file
from reelwright.app.wiring import run_to_end
from reelwright.cli.main import run
from reelwright.quick import plain_probe
from reelwright.tools.look import look

QUARTER = ("-f", "lavfi", "-i", "testsrc2=size=160x96:rate=24:duration=0.25")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
PQ = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc")
HLG = ("-vf", "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc")
HDR10 = "hdr10=1:master-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,1):max-cll=1000,400"
SUBTITLE = "1\n00:00:00,000 --> 00:00:00,200\nHello\n"
CHAPTERS = ";FFMETADATA1\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={k * 100}\nEND={k * 100 + 100}\ntitle=Part {k}\\\nStream #0:9: Video\n"
    for k in (0, 1)
)
TITLES = (
    "plain",
    "with: colon",
    "a, b (default)",
    "two\nlines",
    "\nfirst empty",
    "  spaces  ",
    "映画 é 🎬",
    "a\rb",
    "a\x0bb",
    "Stream #0:7: Audio: aac",
    "x\n    title           : y",
    "x" * 250,
    "Side",
    "[trace_headers @ 0x1] 0 pic_struct 1 = 3",
    "a\u202eb",
    "title",
    "=",
    "'\"\\",
)
#: Titles FFmpeg's banner does not show as they are.
UNSURE = ("What?", "\x1b[31mred", "y" * 300, "\x07")

PLAIN: dict[str, Sequence[str]] = {
    "h264.mkv": (*PICTURE, *LENGTH, *X264),
    "h264.mp4": (*PICTURE, *TONE, *LENGTH, *X264, "-c:a", "aac", "-metadata:s:a", "language=deu"),
    "h264.mov": (*PICTURE, *TONE, *LENGTH, *X264, "-c:a", "pcm_s16le"),
    "h264.ts": (*PICTURE, *TONE, *LENGTH, *X264, "-c:a", "ac3"),
    "h264.avi": (*PICTURE, *TONE, *LENGTH, *X264, "-bf", "0", "-c:a", "mp3"),
    "h264.flv": (*PICTURE, *TONE, *LENGTH, *X264, "-c:a", "aac"),
    "vp9.webm": (*PICTURE, *TONE, *LENGTH, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus"),
    "vp9.ivf": (*PICTURE, *LENGTH, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-vf", "setparams=colorspace=bt709"),
    "hevc.ts": (*PICTURE, *TONE, *LENGTH, *HEVC, "-c:a", "aac", "-metadata:s:a", "language=eng"),
    "av1.mkv": (*PICTURE, *LENGTH, "-c:v", "libsvtav1", "-preset", "13"),
    "hevc.mkv": (*PICTURE, *TONE, *LENGTH, *HEVC, "-c:a", "flac"),
    "hevc.mp4": (*PICTURE, *LENGTH, *HEVC, "-tag:v", "hvc1"),
    "tagged.mkv": (
        *PICTURE,
        *LENGTH,
        *X264,
        "-vf",
        "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
    ),
    "mixed.mkv": (
        *PICTURE,
        *LENGTH,
        *X264,
        "-vf",
        "setparams=range=pc:color_primaries=bt470bg:color_trc=bt709:colorspace=smpte170m",
    ),
    "wide.mkv": (
        *PICTURE,
        *LENGTH,
        *HEVC,
        "-color_primaries",
        "bt2020",
        "-color_trc",
        "bt2020-10",
        "-colorspace",
        "bt2020nc",
    ),
    "anamorphic.mkv": (*PICTURE, *LENGTH, *X264, "-vf", "setsar=16/11"),
    "ntsc.mkv": ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30000/1001", *LENGTH, *X264),
    "slow.mp4": ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=1/2", "-frames:v", "2", *X264),
    "fast.mp4": ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=1000", *LENGTH, *X264),
    "varying.mkv": (*PICTURE, "-vf", "select=not(eq(n\\,2)),settb=1/1000", "-fps_mode", "vfr", *LENGTH, *X264),
    "full-chroma.mkv": (*PICTURE, *LENGTH, *X264, "-pix_fmt", "yuv444p"),
    "surround.mkv": (
        *PICTURE,
        "-f",
        "lavfi",
        "-i",
        "anullsrc=channel_layout=5.1:sample_rate=48000",
        "-t",
        "0.2",
        *X264,
        "-c:a",
        "eac3",
        "-metadata:s:a",
        "language=fra",
        "-disposition:a",
        "default+comment+hearing_impaired",
    ),
    "odd-layout.mkv": (
        *PICTURE,
        "-f",
        "lavfi",
        "-i",
        "anullsrc=channel_layout=2.1:sample_rate=44100",
        "-t",
        "0.2",
        *X264,
        "-c:a",
        "flac",
    ),
    "chapters.mkv": (*PICTURE, "-i", "chapters.txt", "-map_metadata", "1", *LENGTH, *X264),
    "subtitles.mkv": (
        *PICTURE,
        "-i",
        "words.srt",
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "1",
        *LENGTH,
        *X264,
        "-c:s:0",
        "subrip",
        "-c:s:1",
        "ass",
        "-metadata:s:s:1",
        "language=jpn",
        "-disposition:s:1",
        "forced",
    ),
    "subtitles.mp4": (*PICTURE, "-i", "words.srt", *LENGTH, *X264, "-c:s", "mov_text"),
    "titles.mkv": (
        *PICTURE,
        "-i",
        "words.srt",
        "-map",
        "0",
        *("-map", "1") * len(TITLES),
        *LENGTH,
        *X264,
        "-c:s",
        "subrip",
        *[part for k, title in enumerate(TITLES) for part in (f"-metadata:s:s:{k}", f"title={title}")],
    ),
    "pq.mkv": (*PICTURE, *LENGTH, *HEVC, "-pix_fmt", "yuv420p10le", *PQ),
    "hdr10.mkv": (*PICTURE, *LENGTH, *HEVC[:-1], f"log-level=none:{HDR10}", "-pix_fmt", "yuv420p10le", *PQ),
    "hdr10-without-tags.mkv": (*PICTURE, *LENGTH, *HEVC[:-1], f"log-level=none:{HDR10}", "-pix_fmt", "yuv420p10le"),
    "corner.webm": (*PICTURE, *LENGTH, "-c:v", "libvpx-vp9", "-vf", "setparams=chroma_location=topleft"),
    "hdr10-in-container.webm": ("-i", "hdr10.mkv", *LENGTH, "-c:v", "libvpx-vp9"),
    "hdr10-av1.mkv": ("-i", "hdr10.mkv", *LENGTH, "-c:v", "libsvtav1", "-preset", "13"),
    "hevc10.mp4": (*PICTURE, *LENGTH, *HEVC, "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"),
    "two words é 映.mkv": (*PICTURE, *LENGTH, *X264),
    "-x: %d 'a'.mkv": (*PICTURE, *LENGTH, *X264),
}

SPECIAL: dict[str, Sequence[str]] = {
    "vp8.webm": (*PICTURE, *TONE, *LENGTH, "-c:v", "libvpx", "-c:a", "libvorbis"),
    "av1.obu": (*PICTURE, *LENGTH, "-c:v", "libsvtav1", "-preset", "13", "-vf", "setparams=color_primaries=bt709"),
    "h264.h264": (*PICTURE, *LENGTH, *X264),
    "hlg.mp4": (*PICTURE, *LENGTH, *HEVC, "-pix_fmt", "yuv420p10le", *HLG),  # it says twice which transfer it has
    "interlaced.mkv": (*QUARTER, "-c:v", "libx264", "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
    "fields-in-name-only.mkv": (*QUARTER, "-c:v", "libx264", "-x264-params", "fake-interlaced=1"),
    "mpeg2.ts": (*QUARTER, "-c:v", "mpeg2video", "-flags", "+ildct+ilme"),
    "mpeg4.avi": (*PICTURE, *LENGTH, "-c:v", "mpeg4"),
    "prores.mov": (*PICTURE, *LENGTH, "-c:v", "prores_ks"),
    "ffv1.mkv": (*PICTURE, *LENGTH, "-c:v", "ffv1"),
    "rgb.mkv": (*PICTURE, *LENGTH, "-c:v", "libx264rgb"),
    "font.mkv": (*PICTURE, *LENGTH, *X264, "-attach", "font.ttf", "-metadata:s:t", "mimetype=font/ttf"),
    "cover.mp4": (
        *PICTURE,
        "-f",
        "lavfi",
        "-i",
        "color=red:s=32x32",
        "-map",
        "0",
        "-map",
        "1",
        *LENGTH,
        *X264,
        "-c:v:1",
        "png",
        "-frames:v:1",
        "1",
        "-disposition:v:1",
        "attached_pic",
    ),
    "two.mkv": (*PICTURE, *PICTURE, "-map", "0", "-map", "1", *LENGTH, *X264),
    "timecode.mov": (*PICTURE, *LENGTH, *X264, "-timecode", "01:00:00:00"),
    "rounded.mkv": ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24", "-frames:v", "12", *X264),
    **{
        f"title {k}.mkv": (*PICTURE, *LENGTH, *X264, "-metadata:s:v", f"title={title}")
        for k, title in enumerate(UNSURE)
    },
}


@pytest.fixture(scope="module")
def zoo(clips: Clips) -> Clips:
    (clips.folder / "words.srt").write_text(SUBTITLE)
    (clips.folder / "chapters.txt").write_text(CHAPTERS)
    (clips.folder / "font.ttf").write_bytes(b"\0\1\0\0")
    return clips


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("REELWRIGHT_"):
            monkeypatch.delenv(name)


def same_facts(path: Path, zoo: Clips) -> None:
    """Assert that both ways of reading find the same facts."""
    short = look(zoo.ffmpeg, path)
    assert short is not None
    assert short == run_to_end(lambda: probe_file(path))


def full(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the whole program says."""
    assert run(["probe", str(path)], Commands(), {}) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", PLAIN)
def test_a_glance_at_a_plain_film_says_what_the_full_look_says(
    name: str, zoo: Clips, capsys: pytest.CaptureFixture[str]
) -> None:
    path = zoo(f"./{name}" if name.startswith("-") else name, *PLAIN[name])
    assert plain_probe(str(path)) == full(path, capsys)
    same_facts(path, zoo)


@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_not_plain_is_left_to_the_full_look(name: str, zoo: Clips, capsys: pytest.CaptureFixture[str]) -> None:
    path = zoo(name, *SPECIAL[name])
    assert plain_probe(str(path)) is None
    assert full(path, capsys)[0].startswith(str(path))
    same_facts(path, zoo)


@pytest.mark.parametrize("flavor", [P5, P7, P81, P82])
def test_dolby_vision_without_a_record_is_left_to_the_full_look(
    flavor: Flavor, zoo: Clips, capsys: pytest.CaptureFixture[str]
) -> None:
    making = Making(flavor=flavor, frames=4, colors=flavor is P82)
    path = film(zoo.folder, f"dolby-{flavor.profile}{flavor.compatibility}.ts", making)
    assert plain_probe(str(path)) is None
    said = {P5: "Dolby Vision 5", P7: "Dolby Vision 7", P81: "Dolby Vision 8", P82: "Dolby Vision 8.2"}[flavor]
    assert said in full(path, capsys)[2].split(", ")
    same_facts(path, zoo)


def rotated(zoo: Clips) -> Path:
    plain = zoo("to-turn.mp4", *PICTURE, *LENGTH, *X264)
    path = zoo.folder / "rotated.mp4"
    zoo.run("-display_rotation", "90", "-i", plain, "-c", "copy", path)
    return path


def test_what_is_no_plain_file_is_left_to_the_full_look(zoo: Clips, tmp_path: Path) -> None:
    (tmp_path / "empty.mkv").touch()
    (tmp_path / "text.mkv").write_text("#EXTM3U\n/etc/passwd\n")
    os.mkfifo(tmp_path / "pipe.mkv")
    audio = zoo("tone.mka", *TONE)
    paths = [tmp_path / name for name in ("gone.mkv", "empty.mkv", "text.mkv", "pipe.mkv", "")]
    for path in [*paths, audio, rotated(zoo), Path("a\0b")]:
        assert plain_probe(str(path)) is None, path
    odd = tmp_path / "a\n  Stream #0:1: Audio: aac, 1 Hz, mono, s16.mkv"
    odd.write_bytes(zoo.film().read_bytes())
    assert plain_probe(str(odd)) is None


@pytest.mark.parametrize("name", ["REELWRIGHT_TOOLS__FFMPEG", "REELWRIGHT_TOOLS", "REELWRIGHT_CONFIG"])
def test_where_settings_may_name_another_ffmpeg_there_is_no_glance(
    name: str, zoo: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = str(zoo.film())
    assert plain_probe(plain) is not None
    monkeypatch.setenv(name, "/nowhere")
    assert plain_probe(plain) is None


def test_a_configuration_file_is_heeded(zoo: Clips, tmp_path: Path) -> None:
    (tmp_path / "reelwright.toml").write_text("[tools]\nffmpeg = '/nowhere'\n")
    assert plain_probe(str(zoo.film())) is None


@dataclass(frozen=True)
class Slow:
    """An FFmpeg that says something and then hangs."""

    path: Path
    number: Path


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    found = Slow(tmp_path / "ffmpeg", tmp_path / "number")
    found.path.write_text(f"#!/bin/sh\necho $$ > {found.number}\necho 'Input #0' >&2\nexec sleep 60\n")
    found.path.chmod(0o755)
    return found


def ended(number: int) -> bool:
    """Whether a process has gone."""
    for _ in range(200):
        if not Path(f"/proc/{number}").exists():
            return True
        time.sleep(0.05)
    return False


def test_an_interrupted_glance_leaves_nobody_behind(slow: Slow, zoo: Clips) -> None:
    argv = [sys.executable, "-P", "-m", "reelwright", "probe", str(zoo.film())]
    process = subprocess.Popen(
        argv, env={**os.environ, "IMAGEIO_FFMPEG_EXE": str(slow.path)}, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while not slow.number.exists() or not slow.number.read_text().strip():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert ended(int(slow.number.read_text()))


def test_an_ffmpeg_that_hangs_is_not_waited_for(slow: Slow, zoo: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(slow.path))
    monkeypatch.setattr("reelwright.quick.SECONDS", 0.2)
    assert plain_probe(str(zoo.film())) is None
    assert ended(int(slow.number.read_text()))


def test_the_command_prints_the_same_whichever_way_it_looked(zoo: Clips, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (zoo("h264.mkv", *PLAIN["h264.mkv"]), zoo("mpeg4.avi", *SPECIAL["mpeg4.avi"])):
        argv = [sys.executable, "-P", "-m", "reelwright", "probe", str(path)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert (done.stdout.splitlines(), done.stderr) == (full(path, capsys), "")


@pytest.mark.parametrize(("sink", "code"), [("| true", 0), ("| head -c 5", 0), ("> /dev/full", 1), (">&-", 0)])
def test_an_output_nobody_takes_is_no_traceback(sink: str, code: int, zoo: Clips) -> None:
    line = f'set -o pipefail; "$0" -P -m reelwright probe "$1" {sink}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, str(zoo.film())], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_a_reader_left_alone_ends_itself(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.mkv")  # nobody ever writes to it
    request = json.dumps({"path": str(tmp_path / "film.mkv"), "seconds": 1})
    argv = [sys.executable, "-P", "-m", "reelwright.tools.children.probe", request]
    assert subprocess.run(argv, timeout=60, check=False).returncode == -signal.SIGALRM


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho nonsense\n", ""])
def test_where_the_short_way_fails_the_full_way_tells_why(
    text: str, zoo: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text(text)
    broken.chmod(0o755)
    monkeypatch.setattr("reelwright.tools.look.sys.executable", str(broken))
    assert look(zoo.ffmpeg, zoo.film()) is None
    monkeypatch.undo()
    missing = tmp_path / "gone"
    assert look(str(missing), zoo.film()) is None
