"""Image sequences: a sheet or a folder in, what was found out about each sequence back."""

import os
from collections.abc import Callable
from pathlib import Path

from reelwright.app.wiring import load
from reelwright.errors import SourceError, UsageError
from reelwright.sequences import check
from reelwright.sequences.check import CheckProgress, CheckReport, Listing, SequenceCheck, with_pictures
from reelwright.sequences.finding import find
from reelwright.sequences.pictures import FrameFacts
from reelwright.sequences.sheet import Row, SheetError, read_csv, read_toml
from reelwright.tools.listing import list_folder
from reelwright.tools.process import Runner
from reelwright.tools.stills import read_stills
from reelwright.words import printable_path

READERS = {".csv": read_csv, ".toml": read_toml}
#: So much of what is wrong with a sheet is told.
MOST_TOLD = 10
Tell = Callable[[CheckProgress], None]


def check_names(source: Path, tell: Tell) -> CheckReport:
    """Check the names of the sequences of a sheet, or of those a folder seems to hold.

    Raises:
        UsageError: the sheet is wrong; nothing was listed.
        SourceError: the sheet or the folder cannot be read.
    """
    if source.suffix.lower() in READERS and not source.is_dir():
        return CheckReport(checks=checked(read_sheet(source), source.parent, tell))
    listing = list_folder(os.fspath(source))
    if listing.failure == "it is no folder":
        message = f"{printable_path(source)} is neither a folder nor a sheet, whose name ends in .csv or .toml."
        raise UsageError(message)
    if listing.failure is not None:
        raise SourceError(f"{printable_path(source)} cannot be listed: {listing.failure}.")
    parent = os.fspath(source)
    rows = [Row(number=number, parent=parent, wanted=wanted) for number, wanted in enumerate(find(listing.names), 1)]
    found = checked(rows, Path(), tell, {parent: listing})
    kept = frozenset().union(*[one.harvest.kept for one in found]) if found else frozenset()
    return CheckReport(checks=found, others=tuple(name for name in listing.names if name not in kept))


def read_sheet(path: Path) -> tuple[Row, ...]:
    """The rows of a sheet.

    Raises:
        UsageError: it is wrong, with every row and column.
        SourceError: it cannot be read.
    """
    try:
        return READERS[path.suffix.lower()](path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"The sheet {printable_path(path)} cannot be read: {reason}.") from error
    except SheetError as error:
        told = [str(wrong) for wrong in error.wrong[:MOST_TOLD]]
        more = len(error.wrong) - len(told)
        told += [f"and {more} more"] if more else []
        hint = "Correct the sheet; nothing was listed."
        raise UsageError(f"The sheet {printable_path(path)} is wrong: {'; '.join(told)}.", hint=hint) from error


def checked(
    rows: "tuple[Row, ...] | list[Row]", base: Path, tell: Tell, listings: dict[str, Listing] | None = None
) -> tuple[SequenceCheck, ...]:
    """Check rows; each folder is listed once. Folders that are not absolute are looked for from the sheet's own."""
    listed = listings or {}
    found, names = [], 0
    for number, row in enumerate(rows):
        tell(CheckProgress(phase="names", frame=names, share=number / len(rows)))
        folder = os.path.join(base, row.parent)  # noqa: PTH118 - keeps odd bytes, and what is absolute
        if folder not in listed:
            listed[folder] = list_folder(folder)
        found.append(check.check_names(row, listed[folder]))
        names += len(listed[folder].names)
    return tuple(found)


async def look_at_pictures(report: CheckReport, tell: Tell) -> CheckReport:
    """Read every kept frame to its end, and add what was found.

    Raises:
        ToolError: the reader does not start.
        ResourceError: disk or descriptors have run out.
    """
    places = [(number, frame) for number, one in enumerate(report.checks) for frame in one.names]
    stills = [(report.checks[number].folder, report.checks[number].names[frame]) for number, frame in places]
    facts: list[dict[int, FrameFacts | None]] = [dict.fromkeys(one.names) for one in report.checks]
    done = 0

    def take(place: int, found: FrameFacts) -> None:
        nonlocal done
        number, frame = places[place]
        facts[number][frame] = found
        done += 1
        tell(CheckProgress(phase="pictures", frame=done, share=done / len(places)))

    settings = load({})
    async with Runner(nice=settings.processing.nice) as runner:
        await read_stills(runner, stills, take, workers=len(os.sched_getaffinity(0)))
    checks = []
    for one, found in zip(report.checks, facts, strict=True):
        known = {frame: fact for frame, fact in found.items() if fact is not None}
        checks.append(with_pictures(one, known) if known else one)
    return CheckReport(checks=tuple(checks), others=report.others)
