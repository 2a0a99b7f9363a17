"""`reelwright restore`: what was replaced is listed, and an original is put back."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from replaced_for_real import ORIGINAL, OUTPUT, Film


@pytest.fixture
def film(tmp_path: Path) -> Film:
    made = Film(tmp_path / "here", "new extension").make()
    made.replace()
    return made


def reelwright(film: Film, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(film.folder / "ledger.sqlite3")}
    command = [sys.executable, "-m", "reelwright", "restore", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def data_of(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["data"]
    return found


def test_a_replaced_film_is_listed_and_put_back_by_its_id(film: Film) -> None:
    listed = data_of(reelwright(film, "--json"))
    (one,) = listed["replacements"]
    assert (one["stage"], one["output"], one["bytes_before"]) == ("done", str(film.final), len(ORIGINAL))
    assert listed["bytes"] == {"saved": 0, "quarantined": len(ORIGINAL), "promised": len(ORIGINAL) - len(OUTPUT)}
    lines = reelwright(film, "list").stdout
    assert one["id"][:8] in lines
    assert "in quarantine" in lines
    done = reelwright(film, one["id"][:6])
    assert (done.returncode, done.stdout) == (0, f"{film.source} is the original again.\n")
    assert film.source.read_bytes() == ORIGINAL
    assert not film.final.exists()
    assert (film.library / "heat.mkv.nfo").exists()
    assert data_of(reelwright(film, "--json"))["replacements"][0]["stage"] == "restored"


def test_something_else_at_its_place_is_a_conflict_and_stays(film: Film) -> None:
    film.source.write_bytes(b"mine")
    done = reelwright(film, str(film.final))
    assert done.returncode == 8
    assert done.stderr.startswith("reelwright: ")
    assert "Traceback" not in done.stderr
    assert film.source.read_bytes() == b"mine"
    assert film.final.read_bytes() == OUTPUT


def test_what_nobody_replaced_is_wrong_usage(film: Film) -> None:
    done = reelwright(film, "nothing.mkv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "restore list" in done.stderr
