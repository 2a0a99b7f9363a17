"""Frames that arrive or change after a render: what changed is encoded again, and the rest proved to be as before."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from command import Run, contents
from test_sequence_render import Studio, pictures

from pictures import ramp, write_still

WIDTH, HEIGHT = 256, 120


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def write(studio: Studio, *numbers: int, shift: int = 0) -> None:
    for number in numbers:
        write_still(studio.frame(number), ramp(WIDTH, HEIGHT, number + shift) * 0.8 + 0.1)


def packets(path: Path) -> list[bytes]:
    """Every packet of a movie's pictures."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


def reused(run: Run) -> tuple[int, int]:
    """How many frames were rendered, and how many were taken over."""
    said = next(e["data"] for e in run.events if e["event"] == "encoding_started")
    return said["frames"], said["reused"]


def times(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(p.pts, p.dts) for p in container.demux(container.streams.video[0]) if p.size]


def test_one_late_frame_of_an_intra_codec_is_encoded_alone_and_gives_the_movie_a_fresh_run_gives(
    studio: Studio,
) -> None:
    args = ("--profile", "prores-422hq", "--missing", "placeholder", "--json")
    write(studio, *range(1001, 1011), *range(1012, 1025))
    assert studio(*args).code == 0
    movie = studio.out / "sh010.mov"
    before = packets(movie)
    assert studio.manifest()["pictures"][11]["decision"] == "placeholder"
    write(studio, 1011)
    run = studio(*args)
    assert run.code == 0, run.err
    assert reused(run) == (1, 24)
    after = packets(movie)
    assert [k for k in range(25) if before[k] != after[k]] == [11]
    assert "1 of 25 frames had changed, 1 were encoded again" in run.results[-1]["data"]["reasons"][0]
    manifest = studio.manifest()
    assert [p["decision"] for p in manifest["pictures"]] == ["slate", *["source"] * 24]
    assert [p["frame"] for p in manifest["pictures"]] == list(range(25))
    shutil.move(movie, studio.root / "patched.mov")
    shutil.rmtree(studio.out)
    assert studio(*args).code == 0
    assert packets(movie) == after
    assert times(movie) == times(studio.root / "patched.mov")
    with av.open(str(movie)) as fresh, av.open(str(studio.root / "patched.mov")) as patched:
        assert {**patched.metadata, "encoder": ""} == {**fresh.metadata, "encoder": ""}
        assert patched.streams.video[0].metadata == fresh.streams.video[0].metadata
        assert patched.duration == fresh.duration


@pytest.mark.parametrize("profile", ["h264", "h265", "dnxhr-hqx"])
def test_other_codecs_encode_the_group_again_that_a_late_frame_is_in(studio: Studio, profile: str) -> None:
    args = ("--profile", profile, "--missing", "hold", "--json")
    write(studio, *range(1001, 1060), *range(1061, 1101))
    assert studio(*args).code == 0
    movie = studio.out / "sh010.mov"
    before, shown = packets(movie), pictures(movie)
    write(studio, 1060)
    run = studio(*args)
    assert run.code == 0, run.err
    assert reused(run) == ((1, 100) if profile == "dnxhr-hqx" else (48, 53))
    after, now = packets(movie), pictures(movie)
    lead = slice(0, 60 if profile == "dnxhr-hqx" else 48)
    assert after[lead] == before[lead]
    assert after[96:] == before[96:]
    assert len(now) == 101
    assert not np.array_equal(now[60], shown[60])
    assert all(np.array_equal(now[k], shown[k]) for k in (*range(48), *range(96, 101)))
    assert b"colrnclc\x00\x01\x00\x0d\x00\x01" in movie.read_bytes()
    checks = {check["name"]: check for check in run.results[-1]["data"]["checks"]}
    assert checks["sh010.mov: reused"]["passed"]


def test_pictures_are_written_again_one_by_one_and_the_slate_with_what_it_shows(studio: Studio) -> None:
    args = ("--profile", "png", "--json")
    write(studio, *range(1001, 1008))
    assert studio(*args).code == 0
    folder = studio.out / "sh010.png"
    before = contents(folder)
    write(studio, 1002, shift=9)
    assert reused(studio(*args)) == (1, 7)
    after = contents(folder)
    assert [Path(p).name for p in after if after[p] != before[p]] == ["sh010.1002.png"]
    write(studio, 1004, shift=9)  # the frame on the slate
    run = studio(*args)
    assert reused(run) == (5, 3)  # the slate and the frames near to it go in one
    again = contents(folder)
    assert {Path(p).name for p in again if again[p] != after[p]} == {"sh010.1000.png", "sh010.1004.png"}


