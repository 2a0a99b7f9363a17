"""The proof list: whatever is wrong with a sequence, it ends as the policy says, and never with a shorter movie."""

import json
import os
import resource
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import contents
from test_sequence_render import HEIGHT, WIDTH, Studio, pictures

from pictures import ramp, write_still
from warm import PROGRAM

#: What is wrong with which frame.
TROUBLES = {
    1003: "missing",
    1004: "zero bytes",
    1006: "truncated",
    1008: "another size",
    1009: "no picture",
    1011: "a folder",
    1012: "a link to nowhere",
}
SOUND = [n for n in range(1001, 1015) if n not in TROUBLES]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def spoil(studio: Studio) -> None:
    """Fourteen frames with everything that can be wrong."""
    studio.sheet(first="1001", last="1014")
    studio.write(*SOUND, 1006)
    studio.frame(1004).touch()
    studio.frame(1006).write_bytes(studio.frame(1006).read_bytes()[:700])
    write_still(studio.frame(1008), ramp(WIDTH + 2, HEIGHT))
    studio.frame(1009).write_bytes(b"#!/bin/sh\n" * 100)
    studio.frame(1011).mkdir()
    studio.frame(1012).symlink_to("nowhere")


@pytest.mark.parametrize(
    ("policy", "decision"),
    [("hold", "held"), ("nearest", "held"), ("black", "black"), ("checker", "checker"), ("placeholder", "placeholder")],
)
def test_a_movie_of_spoilt_frames_has_the_planned_length(studio: Studio, policy: str, decision: str) -> None:
    spoil(studio)
    before = {p: p.read_bytes() for p in studio.frames.iterdir() if p.is_file()}
    run = studio("--missing", policy, "--profile", "prores-422hq", "--json")
    assert run.code == 0, run.err
    assert len(pictures(studio.out / "sh010.mov")) == 15
    said = {p["number"]: p for p in studio.manifest()["pictures"][1:]}
    assert [n for n, p in said.items() if p["decision"] == "source"] == SOUND
    assert {said[n]["decision"] for n in TROUBLES} == {decision}
    assert all(said[n]["troubles"] for n in TROUBLES if n not in {1003, 1011, 1012})
    reasons = " ".join(run.results[-1]["data"]["reasons"])
    assert "1003, 1004, 1006, 1008, 1009, 1011, 1012" in reasons
    assert {p: p.read_bytes() for p in studio.frames.iterdir() if p.is_file()} == before
    check = subprocess.run(
        [*PROGRAM, "sequence", "check", "sheet.csv", "--json"],
        cwd=studio.root, env=studio.environment(), capture_output=True, check=True,
    )  # fmt: skip
    (found,) = json.loads(check.stdout.splitlines()[-1])["data"]["sequences"]
    assert found["missing"] == [1003]
    kinds = {problem["frame"]: problem["kind"] for problem in found["problems"]}
    assert kinds == {1004: "empty", 1006: "truncated", 1008: "display window", 1009: "unreadable",
                     1011: "not a file", 1012: "unreadable"}  # fmt: skip


def test_by_default_spoilt_frames_make_no_movie(studio: Studio) -> None:
    spoil(studio)
    studio().assert_failed(4, "1003")
    assert not studio.out.exists()


def test_a_name_of_255_bytes_is_a_name(studio: Studio) -> None:
    name = "ü" * 123
    studio.sheet(name=name)
    for number in (1001, 1002):
        write_still(studio.root / "x.exr", ramp(WIDTH, HEIGHT, number)).rename(studio.frames / f"{name}.{number}.exr")
    args = ("--profile", "prores-422hq", "--thumbnail", "--contact-sheet", "--json")
    run = studio(*args)
    assert run.code == 0, run.err
    assert len(pictures(studio.out / f"{name}.mov")) == 3
    assert len(list(studio.out.glob("*.manifest.json"))) == 1
    assert "already" in studio(*args).out
    run = studio("--profile", "prores-422hq", "--profile", "h264")  # there is no room for the profile's name
    run.assert_failed(2, "cannot be written")


