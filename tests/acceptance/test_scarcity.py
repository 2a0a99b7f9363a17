"""Memory and disk that get short, and manners: with real encoders, real limits and a real full disk."""

import json
import os
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from brake import SHORT_CHUNKS, brake
from clips import X264, Clips
from command import QUICK, Command, Run, finish, frames, read_until
from disks import mounted

from warm import PROGRAM, run_program

if TYPE_CHECKING:
    import subprocess

FRAMES = 12
#: Six frames a second in chunks of a second.
FILM = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6,noise=alls=12:allf=t", "-frames:v", str(FRAMES), *X264)
SLOW = ("--preset", "1", "--crf", "40", "--json")
DEADLINE = 300.0
MIB = 1 << 20


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips("resources.mkv", *FILM), films / "film.mkv"))


def changes(run: Run) -> list[dict[str, Any]]:
    """What `resources_changed` told."""
    return [event["data"] for event in run.events if event["event"] == "resources_changed"]


def started(run: Run) -> dict[str, Any]:
    """What `encoding_started` told."""
    data: dict[str, Any] = next(event["data"] for event in run.events if event["event"] == "encoding_started")
    return data


def encoders(process: "subprocess.Popen[bytes]", wanted: int) -> list[psutil.Process]:
    """The encoders of a run, once there are so many."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        assert process.poll() is None
        children = psutil.Process(process.pid).children(recursive=True)
        found = [child for child in children if any("libsvtav1" in word for word in words_of(child))]
        if len(found) >= wanted:
            return found
        time.sleep(0.005)
    raise AssertionError(f"never {wanted} encoders at once")


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_an_encoder_killed_beside_another_is_begun_again_with_fewer_at_once(
    encode: Command, films: Path, source: Path
) -> None:
    held = brake(encode, passing=0)
    process = encode.begin(source, *QUICK, "--json", "--workers", "2", env={**SHORT_CHUNKS, **held.env})
    encoders(process, 2)[0].kill()
    held.release()
    done = finish(process, "")
    assert done.code == 0, done.err
    assert frames(films / "film.av1.mkv") == FRAMES
    assert changes(done)[0]["workers"] == 1
    assert "killed, as happens where memory runs out; 1 encode at once from now on" in changes(done)[0]["why"]
    assert sum(event["event"] == "trial_complete" for event in done.events) == started(done)["chunks"]


def ffmpeg_with(films: Path, clips: Clips, line: str) -> dict[str, str]:
    """Settings with an FFmpeg that runs a line of shell before each encode."""
    wrapper = films.parent / "ffmpeg-limited"
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *svtav1-params*) {line};; esac\nexec {clips.ffmpeg} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return {**SHORT_CHUNKS, "REELWRIGHT_TOOLS__FFMPEG": str(wrapper)}


def test_encodes_that_are_refused_memory_run_alone_then_with_one_thread_and_then_succeed(
    encode: Command, films: Path, source: Path, clips: Clips
) -> None:
    env = ffmpeg_with(films, clips, 'case "$*" in *:lp=2:*) ulimit -d 60000;; esac')
    done = encode(source, *SLOW, "--workers", "2", env=env)
    assert done.code == 0, done.err
    assert frames(films / "film.av1.mkv") == FRAMES
    whys = [change["why"] for change in changes(done)]
    assert "out of memory; 1 encode at once from now on" in whys[0]
    assert "out of memory; 1 thread for each encode from now on" in whys[-1]


def test_an_encode_that_has_no_memory_even_alone_ends_with_advice(
    encode: Command, films: Path, source: Path, clips: Clips
) -> None:
    env = ffmpeg_with(films, clips, "ulimit -d 60000")
    done = encode(source, *SLOW, "--workers", "2", env=env)
    done.assert_json_failed(7, str(source), "out of memory", "one thread", "--preset")
    assert sorted(path.name for path in films.iterdir()) == ["film.mkv"]
    assert changes(done)[-1]["why"].endswith("1 thread for each encode from now on")


def test_an_encode_over_its_memory_cap_is_ended_and_the_setting_is_named(
    encode: Command, films: Path, source: Path
) -> None:
    env = {**SHORT_CHUNKS, "REELWRIGHT_PROCESSING__MEMORY_PER_ENCODE": "20 MiB"}
    done = encode(source, *SLOW, env=env)
    done.assert_json_failed(7, str(source), "20 MiB", "processing.memory_per_encode")
    assert sorted(path.name for path in films.iterdir()) == ["film.mkv"]


def test_an_encode_within_its_memory_cap_is_left_alone(encode: Command, films: Path, source: Path) -> None:
    done = encode(source, *QUICK, "--json", env={"REELWRIGHT_PROCESSING__MEMORY_PER_ENCODE": "1GiB"})
    assert (done.code, changes(done)) == (0, []), done.err
    assert frames(films / "film.av1.mkv") == FRAMES


def test_every_encoder_is_as_nice_as_was_asked(encode: Command, source: Path) -> None:
    held = brake(encode, passing=0)
    args = (source, *QUICK, "--json", "--nice", "7", "--workers", "2")
    process = encode.begin(*args, env={**SHORT_CHUNKS, **held.env})
    for encoder in encoders(process, 2):
        until = time.monotonic() + DEADLINE
        while encoder.ionice().value != 7 and time.monotonic() < until:  # the last that is set
            time.sleep(0.005)
        assert encoder.nice() == min(19, psutil.Process().nice() + 7)
        assert tuple(encoder.ionice()) == (psutil.IOPRIO_CLASS_BE, 7)
    process.send_signal(signal.SIGINT)
    assert finish(process, "").code == 130


def test_what_was_seen_decides_the_next_run_and_is_told(encode: Command, source: Path) -> None:
    first = encode(source, "-o", "one.mkv", *QUICK, "--json", env=SHORT_CHUNKS)
    assert "expected of each" in started(first)["why"]
    second = encode(source, "-o", "two.mkv", *QUICK, "--crf", "46", "--json", env=SHORT_CHUNKS)
    chunks = started(first)["chunks"]
    assert f"only {chunks} seen at this size" in started(second)["why"]
    assert started(second)["workers"] >= 1
    assert started(second)["threads"] >= 1
    plain = encode(source, "-o", "three.mkv", *QUICK, "--crf", "47", env=SHORT_CHUNKS)
    assert f"{chunks} chunks; " in plain.err
    assert f"{2 * chunks} seen at this size" in plain.err


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system with a little more than is kept free, and a file on it that takes more than that little."""
    request.getfixturevalue("root_only")
    with mounted(tmp_path / "small", 560 * MIB) as disk:
        with (disk / "other").open("wb") as other:
            os.posix_fallocate(other.fileno(), 0, 64 * MIB)
        yield disk