def test_a_file_that_is_written_again_with_the_same_bytes_changes_nothing(studio: Studio) -> None:
    write(studio, 1001, 1002, 1003)
    assert studio().code == 0
    before = contents(studio.out)
    os.utime(studio.frame(1002), (1, 1))
    run = studio("--json")
    assert run.results[-1]["data"]["outcome"] == "already_done"
    assert contents(studio.out) == before


def test_frames_at_the_end_make_a_movie_longer_and_the_slate_says_so(studio: Studio) -> None:
    args = ("--profile", "prores-422hq", "--json")
    write(studio, *range(1001, 1020))
    assert studio(*args).code == 0
    before = packets(studio.out / "sh010.mov")
    write(studio, *range(1020, 1025))
    run = studio(*args)
    assert run.code == 0, run.err
    after = packets(studio.out / "sh010.mov")
    assert len(after) == 25
    assert after[9:20] == before[9:20]
    assert after[0] != before[0]
    assert studio.manifest()["frames"] == 25


def test_several_outputs_are_brought_up_to_date_together(studio: Studio) -> None:
    studio.sheet(outputs="prores-422hq;h264")
    write(studio, *range(1001, 1061))
    assert studio().code == 0
    write(studio, 1060, shift=3)
    run = studio("--json")
    assert reused(run) == (13, 48)
    for name in ("prores-422hq", "h264"):
        assert len(pictures(studio.out / f"sh010.{name}.mov")) == 61


def test_the_sound_of_a_movie_stays_as_it_is(studio: Studio) -> None:
    write(studio, *range(1001, 1025))
    with av.open(str(studio.root / "tone.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.full((1, 24000), 8000, np.int16), format="s16", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
    args = ("--profile", "prores-422hq", "--audio", "tone.wav", "--json")
    assert studio(*args).code == 0

    def heard() -> Any:
        with av.open(str(studio.out / "sh010.mov")) as container:
            return np.concatenate([f.to_ndarray().reshape(-1) for f in container.decode(audio=0)])

    before = heard()
    write(studio, 1020, shift=3)
    assert reused(studio(*args)) == (1, 24)
    assert np.array_equal(heard(), before)


@pytest.mark.parametrize("what", ["touched", "recipe", "no manifest"])
def test_a_movie_that_is_not_what_was_placed_or_made_otherwise_is_left_alone(studio: Studio, what: str) -> None:
    write(studio, 1001, 1002, 1003)
    assert studio().code == 0
    movie = studio.out / "sh010.mov"
    write(studio, 1002, shift=3)
    args: tuple[str, ...] = ()
    if what == "touched":
        movie.write_bytes(movie.read_bytes() + b"\0")
    elif what == "recipe":
        args = ("--mask", "2.39")
    else:
        movie.with_name("sh010.mov.manifest.json").unlink()
    before = movie.read_bytes()
    studio(*args).assert_failed(8, "exists", "--overwrite")
    assert movie.read_bytes() == before
    run = studio(*args, "--overwrite", "--json")
    assert run.code == 0
    assert reused(run) == (4, 0)


def test_a_late_frame_that_is_broken_ends_as_the_policy_says_and_the_movie_stays(studio: Studio) -> None:
    write(studio, 1001, 1002, 1003)
    assert studio("--profile", "prores-422hq").code == 0
    before = contents(studio.out)
    studio.frame(1002).write_bytes(studio.frame(1002).read_bytes()[:900])
    studio("--profile", "prores-422hq").assert_failed(4, "frame 1002")
    assert contents(studio.out) == before


def test_the_day_that_is_burnt_in_is_the_first_renderings(studio: Studio) -> None:
    write(studio, *range(1001, 1013))
    args = ("--profile", "prores-422hq", "--json")
    assert studio(*args).code == 0
    path = studio.out / "sh010.mov.manifest.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "date": "2001-02-03"}), encoding="ascii")
    write(studio, 1003, shift=3)
    assert reused(studio(*args)) == (1, 12)
    assert studio.manifest()["date"] == "2001-02-03"
