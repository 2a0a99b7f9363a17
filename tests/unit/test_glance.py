"""What is read from FFmpeg's banner, and what is rather not."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.cli.glance import glance
from reelwright.cli.text import rate, safe_title
from reelwright.tools.spawn import Heard

BANNER = """Input #0, matroska,webm, from 'file:/f.mkv':
  Metadata:
    title           : A film
    ENCODER         : Lavf63.1.102
  Duration: 01:02:03.26, start: 0.000000, bitrate: 213 kb/s
  Chapters:
    Chapter #0:0: start 0.000000, end 0.500000
      Metadata:
        title           : One
  Stream #0:0: Video: h264 (High), yuv420p(tv, bt709, progressive), 160x90 [SAR 1:1 DAR 16:9], 23.98 fps (default)
    Metadata:
      ENCODER         : Lavc63.1.102 libx264
  Stream #0:1(deu): Audio: aac (LC), 44100 Hz, 5.1(side), fltp (hearing impaired)
    Metadata:
      title           : Ton: a
                      : second
  Stream #0:2[0x3](fra): Subtitle: subrip (srt) (default) (forced)
[trace_headers @ 0x1] 77          frame_mbs_only_flag                                         1 = 1
[trace_headers @ 0x1] 8           last_payload_type_byte                               00000101 = 5
Stream mapping:
  Stream #0:0 -> #0:0 (copy)
