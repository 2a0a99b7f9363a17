"""A sequence's job, killed or cancelled, and `jobs retry` from somewhere else: the very same movie."""

import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command import Run
from test_sequence_late_frames import packets
from test_sequence_render import Studio
from test_sequence_watch import ARGS as FOLLOWED
from test_sequence_watch import Watching

from pictures import ramp, write_still
from warm import run_program

FRAMES = range(1001, 1031)
#: Everything that has a path, from the folder of the command.
ASKED = (
    *(
        "--step",
        "lut:file=grade.cube",
        "--step",
        "gain:value=0.9",
        "--burn-in",
        "top={shot} {frame}",
        "--size",
        "640x360",
    ),
    *("--retrieve", "backup", "--missing", "hold", "--thumbnail", "--json"),
)
CUBE = "LUT_1D_SIZE 2\n0.05 0.05 0.05\n0.9 0.9 0.9\n"


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    made = Studio(tmp_path)
    made.sheet(first=str(FRAMES[0]), last=str(FRAMES[-1]))
    (tmp_path / "grade.cube").write_text(CUBE)
    (tmp_path / "backup").mkdir()
    for number in FRAMES:
        folder = tmp_path / "backup" if number == FRAMES[2] else made.frames
        write_still(folder / made.frame(number).name, ramp(768, 432, number) * 0.8 + 0.1)
    return made


def begun(studio: Studio, *args: str) -> "subprocess.Popen[bytes]":
    """A run that has rendered some frames."""
    process = subprocess.Popen(
        studio.argv(*args), cwd=studio.root, env=studio.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["data"]["done"] >= 3:
            return process
    raise AssertionError(process.stderr.read() if process.stderr else "")


def jobs(studio: Studio, *args: str) -> Run:
    """`jobs`, from a folder that has nothing to do with it."""
    argv = [*studio.argv()[: studio.argv().index("sequence")], "jobs", *args]
    done = run_program(argv, cwd=Path("/"), env=studio.environment())
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def listed(studio: Studio) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(jobs(studio, "list", "--json").out.splitlines()[-1])["data"]["jobs"]
    return found


def test_killed_or_cancelled_it_is_run_again_as_it_was_asked_for_from_any_folder(studio: Studio) -> None:
    assert studio(*ASKED).code == 0
    movie = studio.out / "sh010.mov"
    wanted, manifest = packets(movie), studio.manifest()
    for path in studio.out.iterdir():
        path.unlink()
    (studio.root / "ledger.sqlite3").unlink()

    process = begun(studio, *ASKED)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    (job,) = listed(studio)
    assert job["state"] == "stopped"
    again = jobs(studio, "retry", job["id"], "--json")
    assert again.code == 0, again.err
    assert again.results[-1]["job"] == job["id"]
    assert packets(movie) == wanted
    assert {**studio.manifest(), "outputs": 0, "files": 0} == {**manifest, "outputs": 0, "files": 0}
    assert (studio.out / "sh010.thumbnail.jpg").is_file()
    assert [row["state"] for row in listed(studio)] == ["done"]

    once_more = jobs(studio, "retry", job["id"], "--json")
    assert (once_more.code, once_more.results[-1]["status"]) == (0, "already_done")
    movie.write_bytes(b"somebody else's")
    jobs(studio, "retry", job["id"]).assert_failed(8, "exists", "--overwrite")
    assert movie.read_bytes() == b"somebody else's"

    process = begun(studio, *ASKED, "--overwrite")
    said = jobs(studio, "cancel", job["id"])
    assert said.code == 0, said.err
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert movie.read_bytes() == b"somebody else's"
    assert [row["state"] for row in listed(studio)] == ["cancelled"]
    assert jobs(studio, "retry", job["id"], "--overwrite").code == 0
    assert packets(movie) == wanted
    assert not list((studio.root / "work").iterdir())


def test_a_job_that_says_nothing_of_what_was_asked_is_refused_in_one_sentence(studio: Studio) -> None:
    assert studio("--missing", "hold").code == 0
    (job,) = listed(studio)
    with closing(sqlite3.connect(studio.root / "ledger.sqlite3")) as ledger, ledger:
        (plan,) = ledger.execute("SELECT plan FROM store_job").fetchone()
        kept = json.loads(plan)
        del kept["again"]
        ledger.execute("UPDATE store_job SET plan = ?", [json.dumps(kept)])
    jobs(studio, "retry", job["id"]).assert_failed(2, "cannot be read", "Give the command again")


@pytest.mark.prove
def test_of_a_sequence_that_was_followed_what_is_there_is_rendered(studio: Studio) -> None:
    late = studio.frame(FRAMES[-1])
    late.rename(studio.root / late.name)
    watching = Watching(studio, "--watch", "0.2")
    watching.until("placed")
    watching.process.send_signal(signal.SIGKILL)
    watching.end()
    assert FOLLOWED
    (job,) = listed(studio)
    assert jobs(studio, "retry", job["id"]).code == 0
    assert studio.manifest()["pictures"][-1]["decision"] == "placeholder"
    (studio.root / late.name).rename(late)
    assert jobs(studio, "retry", job["id"]).code == 0
    assert studio.manifest()["pictures"][-1]["decision"] == "source"
