"""Frames read in child processes: real pictures, damaged ones, and readers that end."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reelwright.errors import ToolError
from reelwright.sequences.pictures import FrameFacts
from reelwright.tools import stills as reader
from reelwright.tools.listing import list_folder
from reelwright.tools.process import Runner
from stills import cut, write_still


def read(folder: Path, names: Sequence[str], workers: int = 2) -> dict[str, FrameFacts]:
    """What is found in files; each is told once."""
    told: list[tuple[int, FrameFacts]] = []

    async def work() -> None:
        async with Runner() as runner:
            files = [(os.fspath(folder), name) for name in names]
            await reader.read_stills(runner, files, lambda *one: told.append(one), workers=workers)

    asyncio.run(work())
    assert sorted(place for place, _ in told) == [*range(len(names))]
    return {names[place]: found for place, found in told}


def test_every_kind_of_damage_is_found_in_every_format(tmp_path: Path) -> None:
    for ending in ("exr", "dpx", "tif", "png", "jpg"):
        for damage in ("good", "half", "padded", "empty", "noise"):
            path = tmp_path / f"{damage}.{ending}"
            options = {"compression": "none"} if ending == "tif" else {}
            write_still(path, size=(160, 90), **options)
            if damage in {"half", "padded"}:
                cut(path, padded=damage == "padded")
            elif damage != "good":
                path.write_bytes(b"" if damage == "empty" else os.urandom(5000))
    names = sorted(path.name for path in tmp_path.iterdir())
    found = read(tmp_path, names)
    for name, facts in found.items():
        damage = name.partition(".")[0]
        if damage == "good":
            assert (facts.damage, facts.zero_tail >= 4096) == (None, False), name
            assert facts.look is not None
            assert facts.look.display_window == (160, 90, 0, 0)
            assert facts.look.channels == ("R", "G", "B")
        elif damage == "padded":
            assert facts.damage or facts.zero_tail >= 2000, name
        else:
            assert facts.damage in {"half": {"truncated", "unreadable"}, "empty": {"empty"}}.get(
                damage, {"unreadable"}
            ), (name, facts)
            assert str(tmp_path) not in facts.reason
            assert "reelwright-frames" not in facts.reason
    assert found["half.exr"].damage == "truncated"


def test_a_header_says_windows_aspect_channels_and_rate(tmp_path: Path) -> None:
    write_still(
        tmp_path / "a.exr",
        size=(64, 48),
        data_window=(20, 10, -4, 30),
        channels=("R", "G", "B", "A", "Z"),
        kind="float",
        PixelAspectRatio=2.0,
        compression="piz",
    )
    look = read(tmp_path, ["a.exr"])["a.exr"].look
    assert look is not None
    assert (look.format, look.display_window, look.pixel_aspect) == ("openexr", (64, 48, 0, 0), 2.0)
    assert (set(look.channels), look.types, look.compression) == ({*"RGBAZ"}, ("float",) * 5, "piz")


def test_what_is_no_picture_file_is_said_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.exr")
    (tmp_path / "folder.exr").mkdir()
    (tmp_path / "nowhere.exr").symlink_to(tmp_path / "gone")
    (tmp_path / "made.null").write_bytes(b"x")  # OpenImageIO would make a picture of its own
    found = read(tmp_path, ["pipe.exr", "folder.exr", "nowhere.exr", "made.null", "never.exr"])
    assert [facts.damage for facts in found.values()] == [
        "not a file", "not a file", "unreadable", "unreadable", "unreadable"
    ]  # fmt: skip
    listing = list_folder(os.fspath(tmp_path))
    assert listing.not_files == {"pipe.exr", "folder.exr", "nowhere.exr"}


def test_any_name_can_be_opened(tmp_path: Path) -> None:
    odd = [b"%04d.1.exr", b"a\nb.1.exr", b"\xff\xfe.1.exr", b"a?x=1.1.exr", b"-v.1.exr", b"n" * 249 + b".1.exr"]
    for number, name in enumerate(odd):
        write_still(os.fsencode(tmp_path) + b"/" + name, number / 10)
    found = read(tmp_path, [os.fsdecode(name) for name in odd])
    assert {facts.damage for facts in found.values()} == {None}
    assert len({facts.content for facts in found.values()}) == len(odd)


CRASHING = """
import json, os, sys
asked = json.loads(open(sys.argv[1][1:]).read() if sys.argv[1][0] == "@" else sys.argv[1])
print(json.dumps({"ready": "x"}), flush=True)
for place, (folder, name) in enumerate(asked["files"]):
    if "bad" in name:
        os.abort()
    print(json.dumps({"place": place, "content": name}), flush=True)
print(json.dumps({"result": {}}), flush=True)
"""


def test_a_file_that_crashes_its_reader_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = reader.child_args
    monkeypatch.setattr(reader, "child_args", lambda *asked: [sys.executable, "-c", CRASHING, usual(*asked)[-1]])
    names = [f"{'bad' if number in {0, 17, 18, 69} else 'good'}{number}" for number in range(70)]
    for name, facts in read(tmp_path, names).items():
        if name.startswith("bad"):
            assert (facts.damage, facts.reason) == ("unreadable", "the reader ended with signal 6 at this file")
        else:
            assert (facts.damage, facts.content) == (None, name)


def test_a_reader_that_does_not_start_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "child_args", lambda *_: [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(ToolError, match="did not start"):
        read(tmp_path, ["a.exr"])


def test_a_folder_that_cannot_be_listed_fails_rule_0(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert list_folder(os.fspath(tmp_path / "gone")).failure == "there is no such folder"
    assert list_folder(os.fspath(tmp_path / "file")).failure == "it is no folder"
    assert list_folder(os.fspath(tmp_path)).failure is None
