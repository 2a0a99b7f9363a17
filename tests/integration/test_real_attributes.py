"""Films replaced on the real file system: access lists, files that must not be changed, links, closed folders."""

import os
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace as changed_copy
from pathlib import Path

import pytest

from reelwright.engine.real_disk import RealDisk
from reelwright.engine.replace_steps import replace
from reelwright.engine.replacing import Stage
from reelwright.errors import ReelwrightError, RefusedError, UsageError
from replaced_for_real import ORIGINAL, OUTPUT, Film, now

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
NOBODY = 0xFFFFFFFF
#: Tags of entries: the owner, a user by number, the group, the mask, all others; rights as in a mode.
OWNER, USER, GROUP, MASK, OTHERS = 1, 2, 4, 0x10, 0x20


def access_list(user: int, rights: int) -> bytes:
    """One that lets a user do something, as the kernel has it (version 2)."""
    entries = [(OWNER, 6, NOBODY), (USER, rights, user), (GROUP, 4, NOBODY), (MASK, 6, NOBODY), (OTHERS, 0, NOBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_list(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError:
        pytest.skip("no access lists on this file system")


@pytest.fixture(params=["same name", "new extension"])
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Film:
    return Film(tmp_path / "here", request.param).make()


@pytest.fixture
def closed() -> Iterator[list[Path]]:
    """What is made immutable in a test, and is not any more after it."""
    paths: list[Path] = []
    yield paths
    for path in paths:
        subprocess.run(["chattr", "-i", path], check=True)


def make_immutable(path: Path, closed: list[Path]) -> None:
    try:
        done = subprocess.run(["chattr", "+i", path], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("chattr is not installed")
    if done.returncode:
        pytest.skip("files cannot be made immutable here")
    closed.append(path)


def test_an_output_has_its_films_access_list_and_not_its_folders(film: Film) -> None:
    set_list(film.library, DEFAULT, access_list(user=4321, rights=6))  # what a new file would take over
    set_list(film.source, ACCESS, access_list(user=1234, rights=4))
    wanted = os.getxattr(film.source, ACCESS)
    order = changed_copy(film.order(), ctime_ns=None)
    journal = film.journal()
    entry = replace(order, journal, RealDisk(), validate=lambda _: None, now=now)
    journal.close()
    assert os.getxattr(film.final, ACCESS) == wanted
    assert struct.pack("<HHI", USER, 4, 1234) in wanted
    assert (film.final.read_bytes(), Path(entry.kept).read_bytes()) == (OUTPUT, ORIGINAL)
    assert os.getxattr(entry.kept, ACCESS) == wanted


def test_a_film_without_an_access_list_gets_none_from_its_folder(film: Film) -> None:
    set_list(film.library, DEFAULT, access_list(user=4321, rights=6))
    film.replace()
    assert ACCESS not in os.listxattr(film.final)
    assert film.final.stat().st_mode & 0o777 == 0o640


def test_an_immutable_film_stays_and_is_replaced_once_it_may_be(film: Film, closed: list[Path]) -> None:
    make_immutable(film.source, closed)
    with pytest.raises(UsageError, match=r"cannot be replaced.*not permitted"):
        film.replace()
    assert film.source.read_bytes() == ORIGINAL
    film.recover()
    assert film.check_settled() in {"nothing", Stage.ROLLED_BACK.value}
    subprocess.run(["chattr", "-i", closed.pop()], check=True)
    film.replace()
    assert film.final.read_bytes() == OUTPUT


def test_a_film_in_an_immutable_folder_stays(film: Film, closed: list[Path]) -> None:
    make_immutable(film.library, closed)
    with pytest.raises(ReelwrightError, match="not permitted"):
        film.replace()
    assert film.source.read_bytes() == ORIGINAL
    assert film.staged.read_bytes() == OUTPUT


def test_a_link_is_refused_unless_followed_and_then_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    film = Film(tmp_path / "here", "same name").make()
    link = film.folder / "link.mkv"
    link.symlink_to(film.source)
    order = film.order()
    order = changed_copy(order, source=changed_copy(order.source, path=str(link)), final=str(link))
    journal = film.journal()
    with pytest.raises(RefusedError, match="is a symbolic link"):
        replace(order, journal, RealDisk(), validate=lambda _: None, now=now)
    assert (film.source.read_bytes(), link.is_symlink()) == (ORIGINAL, True)
    other = changed_copy(order, follow_links=True, final=str(link.with_suffix(".mp4")))
    with pytest.raises(RefusedError, match="would point to nothing"):
        replace(other, journal, RealDisk(), validate=lambda _: None, now=now)
    replace(changed_copy(order, follow_links=True), journal, RealDisk(), validate=lambda _: None, now=now)
    journal.close()
    assert (film.source.read_bytes(), film.source.is_symlink()) == (OUTPUT, False)
    assert link.readlink() == film.source


def test_a_film_below_a_linked_folder_is_replaced_where_it_lies(film: Film) -> None:
    linked = film.folder / "linked"
    linked.symlink_to(film.library, target_is_directory=True)
    order = film.order()
    source = changed_copy(order.source, path=str(linked / film.source.name))
    order = changed_copy(order, source=source, final=str(linked / film.final.name))
    journal = film.journal()
    entry = replace(order, journal, RealDisk(), validate=lambda _: None, now=now)
    journal.close()
    assert entry.order.final == str(film.final)
    assert film.final.read_bytes() == OUTPUT
    assert linked.is_symlink()


def test_a_link_that_points_nowhere_at_the_outputs_name_is_not_written_through(tmp_path: Path) -> None:
    film = Film(tmp_path / "here", "new extension").make()
    film.final.symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(ReelwrightError, match="exists already"):
        film.replace()
    assert film.source.read_bytes() == ORIGINAL
    assert film.final.is_symlink()
    assert not (tmp_path / "elsewhere.mp4").exists()
