"""The `library` command, from adding a folder to knowing what each file needs."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from clips import Clips
from command import Command, Run


class Reelwright(Command):
    """Any command, not only `encode`."""

    def argv(self, args: Iterable[str | bytes | Path], *, before: tuple[str, ...] = ()) -> list[str | bytes | Path]:
        """The command line."""
        return [*before, sys.executable, "-P", "-m", "reelwright", *args]


@pytest.fixture
def reelwright(encode: Command) -> Reelwright:
    return Reelwright(folder=encode.folder.parent, state=encode.state, environment=encode.environment)


def settle(root: Path) -> None:
    """As if nothing had been written for an hour."""
    for path in root.rglob("*"):
        os.utime(path, (path.stat().st_mtime - 3600,) * 2, follow_symlinks=False)


def test_a_library_is_added_scanned_decided_and_shown(reelwright: Reelwright, clips: Clips, films: Path) -> None:
    shutil.copyfile(clips.film(), films / "film.mkv")
    (films / "Ĉu ne? 'quote'\n.mkv").write_text("no film")
    (films / "empty.mp4").touch()
    (films / "list.m3u8").write_text("#EXTM3U\nhttp://example.org/x.ts\n")
    (films / "playlist.mkv").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    shutil.copyfile(clips.film(), films / "being written.mkv")
    settle(films)
    os.utime(films / "being written.mkv")
    added = reelwright("library", "add", "films", films, "--json")
    assert added.code == 0
    assert (films / ".reelwright-library").exists()
    done = reelwright("library", "scan", "--json")
    assert done.code == 0, done.err
    (found,) = done.results[-1]["data"]["libraries"]
    assert (found["files"], found["new"], found["probed"]) == (4, 4, 4)
    assert found["unsettled"] == ["being written.mkv"]
    shown = reelwright("library", "files", "films", "--json").results[-1]["data"]["files"]
    by_name = {file["path"]: file for file in shown}
    assert by_name["film.mkv"]["rule"] == "small-file"
    assert by_name["film.mkv"]["facts"]["height"] > 0
    assert by_name["empty.mp4"]["reasons"][0] == "The file is empty."
    assert by_name["playlist.mkv"]["state"] == "skipped"
    assert "cannot be read as a film" in by_name["Ĉu ne? 'quote'\n.mkv"]["reasons"][0]
    status = reelwright("library", "status", "--json").results[-1]["data"]
    assert (status["sources"], status["skipped"], status["bytes_saved"]) == (4, 4, 0)
    assert status["libraries"]["films"]["skipped"] == 4
    text = reelwright("library", "files", "films")
    assert "\\x0a" in text.out or "\\n" in text.out
    assert reelwright("library", "scan").out.splitlines()[0] == "films: 4 files, nothing changed"
    assert sorted(path.name for path in films.iterdir() if path.name.startswith(".")) == [".reelwright-library"]


def test_rules_of_ones_own_decide_and_changed_rules_decide_anew(
    reelwright: Reelwright, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "film.mkv")
    settle(films)
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "all"\nthen = "encode"\nwhy = "I want it."\n')
    assert reelwright("library", "add", "films", films, "--rules", rules).code == 0
    assert reelwright("library", "scan").code == 0
    (file,) = reelwright("library", "files", "films", "--state", "planned", "--json").results[-1]["data"]["files"]
    assert file["reasons"] == ["I want it.", "It matches everything."]
    rules.write_text('[[rule]]\nname = "ask"\nthen = "ask"\n')
    assert reelwright("library", "scan", "films").code == 0
    assert reelwright("library", "status", "--json").results[-1]["data"]["asked"] == 1
    rules.write_text('[[rule]]\nname = "ask"\nthen = "burn"\n')
    done = reelwright("library", "scan", "films")
    assert done.code == 2
    assert "then = 'burn' is wrong" in done.err
    assert reelwright("library", "status", "--json").results[-1]["data"]["asked"] == 1


def test_the_rules_that_come_with_it_are_rules(reelwright: Reelwright, films: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(reelwright("library", "rules").out)
    assert reelwright("library", "add", "films", films, "--rules", rules).code == 0


def test_a_root_that_is_away_is_exit_4_and_stops_no_other_library(
    reelwright: Reelwright, films: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (films / "a.mkv").write_text("x")
    settle(films)
    for name, root in (("films", films), ("other", other)):
        assert reelwright("library", "add", name, root).code == 0
    assert reelwright("library", "scan", "--no-probe").code == 0
    films.rename(tmp_path / "away")
    done = reelwright("library", "scan", "--json")
    assert done.code == 4
    data = done.results[-1]["data"]
    assert [found["library"] for found in data["libraries"]] == ["other"]
    assert data["failed"][0]["library"] == "films"
    assert "Is its disk mounted?" in done.err
    listed = reelwright("library", "list", "--json").results[-1]["data"]["libraries"]
    assert [library["met"] for library in listed if library["name"] == "films"] == [1]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["add", "Films!", "."], 2, "is no name for a library"),
        (["add", "films", "nowhere"], 2, "is no folder"),
        (["add", "films", ".", "--settle", "-1"], 2, "settle = -1.0 is wrong"),
        (["add", "films", ".", "--rules", "none.toml"], 2, "cannot be read"),
        (["scan"], 2, "no library yet"),
        (["files", "films"], 2, "no library yet"),
        (["remove", "films"], 2, "There is no library films"),
    ],
)
def test_a_mistake_is_one_sentence(reelwright: Reelwright, args: list[str], code: int, said: str) -> None:
    reelwright("library", *args).assert_failed(code, said)


def test_a_library_of_the_configuration_is_added_by_its_first_scan(
    reelwright: Reelwright, films: Path, tmp_path: Path
) -> None:
    (films / "a.mkv").write_text("x")
    (films / "b.mp4").write_text("x")
    settle(films)
    config = tmp_path / "reelwright.toml"
    config.write_text(f'[libraries.films]\nroot = {json.dumps(str(films))}\nfile_pattern = "*.mp4"\n')
    here = {"REELWRIGHT_CONFIG": str(config)}
    done = reelwright("library", "scan", "--no-probe", "--json", env=here)
    assert done.code == 0, done.err
    assert done.results[-1]["data"]["libraries"][0]["files"] == 1
    config.write_text("[libraries.films]\nrot = 3\n")
    reelwright("library", "scan", env=here).assert_failed(2, "no setting libraries.films.rot")


def plan_of(reelwright: Reelwright, films: Path, tmp_path: Path, *args: str) -> Path:
    """A plan that encodes every film."""
    settle(films)
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "all"\nunless = { verdict = "unusable" }\nthen = "encode"\n')
    assert reelwright("library", "add", "films", films, "--rules", rules).code == 0
    assert reelwright("library", "scan").code == 0
    plan = tmp_path / "plan.json"
    done = reelwright("library", "plan", "films", "-o", plan, *args)
    assert done.code == 0, done.err
    return plan


def test_a_plan_is_applied_but_for_what_changed_since(
    reelwright: Reelwright, clips: Clips, films: Path, tmp_path: Path
) -> None:
    names = ("as it was.mkv", "changed.mkv", "gone.mkv", "touched.mkv")
    for name in names:
        (films / name).write_bytes(clips.film().read_bytes())
    plan = plan_of(reelwright, films, tmp_path, "--no-samples")
    written = json.loads(plan.read_text())
    assert [file["path"] for file in written["files"]] == list(names)
    assert written["totals"]["rough"] is True
    assert all(file["seconds"] >= 0 and len(file["saves"]) == 3 for file in written["files"])
    assert reelwright("library", "status", "--json").results[-1]["data"]["queued"] == 0
    (films / "changed.mkv").write_bytes(clips.film().read_bytes()[:-1] + b"x")
    (films / "gone.mkv").unlink()
    os.utime(films / "touched.mkv")
    done = reelwright("library", "apply", plan, "--json")
    assert done.code == 8
    data = done.results[-1]["data"]
    assert data["queued"] == 2
    assert {one["path"]: one["why"] for one in data["refused"]} == {
        "changed.mkv": "its content is not what it was when the plan was made",
        "gone.mkv": "it is not there any more",
    }
    queued = reelwright("library", "files", "films", "--state", "queued", "--json").results[-1]["data"]["files"]
    assert [file["path"] for file in queued] == ["as it was.mkv", "touched.mkv"]
    again = reelwright("library", "apply", plan)
    assert again.code == 8
    assert "it is queued already" in again.err


def test_samples_teach_what_films_of_a_kind_come_to(
    reelwright: Reelwright, clips: Clips, films: Path, tmp_path: Path
) -> None:
    for name in ("one.mkv", "two.mkv"):
        (films / name).write_bytes(clips.film().read_bytes())
    (films / "broken.mkv").write_bytes(clips.film().read_bytes()[:900])
    plan = plan_of(reelwright, films, tmp_path)
    assert json.loads(plan.read_text())["totals"]["rough"] is False
    done = reelwright("library", "plan", "films", "--json")
    assert done.results[-1]["data"]["sampled"] == []  # the first plan's samples are in the ledger
    assert [event for event in done.events if event["event"] == "result"] == done.results[-1:]


def test_a_plan_that_is_none_or_not_this_librarys_is_refused(
    reelwright: Reelwright, clips: Clips, films: Path, tmp_path: Path
) -> None:
    (films / "one.mkv").write_bytes(clips.film().read_bytes())
    plan = plan_of(reelwright, films, tmp_path, "--no-samples")
    whole = json.loads(plan.read_text())

    def applied(**changes: object) -> Run:
        other = tmp_path / "other.json"
        other.write_text(json.dumps({**whole, **changes}))
        return reelwright("library", "apply", other)

    applied(marker="other").assert_failed(8, "its marker is not the same")
    applied(library="none").assert_failed(2, "There is no library none")
    applied(reelwright_plan=2).assert_failed(2, "a plan of version 2")
    applied(files=[{"path": "x"}]).assert_failed(2, "is no whole plan")
    applied(files=[{**whole["files"][0], "path": "../outside.mkv"}]).assert_failed(2, "leads out of the library")
    settings = {"placement": {"policy": "replace"}}
    applied(files=[{**whole["files"][0], "settings": settings}]).assert_failed(2, "placement cannot be set by a plan")
    (tmp_path / "text.json").write_text("no plan")
    reelwright("library", "apply", tmp_path / "text.json").assert_failed(2, "cannot be read")
    reelwright("library", "plan", "films", "-o", tmp_path / "text.json").assert_failed(8, "is no plan")
    assert (tmp_path / "text.json").read_text() == "no plan"
    films.rename(tmp_path / "away")
    reelwright("library", "apply", plan).assert_failed(4, "is missing")
    reelwright("library", "plan", "films").assert_failed(4, "is missing")
