"""What reaches into a window is the same whether the file is sought in or read from its beginning."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from reelwright.tools.children.excerpt import Window, packets_inside, shift_for

WORDS = "\n".join(
    f"{k}\n00:{s // 60:02}:{s % 60:02},000 --> 00:{(s + 7) // 60:02}:{(s + 7) % 60:02},500\nline {k}\n"
    for k, s in enumerate(range(2, 80, 9), start=1)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("long")


def film(folder: Path, suffix: str) -> Path:
    """Ninety seconds with sound, and subtitles on screen for 7.5 s at a time."""
    path = folder / f"film{suffix}"
    if path.exists():
        return path
    (folder / "words.srt").write_text(WORDS)
    words = () if suffix == ".ts" else ("-i", "words.srt")
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y"),
            *("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=5", "-f", "lavfi", "-i", "sine=sample_rate=8000", *words),
            *("-map", "0", "-map", "1", *(("-map", "2") if words else ()), "-t", "90"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "mp2" if suffix == ".ts" else "aac"),
            *("-ar", "16000", "-c:s", "mov_text" if suffix == ".mp4" else "srt", path),
        ],
        check=True,
        cwd=folder,
    )
    return path


def everything(path: Path) -> list[tuple[str, Fraction, Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [
            (p.stream.type, p.pts * p.time_base, (p.duration or 0) * p.time_base, bytes(p))
            for p in container.demux()
            if p.size and p.pts is not None
        ]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
@pytest.mark.parametrize(("begin", "end"), [("40.1", "44.2"), ("0", "3"), ("88.03", "99")])
def test_a_window_is_reached_by_the_same_packets_however_it_is_read(
    folder: Path, suffix: str, begin: str, end: str
) -> None:
    path = film(folder, suffix)
    window = Window(Fraction(begin), Fraction(end))
    whole = everything(path)
    with av.open(str(path)) as container:
        indexes = [s.index for s in container.streams if s.type in {"audio", "subtitle"}]
        video = container.streams.video[0].index
    found = [bytes(p) for p in packets_inside(str(path), indexes, video, window)]
    want = [
        data
        for kind, start, length, data in whole
        if kind != "video" and start < window.end and (start >= window.begin or start + length > window.begin)
    ]
    # mov_text says "nothing" with packets of its own; they are packets like others.
    assert sorted(found) == sorted(want)
    assert found


def test_the_shift_leaves_room_for_the_sound_that_begins_early_and_for_no_more(folder: Path) -> None:
    path = film(folder, ".mkv")
    window = Window(Fraction("40.1"), Fraction(44))
    starts = [s for kind, s, length, _ in everything(path) if kind == "audio" and s < window.begin < s + length]
    shift = shift_for(str(path), [1, 2], 0, window)
    assert (window.begin + shift) * 1000 == round((window.begin - starts[0]) * 1000)
    assert shift_for(str(path), [2], 0, window) == -window.begin  # subtitles are cut, not moved


def test_a_subtitle_is_cut_at_both_ends(folder: Path) -> None:
    path = film(folder, ".mkv")
    window = Window(Fraction(40), Fraction(42))
    (packet,) = packets_inside(str(path), [2], 0, window)
    assert bytes(packet) == b"line 5"
    assert (packet.pts * packet.time_base, packet.duration * packet.time_base) == (40, 2)


def test_a_second_picture_begins_at_a_key_frame(folder: Path) -> None:
    path = film(folder, ".mkv")
    with av.open(str(path)) as container:
        keys = [p.pts * p.time_base for p in container.demux(video=0) if p.size and p.is_keyframe and p.pts is not None]
    found = list(packets_inside(str(path), [0], 1, Window(Fraction("41.3"), Fraction(52))))
    assert found[0].is_keyframe
    assert found[0].pts * found[0].time_base == next(k for k in keys if k >= Fraction("41.3"))
