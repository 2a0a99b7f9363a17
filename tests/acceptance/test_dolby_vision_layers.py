"""Dolby Vision with a second picture: profile 7 becomes 8.1 where `dovi_tool` is there, and is refused where it is not.

The program is no part of this project. Where it is not on the path these tests are skipped, but for those of what
happens without it, or with one that fails.
"""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from command import Command, Run, contents, finish, read_until

from dolby_vision import P7, Making, film, run

LAYERED = Making(flavor=P7, frames=12, size="96x64")
FAST = ("--preset", "13")
DOVI_TOOL = shutil.which("dovi_tool")
needs_dovi_tool = pytest.mark.skipif(DOVI_TOOL is None, reason="there is no dovi_tool on the path")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layers")


def metadata(path: Path) -> list[bytes | None]:
    """The Dolby Vision metadata of each frame, in the order of showing: libavutil's structure, byte for byte."""
    with av.open(str(path)) as container:
        return [
            next((bytes(d) for d in frame.side_data if d.type.name == "DOVI_METADATA"), None)
            for frame in container.decode(video=0)
        ]


def data_of(done: Run) -> dict[str, Any]:
    """The data of the only result of a run that went well."""
    assert done.code == 0, (done.err, done.out[-2000:])
    (event,) = done.results
    data: dict[str, Any] = event["data"]
    return data


def by_dovi_tool(source: Path, folder: Path) -> list[bytes | None]:
    """The metadata of a film's frames that `dovi_tool` converts as its own manual says: with the HEVC stream."""
    bare, converted = folder / "bare.hevc", folder / "converted.hevc"
    run("-i", source, "-map", "0:v", "-c", "copy", "-bsf:v", "hevc_mp4toannexb", "-f", "hevc", bare)
    convert = [str(DOVI_TOOL), "-m", "2", "convert", "--discard", "-i", bare, "-o", converted]
    subprocess.run(convert, check=True, capture_output=True)
    return metadata(converted)


def impostor(folder: Path, script: str) -> dict[str, str]:
    """A path that begins with another program of that name."""
    folder.mkdir()
    program = folder / "dovi_tool"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@needs_dovi_tool
@pytest.mark.parametrize("names", ["p7.mkv out.mp4", "p7.mp4 out.mkv", "p7.ts out.mkv", "p7.hevc out.mkv"])
def test_profile_7_becomes_8_1_and_every_converted_frames_metadata_arrives(
    names: str, encode: Command, films: Path, folder: Path, tmp_path: Path
) -> None:
    name, written = names.split()
    source, out = film(folder, name, LAYERED), films / written
    before = contents(folder)
    data = data_of(encode(source, "-o", out, *FAST, "--json"))
    arrived = metadata(out)
    assert arrived == by_dovi_tool(source, tmp_path)
    assert arrived != metadata(source)
    assert len({*arrived}) == 12
    (check,) = [c for c in data["checks"] if c["name"] == "dolby vision"]
    assert check["detail"].startswith("profile 10.1, the metadata of 12 frames equal to those dovi_tool ")
    said = " ".join(data["reasons"])
    assert "profile 7 is converted to 8.1 by dovi_tool" in said
    assert "enhancement layer is dropped" in said
    assert "minimal one (MEL)" in said
    assert contents(folder) == before
    assert list((encode.state / "work").rglob("copy-*")) == []  # it is as large as the film, and of no more use


@needs_dovi_tool
def test_the_plan_says_so_before_anything_is_encoded(encode: Command, films: Path, folder: Path) -> None:
    done = encode(film(folder, "p7.mkv", LAYERED), "--dry-run", "--json")
    assert "converted to 8.1 by dovi_tool" in " ".join(data_of(done)["reasons"])
    (planned,) = [e for e in done.events if e["status"] == "planned" and e["event"] == "analysis_complete"]
    rows = {row["name"]: (row["fate"], row["rule"]) for row in planned["data"]["plan"]["ledger"]}
    assert rows["Dolby Vision enhancement layer"] == ("drop", "enhancement-layer")
    assert rows["DOVI configuration record"] == ("convert", "dolby-vision-7")
    assert rows["DOVI_METADATA"] == ("convert", "dolby-vision-7")
    assert contents(films) == {}


@needs_dovi_tool
def test_chunks_are_as_safe_where_they_are_asked_for(
    encode: Command, films: Path, folder: Path, tmp_path: Path
) -> None:
    source = film(folder, "chunks.mkv", replace(LAYERED, frames=21, rate="7"))
    env = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.2"}
    asked = (*FAST, "--crf", "50", "--strategy", "chunked", "--json")
    done = encode(source, "-o", films / "out.mkv", *asked, env=env)
    data_of(done)
    assert len({e["data"]["chunk"] for e in done.events if e["event"] == "trial_complete"}) >= 3
    assert metadata(films / "out.mkv") == by_dovi_tool(source, tmp_path)


@needs_dovi_tool
def test_a_killed_run_goes_on_with_the_copy_it_made(encode: Command, films: Path, folder: Path) -> None:
    source = film(folder, "p7.mkv", LAYERED)
    args = (source, "-o", films / "out.mkv", *FAST, "--json")
    process = encode.begin(*args)
    seen = read_until(process, "encoding_started")
    process.kill()
    finish(process, seen)
    (copy,) = (encode.state / "work").rglob("copy-*.mkv")
    # Without the program nothing could be converted again; and it is not: only its name is asked for.
    stand_in = impostor(films.parent / "bin", f'test "$1" = --version && exec {DOVI_TOOL} --version\nexit 9')
    copied = copy.stat().st_ino, copy.stat().st_mtime_ns
    going_on = encode.begin(*args, env=stand_in)
    seen = read_until(going_on, "encoding_started")
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == copied
    assert data_of(finish(going_on, seen))["outcome"] == "encoded"
    assert contents(films).keys() == {"out.mkv"}


def test_without_dovi_tool_profile_7_is_refused_with_what_would_help(
    encode: Command, films: Path, folder: Path
) -> None:
    source = film(folder, "p7.mkv", LAYERED)
    done = encode(source, "-o", films / "out.mkv", env={"PATH": "/nowhere"})
    done.assert_failed(3, "profile 7", "enhancement layer", "With `dovi_tool`", "on the path")
    assert contents(films) == {}


#: Stand-ins for the program: what each does, the exit code a run ends with, and why.
NAMED = 'test "$1" = --version && echo dovi_tool 9.9 && exit\n'
ASKED = 'while [ $# -gt 0 ]; do case "$1" in --input) i="$2";; --rpu-out) o="$2";; esac; shift; done\n'
STAND_INS = {
    "another program": ("echo hello", 5, "does not answer like dovi_tool"),
    "fails": (f'{NAMED}echo "Error: no such mode" >&2; exit 1', 4, "no such mode"),
    "converts nothing": (f'{NAMED}{ASKED}test -z "$o" || cp "$i" "$o"', 6, "to become profile 8 are of profile 7"),
    "loses some": (f'{NAMED}{ASKED}test -z "$o" || head -c 300 "$i" > "$o"', 4, "sets of metadata for 12 packets"),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_a_dovi_tool_that_does_not_do_its_work_is_found_out(
    name: str, encode: Command, films: Path, folder: Path, tmp_path: Path
) -> None:
    script, code, said = STAND_INS[name]
    source = film(folder, "p7.mkv", LAYERED)
    done = encode(source, "-o", films / "out.mkv", *FAST, env=impostor(tmp_path / "bin", script))
    done.assert_failed(code, said)
    assert contents(films) == {}
    assert list((encode.state / "work").rglob("*.part")) == []
