"""Scans of real folders into a real ledger: what was known is known again, and a root that is away changes nothing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledgers import new_ledger
from reelwright.errors import ConflictError, SourceError
from reelwright.library.catalog import FileState, Library, Probed
from reelwright.library.deciding import decide_all
from reelwright.library.marker import NAME, place_marker
from reelwright.library.matchers import read_condition
from reelwright.library.rules import Action, Rule
from reelwright.library.scan import Scanned, scan
from reelwright.library.walk import Wanted, walk
from reelwright.tools.fingerprint import fingerprint

if TYPE_CHECKING:
    from reelwright.store.libraries import DjangoCatalog  # not at run time: Django must be set up first

WANTED = Wanted(pattern="*.{mkv,mp4}")


class Films:
    """A folder of films that is a library."""

    def __init__(self, root: Path, catalog: "DjangoCatalog") -> None:
        self.root, self.catalog = root, catalog
        root.mkdir()
        self.library: Library = catalog.add_library("films", str(root), place_marker(root), {})

    def write(self, path: str, content: str = "") -> Path:
        """A file of its own content."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content or f"content of {path}")
        return target

    def scan(self, wanted: Wanted = WANTED) -> Scanned:
        """Scan, as the command does without looking into films."""
        return scan(self.catalog, self.library, wanted, lambda *_: None)

    def decided(self) -> None:
        """Scan, and give each file facts, a fingerprint and a decision."""
        self.scan()
        for file in self.catalog.unprobed(self.library.id):
            read = fingerprint(str(self.root / file.path), file.size)
            self.catalog.write_probes([Probed(id=file.id, fingerprint=read, facts={"codec": "h264"})])
        decide_all(self.catalog, self.library, [Rule(name="all", then=Action.ENCODE)], 0.0)

    def states(self) -> dict[str, str]:
        """Every file that is there with its state."""
        return {file.path: file.state.value for file in self.catalog.files(self.library.id)}


@pytest.fixture
def films(tmp_path: Path) -> Iterator[Films]:
    store = new_ledger(tmp_path / "ledger.sqlite3")
    from reelwright.store.libraries import DjangoCatalog  # noqa: PLC0415 -- models load once Django is set up

    yield Films(tmp_path / "films", DjangoCatalog(store.place))
    store.close()


def test_a_first_scan_finds_films_and_a_second_one_nothing(films: Films) -> None:
    films.write("a.mkv")
    films.write("Shows/Ünïcode 日本語/b.MP4")
    films.write("notes.txt")
    films.write(".hidden.mkv")
    films.write(".trash/c.mkv")
    found = films.scan()
    assert (found.files, found.new) == (2, 2)
    assert films.states() == {"a.mkv": "met", "Shows/Ünïcode 日本語/b.MP4": "met"}
    again = films.scan()
    assert (again.new, again.changed, again.moved, again.gone, again.unchanged) == (0, 0, 0, 0, 2)


def test_names_that_are_no_utf8_are_films_as_well(films: Films) -> None:
    os.rename(films.write("x.mkv"), os.fsencode(films.root) + b"/b\xff\xfe.mkv")  # noqa: PTH104
    assert films.scan().new == 1
    (name,) = films.states()
    assert os.fsencode(name) == b"b\xff\xfe.mkv"
    assert films.scan().unchanged == 1


def test_renames_touches_copies_and_exchanges_queue_nothing_twice(films: Films) -> None:
    for name in "abcdef":
        films.write(f"{name}.mkv")
    films.decided()
    ids = {file.id for file in films.catalog.files(films.library.id)}
    (films.root / "new").mkdir()
    (films.root / "a.mkv").rename(films.root / "new/a 2.mkv")
    os.utime(films.root / "b.mkv", ns=(0, 10**18))
    (films.root / "c.mkv").rename(films.root / "C.MKV")
    shutil.copyfile(films.root / "d.mkv", films.root / "copy of d.mkv")
    (films.root / "d.mkv").unlink()
    (films.root / "e.mkv").rename(films.root / "t")
    (films.root / "f.mkv").rename(films.root / "e.mkv")
    (films.root / "t").rename(films.root / "f.mkv")
    found = films.scan()
    assert (found.new, found.changed, found.gone) == (0, 0, 0)
    assert found.moved == 6
    after = films.catalog.files(films.library.id)
    assert {file.id for file in after} == ids
    assert {file.state for file in after} == {FileState.PLANNED}
    assert {file.path for file in after} == {
        "new/a 2.mkv", "b.mkv", "C.MKV", "copy of d.mkv", "e.mkv", "f.mkv",
    }  # fmt: skip
    assert films.scan().unchanged == 6


