"""Films replaced on the real file system: attributes, ends of the process anywhere, failing system calls."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reelwright.engine.real_disk import RealDisk
from replaced_for_real import HERE, ORIGINAL, OUTPUT

SCRIPT = Path(__file__).parent.parent / "replaced_for_real.py"
SEED = 20_261_201
FAULTS = ("fsync:error=EIO", "renameat2:error=EROFS", "link,linkat:error=ENOSPC", "unlink,unlinkat:error=EIO")


def told(*words: str) -> dict[str, Any]:
    """What the program of real replacements found."""
    done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_sigkill_at_random_times_leaves_a_film_and_the_next_start_puts_it_right() -> None:
    assert told("kills", "15", str(SEED))["kills"] == 15


@pytest.mark.prove
def test_three_hundred_sigkills_lose_no_film() -> None:
    found = told("kills", "300", str(SEED))
    print(f"\n{found}")
    assert found["kills"] == 300


@pytest.mark.prove
def test_the_end_of_the_process_at_any_place_leaves_a_film_and_the_next_start_puts_it_right() -> None:
    found = told("points")
    print(f"\n{found}")
    for kind in ("same name", "new extension", "conflict"):
        assert found[kind]["ends"] >= 40


def test_owner_mode_times_and_attributes_are_those_of_the_original(tmp_path: Path) -> None:
    source, draft = tmp_path / "a.mkv", tmp_path / "b.mkv"
    source.write_bytes(b"a")
    draft.write_bytes(b"b")
    source.chmod(0o604)
    os.utime(source, ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    if os.geteuid() == 0:
        os.chown(source, 4321, 1234)
    try:
        os.setxattr(source, "user.seen", b"yes")
        os.setxattr(draft, "user.stale", b"yes")
    except OSError:
        pytest.skip("no attributes on this file system")
    RealDisk().carry(str(source), str(draft))
    one, other = source.stat(), draft.stat()
    assert (one.st_uid, one.st_gid, stat.S_IMODE(one.st_mode)) == (
        other.st_uid,
        other.st_gid,
        stat.S_IMODE(other.st_mode),
    )
    assert one.st_mtime_ns == other.st_mtime_ns
    assert os.listxattr(draft) == ["user.seen"]
    assert draft.read_bytes() == b"b"


def test_a_folder_that_is_held_is_told_and_let_go_of(tmp_path: Path) -> None:
    disk = RealDisk()
    with disk.hold(str(tmp_path)), pytest.raises(BlockingIOError), disk.hold(str(tmp_path), wait=False):
        pass
    with disk.hold(str(tmp_path), wait=False):
        pass


@pytest.mark.prove
@pytest.mark.parametrize("fault", FAULTS)
def test_a_system_call_that_fails_leaves_the_film_and_a_retry_succeeds(fault: str) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    folder = HERE / f"reelwright-strace-{os.getpid()}"
    calls, injected = fault.split(":", maxsplit=1)[0], 0
    try:
        for number in range(1, 40):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            log = folder / "strace.log"
            run = [sys.executable, str(SCRIPT), "once", str(folder / "film"), "new extension"]
            traced = [
                "strace",
                "-f",
                "-o",
                str(log),
                "-e",
                f"trace={calls}",
                "-e",
                f"inject={fault}:when={number}",
                *run,
            ]
            done = subprocess.run(traced, capture_output=True, text=True, check=False)
            if "ptrace" in done.stderr.lower():
                pytest.skip("no right to trace")
            assert "Traceback" not in done.stderr, done.stderr[-2000:]
            assert done.returncode in {0, 2, 3, 7, 8}, (number, done.returncode, done.stdout)
            films = [path.read_bytes() for path in (folder / "film").rglob("heat.*") if path.is_file()]
            assert ORIGINAL in films, (number, done.stdout)
            again = subprocess.run(run, capture_output=True, text=True, check=False)
            assert again.returncode == 0, (number, again.stdout, again.stderr[-2000:])
            assert (folder / "film" / "films" / "heat.mp4").read_bytes() == OUTPUT
            if "INJECTED" not in log.read_text():
                break
            injected += 1
        print(f"\n{fault}: {injected} calls failed, one a run")
        assert injected
    finally:
        shutil.rmtree(folder, ignore_errors=True)