def test_three_sequences_and_rubbish_in_one_folder(studio: Studio) -> None:
    studio.write(*range(1001, 1005))
    for number in range(1, 4):
        write_still(studio.frames / f"plate.{number:03d}.png", ramp(WIDTH, HEIGHT, number), kind="uint8")
        write_still(studio.frames / f"comp_{number}.tif", ramp(WIDTH, HEIGHT, number), kind="uint8")
    for name in ("Thumbs.db", "sh010.1005.exr.tmp", "sh010.01006.exr", ".sh010.1007.exr", "sh010.mov", "notes.txt"):
        (studio.frames / name).write_bytes(b"rubbish")
    (studio.frames / os.fsdecode(b"\xff.1001.exr")).write_bytes(b"rubbish")
    before = contents(studio.frames)
    done = subprocess.run(
        [*PROGRAM, "sequence", "render", "frames", "-o", "out", "--rate", "24", "--colorspace", "display",
         "--profile", "prores-422hq", "--json"],
        cwd=studio.root, env=studio.environment(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert contents(studio.frames) == before
    found = {p.name: len(pictures(p)) for p in studio.out.glob("*.mov")}
    assert found == {"sh010.mov": 5, "plate.mov": 4, "comp.mov": 4}


def test_frames_with_a_data_window_each_of_their_own(studio: Studio) -> None:
    for k in range(12):
        size, origin = (WIDTH - 5 * k, HEIGHT - 3 * k), (7 * k - 20, 5 * k - 10)  # some reach beyond the display window
        write_still(studio.frame(1001 + k), np.full((size[1], size[0], 3), 0.5), display=(WIDTH, HEIGHT), origin=origin)
    assert studio("--no-slate", "--no-burn-ins", "--profile", "png").code == 0
    shown = [pictures(p)[0] for p in sorted((studio.out / "sh010.png").iterdir())]
    assert {picture.shape for picture in shown} == {(HEIGHT, WIDTH, 3)}
    for k, picture in enumerate(shown):
        left, top = 7 * k - 20, 5 * k - 10
        box = (max(left, 0), max(top, 0), min(left + WIDTH - 5 * k, WIDTH), min(top + HEIGHT - 3 * k, HEIGHT))
        lit: Any = np.argwhere(picture[:, :, 0] > 0)
        assert (*lit.min(0)[::-1], *(lit.max(0)[::-1] + 1)) == box


@pytest.mark.prove
def test_twenty_thousand_frames_take_no_more_memory_than_two_hundred(tmp_path: Path) -> None:
    peaks = {}
    for count in (200, 20_000):
        root = tmp_path / str(count)
        root.mkdir()
        studio = Studio(root)
        studio.sheet(colorspace="display", first="1", last=str(count))
        picture = write_still(root / "x.exr", ramp(16, 16) * 0.8).read_bytes()
        for number in range(1, count + 1):
            if number % 997:
                studio.frame(number).write_bytes(picture)
        studio.frame(100).write_bytes(b"")
        args = ("--missing", "placeholder", "--no-burn-ins", "--profile", "prores-422hq", "--json")
        # A process of its own and not a warm one: its children's memory is counted with it.
        run = subprocess.run(
            studio.argv(*args), cwd=studio.root, env=studio.environment(), capture_output=True, check=True
        )
        said = studio.manifest()["pictures"]
        assert len(said) == count + 1
        assert sum(p["decision"] == "placeholder" for p in said) == count // 997 + 1
        result = json.loads(run.stdout.splitlines()[-1])
        check = next(c for c in result["data"]["checks"] if c["name"] == "sh010.mov: frames")
        assert check["detail"] == f"{count + 1} of {count + 1} decoded"
        peaks[count] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of the largest process: {peaks} MiB")
    assert peaks[20_000] < peaks[200] + 300
