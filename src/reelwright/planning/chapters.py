"""Chapters as they are written: in order, none before the clock, each with a start of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from reelwright.media.model import Chapter
from reelwright.planning.fates import Fate, Rule

#: Matroska's readers take a chapter that begins with the one before it for another edition's and leave it out.
APART = Fraction(1, 1000)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterFate:
    """One chapter of the source and what becomes of it."""

    number: int
    source: Chapter
    #: As it is written, on the source's clock; None: it is not.
    written: Chapter | None
    rule: Rule | None = None

    @property
    def fate(self) -> Fate:
        """What becomes of it."""
        if self.written is None:
            return Fate.DROP
        return Fate.COPY if self.rule is None else Fate.CONVERT


def chapter_fates(
    chapters: Sequence[Chapter], *, shift: Fraction = Fraction(0), window: tuple[Fraction, Fraction] | None = None
) -> tuple[ChapterFate, ...]:
    """What becomes of each chapter, by where it begins.

    Args:
        chapters: the source's.
        shift: seconds added to every time; 0 while it is not known.
        window: of an excerpt, its begin and end; what does not reach into it is left out.
    """
    found: list[ChapterFate] = []
    last: Fraction | None = None
    for number, chapter in sorted(enumerate(chapters, 1), key=lambda pair: (pair[1].start, pair[0])):
        start, end, rule = chapter.start, chapter.end, None
        if end < start:
            end, rule = start, Rule.END_BEFORE_START
        if window is not None:
            if start >= window[1] or end <= window[0]:
                found.append(ChapterFate(number=number, source=chapter, written=None, rule=Rule.OUTSIDE_THE_EXCERPT))
                continue
            cut = max(start, window[0]), min(end, window[1])
            rule = rule if cut == (start, end) else Rule.CUT_TO_THE_EXCERPT
            start, end = cut
        if start < -shift:
            start, rule = -shift, Rule.BEFORE_THE_CLOCK
        if last is not None and start < last + APART:
            start, rule = last + APART, Rule.SAME_START
        last, end = start, max(start, end)
        written = chapter if rule is None else replace(chapter, start=start, end=end)
        found.append(ChapterFate(number=number, source=chapter, written=written, rule=rule))
    return tuple(found)


def written(fates: Sequence[ChapterFate]) -> tuple[Chapter, ...]:
    """The chapters the output has, in its order."""
    return tuple(fate.written for fate in fates if fate.written is not None)