def test_other_content_is_decided_anew(films: Films) -> None:
    films.write("a.mkv")
    films.decided()
    films.write("a.mkv", "something else")
    assert films.scan().changed == 1
    (file,) = films.catalog.files(films.library.id)
    assert (file.state, file.facts, file.choice, file.fingerprint) == (FileState.MET, None, None, None)


def test_what_is_gone_keeps_its_decision_until_it_is_back(films: Films) -> None:
    films.write("a.mkv")
    kept = films.write("b.mkv")
    films.decided()
    kept.rename(films.root.parent / "away.mkv")
    assert films.scan().gone == 1
    assert films.states() == {"a.mkv": "planned"}
    assert films.scan().gone == 0
    (films.root.parent / "away.mkv").rename(films.root / "back.mkv")
    found = films.scan()
    assert (found.moved, found.new) == (1, 0)
    assert films.states() == {"a.mkv": "planned", "back.mkv": "planned"}


@pytest.mark.parametrize("what", ["root", "marker", "another", "empty", "films"])
def test_a_root_that_is_not_the_library_changes_nothing(films: Films, what: str) -> None:
    films.write("a.mkv")
    films.decided()
    before = films.catalog.files(films.library.id), films.catalog.libraries()
    aside = films.root.parent / "aside"
    if what == "root":
        films.root.rename(aside)
    elif what == "marker":
        (films.root / NAME).unlink()
    elif what == "another":
        (films.root / NAME).write_text("somebody else's\n")
    elif what == "empty":
        (films.root / NAME).write_text("")
    else:
        (films.root / "a.mkv").unlink()
    with pytest.raises(SourceError, match="was changed") as error:
        films.scan()
    assert error.value.exit_code == 4
    assert (films.catalog.files(films.library.id), films.catalog.libraries()) == before


def test_a_folder_that_cannot_be_listed_is_told_and_its_films_are_not_gone(films: Films) -> None:
    films.write("open/a.mkv")
    films.write("closed/b.mkv")
    films.decided()
    aside = films.root / "closed"
    shutil.rmtree(aside)
    aside.symlink_to(films.root / "nowhere")  # a folder that was there and cannot be looked at now
    wanted = Wanted(pattern="*.mkv", follow_links=True)
    found = walk(str(films.root), wanted)
    assert [file.path for file in found.files] == ["open/a.mkv"]
    loop = films.root / "loop.mkv"
    loop.symlink_to(loop)
    assert ("loop.mkv", "Too many levels of symbolic links") in walk(str(films.root), wanted).closed


