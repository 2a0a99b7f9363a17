"""The rules of the house, held by the machine."""

import ast
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
import pytest

import reelwright

SOURCE = Path(reelwright.__file__).parent
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
BANNED = {"utils", "helpers", "common", "base", "misc", "manager"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[tuple[str, Function]]:
    """Functions and methods of a module with their names in full; those inside functions are private."""

    def inside(body: list[ast.stmt], prefix: str) -> list[tuple[str, Function]]:
        found: list[tuple[str, Function]] = []
        for node in body:
            if isinstance(node, Function):
                found.append((f"{prefix}{node.name}", node))
            elif isinstance(node, ast.ClassDef):
                found += inside(node.body, f"{prefix}{node.name}.")
        return found

    return inside(ast.parse(path.read_text(encoding="utf-8")).body, "")


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def test_there_is_a_house() -> None:
    assert len(MODULES) > 60


def test_each_room_imports_only_the_rooms_below_it() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=SOURCE.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_are_short_and_what_is_public_is_described(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    too_long = [name for name, f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 > 60]
    silent = [name for name, f in functions(path) if "_" not in {name[0], f.name[0]} and not ast.get_docstring(f)]
    assert too_long == []
    assert silent == []


def test_nine_functions_of_ten_have_no_more_than_35_lines() -> None:
    lengths = sorted((f.end_lineno or 0) - f.lineno + 1 for path in MODULES for _, f in functions(path))
    assert lengths[len(lengths) * 9 // 10] <= 35


def test_no_module_is_called_after_nothing_in_particular() -> None:
    found = [name_of(path) for path in MODULES if path.stem in BANNED or path.parent.name in BANNED]
    assert found == ["store/postgresql/base.py"]  # Django looks for a database backend by that name


HEAVY = {
    "django",
    "av",
    "numpy",
    "pydantic",
    "rich",
    "psutil",
    "imageio_ffmpeg",
    "platformdirs",
    "shtab",
    "asyncio",
    "OpenImageIO",
}
ASK = """
import sys
from reelwright.__main__ import main
sys.argv = ["reelwright", *{words!r}]
try:
    code = main()
except SystemExit as end:
    code = end.code
assert code == 0, code
print("imported:", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def imports_of(*words: str) -> set[str]:
    """What a command line imports that is carried out in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(words=words)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE.parent), "PATH": "", "XDG_CONFIG_HOME": "/nowhere"},
        cwd="/",
    )
    said, _, names = done.stdout.rpartition("imported: ")
    assert said
    return set(names.split())


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("encode", "--help"),
        ("config", "show", "--help"),
        ("help", "encode"),
        ("sequence", "check", "--help"),
        ("profiles",),
        ("profiles", "archive", "--json"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_what_needs_nothing_heavy_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imports_of(*words) & HEAVY == set()


def test_a_plain_film_is_probed_with_hardly_an_import(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    make = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.2", film]
    subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    found = imports_of("probe", str(film))
    assert found & (HEAVY | {"argparse", "typing", "dataclasses", "pathlib", "subprocess", "json"}) == set()
