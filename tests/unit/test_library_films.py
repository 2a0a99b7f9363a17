"""A library's film as work: known for ever, and where its output goes."""

from dataclasses import replace
from pathlib import Path

import pytest

from reelwright.engine.leases import Work, WorkRow, WorkState
from reelwright.library.catalog import FileState, Library, LibraryFile
from reelwright.library.films import FilmWork, Terms, film_from, plain_film, standing_of, work_for
from reelwright.library.outputs import Place, output_for
from reelwright.library.rules import Action, Choice

LIBRARY = Library(id=1, name="films", root="/films", marker="m")
ENCODE = Choice(action=Action.ENCODE, rule="all", reasons=(), settings={"encoding": {"preset": 4}})
FILE = LibraryFile(
    id=7, library="films", path="a.mkv", size=10, mtime_ns=5, fingerprint="f", choice=ENCODE, state=FileState.PLANNED
)
TERMS = Terms(policy={"policy": "tree"})
EFFECTIVE = {"target_vmaf": 93.0}


def work_id(file: LibraryFile = FILE, terms: Terms = TERMS, **effective: float) -> str:
    return work_for(LIBRARY, file, terms, {**EFFECTIVE, **effective}).id


@pytest.mark.parametrize(
    "file",
    [
        replace(FILE, path="b/ü\n\udcff.mkv"),
        replace(FILE, mtime_ns=6, hard_links=2),
        replace(FILE, choice=replace(ENCODE, rule="other", reasons=("Why.",))),
        replace(FILE, saves=3.0, costs=4.0, state=FileState.FAILED),
    ],
)
def test_names_times_rules_and_forecasts_make_no_other_work(file: LibraryFile) -> None:
    assert work_id(file) == work_id()


def test_other_content_files_policies_or_settings_make_other_work() -> None:
    others = [
        work_id(replace(FILE, fingerprint="g")),
        work_id(replace(FILE, id=8)),
        work_id(replace(FILE, choice=replace(ENCODE, action=Action.REMUX))),
        work_id(terms=Terms(policy={"policy": "replace"})),
        work_id(target_vmaf=94.0),
        work_for(replace(LIBRARY, marker="n"), FILE, TERMS, EFFECTIVE).id,
    ]
    assert len({work_id(), *others}) == 7


def test_a_films_work_comes_back_from_its_plain_values() -> None:
    film = FilmWork(library="films", file=7, fingerprint="f", action=Action.ENCODE, remedy={"a": {"b": 1}}, path="/x")
    assert film_from(plain_film(film)) == film
    for wrong in ({}, {**plain_film(film), "action": "burn"}, {**plain_film(film), "file": None}):
        with pytest.raises(ValueError, match=r"no film's work|burn"):
            film_from(wrong)


def row(work_state: WorkState, **result: object) -> WorkRow:
    return WorkRow(work=Work(id="w", kind="film"), state=work_state, attempts=1, token=1, result=result)


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (None, FileState.PLANNED),
        (row(WorkState.READY), FileState.QUEUED),
        (row(WorkState.DONE, state="skipped"), FileState.SKIPPED),
        (row(WorkState.DONE, state="done"), FileState.DONE),
        (row(WorkState.FAILED, message="Why."), FileState.FAILED),
        (row(WorkState.CANCELLED), FileState.SKIPPED),
    ],
)
def test_a_file_stands_where_its_work_stands(work: WorkRow | None, state: FileState) -> None:
    found = standing_of(work)
    assert found is not None
    assert found[0] is state
    assert standing_of(row(WorkState.LEASED)) is None


def place(path: str, policy: str = "tree", *, output_dir: str = "/out", twin: bool = False) -> Path:
    return output_for(Place(policy=policy, root="/films", path=path, output_dir=output_dir, container="mkv", twin=twin))


def test_a_tree_mirrors_the_library() -> None:
    assert place("Shows/S01/e1.mp4") == Path("/out/Shows/S01/e1.mkv")
    assert place("a.b.MKV") == Path("/out/a.b.mkv")


def test_without_a_folder_a_tree_is_beside() -> None:
    assert place("Shows/e1.mp4", output_dir="") == Path("/films/Shows/e1.av1.mkv") == place("Shows/e1.mp4", "beside")


def test_replacing_keeps_the_name_but_for_the_extension() -> None:
    assert place("e1.MKV", "replace") == Path("/films/e1.MKV")
    assert place("e1.mp4", "replace") == Path("/films/e1.mkv")


@pytest.mark.parametrize("policy", ["tree", "beside", "replace"])
def test_twins_never_share_an_output(policy: str) -> None:
    outputs = {place(name, policy, twin=True) for name in ("e1.mkv", "e1.mp4", "e1.avi")}
    assert len(outputs) == 3


def test_long_names_stay_names() -> None:
    name = "ü" * 125 + ".mp4"
    for policy in ("tree", "beside", "replace"):
        assert len(place(name, policy).name.encode()) <= 255
