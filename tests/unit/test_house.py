"""The rules of the house, held by the machine."""

import ast
import subprocess
import sys
from pathlib import Path

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
    assert [name_of(path) for path in MODULES if path.stem in BANNED or path.parent.name in BANNED] == []


HELP = """
import sys
from reelwright.app import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {"django", "av", "numpy", "pydantic", "rich", "psutil", "imageio_ffmpeg", "platformdirs"}
print("heavy:", sorted(heavy & set(sys.modules)))
"""


def test_help_is_shown_without_importing_anything_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE.parent), "PATH": ""},
    )
    assert "encode" in done.stdout
    assert done.stdout.endswith("heavy: []\n")
