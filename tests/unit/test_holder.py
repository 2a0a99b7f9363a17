"""Who holds a work folder is found out without disturbing anybody."""

import fcntl
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelwright.engine import holder
from reelwright.engine.holder import holder_of
from reelwright.engine.workspace import Lock

HOLDER = """
    import sys, time
    from pathlib import Path
    from reelwright.engine.workspace import Lock
    with Lock(Path(sys.argv[1]), token="t1", what="x", sweep=lambda token: 0) as lock:
        lock.note(job="j1")
        print("held", flush=True)
        time.sleep(60)
"""


LOOKER = """
import fcntl, sys, time
with open(sys.argv[1]) as lock:
    fcntl.flock(lock, fcntl.LOCK_SH)
    print(flush=True)
    time.sleep(0.08)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def run(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock for job j1."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_nobody_holds_what_is_not_there_or_was_let_go(path: Path) -> None:
    assert holder_of(path) is None
    with Lock(path, token="t", what="x", sweep=lambda _: 0):  # noqa: S106
        pass
    assert holder_of(path) is None
    assert not path.read_text()


def test_a_run_is_named_with_its_process_token_and_job(run: subprocess.Popen[str], path: Path) -> None:
    found = holder_of(path)
    assert found is not None
    assert (found.pid, found.token, found.job) == (run.pid, "t1", "j1")


def test_a_killed_run_holds_nothing_and_what_it_wrote_stays_for_whoever_takes_over(
    run: subprocess.Popen[str], path: Path
) -> None:
    run.kill()
    run.wait()
    before = path.read_bytes()
    assert holder_of(path) is None
    assert path.read_bytes() == before
    assert json.loads(before)["token"] == "t1"  # noqa: S105


def test_looking_takes_no_lock_where_the_holder_can_be_seen(
    run: subprocess.Popen[str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder.fcntl, "flock", lambda *_: pytest.fail("locked"))
    assert holder_of(path) is not None
    assert run.poll() is None


def test_a_number_that_belongs_to_another_process_now_is_not_taken_for_the_run(path: Path) -> None:
    path.write_text(json.dumps({"pid": os.getppid(), "token": "t", "job": "j1"}))
    assert holder_of(path) is None


def test_a_holder_that_cannot_be_seen_holds_all_the_same(path: Path) -> None:
    """As one on the other side of a container: its number means nothing here."""
    path.write_text(json.dumps({"pid": 2**22 + 1, "token": "t", "job": "j1"}))
    with path.open("r+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        found = holder_of(path)
    assert found is not None
    assert (found.pid, found.job) == (None, "j1")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "me"}', '{"pid": -1}', "\0"])
def test_what_a_lock_file_holds_is_not_trusted(text: str, path: Path) -> None:
    path.write_text(text)
    assert holder_of(path) is None


def test_a_run_that_begins_while_somebody_looks_is_not_turned_away(path: Path) -> None:
    path.touch()
    looking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            LOOKER,
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    assert looking.stdout is not None
    looking.stdout.readline()
    with Lock(path, token="t", what="x", sweep=lambda _: 0):  # noqa: S106
        pass
    looking.wait()
    looking.stdout.close()


def test_a_lock_whose_folder_was_taken_away_meanwhile_is_taken_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder goes between opening the file and locking it."""
    from reelwright.engine import workspace  # noqa: PLC0415

    folder = tmp_path / "film" / "state"
    folder.mkdir(parents=True)
    real, calls = fcntl.flock, []

    def flock(fd: int, how: int) -> None:
        if not calls:
            folder.parent.rename(tmp_path / "away")
        calls.append(fd)
        real(fd, how)

    monkeypatch.setattr(workspace.fcntl, "flock", flock)
    with Lock(folder / "lock", token="t", what="x", sweep=lambda _: 0):  # noqa: S106
        assert json.loads((folder / "lock").read_text())["pid"] == os.getpid()
    assert len(calls) == 2
