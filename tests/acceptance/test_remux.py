"""Another container around the same streams: nothing is encoded, everything is held against the source."""

import shutil
import time
from pathlib import Path

import pytest
from clips import LENGTH, PICTURE, TONE, X264, Clips
from command import Command, frames, packets
from keeping import keeper
from test_resume import assert_soon_gone

REMUX = ("--strategy", "remux")


@pytest.fixture
def film(clips: Clips, films: Path) -> Path:
    """A film with a sound and a subtitle, in MP4."""
    (clips.folder / "words.srt").write_text("1\n00:00:00,050 --> 00:00:00,200\nHello\n")
    words = ("-i", clips.folder / "words.srt", "-map", "0", "-map", "1", "-map", "2", "-c:s", "mov_text")
    return Path(shutil.copy(clips("worded.mp4", *PICTURE, *TONE, *words, *LENGTH, *X264), films))


def test_packets_go_into_matroska_as_they_are_and_the_same_command_finds_it_done(
    encode: Command, film: Path, films: Path
) -> None:
    done = encode(film, *REMUX, "--json")
    assert (done.code, done.results[-1]["data"]["outcome"], done.results[-1]["data"]["trials"]) == (0, "remuxed", 0), (
        done.err
    )
    assert all(check["passed"] for check in done.results[-1]["data"]["checks"])
    assert done.results[-1]["data"]["output"] == str(films / "worded.mkv")
    for kind in ("video", "audio"):
        assert packets(films / "worded.mkv", kind) == packets(film, kind)
    assert encode(film, *REMUX, "--json").results[-1]["data"]["outcome"] == "already_done"


def test_matroska_goes_into_mp4_and_back(encode: Command, film: Path, films: Path) -> None:
    assert encode(film, *REMUX).code == 0
    done = encode(films / "worded.mkv", "-o", "again.mp4", *REMUX)
    assert done.code == 0, done.err
    assert "every stream is copied" in done.err + done.out
    assert packets(films / "again.mp4", "video") == packets(film, "video")


def test_what_is_there_already_is_skipped_and_what_needs_an_encode_is_refused(encode: Command, clips: Clips) -> None:
    film = clips.film()
    done = encode(film, "-o", "same.mkv", *REMUX, "--json")
    assert (done.code, done.results[-1]["data"]["outcome"]) == (0, "skipped")
    encode(film, "-o", "out.mp4", *REMUX, "--crf", "30").assert_failed(2, "--crf", "needs an encode")
    encode(film, "-o", "out.mp4", *REMUX, "--deinterlace", "bwdif").assert_failed(2, "encode")


def test_why_says_that_nothing_is_encoded(encode: Command, film: Path) -> None:
    said = keeper(encode)("why", film, *REMUX)
    assert "every stream is copied, nothing is encoded" in said.out


def test_a_kill_at_any_time_leaves_the_source_and_a_whole_output_or_none(
    encode: Command, clips: Clips, films: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=60", *X264)
    film = Path(shutil.copy(clips("minute.mp4", *picture), films))
    before = film.read_bytes()
    for moment in range(4):
        run = encode.begin(film, *REMUX, "--json")
        time.sleep(0.3 + 0.3 * moment)
        run.kill()
        run.communicate()
        assert film.read_bytes() == before
        whole = films / "minute.mkv"
        if whole.exists():
            assert frames(whole) == 1440
            whole.unlink()
    assert_soon_gone(encode.state)
    done = encode(film, *REMUX, "--json")
    assert done.code == 0, done.err
    assert frames(films / "minute.mkv") == 1440
    assert sorted(path.name for path in films.iterdir()) == ["minute.mkv", "minute.mp4"]


def test_a_film_that_is_cut_off_is_not_copied(encode: Command, film: Path, films: Path) -> None:
    (films / "cut.mp4").write_bytes(film.read_bytes()[:-2000])
    done = encode("cut.mp4", *REMUX)
    assert done.code == 4, (done.code, done.err)
    assert not (films / "cut.mkv").exists()
    assert frames(film) == 6
