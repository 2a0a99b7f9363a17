"""Several films in one run: mirrored outputs, a table at the end, and no bad film stops the rest."""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from clips import Clips
from command import QUICK, Command, frames


@pytest.fixture
def folder(clips: Clips, films: Path) -> Path:
    """Two sound films in two folders, a broken one, and a file that is none."""
    folder = films / "in"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(clips.film(), folder / "one.mkv")
    shutil.copy(clips.film(), folder / "deep" / ("long name " * 20 + ".mkv"))
    (folder / "broken.mkv").write_bytes(b"no film at all")
    (folder / "notes.txt").write_text("not a film either")
    return folder


def test_a_folder_is_mirrored_and_summed_up(encode: Command, films: Path, folder: Path) -> None:
    run = encode(folder, "-o", "out", *QUICK)
    assert run.code == 4
    name = "long name " * 20
    assert frames(films / "out/one.mkv") == frames(films / "out/deep" / f"{name}.mkv") == 6
    table = run.out[run.out.index("\nfilm ") :].splitlines()[1:]
    assert table[0].split() == ["film", "outcome", "VMAF", "before", "after", "saved", "time"]
    assert [line.split("  ")[0] for line in table[1:4]] == ["broken.mkv", "one.mkv", f"deep/{name}.mkv"]
    assert table[4].startswith("3 films")
    assert "1 failed, 2 encoded" in table[4]
    assert table[5].startswith("broken.mkv: ")
    assert len(table) == 6
    for number in (2, 3):
        assert f"film {number} of 3  " in run.err
    assert len(run.complaints) == 1


def test_json_has_the_places_and_nothing_for_people(encode: Command, films: Path, folder: Path) -> None:
    run = encode(folder, "-o", "out", *QUICK, "--json")
    assert run.code == 4
    assert [(r["data"]["number"], r["data"]["of"]) for r in run.results] == [(1, 3), (2, 3), (3, 3)]
    assert [r["data"]["outcome"] for r in run.results] == ["failed", "encoded", "encoded"]
    again = encode(folder, "-o", "out", *QUICK)
    assert "2 already done" in again.out
    assert (films / "out/one.mkv").is_file()


def test_one_film_has_no_table_and_the_very_first_makes_its_ledger(encode: Command, folder: Path) -> None:
    ledger = encode.state / "new" / "ledger.sqlite3"
    run = encode(folder / "one.mkv", *QUICK, env={"REELWRIGHT_DATABASE__PATH": str(ledger)})
    assert run.code == 0, run.err
    assert ledger.is_file()
    assert "\nfilm " not in run.out
    assert "film 1 of 1" not in run.err


def test_a_terminal_shows_the_table_within_its_width(encode: Command, folder: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        encode.argv([folder, "-o", "out", "--dry-run"]),
        cwd=encode.folder,
        env=encode.variables({"COLUMNS": "70", "TERM": "xterm", "NO_COLOR": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # a closed pseudo terminal ends so on Linux
            break
        if not block:
            break
        shown += block
    process.communicate(timeout=300)
    os.close(ours)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("film"))
    table = lines[start : next(k for k, line in enumerate(lines) if line.startswith("3 films")) + 1]
    assert max(map(len, table)) <= 70
    # Every letter of the long name is there, over several lines.
    assert "".join(line[: table[0].index("outcome")].replace(" ", "") for line in table).count("longname") >= 10
