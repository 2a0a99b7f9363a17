"""`sequence render --watch`: a movie of the planned length at every moment, whose holes fill as frames land."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_sequence_render import Studio, pictures

from pictures import ramp, write_still

if TYPE_CHECKING:
    from collections.abc import Iterator

ARGS = ("--profile", "prores-422hq", "--watch", "0.2", "--json")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    made = Studio(tmp_path)
    made.sheet(first="1001", last="1008")
    return made


class Watching:
    """A run that follows a sequence."""

    def __init__(self, studio: Studio, *args: str) -> None:
        self.studio = studio
        self.process = subprocess.Popen(
            studio.argv(*ARGS, *args),
            cwd=studio.root,
            env=studio.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.events: Iterator[dict[str, Any]] = map(json.loads, self.process.stdout)

    def until(self, event: str, **facts: Any) -> dict[str, Any]:
        """The next event of this name with these facts."""
        for found in self.events:
            if found["event"] == event and facts.items() <= found["data"].items():
                return found
        raise AssertionError(f"no {event} came: {self.process.stderr.read() if self.process.stderr else ''}")

    def end(self) -> int:
        self.process.communicate(timeout=120)
        return self.process.returncode

    def decisions(self) -> list[str]:
        return [said["decision"] for said in self.studio.manifest()["pictures"]]


def old(path: Path) -> None:
    """A frame that was written long ago: it need not be looked at twice."""
    os.utime(path, (1_700_000_000, 1_700_000_000))


def test_holes_fill_as_frames_land_and_the_run_ends_when_all_are_there(studio: Studio) -> None:
    studio.write(1002, 1005)
    for number in (1002, 1005):
        old(studio.frame(number))
    watching = Watching(studio)
    watching.until("placed")
    assert len(pictures(studio.out / "sh010.mov")) == 9
    # A frame that is still being written is left alone, however long that takes; its first half is no picture yet.
    whole = write_still(studio.root / "new.exr", ramp(96, 54, 1001) * 0.8 + 0.1).read_bytes()
    studio.frame(1001).write_bytes(whole[:100])
    watching.until("progress", phase="watch", done=2, total=8, unsettled=1)
    assert watching.decisions() == ["slate", *["placeholder", "source", "placeholder", "placeholder", "source"],
                                    *["placeholder"] * 3]  # fmt: skip
    studio.frame(1001).write_bytes(whole)
    studio.write(1003, 1004, 1006, 1007, 1008)
    said = watching.until("result")
    assert watching.end() == 0
    assert watching.decisions() == ["slate", *["source"] * 8]
    assert "brought up to date" in said["data"]["reasons"][0]
    assert len(pictures(studio.out / "sh010.mov")) == 9
    assert {p.name for p in studio.frames.iterdir()} == {studio.frame(n).name for n in range(1001, 1009)}


def test_interrupted_it_leaves_a_movie_of_the_planned_length(studio: Studio) -> None:
    studio.write(1001)
    old(studio.frame(1001))
    watching = Watching(studio)
    watching.until("placed")
    watching.process.send_signal(signal.SIGINT)
    assert watching.end() == 130
    assert len(pictures(studio.out / "sh010.mov")) == 9
    assert not list(studio.out.glob(".*"))


def test_it_ends_after_the_time_it_is_given(studio: Studio) -> None:
    run = studio(*ARGS, "--watch-for", "0.5")
    assert run.code == 4
    assert "No frame of sh010.####.exr has come" in run.results[-1]["data"]["reasons"][0]
    studio.write(1001)
    old(studio.frame(1001))
    run = studio(*ARGS, "--watch-for", "0.5")
    assert run.code == 0
    assert len(run.results) == 1
    assert "A placeholder in place of frames 1002" in run.results[-1]["data"]["reasons"][0]


@pytest.mark.parametrize(
    ("columns", "args", "said"),
    [
        ({}, ("--missing", "error"), "--missing error"),
        ({}, ("--dry-run",), "--dry-run"),
        ({}, ("--watch-for", "0"), "seconds above 0"),
        ({"last": ""}, (), "first and last"),
    ],
)
def test_what_cannot_be_followed(studio: Studio, columns: dict[str, str], args: tuple[str, ...], said: str) -> None:
    studio.sheet(first="1001", **{"last": "1008", **columns})
    run = studio(*ARGS, *args)
    assert run.code == 2
    assert said in run.err
    assert not studio.out.exists()
