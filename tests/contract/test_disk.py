"""One suite for the real file system and for its model: what is proved on the model is to be true of the disk."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from disk_model import ModelDisk
from reelwright.engine.disk import UNSUPPORTED, Disk, FileKind
from reelwright.engine.real_disk import RealDisk
from reelwright.tools.hashing import content_hash


@dataclass(kw_only=True)
class Place:
    """A disk, and a folder on it."""

    disk: Disk
    root: str
    put: Callable[[str, bytes], None]
    read: Callable[[str], bytes | None]

    def __call__(self, name: str) -> str:
        return f"{self.root}/{name}"


@pytest.fixture(params=["real", "model"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "model":
        model = ModelDisk()
        model.put("/films/a", b"a")
        return Place(disk=model, root="/films", put=model.put, read=model.read)

    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if Path(path).exists() else None

    (tmp_path / "a").write_bytes(b"a")
    return Place(
        disk=RealDisk(), root=str(tmp_path), put=lambda path, data: Path(path).write_bytes(data) and None, read=read
    )


def test_what_is_looked_at_is_told_and_what_is_not_there_is_none(at: Place) -> None:
    found = at.disk.look(at("a"))
    assert found is not None
    assert (found.kind, found.size, found.links) == (FileKind.FILE, 1, 1)
    folder = at.disk.look(at.root)
    assert folder is not None
    assert folder.kind is FileKind.FOLDER
    assert at.disk.look(at("b")) is None
    assert at.disk.look(at("a/b")) is None
    assert at.disk.names(at.root) == ["a"]
    assert at.disk.free(at.root) > 0


def test_a_copy_has_the_content_and_its_hash_and_never_goes_over_anything(at: Place, tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(b"a")
    assert at.disk.copy(at("a"), at("b")) == at.disk.digest(at("b")) == content_hash(tmp_path / "same")
    assert at.read(at("b")) == b"a"
    at.put(at("c"), b"c")
    with pytest.raises(FileExistsError):
        at.disk.copy(at("a"), at("c"))
    assert at.read(at("c")) == b"c"
    with pytest.raises(FileNotFoundError):
        at.disk.copy(at("none"), at("d"))


def test_times_of_a_file_are_carried_over(at: Place) -> None:
    at.disk.copy(at("a"), at("b"))
    at.disk.carry(at("a"), at("b"))
    a, b = at.disk.look(at("a")), at.disk.look(at("b"))
    assert a is not None
    assert b is not None
    assert (a.mtime_ns, a.size) == (b.mtime_ns, b.size)
    assert not a.is_same_file(b)


def test_a_link_is_a_second_name_that_must_be_free(at: Place) -> None:
    before = at.disk.look(at("a"))
    at.disk.link(at("a"), at("b"))
    after = at.disk.look(at("b"))
    assert after is not None
    assert after.is_same_file(before)
    assert after.links == 2
    with pytest.raises(FileExistsError):
        at.disk.link(at("a"), at("b"))
    at.disk.unlink(at("a"))
    assert at.disk.look(at("a")) is None
    assert at.read(at("b")) == b"a"


def test_a_rename_goes_over_and_a_new_one_does_not(at: Place) -> None:
    at.put(at("b"), b"b")
    with pytest.raises(FileExistsError):
        at.disk.rename_new(at("a"), at("b"))
    assert (at.read(at("a")), at.read(at("b"))) == (b"a", b"b")
    at.disk.rename(at("a"), at("b"))
    assert (at.read(at("a")), at.read(at("b"))) == (None, b"a")
    at.disk.rename_new(at("b"), at("c"))
    assert at.disk.names(at.root) == ["c"]


def test_names_change_places_in_one_step(at: Place) -> None:
    at.put(at("b"), b"b")
    try:
        at.disk.exchange(at("a"), at("b"))
    except OSError as error:
        if error.errno in UNSUPPORTED:
            pytest.skip("this file system cannot exchange names")
        raise
    assert (at.read(at("a")), at.read(at("b"))) == (b"b", b"a")


def test_folders_are_made_once_and_removed_empty(at: Place) -> None:
    at.disk.make_folder(at("f"))
    with pytest.raises(FileExistsError):
        at.disk.make_folder(at("f"))
    at.put(at("f/x"), b"x")
    with pytest.raises(OSError, match="not empty") as told:
        at.disk.remove_folder(at("f"))
    assert told.value.errno == errno.ENOTEMPTY
    at.disk.unlink(at("f/x"))
    at.disk.sync(at("f"))
    at.disk.remove_folder(at("f"))
    at.disk.sync(at.root)
    assert at.disk.names(at.root) == ["a"]


def test_a_name_that_is_too_long_is_an_error_and_not_nothing(at: Place) -> None:
    with pytest.raises(OSError, match="too long") as told:
        at.disk.copy(at("a"), at("x" * 256))
    assert told.value.errno == errno.ENAMETOOLONG
