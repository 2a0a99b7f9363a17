"""Ranges, and finding sequences without a sheet."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.sequences import ranges
from reelwright.sequences.finding import find, paddings
from reelwright.sequences.frames import numbered
from reelwright.sequences.harvest import harvest
from reelwright.sequences.layouts import Layout, Wanted

# Whoever else works on this machine may take the time of a test.
patient = settings(deadline=None)


def spelled_out(text: str) -> list[int]:
    """The frames of a range in words, as a render dialog would take them."""
    found = []
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"(\d+)(?:-(\d+)(?:x(\d+))?)?", part)
        assert match, part
        found += range(int(match[1]), int(match[2] or match[1]) + 1, int(match[3] or 1))
    return found


frames = st.sets(st.integers(0, 60))


@patient
@given(frames)
def test_ranges_say_the_frames_and_no_others(chosen: set[int]) -> None:
    assert spelled_out(ranges.text(ranges.runs(chosen))) == sorted(chosen)
    assert ranges.numbers(ranges.runs(chosen)) == sorted(chosen)
    assert ranges.count(ranges.runs(chosen)) == len(chosen)


@patient
@given(chosen=frames, first=st.integers(0, 60), length=st.integers(1, 40))
def test_what_is_missing_and_what_is_there_make_up_the_range(chosen: set[int], first: int, length: int) -> None:
    wanted = set(range(first, first + length))
    present = ranges.runs(chosen)
    assert set(ranges.numbers(ranges.gaps(present, first, first + length - 1))) == wanted - chosen
    assert set(ranges.numbers(ranges.outside(present, first, first + length - 1))) == chosen - wanted


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ([], ""),
        ([7], "7"),
        ([1, 2], "1-2"),
        ([1, 3], "1,3"),
        ([1, 3, 5], "1-5x2"),
        ([*range(1001, 1011), 1015, 1017, 1019], "1001-1010,1015-1019x2"),
        ([1, 2, 3, 10, 20, 30, 31], "1-3,10,20,30-31"),
        ([1, 4, 7, 10, 12, 14], "1-10x3,12,14"),
    ],
)
def test_ranges_as_people_paste_them(chosen: list[int], text: str) -> None:
    assert ranges.text(ranges.runs(chosen)) == text


def test_a_range_of_a_thousand_million_frames_costs_nothing() -> None:
    missing = ranges.gaps(((1, 1), (20230101, 20230101)), 1, 10**9)
    assert ranges.text(missing) == "2-20230100,20230102-1000000000"
    assert ranges.numbers(missing, 3) == [2, 3, 4]


def test_frames_are_numbered_in_order() -> None:
    assert [*numbered(["a.10.tar.gz", "a.09.tar.gz"], "tar.gz").items()] == [(9, "a.09.tar.gz"), (10, "a.10.tar.gz")]


def names(pattern: str, chosen: range) -> list[str]:
    return [pattern % number for number in chosen]


def found(*groups: list[str]) -> list[tuple[str, str]]:
    return [(wanted.pattern, wanted.layout) for wanted in find([name for group in groups for name in group])]


def test_three_sequences_and_rubbish() -> None:
    rubbish = ["Thumbs.db", ".DS_Store", "notes.1.txt", "notes.2.txt", "still.0001.exr", "readme", "exr", ".a.01.exr"]
    assert found(
        names("plate.%04d.exr", range(995, 1005)), names("mask_%03d.png", range(1, 7)),
        names("a.v2.%d.dpx", range(8, 12)), rubbish,
    ) == [("plate.####.exr", "strict"), ("mask_###.png", "underscore"), ("a.v2.#.dpx", "dotted")]  # fmt: skip


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (["0998", "9999", "10000"], [(4, 3)]),
        (["998", "999", "1000"], [(3, 3)]),
        (["998", "0999", "1000"], [(4, 2), (3, 1)]),
        (["00001", "0001", "0002", "00002"], [(4, 2), (5, 2)]),
        (["1001", "1002"], [(4, 2)]),
        (["0", "1", "10"], [(1, 3)]),
    ],
)
def test_paddings_follow_from_the_numbers(digits: list[str], expected: list[tuple[int, int]]) -> None:
    assert paddings(digits) == expected


@patient
@given(
    name=st.sampled_from(["plate", "a.b", "x_y", "%04d", "a b", "é"]),
    padding=st.integers(1, 6),
    layout=st.sampled_from(list(Layout)),
    chosen=st.sets(st.integers(0, 120_000), min_size=2, max_size=20),
)
def test_what_is_found_is_kept_by_the_rules(name: str, padding: int, layout: Layout, chosen: set[int]) -> None:
    row = Wanted(name=name, padding=padding, extension="exr", layout=layout)
    files = [row.file_name(frame) for frame in chosen]
    kept = [set(harvest(files, wanted).kept) for wanted in find(files)]
    assert set(files) in kept
    assert all(len(one) > 1 for one in kept)
