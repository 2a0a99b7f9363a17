"""Near misses and duplicates: what is said of names that one slip keeps away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.sequences.advice.near_misses import NearMiss, duplicates, near_miss, near_misses
from reelwright.sequences.advice.repairs import REPAIRS, near
from reelwright.sequences.harvest import harvest
from reelwright.sequences.layouts import Layout, Wanted

ROW = Wanted(name="name", padding=4, extension="exr")


@pytest.mark.parametrize(
    ("name", "kind", "frame", "said"),
    [
        ("name.0007.EXR", "case", 7, "'EXR'"),
        ("Name.0007.exr", "case", 7, "'Name'"),
        ("NAME.0007.Exr", "case", 7, "the extension is 'Exr' and the name is 'NAME'"),
        ("name.007.exr", "padding", 7, "3 digits, the row's padding is 4 (off by one)"),
        ("name.00007.exr", "padding", 7, "(off by one)"),
        ("name.7.exr", "padding", 7, "1 digit, the row's padding is 4."),
        ("name.0007.exr.tmp", "in progress", 7, "still being written"),
        ("name.0007.exr.part", "in progress", 7, "still being written"),
        ("name.0007.exr~", "in progress", 7, "still being written"),
        (".name.0007.exr.Xa3bQz", "in progress", 7, "still being written"),
        (".name.0007.exr", "in progress", 7, "still being written"),
        ("name.0007.ex", "extension", 7, "'ex', not 'exr'"),
        ("name.0007.xer", "extension", 7, "'xer', not 'exr'"),
        ("name.0007.exrr", "extension", 7, "'exrr', not 'exr'"),
        ("name.0007.sxr", "extension", 7, "'sxr', not 'exr'"),
        ("name. 0007.exr", "space", 7, "a space"),
        ("name.0007.exr\n", "space", 7, "a line break"),
        ("name.0007 (1).exr", "copy", 7, "a copy"),
        ("name.0007 - Copy.exr", "copy", 7, "a copy"),
        ("name.-0007.exr", "negative", None, "negative"),
        ("name.-007.exr", "negative", None, "negative"),
        ("name_0007.exr", "layout", 7, 'layout = "underscore"'),
        ("name.v001.0007.exr", "layout", 7, "'name.v001', which holds a period"),
        ("name.\u0660\u0660\u0660\u0667.exr", "digits", 7, "ASCII"),
    ],
)
def test_a_near_miss_says_what_to_do(name: str, kind: str, frame: int | None, said: str) -> None:
    miss = near_miss(name, ROW)
    assert miss is not None
    assert (miss.name, miss.kind, miss.frame) == (name, kind, frame)
    assert said in miss.advice
    assert near_misses(harvest([name], ROW), ROW) == (miss,)


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "other.0007.exr",
        "name.0007.jpg",
        "name_b.0007.exr",
        "name.exr",
        "name..exr",
        "name.00a7.exr",
        "",
        ".",
    ],
)
def test_another_file_is_no_near_miss(name: str) -> None:
    assert near_miss(name, ROW) is None
    assert near_misses(harvest([name], ROW), ROW) == ()


def test_letters_composed_otherwise_are_a_near_miss() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    for written, in_row in ((composed, decomposed), (decomposed, composed)):
        row = Wanted(name=in_row, padding=4, extension="exr")
        (miss,) = near_misses(harvest([f"{written}.0001.exr"], row), row)
        assert (miss.kind, miss.frame) == ("letters", 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Wanted(name="name", padding=4, extension=".exr"), "extension 'exr' instead of '.exr'"),
        (Wanted(name=" name", padding=4, extension="exr "), "name 'name' instead of ' name' and extension 'exr'"),
    ],
)
def test_a_slip_in_the_row_is_told_from_what_it_rejects(row: Wanted, said: str) -> None:
    found = harvest(["name.0001.exr"], row)
    assert found.kept == ()
    (miss,) = near_misses(found, row)
    assert miss.kind == "row"
    assert said in miss.advice


@pytest.mark.parametrize(("layout", "name"), [(Layout.UNDERSCORE, "name.0007.exr"), (Layout.DOTTED, "name_0007.exr")])
def test_frames_of_another_layout_are_told(layout: Layout, name: str) -> None:
    row = Wanted(name="name", padding=4, extension="exr", layout=layout)
    miss = near_miss(name, row)
    assert miss is not None
    assert miss.kind == "layout"


def ambiguities(row: Wanted, *names: str) -> list[NearMiss]:
    found = near_misses(harvest(names, row), row)
    return [miss for miss in found if miss.kind == "ambiguous overflow"]


def test_an_overflow_that_may_be_of_another_padding_is_told() -> None:
    names = ["name.9999.exr", "name.10000.exr", "name.10001.exr", "name.09999.exr"]
    (miss,) = ambiguities(ROW, *names)
    assert miss.name == "name.09999.exr"
    assert "2 kept frames from 10000 to 10001" in miss.advice
    (miss,) = ambiguities(Wanted(name="name", padding=5, extension="exr"), *names)
    assert miss.name == "name.9999.exr"
    assert "padding 4" in miss.advice


def test_an_overflow_that_nothing_speaks_against_is_none() -> None:
    assert ambiguities(ROW, "name.9999.exr", "name.10000.exr") == []
    assert ambiguities(ROW, "name.1001.exr", "name.0001.exr", "name.7.exr") == []


def test_files_that_claim_the_same_frame_are_told() -> None:
    misses = near_misses(found := harvest(["name.0001.exr", "name.0001.EXR", "name.2.exr", "name.02.exr"], ROW), ROW)
    assert found.kept == ("name.0001.exr",)
    claims = duplicates({1: "name.0001.exr"}, misses)
    assert claims == {1: ("name.0001.exr", "name.0001.EXR"), 2: ("name.2.exr", "name.02.exr")}


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [("ex", "exr", True), ("exrr", "exr", True), ("xer", "exr", True), ("eyr", "exr", True), ("erx", "exr", True),
     ("rxe", "exr", False), ("jpg", "exr", False), ("", "e", False), ("e", "exr", False)],
)  # fmt: skip
def test_one_slip_is_near(one: str, other: str, is_near: bool) -> None:  # noqa: FBT001
    assert near(one, other) is is_near


names = st.text(st.sampled_from("name.0123EXRexr_- ~²é\udcff\n"), max_size=20)


@settings(deadline=None)
@given(
    name=names | names.map("name.{}".format),
    layout=st.sampled_from(list(Layout)),
    extension=st.sampled_from(["exr", ".exr", " e"]),
)
def test_advice_is_given_only_where_the_rules_would_keep_the_name(name: str, layout: Layout, extension: str) -> None:
    row = Wanted(name="name", padding=2, extension=extension, layout=layout)
    miss = near_miss(name, row)
    fits = [repair for mend in REPAIRS for repair in mend(name, row) if repair.wanted.keeps(repair.name)]
    assert (miss is None) == (not fits)
