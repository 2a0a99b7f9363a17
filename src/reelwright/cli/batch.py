"""What a run over several films has come to: a table at its end."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from reelwright.cli.text import complaint, duration, printable_path, share, size
from reelwright.events import Event

HEADINGS = ("film", "outcome", "VMAF", "before", "", "after", "saved", "time")
#: Columns of words; the others hold numbers and end on the right.
WORDS = frozenset({0, 1, 4})


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One film of the batch."""

    #: As it was found; may hold surrogate escapes.
    path: str
    outcome: str
    vmaf: float | None
    before: int | None
    after: int | None
    seconds: float
    #: Why it failed; None where it did not.
    complaint: str | None = None


def row_of(event: Event) -> Row:
    """A film's row, of its `result` event."""
    data = event.data
    vmaf = data.get("vmaf")
    sentence = complaint(event)
    return Row(
        path=event.file,
        outcome=data["outcome"],
        vmaf=vmaf["mean"] if vmaf else None,
        before=data.get("bytes_before"),
        after=data.get("bytes_after"),
        seconds=data.get("seconds") or 0.0,
        complaint=printable_path(" ".join(data["reasons"])) if sentence else None,
    )


def names(rows: Sequence[Row]) -> list[str]:
    """The films' names below the folder they have in common, safe to print."""
    folders = [os.path.dirname(os.path.abspath(row.path)) for row in rows]  # noqa: PTH100, PTH120
    common = os.path.commonpath(folders) if folders else ""
    return [printable_path(os.path.relpath(os.path.abspath(row.path), common)) for row in rows]  # noqa: PTH100


def saved(before: int | None, after: int | None) -> str:
    """How much smaller the output is, in percent of the source; empty where one of them is unknown."""
    return share(before - after, before) if before and after is not None else ""


def cells(row: Row, name: str) -> tuple[str, ...]:
    """A film's row as words."""
    known = row.after is not None
    return (
        name,
        row.outcome.replace("_", " "),
        f"{row.vmaf:.2f}" if row.vmaf is not None else "",
        size(row.before) if row.before is not None else "",
        "→" if known else "",
        size(row.after) if known else "",
        saved(row.before, row.after),
        duration(row.seconds),
    )


def counted(films: int) -> str:
    """So many films."""
    return f"{films} film" if films == 1 else f"{films} films"


def total(rows: Sequence[Row]) -> tuple[str, ...]:
    """The last row: sizes are of the films that have an output."""
    made = [row for row in rows if row.after is not None and row.before is not None]
    before, after = sum(row.before or 0 for row in made), sum(row.after or 0 for row in made)
    counts = Counter(row.outcome.replace("_", " ") for row in rows)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    films = counted(len(rows))
    time = duration(sum(row.seconds for row in rows))
    if not made:
        return (films, said, "", "", "", "", "", time)
    return (films, said, "", size(before), "→", size(after), saved(before, after), time)


def failures(rows: Sequence[Row]) -> list[str]:
    """One line for each film that failed: its name and why."""
    return [f"{name}: {row.complaint}" for row, name in zip(rows, names(rows), strict=True) if row.complaint]


def left_out(rows: Sequence[Row], films: int) -> list[str]:
    """A line on the films that were not begun."""
    left = films - len(rows)
    were = "was" if left == 1 else "were"
    return [f"{left} of {counted(films)} {were} not begun."] if left > 0 else []


def plain_lines(rows: Sequence[Row], films: int) -> list[str]:
    """The table as aligned lines; no name is cut, however long."""
    table = [HEADINGS, *(cells(row, name) for row, name in zip(rows, names(rows), strict=True)), total(rows)]
    widths = [max(len(line[k]) for line in table) for k in range(len(HEADINGS))]
    lines = [
        "  ".join(
            text.ljust(width) if k in WORDS else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]
    return [*lines, *failures(rows), *left_out(rows, films)]


def rich_table(rows: Sequence[Row]) -> Table:
    """The table for a terminal: a long name goes on in the next line."""
    table = Table(box=None, pad_edge=False, show_footer=True)
    for k, (heading, last) in enumerate(zip(HEADINGS, total(rows), strict=True)):
        table.add_column(
            heading, Text(last, style="bold"), justify="left" if k in WORDS else "right", overflow="fold", no_wrap=k > 1
        )
    for row, name in zip(rows, names(rows), strict=True):
        style = "red" if row.complaint else "" if row.outcome in {"encoded", "remuxed"} else "dim"
        # As Text, because brackets in a plain string would be taken for markup.
        table.add_row(*(Text(text, style=style) for text in cells(row, name)))
    return table
