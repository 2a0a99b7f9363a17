"""Ending a run from outside, with real processes that answer well, badly or not at all."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from reelwright.engine.ending import How, end_run, is_gone, waited
from reelwright.engine.holder import holder_of
from reelwright.engine.workspace import Workspace
from reelwright.errors import ConflictError
from reelwright.tools.process import sweep

#: Holds the folder for job j1 with a child; what it does with a request or a signal is said on its command line.
RUN = """
    import os, signal, subprocess, sys, time
    from pathlib import Path
    from reelwright.engine.cancelling import is_asked
    from reelwright.engine.workspace import Lock, Workspace
    workspace, manner, token = Workspace(root=Path(sys.argv[1])), sys.argv[2], sys.argv[3]
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "300"], env={**os.environ, "REELWRIGHT_RUN": token}, start_new_session=True)
    with Lock(workspace.lock, token=token, what="x", sweep=lambda _: 0) as lock:
        lock.note(job="j1")
        print(child.pid, flush=True)
        while not (manner == "polite" and is_asked(workspace, "j1")):
            time.sleep(0.02)
        child.kill()
        child.wait()
    print("on with the next", flush=True)
    time.sleep(300)
"""

Begin = Callable[[str], "tuple[subprocess.Popen[str], int]"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path / "film").make()


@pytest.fixture
def begin(workspace: Workspace) -> Iterator[Begin]:
    """Starts a run of some manner; gives back its process and its child's number."""
    started: list[subprocess.Popen[str]] = []

    def start(manner: str) -> "tuple[subprocess.Popen[str], int]":
        token = f"test-{os.getpid()}-{manner}"
        run = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(RUN), str(workspace.root), manner, token],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        started.append(run)
        assert run.stdout is not None
        return run, int(run.stdout.readline())

    yield start
    for run in started:
        run.kill()
        run.wait()
        if run.stdout is not None:
            run.stdout.close()


def end(workspace: Workspace, job_id: str = "j1", *, grace: float = 1.0) -> tuple[How, list[str]]:
    said: list[str] = []
    found = end_run(workspace, job_id, grace=grace, sweep=sweep, tell=said.append)
    assert not workspace.cancel.exists(), "no request is left for a later run"
    return found.how, said


def test_a_run_that_is_asked_gives_the_job_up_and_goes_on_with_the_next(begin: Begin, workspace: Workspace) -> None:
    run, child = begin("polite")
    how, said = end(workspace, grace=300)
    assert (how, len(said)) == (How.ASKED, 1)
    assert run.stdout is not None
    assert run.stdout.readline() == "on with the next\n"
    assert run.poll() is None
    assert is_gone(child)
    assert holder_of(workspace.lock) is None


def test_a_run_that_does_not_hear_is_told_by_a_signal_and_its_children_end_with_it(
    begin: Begin, workspace: Workspace
) -> None:
    run, child = begin("rude")
    how, said = end(workspace, grace=3)  # as long as it may take to end after the signal
    assert (how, len(said)) == (How.TERMINATED, 2)
    assert run.wait(300) == -signal.SIGTERM
    assert waited(lambda: is_gone(child), 300)


def test_a_run_that_ignores_the_signal_is_killed_with_all_it_started(begin: Begin, workspace: Workspace) -> None:
    run, child = begin("deaf")
    how, said = end(workspace)
    assert (how, len(said)) == (How.KILLED, 3)
    assert run.wait(300) == -signal.SIGKILL
    assert waited(lambda: is_gone(child), 300)
    assert holder_of(workspace.lock) is None


def test_a_frozen_run_is_killed_as_well(begin: Begin, workspace: Workspace) -> None:
    run, child = begin("polite")
    run.send_signal(signal.SIGSTOP)
    assert end(workspace)[0] is How.KILLED
    assert run.wait(300) == -signal.SIGKILL
    assert waited(lambda: is_gone(child), 300)


def test_a_run_of_another_job_on_the_same_film_is_left_alone(begin: Begin, workspace: Workspace) -> None:
    run, child = begin("polite")
    assert end(workspace, "j2") == (How.IDLE, [])
    assert run.poll() is None
    assert psutil.pid_exists(child)


def test_where_nobody_runs_nothing_is_ended(workspace: Workspace) -> None:
    assert end(workspace) == (How.IDLE, [])
    workspace.lock.write_text(f'{{"pid": {os.getppid()}, "token": "t", "job": "j1"}}')
    assert end(workspace) == (How.IDLE, [])
    assert psutil.pid_exists(os.getppid())


def test_a_process_that_is_not_the_holder_is_never_signalled(
    begin: Begin, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held, but the number in it is somebody else's: as seen from another container."""
    run, _ = begin("rude")
    workspace.lock.write_text(f'{{"pid": {os.getppid()}, "token": "t", "job": "j1"}}')
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("signalled"))
    with pytest.raises(ConflictError, match="cannot be seen from here"):
        end(workspace)
    monkeypatch.undo()
    assert run.poll() is None


def test_another_users_process_is_told_of(begin: Begin, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = begin("rude")

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(ConflictError, match=f"Process {run.pid} is another user's"):
        end(workspace)
    monkeypatch.undo()
