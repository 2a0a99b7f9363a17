"""The work folder and its lock."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reelwright.engine import workspace
from reelwright.engine.workspace import FOLDERS, Lock, Locks, Workspace, reading_folder, take_stamp, workspace_for
from reelwright.errors import ConflictError, ResourceError, UsageError


class Swept:
    """Remembers whose children were to be ended."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, token: str) -> int:
        self.tokens.append(token)
        return 0


@pytest.fixture
def swept() -> Swept:
    return Swept()


def lock(path: Path, token: str, swept: Swept) -> Lock:
    return Lock(path, token=token, what="film.mkv", sweep=swept)


def locks_of(swept: Swept) -> Locks:
    return Locks(token="mine", what="film.mkv", sweep=swept)  # noqa: S106


def test_a_work_folder_has_five_folders_and_can_be_made_twice(tmp_path: Path) -> None:
    made = workspace_for(tmp_path / "work", "s1").make().make()
    assert made.root == tmp_path / "work" / "s1"
    assert sorted(path.name for path in made.root.iterdir()) == sorted(FOLDERS)


def test_a_work_folder_that_cannot_be_made_is_an_error_of_usage(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(UsageError, match="work folder"):
        workspace_for(tmp_path / "work", "s1").make()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_work_disk_is_a_lack_of_resources(number: int) -> None:
    error = workspace.work_dir_error(Path("/work"), OSError(number, os.strerror(number)))
    assert isinstance(error, ResourceError)
    assert "--work-dir" in error.hint


def test_half_written_files_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    made = Workspace(root=tmp_path).make()
    kept = [made.segments / "a.mkv", made.logs / "a.part", made.index]
    for path in [*kept, made.segments / "b.part", made.working / "joined.mkv.part"]:
        path.write_text("x")
    made.clear_leftovers()
    assert all(path.exists() for path in kept)
    assert not list(made.segments.glob("*.part"))
    assert not list(made.working.iterdir())


def test_one_path_is_read_in_one_folder_and_another_in_another(tmp_path: Path) -> None:
    names = ["a.mkv", "b.mkv", "caf\udce9.mkv"]
    for name in names:
        (tmp_path / name).touch()
    folders = {reading_folder(tmp_path, take_stamp(tmp_path / name)).root for name in names}
    assert len(folders) == 3
    (tmp_path / "a.mkv").write_text("changed")
    assert reading_folder(tmp_path, take_stamp(tmp_path / "a.mkv")).root in folders


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_text("one")
    before = take_stamp(path)
    assert take_stamp(path) == before
    os.utime(path, ns=(0, 1))
    assert take_stamp(path) != before
    path.unlink()
    with pytest.raises(OSError, match="No such file"):
        take_stamp(path)


def test_a_lock_that_is_held_names_its_holder_and_is_free_again_afterwards(tmp_path: Path, swept: Swept) -> None:
    path = tmp_path / "lock"
    with lock(path, "one", swept):
        assert json.loads(path.read_text()) == {"pid": os.getpid(), "token": "one"}
        with pytest.raises(ConflictError, match=f"film.mkv is being worked on by process {os.getpid()}"):
            lock(path, "two", swept).__enter__()
        assert "one" in path.read_text()
    assert path.read_text() == ""
    with lock(path, "two", swept):
        pass
    assert swept.tokens == []  # a holder that ended in good order left nothing running


HOLDER = """
    import sys, time
    from pathlib import Path
    from reelwright.engine.workspace import Lock
    with Lock(Path(sys.argv[1]), token="former", what="x", sweep=lambda token: 0):
        print("held", flush=True)
        time.sleep(60)
"""


def test_the_lock_of_a_killed_holder_is_taken_over_and_its_children_are_ended(tmp_path: Path, swept: Swept) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConflictError, match=f"process {holder.pid}"):
            lock(path, "mine", swept).__enter__()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        if holder.stdout:
            holder.stdout.close()
    with lock(path, "mine", swept):
        assert swept.tokens == ["former"]
        assert json.loads(path.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"token": 5}', '{"token": ""}', "\0\0\0", '{"token": "mine"}'])
def test_what_a_lock_file_holds_is_not_trusted(text: str, tmp_path: Path, swept: Swept) -> None:
    path = tmp_path / "lock"
    path.write_text(text)
    with lock(path, "mine", swept):
        assert swept.tokens == []


def test_a_file_system_that_cannot_lock_is_not_taken_for_another_run(
    tmp_path: Path, swept: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(workspace.fcntl, "flock", flock)
    with pytest.raises(UsageError, match="No locks available"):
        lock(tmp_path / "lock", "mine", swept).__enter__()


def test_no_child_keeps_a_lock(tmp_path: Path, swept: Swept) -> None:
    path = tmp_path / "lock"
    with lock(path, "one", swept):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with lock(path, "two", swept):
            pass
    finally:
        child.kill()
        child.wait()


def test_several_folders_are_held_together_and_let_go_together(tmp_path: Path, swept: Swept) -> None:
    one, two = Workspace(root=tmp_path / "1").make(), Workspace(root=tmp_path / "2").make()
    (one.segments / "a.part").touch()

    def free(of: Workspace) -> bool:
        try:
            with lock(of.lock, "other", swept):
                return True
        except ConflictError:
            return False

    with locks_of(swept) as locks:
        locks.hold(one)
        assert not list(one.segments.iterdir())  # leftovers are cleared once it is ours
        locks.hold(one)  # again is no conflict with ourselves
        locks.hold(two)
        assert not free(one)
        assert not free(two)
        locks.release(two)
        locks.release(two)
        assert free(two)
    assert free(one)


def test_a_folder_that_another_run_holds_is_not_cleared(tmp_path: Path, swept: Swept) -> None:
    one = Workspace(root=tmp_path).make()
    (one.segments / "a.part").touch()
    with lock(one.lock, "other", swept), locks_of(swept) as locks:
        with pytest.raises(ConflictError):
            locks.hold(one)
        assert (one.segments / "a.part").exists()