def test_files_below_a_closed_folder_stay_as_they_were(films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    films.write("open/a.mkv")
    films.write("closed/b.mkv")
    films.decided()
    listing = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("/closed"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)  # root may list everything
    found = films.scan()
    assert found.closed == (("closed", "Permission denied"),)
    assert (found.gone, found.unchanged) == (0, 1)
    assert films.states() == {"open/a.mkv": "planned", "closed/b.mkv": "planned"}


def test_a_file_that_is_being_written_waits_and_is_not_gone_meanwhile(films: Films) -> None:
    path = films.write("a.mkv")
    young = Wanted(pattern="*.mkv", newest_ns=path.stat().st_mtime_ns - 1)
    found = films.scan(young)
    assert (found.files, found.unsettled) == (0, ("a.mkv",))
    assert films.states() == {}
    films.decided()
    path.write_text("more and more")
    found = films.scan(Wanted(pattern="*.mkv", newest_ns=path.stat().st_mtime_ns - 1))
    assert (found.unsettled, found.gone) == (("a.mkv",), 0)
    assert films.states() == {"a.mkv": "planned"}


def test_links_are_followed_only_when_told_and_a_loop_ends(films: Films) -> None:
    outside = films.root.parent / "outside"
    outside.mkdir()
    (outside / "b.mkv").write_text("outside")
    films.write("a.mkv")
    (films.root / "linked").symlink_to(outside)
    (films.root / "round").symlink_to(films.root)
    (films.root / "c.mkv").symlink_to(outside / "b.mkv")
    assert {file.path for file in walk(str(films.root), WANTED).files} == {"a.mkv"}
    followed = walk(str(films.root), Wanted(pattern="*.mkv", follow_links=True)).files
    assert {(file.path, file.symlink) for file in followed} == {
        ("a.mkv", False),
        ("linked/b.mkv", False),
        ("c.mkv", True),
    }


def test_sizes_patterns_and_exclusions(films: Films) -> None:
    films.write("small.mkv", "1")
    films.write("large.mkv", "1" * 100)
    films.write("Extras/e.mkv", "12345")
    films.write("keep.mkv", "12345")
    found = walk(str(films.root), Wanted(pattern="*.mkv", min_size=2, max_size=50, exclude=("extras",)))
    assert [file.path for file in found.files] == ["keep.mkv"]


def test_a_hard_link_is_counted_and_the_count_follows(films: Films) -> None:
    films.write("a.mkv")
    films.scan()
    os.link(films.root / "a.mkv", films.root.parent / "seed.mkv")
    found = films.scan()
    assert (found.moved, found.new, found.changed) == (1, 0, 0)
    (file,) = films.catalog.files(films.library.id)
    assert file.hard_links == 2


def test_the_owners_word_stays_and_rules_change_what_is_not_at_work(films: Films) -> None:
    films.write("a.mkv")
    films.write("b.mkv")
    films.decided()
    assert set(films.states().values()) == {"planned"}
    only_b = Rule(name="b", when=(read_condition("name", "b.mkv"),), then=Action.SKIP, why="Not this one.")
    changed = decide_all(films.catalog, films.library, [only_b, Rule(name="all", then=Action.ENCODE)], 0.0)
    assert changed == 1
    assert films.states() == {"a.mkv": "planned", "b.mkv": "skipped"}
    file = films.catalog.find_file(films.library.id, "b.mkv")
    assert file is not None
    assert file.choice is not None
    assert file.choice.reasons == ("Not this one.", "Name is b.mkv.")


def test_a_name_and_a_root_belong_together(films: Films, tmp_path: Path) -> None:
    same = films.catalog.add_library("films", str(films.root), "m", {"weight": 2})
    assert (same.id, same.settings) == (films.library.id, {"weight": 2})
    with pytest.raises(ConflictError, match="There is a library films already"):
        films.catalog.add_library("films", str(tmp_path), "m", {})
    with pytest.raises(ConflictError, match="is the library films already"):
        films.catalog.add_library("other", str(films.root), "m", {})


def test_a_library_that_is_forgotten_leaves_every_file(films: Films) -> None:
    path = films.write("a.mkv")
    films.scan()
    assert films.catalog.remove_library("films")
    assert not films.catalog.remove_library("films")
    assert films.catalog.libraries() == []
    assert path.exists()
    assert (films.root / NAME).exists()
    again = films.catalog.add_library("films", str(films.root), place_marker(films.root), {})
    assert again.marker == films.library.marker


def test_counts_are_of_files_that_are_there(films: Films) -> None:
    films.write("a.mkv")
    films.write("b.mkv")
    films.decided()
    (films.root / "b.mkv").unlink()
    films.scan()
    counts = films.catalog.counts()["films"]
    assert (counts.sources, counts.gone, dict(counts.states)) == (1, 1, {FileState.PLANNED: 1})


def test_thousands_of_files_are_written_compared_and_renamed_at_once(films: Films) -> None:
    for number in range(1500):
        films.write(f"{number % 10}/{number}.mkv", "x")
    assert films.scan().new == 1500
    for folder in range(10):
        (films.root / str(folder)).rename(films.root / f"moved {folder}")
    found = films.scan()
    assert (found.moved, found.new, found.gone) == (1500, 0, 0)
    assert films.scan().unchanged == 1500
