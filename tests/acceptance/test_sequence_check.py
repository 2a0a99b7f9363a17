"""`reelwright sequence check`, as people use it."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from command import Command, Run, contents

from media import MEDIA
from stills import cut, write_still
from warm import PROGRAM, run_program

ODD = ["%04d", "a\nb", "é", os.fsdecode(b"\xff\xfe"), "n" * 246]


@pytest.fixture
def check(encode: Command) -> Any:
    """Run the command in the films' folder."""

    def run(*args: str | Path) -> Run:
        argv = [*PROGRAM, "sequence", "check", *args]
        done = run_program(argv, cwd=encode.folder, env=encode.variables())
        return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    return run


def sequences(run: Run) -> dict[str, dict[str, Any]]:
    """The sequences of the result, by name; JSON alone is on standard output."""
    assert (run.code, run.err) == (0, "")
    (result,) = run.results
    assert run.events[-1] == result
    found: dict[str, dict[str, Any]] = {one["name"]: one for one in result["data"]["sequences"]}
    return found


def spoilt_sequence(folder: Path) -> None:
    """Frames 1001 to 1020 of a plate, with one of everything that can be wrong."""
    for frame in range(1001, 1021):
        if frame not in {1004, 1015, 1017, 1019}:
            write_still(folder / f"plate.{frame}.exr", frame / 2000, data_window=(40 + frame % 7, 40, frame % 3, 2))
    write_still(folder / "plate.1005.exr", 0.1, size=(32, 24))
    write_still(folder / "plate.1006.exr", 0.2, channels=("R", "G", "B", "A"))
    write_still(folder / "plate.1007.exr", 0.3, kind="float")
    write_still(folder / "plate.1008.exr", 0.4, PixelAspectRatio=2.0)
    cut(folder / "plate.1009.exr", 0.9)
    (folder / "plate.1010.exr").write_bytes(b"")
    (folder / "plate.1011.exr").write_text("no picture")
    (folder / "plate.1013.exr").write_bytes((folder / "plate.1012.exr").read_bytes())
    (folder / "plate.1020.exr").unlink()
    (folder / "plate.1020.exr").mkdir()
    for name in ("plate.1015.EXR", "plate.1017.exr.tmp", "plate.01001.exr", "plate_1001.exr", "Thumbs.db"):
        (folder / name).touch()


SPOILT = {
    1005: "display window", 1006: "channels", 1007: "type", 1008: "pixel aspect", 1009: "truncated", 1010: "empty",
    1011: "unreadable", 1013: "stale duplicate", 1020: "not a file",
}  # fmt: skip


def test_a_sheet_shows_everything_about_its_sequences(films: Path, check: Any) -> None:
    shots = films / "shots"
    shots.mkdir()
    spoilt_sequence(shots)
    odd = films / "odd"
    odd.mkdir()
    for number, name in enumerate(ODD):
        for frame in (1, 3):
            write_still(os.fsencode(odd) + b"/" + os.fsencode(f"{name}.{frame}.exr"), (number + frame / 9) / 9)
    rows = ["parent,name,padding,extension,first,last", "shots,plate,4,exr,1001,1021", "gone,plate,4,exr,1,2"]
    rows += [f'odd,"{name}",1,exr,,' for name in ODD]
    sheet = films / "shots.csv"
    sheet.write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    before = contents(films)
    run = check("shots.csv", "--json")
    assert contents(films) == before

    (result,) = run.results
    plate, gone, *others = result["data"]["sequences"]
    assert (run.code, run.err) == (0, "")
    assert (plate["frames"], plate["missing"]) == ("1001-1003,1005-1014,1016-1020x2", [1004, 1015, 1017, 1019, 1021])
    assert plate["missing_ranges"] == "1004,1015-1021x2"
    assert {problem["frame"]: problem["kind"] for problem in plate["problems"]} == SPOILT
    assert {rule: set(names) for rule, names in plate["rejects"].items()} == {
        "1": {"plate.1015.EXR", "plate.1017.exr.tmp", "Thumbs.db"},
        "2": set(), "3": {"plate_1001.exr"}, "4": {"plate.01001.exr"}, "5": set(),
    }  # fmt: skip
    assert {miss["name"]: miss["kind"] for miss in plate["near_misses"]} == {
        "plate.1015.EXR": "case", "plate.1017.exr.tmp": "in progress", "plate_1001.exr": "layout",
        "plate.01001.exr": "padding",
    }  # fmt: skip
    assert [one["frame"] for one in plate["duplicates"]] == [1001]
    assert plate["pictures"]["display_window"] == [64, 48, 0, 0]
    assert gone["directory"] == {"passes": False, "reason": "there is no such folder"}
    assert gone["missing"] == [1, 2]
    assert [one["name"] for one in others] == ODD
    for one in others:
        assert (one["frames"], one["missing"], one["problems"], one["near_misses"]) == ("1,3", [2], [], [])
        assert one["looked_at"] == 2


