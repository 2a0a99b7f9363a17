"""One suite for the libraries' port, on a file and on a server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledgers import new_ledger
from postgres import empty_ledger_there
from reelwright.engine.leases import Work
from reelwright.errors import BusyError, ConflictError
from reelwright.library.catalog import Catalog, Counts, FileState, Library, Probed
from reelwright.library.comparison import Changes, Remembered, Seen
from reelwright.library.rules import Action, Choice
from reelwright.store.database import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reelwright.store.jobs import DjangoJobStore

ODD = "Shows/caf\udce9 \udcff 映画.mkv"
ENCODE = Choice(action=Action.ENCODE, rule="any", reasons=("it is \udcff",), settings={"preset": 6})
SKIP = Choice(action=Action.SKIP, rule="small", reasons=("it is small",), settings={})


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[DjangoJobStore]":
    at_hand = request.param == "sqlite"
    store = new_ledger(tmp_path / "ledger.sqlite3") if at_hand else open_ledger(empty_ledger_there())
    yield store
    store.close()


@pytest.fixture
def catalog(ledger: "DjangoJobStore") -> Catalog:
    from reelwright.store.libraries import DjangoCatalog  # noqa: PLC0415 -- Django must be set up first

    return DjangoCatalog(ledger.place)


@pytest.fixture
def films(catalog: Catalog) -> Library:
    return catalog.add_library("films", "/f/\udcff", "m1", {"weight": 2})


def seen(path: str, inode: int = 2**64 - 1, **changes: Any) -> Seen:
    return replace(Seen(path=path, size=2**40, mtime_ns=-1, inode=inode), **changes)


def scanned(catalog: Catalog, library: Library, *new: Seen, **changes: Any) -> list[Remembered]:
    empty = Changes(same=(), changed=(), new=new, gone=(), unchanged=0)
    catalog.write_scan(library.id, replace(empty, **changes), since=catalog.scanned(library.id))
    return catalog.remembered(library.id)


def test_libraries_come_back_by_name_whatever_the_servers_language(catalog: Catalog, films: Library) -> None:
    catalog.add_library("Zoo", "/z", "m2", {})
    catalog.add_library("a-b", "/a", "m3", {})
    assert [one.name for one in catalog.libraries()] == ["Zoo", "a-b", "films"]
    assert catalog.libraries()[-1] == films
    assert (films.root, films.settings, films.scanned, films.approved) == ("/f/\udcff", {"weight": 2}, None, None)
    again = catalog.add_library("films", films.root, "m9", {})
    assert (again.id, again.marker, again.settings) == (films.id, "m9", {})


def test_a_name_and_a_root_belong_together(catalog: Catalog, films: Library) -> None:
    for name, root in (("films", "/other"), ("other", films.root)):
        with pytest.raises(ConflictError):
            catalog.add_library(name, root, "m2", {})


def test_a_library_is_forgotten_with_its_files(catalog: Catalog, films: Library) -> None:
    scanned(catalog, films, seen("a.mkv"))
    assert catalog.remove_library("films")
    assert not catalog.remove_library("films")
    assert (catalog.libraries(), catalog.counts()) == ([], {})


def test_a_scan_comes_back_as_it_was_written(catalog: Catalog, films: Library) -> None:
    met = [seen(ODD), seen("b.mkv", 7, hard_links=3, symlink=True)]
    rows = scanned(catalog, films, *met)
    assert [(row.path, row.size, row.mtime_ns, row.inode, row.hard_links, row.symlink) for row in rows] == [
        (one.path, one.size, one.mtime_ns, one.inode, one.hard_links, one.symlink) for one in met
    ]
    assert catalog.libraries()[0].scanned is not None
    found = catalog.find_file(films.id, ODD)
    assert found is not None
    assert (found.path, found.state) == (ODD, FileState.MET)
    assert catalog.find_file(films.id, ODD.encode("utf-8", "backslashreplace").decode()) is None


def test_files_may_change_names_with_each_other_and_go_and_come_back(catalog: Catalog, films: Library) -> None:
    a, b = scanned(catalog, films, seen("a.mkv", 1), seen("b.mkv", 2))
    scanned(catalog, films, same=((a, seen("b.mkv", 1)), (b, seen("a.mkv", 2))))
    assert {row.id: row.path for row in catalog.remembered(films.id)} == {a.id: "b.mkv", b.id: "a.mkv"}
    rows = scanned(catalog, films, gone=(a,))
    assert [row.gone for row in rows] == [True, False]
    back = scanned(catalog, films, same=((rows[0], seen("c.mkv", 1)),))
    assert [(row.path, row.gone) for row in back] == [("c.mkv", False), ("a.mkv", False)]


def test_thousands_of_files_are_written_and_moved_at_once(catalog: Catalog, films: Library) -> None:
    rows = scanned(catalog, films, *(seen(f"{number}.mkv", number) for number in range(1200)))
    moved = scanned(catalog, films, same=tuple((row, seen(f"new/{row.inode}.mkv", row.inode)) for row in rows))
    assert [row.path for row in moved] == [f"new/{number}.mkv" for number in range(1200)]
    assert len(catalog.files(films.id, after=rows[999].id, limit=150)) == 150


def test_of_two_scans_at_once_the_second_changes_nothing(catalog: Catalog, films: Library) -> None:
    before = catalog.scanned(films.id)
    assert before is None
    scanned(catalog, films, seen("a.mkv"))
    met = Changes(same=(), changed=(), new=(seen("a.mkv"), seen("b.mkv")), gone=(), unchanged=0)
    with pytest.raises(BusyError, match="by another process"):
        catalog.write_scan(films.id, met, since=before)
    assert [row.path for row in catalog.remembered(films.id)] == ["a.mkv"]
    catalog.remove_library("films")
    with pytest.raises(BusyError, match="or removed"):
        catalog.write_scan(films.id, met, since=before)


def test_what_was_learned_of_a_file_is_kept_until_its_content_changes(catalog: Catalog, films: Library) -> None:
    a, b = scanned(catalog, films, seen("a.mkv", 1), seen("b.mkv", 2))
    assert [file.id for file in catalog.unprobed(films.id)] == [a.id, b.id]
    facts = {"codec": "h264", "languages": ("\udcff", "de"), "seconds": 1.5, "hdr": None}
    catalog.write_probes([Probed(id=a.id, fingerprint="f1", facts=facts, refusal=("no", "way"))])
    catalog.write_choices({a.id: ENCODE, b.id: SKIP})
    catalog.write_forecasts({a.id: (1e12, 3600.5)})
    file = catalog.files(films.id)[0]
    assert (file.facts, file.refusal, file.choice) == (facts, ("no", "way"), ENCODE)
    assert (file.saves, file.costs, file.state) == (1e12, 3600.5, FileState.PLANNED)
    assert [one.id for one in catalog.files(films.id, [FileState.SKIPPED])] == [b.id]
    (again, _) = scanned(catalog, films, changed=((catalog.remembered(films.id)[0], seen("a.mkv", 9)),))
    assert (again.fingerprint, catalog.files(films.id)[0].facts) == (None, None)
    assert catalog.files(films.id)[0].state is FileState.MET


def test_queued_files_stay_queued_and_are_counted(catalog: Catalog, films: Library) -> None:
    a, b = scanned(catalog, films, seen("a.mkv", 1), seen("b.mkv", 2))
    assert catalog.queue(films.id, {a.id: ENCODE}, {a.id: Work(id="w", kind="film", owner="films")}) == 1
    catalog.approve(films.id, "tree")
    catalog.write_choices({a.id: SKIP, b.id: SKIP})
    assert catalog.libraries()[0].approved is not None
    scanned(catalog, films, gone=(catalog.remembered(films.id)[1],))
    assert catalog.counts() == {"films": Counts(states={FileState.QUEUED: 1}, sources=1, gone=1)}


def test_what_was_saved_is_summed_in_whole_bytes(catalog: Catalog, films: Library, ledger: "DjangoJobStore") -> None:
    from reelwright.store import connection, models  # noqa: PLC0415 -- Django must be set up first

    scanned(catalog, films, seen("a.mkv", 1), seen("b.mkv", 2))
    with connection.speaking_to(ledger.place):
        models.LibraryFile.objects.update(bytes_before=2**61, bytes_after=5)
    counts = catalog.counts()["films"]
    assert json.dumps([counts.bytes_before, counts.bytes_after]) == f"[{2**62}, 10]"
