"""Placing: never half-written, never over something else unless asked."""

import errno
import os
from pathlib import Path

import pytest

from reelwright.engine import placement
from reelwright.engine.placement import (
    check_destination,
    place,
    refuse_existing,
    rename_new,
    temporary_path,
)
from reelwright.errors import ConflictError, ReelwrightError, ResourceError, UsageError

LONG = "x" * 251 + ".mkv"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / ".new.tmp"
    path.write_text("new")
    return path


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(placement.os, "link", link)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("name", ["a.mkv", LONG, "é" * 125 + ".mkv", "caf\udce9.mkv", "a\nb.mkv"])
def test_a_temporary_name_is_hidden_beside_the_output_and_short(name: str, tmp_path: Path) -> None:
    found = temporary_path(tmp_path / name, "f" * 32)
    assert found.parent == tmp_path
    assert found.name.startswith(".")
    assert len(os.fsencode(found.name)) <= 255
    assert found == temporary_path(tmp_path / name, "f" * 32) != temporary_path(tmp_path / name, "e" * 32)


def test_a_new_name_is_taken_in_one_step(new: Path, tmp_path: Path) -> None:
    rename_new(new, tmp_path / "a.mkv")
    assert names_in(tmp_path) == ["a.mkv"]
    assert (tmp_path / "a.mkv").read_text() == "new"
    assert (tmp_path / "a.mkv").stat().st_nlink == 1


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_the_name_is_reserved_first(new: Path, tmp_path: Path) -> None:
    rename_new(new, tmp_path / "a.mkv")
    assert names_in(tmp_path) == ["a.mkv"]
    assert (tmp_path / "a.mkv").read_text() == "new"


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("what", ["file", "empty file", "folder", "dangling link"])
def test_nothing_that_has_the_name_is_replaced(
    what: str, new: Path, tmp_path: Path, request: pytest.FixtureRequest, *, links: bool
) -> None:
    if not links:
        request.getfixturevalue("no_links")
    output = tmp_path / "a.mkv"
    match what:
        case "file":
            output.write_text("old")
        case "empty file":
            output.touch()
        case "folder":
            output.mkdir()
        case _:
            output.symlink_to("nowhere")
    before = os.lstat(output)
    with pytest.raises(FileExistsError):
        rename_new(new, output)
    with pytest.raises(ConflictError, match="appeared meanwhile"):
        place(new, output, overwrite=False)
    assert os.lstat(output).st_ino == before.st_ino
    assert os.lstat(output).st_size == before.st_size
    assert new.read_text() == "new"


@pytest.mark.usefixtures("no_links")
def test_a_reserved_name_is_given_back_when_the_rename_fails(
    new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: object) -> None:
        raise fail(errno.EIO)

    monkeypatch.setattr(placement.os, "replace", replace)
    with pytest.raises(OSError, match="Input/output"):
        rename_new(new, tmp_path / "a.mkv")
    assert names_in(tmp_path) == [new.name]


def test_an_output_is_replaced_where_that_was_asked_for(new: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.mkv"
    output.write_text("old")
    place(new, output, overwrite=True)
    assert output.read_text() == "new"
    assert not new.exists()


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, ResourceError),
        (errno.EDQUOT, ResourceError),
        (errno.EROFS, UsageError),
        (errno.EACCES, UsageError),
    ],
)
def test_a_destination_that_cannot_be_written_says_why(
    number: int, error: type[ReelwrightError], new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(_: Path) -> None:
        raise fail(number)

    monkeypatch.setattr(placement, "sync", sync)
    with pytest.raises(error) as raised:
        place(new, tmp_path / "a.mkv", overwrite=False)
    assert raised.value.hint


def destination(tmp_path: Path, case: str) -> Path:
    """An output that cannot be one."""
    film = tmp_path / "film.mkv"
    film.write_text("film")
    (tmp_path / "sub.mkv").mkdir()
    (tmp_path / "link.mkv").symlink_to("film.mkv")
    os.link(film, tmp_path / "hard.mkv")
    return {
        "itself": film,
        "itself by a link": tmp_path / "link.mkv",
        "itself by a hard link": tmp_path / "hard.mkv",
        "itself by another way": tmp_path / "sub.mkv" / ".." / "film.mkv",
        "a folder": tmp_path / "sub.mkv",
        "below a file": film / "a.mkv",
        "too long a name": tmp_path / ("x" * 252 + ".mkv"),
        "where nobody can write": Path("/proc/nowhere/a.mkv"),
    }[case]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("itself", "the source itself"),
        ("itself by a link", "the source itself"),
        ("itself by a hard link", "the source itself"),
        ("itself by another way", "the source itself"),
        ("a folder", "is a folder"),
        ("below a file", "cannot be written"),
        ("too long a name", "File name too long"),
        ("where nobody can write", "cannot be written"),
    ],
)
def test_what_cannot_be_an_output_is_found_out_before_any_work(case: str, says: str, tmp_path: Path) -> None:
    output = destination(tmp_path, case)
    before = names_in(tmp_path)
    with pytest.raises(UsageError, match=says):
        check_destination(tmp_path / "film.mkv", output)
    assert names_in(tmp_path) == before
    assert (tmp_path / "film.mkv").read_text() == "film"


@pytest.mark.parametrize("name", ["a.mkv", "deep/er/a.mkv", LONG, "there.mkv"])
def test_what_can_be_an_output_passes_and_leaves_nothing_but_its_folder(name: str, tmp_path: Path) -> None:
    source, output = tmp_path / "film.mp4", tmp_path / "out" / name
    source.touch()
    if name == "there.mkv":  # whether it may be replaced is another question
        output.parent.mkdir()
        output.write_text("old")
    check_destination(source, output)
    left = names_in(output.parent)
    assert left == (["there.mkv"] if name == "there.mkv" else [])


def test_a_full_disk_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object) -> int:
        raise fail(errno.ENOSPC)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(ResourceError, match="full"):
        check_destination(tmp_path / "film.mp4", tmp_path / "a.mkv")


def test_an_existing_output_is_left_alone_unless_asked(tmp_path: Path) -> None:
    output = tmp_path / "a.mkv"
    refuse_existing(output, overwrite=False)
    output.symlink_to("nowhere")  # a dangling link is something too
    with pytest.raises(ConflictError, match="exists"):
        refuse_existing(output, overwrite=False)
    refuse_existing(output, overwrite=True)