def test_a_folder_with_three_sequences_and_rubbish_is_sorted_out(films: Path, check: Any) -> None:
    for frame in range(1, 13):
        write_still(films / f"beauty.{frame:04d}.exr", frame / 20)
        write_still(films / f"matte_{frame:03d}.png", frame / 20)
        write_still(films / f"grade.v02.{frame + 990}.dpx", frame / 20)
    (films / "beauty.0005.exr").unlink()
    cut(films / "grade.v02.995.dpx", padded=True)
    for name in ("notes.txt", ".hidden", "single.0001.exr"):
        (films / name).touch()
    run = check(".")
    assert (run.code, run.err) == (0, "")
    for line in (
        "sequence    beauty.####.exr in .",
        "missing     5  (1 frame)",
        "sequence    matte_###.png (underscore) in .",
        "sequence    grade.v02.###.dpx (dotted) in .",
        "frames      991-1002  (12 frames)",
        "3 other names: ",
        "3 sequences, 35 frames, 1 missing, 1 problem, 0 near misses",
    ):
        assert line in run.out, (line, run.out)
    assert "995  its last" in run.out

    found = sequences(check(".", "--json", "--no-pictures"))
    assert {name: one["layout"] for name, one in found.items()} == {
        "beauty": "strict", "matte": "underscore", "grade.v02": "dotted",
    }  # fmt: skip
    everything = [*films.iterdir()]
    for one in found.values():
        assert one["looked_at"] is None
        rejected = [name for names in one["rejects"].values() for name in names]
        assert len(rejected) + one["frame_count"] == len(everything)


def test_twenty_thousand_frames_are_one_sequence(films: Path, check: Any) -> None:
    for frame in range(1, 20_001):
        if frame not in {7, 15_000}:
            (films / f"long.{frame:04d}.exr").touch()
    found = sequences(check(".", "--no-pictures", "--json"))
    assert (found["long"]["frames"], found["long"]["missing"]) == ("1-6,8-14999,15001-20000", [7, 15_000])


def test_a_wrong_sheet_is_told_before_anything_is_listed(films: Path, check: Any) -> None:
    (films / "shots.csv").write_text("parent,name,padding,extension\n.,plate,4,exr\n.,plate, 4,exr\n,a.b,4,exr\n")
    run = check("shots.csv")
    said = run.assert_failed(2, "row 3, column padding", "found ' 4'", "row 4, column parent")
    assert "row 2" not in said
    assert run.out == ""
    check("shots.csv", "--json").assert_json_failed(2, "row 3, column padding")


def test_what_is_no_sheet_and_no_folder_is_told(films: Path, check: Any) -> None:
    check("gone").assert_failed(4, "gone cannot be listed: there is no such folder")
    check("gone.csv").assert_failed(4, "gone.csv cannot be read: no such file")
    (films / "film.mkv").touch()
    check("film.mkv").assert_failed(2, "neither a folder nor a sheet")
    run = check(".", "--no-pictures")
    assert (run.code, "No sequence of pictures was found" in run.out) == (0, True)


def test_real_pictures_are_read(films: Path, check: Any) -> None:
    desk = MEDIA / "exr" / "Desk.exr"
    if not desk.exists():
        pytest.skip("REELWRIGHT_TEST_MEDIA names no folder with exr/Desk.exr")
    for frame in (1, 2):
        (films / f"desk.{frame}.exr").symlink_to(desk)
    found = sequences(check(".", "--json"))["desk"]
    assert (found["pictures"]["display_window"], found["pictures"]["channels"]) == ([644, 874, 0, 0], [*"RGBA"])
    assert [problem["kind"] for problem in found["problems"]] == ["stale duplicate"]


def test_a_killed_check_leaves_no_folder_behind(tmp_path: Path) -> None:
    frames, scratch = tmp_path / "frames", tmp_path / "scratch"
    frames.mkdir()
    scratch.mkdir()
    write_still(frames / "a.1001.exr", size=(640, 360))
    for number in range(1002, 1601):  # so many that the run is still at it once it was seen to be
        os.link(frames / "a.1001.exr", frames / f"a.{number}.exr")
    process = subprocess.Popen(
        [*PROGRAM, "sequence", "check", "frames", "--json"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["data"].get("phase") == "pictures":
            break
    assert list(scratch.iterdir())
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while list(scratch.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(scratch.iterdir())
