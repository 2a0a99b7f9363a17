"""Handles, and what lies beside a movie: stills, contact sheets, the manifest."""

import hashlib
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from command import contents
from test_sequence_render import Studio, pictures

from pictures import write_still
from warm import PROGRAM, run_program

WIDTH, HEIGHT = 192, 108


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def write(studio: Studio, *numbers: int) -> None:
    for number in numbers:
        write_still(studio.frame(number), np.full((HEIGHT, WIDTH, 3), (0.8, 0.1, number % 10 / 10)))


def picture(path: Path) -> Any:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


def test_handles_are_frames_beyond_the_cut_and_the_cut_keeps_its_timecode(studio: Studio) -> None:
    studio.sheet(first="1004", last="1006", handles="3")
    write(studio, *range(1001, 1010))
    run = studio("--timecode", "01:00:00:00", "--profile", "prores-422hq")
    assert run.code == 0, run.err
    manifest = studio.manifest()
    assert (manifest["handles"], manifest["cut"], manifest["frames"]) == (3, [1004, 1006], 10)
    assert [p.get("number") for p in manifest["pictures"]] == [None, *range(1001, 1010)]
    assert manifest["first_timecode"] == "00:59:59:20"  # three handles and the slate before it
    with av.open(str(studio.out / "sh010.mov")) as container:
        said = container.metadata
        assert (said["first_frame"], said["last_frame"], said["handles"]) == ("1001", "1009", "3")
        assert container.streams.video[0].metadata["timecode"] == "00:59:59:20"
    assert len(pictures(studio.out / "sh010.mov")) == 10


def test_missing_handles_are_missing_frames(studio: Studio) -> None:
    studio.sheet(first="1002", last="1003")
    write(studio, 1002, 1003)
    studio("--handles", "1").assert_failed(4, "Frames 1001,1004", "missing")


@pytest.mark.parametrize(("columns", "said"), [
    ({"first": "", "last": "1003", "handles": "2"}, "row 2, column first"),
    ({"first": "1", "last": "5", "handles": "2"}, "row 2, column handles"),
    ({"first": "1", "last": "5", "handles": "x"}, "row 2, column handles"),
])  # fmt: skip
def test_handles_that_cannot_be(studio: Studio, columns: dict[str, str], said: str) -> None:
    studio.sheet(**columns)
    studio().assert_failed(2, said)
    studio.sheet()
    write(studio, 1001, 1002)
    studio("--handles", "2").assert_failed(2, "columns first and last")


@pytest.mark.parametrize("profile", ["h264", "png"])
def test_a_still_and_a_contact_sheet_show_the_movies_own_colours(studio: Studio, profile: str) -> None:
    studio.sheet(colorspace="display")
    write(studio, *range(1001, 1007))
    args = ("--profile", profile, "--no-burn-ins", "--thumbnail", "png", "--contact-sheet")
    assert studio(*args).code == 0
    stem = "sh010" if profile == "h264" else "sh010.png"
    still = picture(studio.out / f"{stem}.thumbnail.png")
    assert still.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(still[50, 90] - np.array([204, 25.5, 102])).max() <= 3  # frame 1004, the one in the middle
    sheet = picture(studio.out / f"{stem}.contact.jpg")
    assert np.abs(sheet[60, 60] - np.array([204, 25.5, 25.5])).max() <= 6  # frame 1001, not the slate
    assert sheet.shape[1] > 2 * 320
    before = contents(studio.out)
    assert "already done" in studio(*args).out
    assert contents(studio.out) == before


def test_pictures_of_somebody_else_are_left_alone(studio: Studio) -> None:
    write(studio, 1001, 1002)
    studio.out.mkdir()
    (studio.out / "sh010.thumbnail.jpg").write_bytes(b"mine")
    studio("--thumbnail").assert_failed(8, "exists", "--overwrite")
    assert [p.name for p in studio.out.iterdir()] == ["sh010.thumbnail.jpg"]
    assert studio("--thumbnail", "--overwrite").code == 0


def test_the_manifest_proves_each_picture(studio: Studio) -> None:
    write(studio, 1001, 1002, 1004)
    studio.frame(1004).write_bytes(studio.frame(1004).read_bytes()[:600])
    assert studio("--missing", "hold", "--profile", "prores-422hq").code == 0
    manifest = studio.manifest()
    slate, first, second, third, fourth = manifest["pictures"]
    assert slate["decision"] == "slate"
    for said, number in ((first, 1001), (second, 1002), (third, 1002), (fourth, 1002)):
        source = studio.frame(number)
        assert said["from"]["path"] == str(source)
        assert said["digest"] == hashlib.blake2b(source.read_bytes(), digest_size=16).hexdigest()
    assert [said["decision"] for said in manifest["pictures"][1:]] == ["source", "source", "held", "held"]
    broken = hashlib.blake2b(studio.frame(1004).read_bytes(), digest_size=16).hexdigest()
    assert fourth["troubles"][0]["digest"] == broken
    movie = hashlib.blake2b((studio.out / "sh010.mov").read_bytes(), digest_size=32).hexdigest()
    assert manifest["outputs"][0]["content"] == movie


def test_the_ledgers_commands_know_sequences(studio: Studio) -> None:
    studio.sheet(colorspace="display")
    write(studio, 1001, 1002)

    def told(*args: str) -> str:
        done = run_program([*PROGRAM, *args], cwd=studio.root, env=studio.environment())
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    assert "All 3 frames would be rendered." in told("why", "sheet.csv", "-o", "out/")
    assert not studio.out.exists()
    assert studio().code == 0
    assert "nothing would be done" in told("why", "sheet.csv", "-o", "out/").replace("\n", " ")
    write(studio, 1001)
    write_still(studio.frame(1002), np.full((HEIGHT, WIDTH, 3), 0.9))
    assert "brought up to date: 3 of 3 frames" in told("why", "sheet.csv", "-o", "out/").replace("\n", " ")
    (row,) = json.loads(told("jobs", "list", "--json").splitlines()[-1])["data"]["jobs"]
    shown = told("jobs", "show", row["id"])
    assert "chunks" not in shown
    assert "colour tags: 1-1-1" in shown
    told("report", "out/sh010.mov")
    assert "the manifest beside the movie" in (studio.out / "sh010.report.html").read_text()
