"""A sequence, checked: everything that was found out about one row of a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reelwright.sequences import ranges
from reelwright.sequences.advice.near_misses import NearMiss, duplicates, near_misses
from reelwright.sequences.frames import numbered
from reelwright.sequences.harvest import Harvest, harvest
from reelwright.sequences.pictures import FrameFacts, Look, Problem, problems, usual
from reelwright.sequences.ranges import Run
from reelwright.sequences.sheet import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a folder holds, listed once."""

    #: Where it is.
    folder: str
    #: Every name in it, raw and in no order.
    names: tuple[str, ...]
    #: Names that are no files: folders, sockets, links to nowhere.
    not_files: frozenset[str] = frozenset()
    #: Why it cannot be listed: rule 0 fails. None: it passes.
    failure: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckProgress:
    """How far a check is."""

    phase: Literal["names", "pictures"]
    #: How many names, or frames, were looked at.
    frame: int
    share: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceCheck:
    """What was found out about one sequence."""

    row: Row
    #: Its folder as it was opened.
    folder: str
    #: Rule 0: why the folder cannot be listed; None: it passes.
    failure: str | None
    harvest: Harvest
    #: Kept names by frame, in order.
    names: Mapping[int, str]
    frames: tuple[Run, ...]
    missing: tuple[Run, ...]
    #: Kept frames that are before the first or after the last of the row.
    outside: tuple[Run, ...]
    near_misses: tuple[NearMiss, ...]
    duplicates: Mapping[int, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()
    #: How most pictures are made; None: not looked at, or none could be read.
    pictures: Look | None = None
    #: How many pictures were looked at; None: none was asked for.
    looked_at: int | None = None


def check_names(row: Row, listing: Listing) -> SequenceCheck:
    """Check the names of a folder against a row."""
    found = harvest(listing.names, row.wanted)
    names = numbered(found.kept, row.wanted.extension)
    present = ranges.runs(names)
    misses = near_misses(found, row.wanted)
    wanted = (row.planned_first, row.planned_last)
    first = wanted[0] if wanted[0] is not None else present[0][0] if present else wanted[1]
    last = wanted[1] if wanted[1] is not None else present[-1][1] if present else wanted[0]
    missing = ranges.gaps(present, first, last) if first is not None and last is not None else ()
    return SequenceCheck(
        row=row,
        folder=listing.folder,
        failure=listing.failure,
        harvest=found,
        names=names,
        frames=present,
        missing=missing,
        outside=ranges.outside(present, *wanted),
        near_misses=misses,
        duplicates=duplicates(names, misses),
        problems=tuple(
            Problem(frame=frame, kind="not a file", what="not a file")
            for frame, name in names.items()
            if name in listing.not_files
        ),
    )


def with_pictures(check: SequenceCheck, facts: Mapping[int, FrameFacts]) -> SequenceCheck:
    """The check with what was found in the files, one fact for each frame, in their order."""
    return replace(check, problems=problems(facts), pictures=usual(facts), looked_at=len(facts))


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """What came of a sheet or a folder."""

    checks: tuple[SequenceCheck, ...]
    #: In a folder without a sheet: names that belong to no sequence that was found. None: there was a sheet.
    others: tuple[str, ...] | None = None
