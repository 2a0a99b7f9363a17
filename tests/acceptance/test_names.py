# Names that are no text are bytes here, which Path does not take.
# ruff: noqa: PTH118, PTH208

import os
import shutil
from pathlib import Path

import pytest
from clips import FRAMES, Clips
from command import QUICK, Command, frames

NAMES = (
    b"-film.mkv",
    b'two  words it\'s "quoted" %d %03d%s .mkv',
    b"new\nline\x1b[31m.mkv",
    b"caf\xe9.mkv",
    b"concat:[a],b;c\\d*?|.mkv",
    ("\N{GREEK SMALL LETTER OMEGA}" * 125).encode() + b"y.mkv",
    pytest.param("\N{CYRILLIC SMALL LETTER ZHE}\N{COMBINING ACUTE ACCENT}.MKV".encode(), marks=pytest.mark.prove),
    pytest.param(b"x" * 251 + b".mkv", marks=pytest.mark.prove),
)


@pytest.mark.parametrize(
    "name", NAMES, ids=lambda name: os.fsdecode(name[:12]).encode("ascii", "backslashreplace").decode()
)
def test_any_name_that_a_file_can_have_will_do(name: bytes, clips: Clips, encode: Command, films: Path) -> None:
    shutil.copy(os.fsencode(clips.film()), os.path.join(os.fsencode(films), name))
    run = encode("--json", *QUICK, "--", name)
    assert run.code == 0, run.err
    assert run.err == ""
    assert run.results[0]["file"] == os.fsdecode(name)
    left = sorted(os.listdir(os.fsencode(films)))
    assert len(left) == 2
    assert name in left
    made = next(other for other in left if other != name)
    assert made.endswith(b".av1.mkv")
    assert len(made) <= 255
    assert name.rpartition(b".")[0][:240] in made
    assert frames(os.fsdecode(os.path.join(os.fsencode(films), made))) == FRAMES


def test_a_name_is_safe_to_print(clips: Clips, encode: Command, films: Path) -> None:
    name = b"new\nline\x1b[31m caf\xe9.mkv"
    shutil.copy(os.fsencode(clips.film()), os.path.join(os.fsencode(films), name))
    done = encode(name, *QUICK)
    assert done.code == 0
    for text in (done.out, done.err):
        assert "\\nline\\x1b[31m caf\\xe9" in text.replace("\n", "")
        assert "\x1b" not in text
    gone = encode(b"gone\n\x1b[31m\xe9.mkv")
    gone.assert_failed(4, "gone\\n\\x1b[31m\\xe9.mkv", "no such file")


@pytest.mark.parametrize("output", [b"./-out\xff.mkv", b"o" * 251 + b".mkv", b"sub:%d/caf\xe9\n'.mkv"], ids=repr)
def test_any_output_name_will_do(output: bytes, clips: Clips, encode: Command, films: Path) -> None:
    shutil.copy(clips.film(), films / "-film.mkv")
    run = encode(b"./-film.mkv", b"--output=" + output, *QUICK, "--json")
    assert run.code == 0, run.err
    assert frames(os.fsdecode(os.path.join(os.fsencode(films), output))) == FRAMES
    again = encode(b"./-film.mkv", b"--output=" + output, *QUICK, "--json")
    assert (again.code, again.results[0]["data"]["outcome"]) == (0, "already_done")


def test_a_name_that_is_too_long_is_told_before_any_work(clips: Clips, encode: Command, films: Path) -> None:
    shutil.copy(clips.film(), films / "film.mkv")
    run = encode("film.mkv", "-o", "o" * 252 + ".mkv", *QUICK, "--json")
    run.assert_json_failed(2, "film.mkv", "name too long")
    assert [path.name for path in films.iterdir()] == ["film.mkv"]