"""
LINES = [
    "f.mkv  1 kB",
    "container  matroska,webm, 1h02m",
    "  0  video, h264, 160x90, yuv420p, 23.98 fps, tv/bt709/bt709/bt709, default",
    "  1  audio, aac, 5.1(side), 44100 Hz, deu, Ton: a\\nsecond, hearing_impaired",
    "  2  subtitle, subrip, fra, default, forced",
    "chapters   1",
]


def look(text: str) -> list[str] | None:
    return glance(text.encode(), "f.mkv", 1000)


def test_a_banner_is_read_in_full() -> None:
    assert look(BANNER) == LINES


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("h264 (High)", "mpeg2video (Main)"),
        ("h264 (High)", "h264 (High), none"),
        ("progressive", "top first"),
        ("progressive", "10 bpc"),
        ("tv, bt709", "tv, gbr/bt709/bt709"),
        ("tv, bt709", "tv, bt709/bt709"),
        ("yuv420p(", "gbrp("),
        ("frame_mbs_only_flag                                         1 = 1", "frame_mbs_only_flag  0 = 0"),
        ("frame_mbs_only_flag", "something_else"),
        ("[trace_headers @ 0x1]", "[something @ 0x1]"),
        ("00000101 = 5", "00000100 = 4"),
        ("last_payload_type_byte                               00000101 = 5", "pic_struct  0011 = 3"),
        ("last_payload_type_byte                               00000101 = 5", "ct_type[0]  01 = 1"),
        ("03.26", "03.50"),
        ("Duration: 01:02:03.26", "Duration: N/A"),
        (
            "      ENCODER         : Lavc",
            "    Side data:\n      DOVI configuration record: version: 1.0\n      ENCODER: ",
        ),
        ("Ton: a", "Ton?"),
        ("Ton: a", "T" * 255),
        ("title           : Ton", "filename        : Ton"),
        ("Stream #0:1", "Stream #0:2"),
        ("Stream #0:2[0x3]", "Stream #0:3[0x3]"),
        ("(deu)", "(d u)"),
        ("Audio: aac (LC), 44100 Hz", "Audio: aac (LC), 0 Hz"),
        ("Subtitle: subrip (srt)", "Attachment: ttf"),
        ("Subtitle: subrip (srt)", "Data: bin_data"),
        ("(default)\n    Metadata", "(attached pic)\n    Metadata"),
        ("Audio: aac (LC), 44100 Hz, 5.1(side), fltp", "Video: h264, yuv420p, 16x16"),
        ("Input #0", "Output #0"),
        ("  Stream #0:0: Video", "  Stream group #0:0: Video"),
    ],
)
def test_whatever_is_not_certain_is_no_answer(was: str, now: str) -> None:
    assert was in BANNER
    assert look(BANNER.replace(was, now, 1)) is None


#: As FFmpeg puts it at its level "verbose".
VERBOSE = BANNER.replace(
    "h264 (High), yuv420p(tv, bt709, progressive)",
    "h264 (High), 4 reference frames (avc1 / 0x31), yuv420p(tv, bt2020nc/bt2020/smpte2084, progressive, left)",
)
MASTERING = "    Side data:\n      Mastering display metadata: has_primaries:1 r(0.6800,0.3200)\n"
LIGHT = "      Content light level metadata: MaxCLL=1000, MaxFALL=400\n"
FIRST = "  Stream #0:1(deu)"


def film_line(text: str) -> str | None:
    found = look(text)
    return None if found is None else found[2].removeprefix("  0  video, h264, 160x90, yuv420p, 23.98 fps, ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (VERBOSE, "tv/bt2020/smpte2084/bt2020nc, default"),
        (VERBOSE.replace("smpte2084", "arib-std-b67"), "tv/bt2020/arib-std-b67/bt2020nc, default"),
        (VERBOSE.replace("left", "topleft"), "tv/bt2020/smpte2084/bt2020nc, chroma topleft, default"),
        (VERBOSE.replace(FIRST, MASTERING + LIGHT + FIRST), "tv/bt2020/smpte2084/bt2020nc, HDR10, default"),
        (VERBOSE.replace(FIRST, "    Side data:\n" + LIGHT + FIRST), "tv/bt2020/smpte2084/bt2020nc, default"),
        (VERBOSE.replace("00000101 = 5", "10001001 = 137"), "tv/bt2020/smpte2084/bt2020nc, HDR10, default"),
        (VERBOSE.replace("00000101 = 5", "10010000 = 144"), "tv/bt2020/smpte2084/bt2020nc, default"),
        (VERBOSE.replace("00000101 = 5", "00000100 = 4"), None),
        (VERBOSE.replace(FIRST, MASTERING + "      DOVI configuration record: version: 1.0\n" + FIRST), None),
        (VERBOSE.replace(FIRST, "    Side data:\n      displaymatrix: rotation of -90.00 degrees\n" + FIRST), None),
        (VERBOSE.replace("  Stream #0:2", MASTERING + "  Stream #0:2"), None),
    ],
)
def test_hdr10_is_told_from_the_banner_and_the_headers(text: str, shown: str | None) -> None:
    assert film_line(text) == shown


def test_hevc_without_a_word_on_dolby_vision_is_no_answer() -> None:
    hevc = VERBOSE.replace("h264 (High)", "hevc (Main 10)")
    counted = "[out#1/null @ 0x1]   Output stream #1:0 (video): {} packets muxed (0 bytes); \n"
    assert look(hevc) is None
    assert look(hevc + counted.format(14)) is None
    assert look(hevc + counted.format(0)) is not None


def test_a_mastering_display_that_comes_late_is_left_to_the_decoder() -> None:
    packet = "[trace_headers @ 0x1] Packet: 9 bytes, pts 0.\n"
    sei = "[trace_headers @ 0x1] 8  last_payload_type_byte  1 = 137\n"
    start = "Stream mapping:"
    early = VERBOSE.replace(start, packet + sei + packet + start)
    late = VERBOSE.replace(start, packet + packet + sei + start)
    assert film_line(early) == "tv/bt2020/smpte2084/bt2020nc, HDR10, default"
    assert film_line(late) is None


@pytest.mark.parametrize("said", [b"", b"\xff", BANNER.encode().replace(b"Ton", b"T\xffn"), b"Input #0, x, from 'a':"])
def test_what_is_no_banner_is_no_answer(said: bytes) -> None:
    assert glance(said, "f.mkv", 1) is None


@given(st.data())
def test_a_banner_however_spoiled_is_an_answer_or_none_and_never_unsafe(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(BANNER)))
    end = data.draw(st.integers(start, min(len(BANNER), start + 30)))
    found = look(BANNER[:start] + data.draw(st.text(max_size=12)) + BANNER[end:])
    assert found is None or all(line.isprintable() for line in found)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        (None, "unknown rate"), (0, "unknown rate"), (24, "24 fps"), (24000 / 1001, "23.98 fps"), (12.5, "12.50 fps"),
        (0.004, "0.0040 fps"), (0.5, "0.50 fps"), (1000, "1k fps"), (90_000, "90k fps"), (59.94, "59.94 fps"),
        (999.999, "1k fps"), (29.999, "30 fps"),
    ],
)  # fmt: skip
def test_rates_have_the_digits_ffmpeg_shows(frames: float | None, text: str) -> None:
    assert rate(frames) == text


def test_titles_are_as_ffmpeg_prints_them_and_harmless() -> None:
    assert safe_title("a\rb\x0bc\x08d\x1b[m\ne") == "a bcd\\x1b[m\\ne"


def open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("echo out; echo err >&2", b"err\n"),
        ("", b""),
        ("echo err >&2; exit 1", None),
        ("echo err >&2; kill -9 $$", None),
        ("yes >&2", None),
        ("exec sleep 60", None),
        ("cat >&2", b""),  # standard input is empty
    ],
)
def test_what_a_child_says_is_heard_within_bounds(text: str, heard: bytes | None, tmp_path: Path) -> None:
    before = open_files()
    with Heard([script(tmp_path / "child", text)]) as child:
        assert child.read(limit=100_000, seconds=0.5 if "sleep" in text else 30) == heard
    assert open_files() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_standard_output_is_heard_instead_where_that_is_wanted(tmp_path: Path) -> None:
    with Heard([script(tmp_path / "child", "echo out; echo err >&2")], stream=1) as child:
        assert child.read(limit=100, seconds=30) == b"out\n"


def test_a_child_nobody_listens_to_is_ended(tmp_path: Path) -> None:
    with Heard([script(tmp_path / "child", "exec sleep 60")]):
        pass
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_that_is_not_there_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    before = open_files()
    with pytest.raises(OSError, match="No such file"):
        Heard([str(tmp_path / "gone")])
    assert open_files() == before