def test_a_nearly_full_work_disk_is_waited_for(encode: Command, films: Path, source: Path, small_disk: Path) -> None:
    process = encode.begin(source, "--work-dir", str(small_disk / "work"), *QUICK, "--json", env=SHORT_CHUNKS)
    seen = ""
    while "waiting for more" not in seen:
        seen += read_until(process, "resources_changed")
    assert (
        "may be needed"
        in json.loads(next(line for line in seen.splitlines() if "resources_changed" in line))["data"]["why"]
    )
    assert "trial_complete" not in seen
    (small_disk / "other").unlink()
    done = finish(process, seen)
    assert done.code == 0, done.err
    assert "free again; it goes on" in changes(done)[-1]["why"]
    assert frames(films / "film.av1.mkv") == FRAMES


def test_waiting_for_the_disk_can_be_interrupted_and_gone_on_with(
    encode: Command, films: Path, source: Path, small_disk: Path
) -> None:
    args = (source, "--work-dir", str(small_disk / "work"), *QUICK, "--json")
    process = encode.begin(*args)
    seen = ""
    while "waiting for more" not in seen:
        seen += read_until(process, "resources_changed")
    process.send_signal(signal.SIGINT)
    assert finish(process, seen).code == 130
    (small_disk / "other").unlink()
    assert encode(*args).code == 0
    assert frames(films / "film.av1.mkv") == FRAMES


def test_the_disk_is_waited_for_no_longer_than_asked(encode: Command, source: Path, small_disk: Path) -> None:
    args = (source, "--work-dir", small_disk / "work", *QUICK, "--json")
    for seconds, waits in (("0", False), ("0.5", True)):
        done = encode(*args, env={"REELWRIGHT_PROCESSING__DISK_WAIT": seconds})
        done.assert_json_failed(7, str(source), "work disk", "512 MiB are kept free", "--work-dir")
        assert any("waiting for more" in change["why"] for change in changes(done)) is waits


def doctor(encode: Command, **env: str) -> dict[str, dict[str, Any]]:
    """What `doctor` says, by name."""
    done = run_program(
        [*PROGRAM, "doctor", "--json"],
        cwd=encode.folder,
        env=encode.variables({"REELWRIGHT_ENCODING__PRESET": "13", **env}),
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])["data"]["checks"]
    return {row["name"]: row for row in rows}


def test_doctor_says_how_many_would_run_at_once_and_what_that_was_learned_from(
    encode: Command, films: Path, clips: Clips
) -> None:
    before = doctor(encode)
    assert "expected of each" in before["1080p"]["found"]
    assert "expected of each" in before["2160p"]["found"]
    assert before["memory cap"]["works"] is True
    big = ("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=24", "-frames:v", "3", *X264)
    shutil.copy(clips("big.mkv", *big), films / "big.mkv")
    assert encode("big.mkv", *QUICK, "--json").code == 0
    after = doctor(encode, REELWRIGHT_PROCESSING__NICE="5", REELWRIGHT_PROCESSING__MEMORY_PER_ENCODE="3GiB")
    assert "only 1 seen at this size" in after["1080p"]["found"]
    assert "expected of each" in after["2160p"]["found"]
    assert "3072 MiB" in after["memory cap"]["found"]
