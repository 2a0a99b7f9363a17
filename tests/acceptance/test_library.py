"""The Python library does what its own examples say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clips import X264, Clips

import reelwright

EXAMPLES = """
import doctest, sys
import reelwright, reelwright.api
found = doctest.testmod(reelwright.api, extraglobs={"reelwright": reelwright})
print(found.attempted)
sys.exit(bool(found.failed))
"""

IN_A_LOOP = """
import asyncio, os
import reelwright

async def main():
    info, planned = await asyncio.gather(reelwright.probe_async("film.mkv"), reelwright.plan_async("film.mkv", crf=30))
    assert info == planned.info
    assert planned.plan.request.crf == 30
    try:
        reelwright.probe("film.mkv")
    except reelwright.ReelwrightError as error:
        print(error)
    events = []
    outcome = await reelwright.encode_async("film.mkv", "out/", crf=50, preset=13, on_event=events.append,
                                            work_dir="work", ledger="ledger.sqlite3")
    print(outcome.outcome, os.path.relpath(outcome.output_path), events[-1].event.value)

asyncio.run(main())
"""

HALTED = """
import reelwright
try:
    reelwright.encode("film.mkv", "film.mkv", crf=50, preset=13)
except reelwright.ReelwrightError as error:
    print(type(error).__name__, error.exit_code, error)
"""


@pytest.fixture
def folder(tmp_path: Path, clips: Clips) -> Path:
    """Two and a half seconds of few frames: the examples score them as usual, each as large as a cinema's."""
    film = clips("library.mkv", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6", "-frames:v", "15", *X264)
    (tmp_path / "film.mkv").symlink_to(film)
    return tmp_path


def python(folder: Path, code: str) -> str:
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_documentations_examples_are_true(folder: Path) -> None:
    assert int(python(folder, EXAMPLES)) >= 12


def test_in_a_running_loop_the_functions_are_awaited(folder: Path) -> None:
    said = python(folder, IN_A_LOOP).splitlines()
    assert said == [
        "An event loop is running in this thread. Await the function that ends in _async.",
        f"encoded {Path('out/film.mkv')} result",
    ]
    assert (folder / "work").is_dir()
    assert not (folder / "state").exists()


def test_a_failure_is_an_exception_with_the_commands_exit_code(folder: Path) -> None:
    assert python(folder, HALTED).startswith("UsageError 2 The output is the source itself.")


def test_importing_the_library_imports_nothing_heavy(folder: Path) -> None:
    code = "import sys, reelwright; print({'av', 'django', 'pydantic', 'asyncio'} & set(sys.modules) or 'light')"
    assert python(folder, code) == "light\n"


def test_every_public_name_can_be_had() -> None:
    assert {"encode", "encode_async", "probe", "plan", "Settings"} <= set(dir(reelwright))
    for name in reelwright.__all__:
        assert getattr(reelwright, name)
    with pytest.raises(AttributeError, match="no attribute 'encod'"):
        reelwright.encod  # noqa: B018
