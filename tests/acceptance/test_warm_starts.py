"""A run that was started warm says and leaves what one says and leaves that was started as users start it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clips import Clips
from command import QUICK, Command, contents

from warm import PROGRAM, may_be_warm, run_program

pytestmark = pytest.mark.skipif(not may_be_warm(PROGRAM, os.environ), reason="everything is started cold")


def both(encode: Command, *words: str) -> "list[subprocess.CompletedProcess[bytes]]":
    encode.prepare()
    argv, variables = [*PROGRAM, *words], encode.variables()
    assert may_be_warm(argv, variables)
    cold = subprocess.run(argv, cwd=encode.folder, env=variables, capture_output=True, check=False)
    return [run_program(argv, cwd=encode.folder, env=variables), cold]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("encode", "missing.mkv"), 4),
        (("encode", "--crf", "many"), 2),
        (("config", "show"), 0),
        (("jobs", "list"), 0),
    ],
)
def test_words_and_exit_code_are_the_same(encode: Command, words: tuple[str, ...], code: int) -> None:
    warm, cold = both(encode, *words)
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert warm.returncode == code
    assert warm.stdout or warm.stderr


def test_the_same_bytes_are_encoded(encode: Command, clips: Clips, films: Path) -> None:
    film = clips.film()
    assert encode(film, "-o", "warm.mkv", *QUICK).code == 0
    cold = Command(folder=encode.folder, state=encode.state / "cold", environment=encode.environment)
    cold.state.mkdir()
    with cold.begin(film, "-o", "cold.mkv", *QUICK) as run:
        run.communicate(timeout=300)
    found = contents(films)
    assert (run.returncode, found["warm.mkv"]) == (0, found["cold.mkv"])


def test_a_run_has_its_own_folder_and_variables_and_leaves_none_to_the_next(encode: Command, tmp_path: Path) -> None:
    (encode.folder / "reelwright.toml").write_text("[encoding]\npreset = 3\n")
    argv = [*PROGRAM, "config", "show"]
    for folder, more, found in (
        (encode.folder, {}, b"3"),
        (tmp_path, {"REELWRIGHT_ENCODING__PRESET": "9"}, b"9"),
        (tmp_path, {}, b"6"),
    ):
        said = run_program(argv, cwd=folder, env=encode.variables(more)).stdout
        (value,) = [line.split()[2] for line in said.splitlines() if line.startswith(b"preset = ")]
        assert value == found


def test_what_makes_another_python_of_it_is_started_cold(encode: Command) -> None:
    variables = encode.variables()
    assert may_be_warm([*PROGRAM, "jobs"], variables)
    assert not may_be_warm([*PROGRAM, "jobs"], variables | {"LC_ALL": "xx"})
    assert not may_be_warm([*PROGRAM, "jobs"], {k: v for k, v in variables.items() if k != "PATH"})
    assert not may_be_warm(["setpriv", *PROGRAM, "jobs"], variables)
    assert not may_be_warm([sys.executable, "-c", "pass"], variables)
