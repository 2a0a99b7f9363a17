"""Chapters: in order, none before the clock, each with a start of its own."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.model import Chapter
from reelwright.planning.chapters import APART, chapter_fates, written
from reelwright.planning.fates import Fate, Rule


def chapter(start: float, end: float, title: str = "") -> Chapter:
    return Chapter(start=Fraction(str(start)), end=Fraction(str(end)), title=title)


@pytest.mark.parametrize(
    ("given_", "times", "rules"),
    [
        ([chapter(0, 4), chapter(4, 9)], [(0, 4), (4, 9)], [None, None]),
        ([chapter(0, 6), chapter(4, 9)], [(0, 6), (4, 9)], [None, None]),  # they may overlap
        ([chapter(4, 9), chapter(0, 4)], [(0, 4), (4, 9)], [None, None]),  # by where they begin
        ([chapter(5, 3)], [(5, 5)], [Rule.END_BEFORE_START]),
        ([chapter(-2, 3)], [(0, 3)], [Rule.BEFORE_THE_CLOCK]),
        ([chapter(-2, -1)], [(0, 0)], [Rule.BEFORE_THE_CLOCK]),
        ([chapter(2, 3), chapter(2, 5)], [(2, 3), (2.001, 5)], [None, Rule.SAME_START]),
        ([chapter(-2, 1), chapter(-1, 2)], [(0, 1), (0.001, 2)], [Rule.BEFORE_THE_CLOCK, Rule.SAME_START]),
    ],
)
def test_each_chapter_has_times_that_can_be_written(
    given_: list[Chapter], times: list[tuple[float, float]], rules: list[Rule | None]
) -> None:
    fates = chapter_fates(given_)
    assert [(float(c.start), float(c.end)) for c in written(fates)] == times
    assert [fate.rule for fate in fates] == rules
    assert [fate.fate for fate in fates] == [Fate.COPY if rule is None else Fate.CONVERT for rule in rules]


def test_a_shift_decides_what_lies_before_the_clock() -> None:
    assert chapter_fates([chapter(-1, 2)], shift=Fraction(1))[0].rule is None
    assert chapter_fates([chapter(1, 2)], shift=Fraction(-2))[0].rule is Rule.BEFORE_THE_CLOCK


def test_of_an_excerpt_chapters_outside_are_dropped_and_others_cut() -> None:
    fates = chapter_fates(
        [chapter(0, 4), chapter(4, 6), chapter(6, 10), chapter(10, 12)], window=(Fraction(3), Fraction(8))
    )
    assert [(c.start, c.end) for c in written(fates)] == [(3, 4), (4, 6), (6, 8)]
    assert [f.rule for f in fates] == [
        Rule.CUT_TO_THE_EXCERPT, None, Rule.CUT_TO_THE_EXCERPT, Rule.OUTSIDE_THE_EXCERPT,
    ]  # fmt: skip
    assert fates[-1].fate is Fate.DROP


TIMES = st.fractions(min_value=-9, max_value=99, max_denominator=90_000)


@given(st.lists(st.tuples(TIMES, TIMES), max_size=20), st.fractions(min_value=-5, max_value=5, max_denominator=1000))
def test_whatever_the_source_says_the_output_can_be_written_and_read(
    times: list[tuple[Fraction, Fraction]], shift: Fraction
) -> None:
    fates = chapter_fates([Chapter(start=a, end=b, title=None) for a, b in times], shift=shift)
    made = written(fates)
    assert len(made) == len(times)
    assert sorted(fate.number for fate in fates) == list(range(1, len(times) + 1))
    assert all(-shift <= c.start <= c.end for c in made)
    assert all(b.start - a.start >= APART for a, b in pairwise(made))
