"""The stream ledger in words: a line for each stream, and below it what is not carried over as it is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from reelwright.cli.text import printable_path

#: Longest value that is shown.
WIDTH = 60
PLURALS = {"side data": "side data"}


def ledger_lines(ledger: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ledger's lines. Rows are plain values, as `encode --dry-run --json` shows them."""
    rows = list(ledger)
    lines = []
    below: list[Mapping[str, Any]] = [r for r in rows if r["stream"] is None and r["subject"] == "tag"]
    below = [r for r in below if r["chapter"] is None]
    lines += headed("file", below)
    numbers = dict.fromkeys(r["stream"] for r in rows if r["stream"] is not None)
    for number in numbers:
        own = [r for r in rows if r["stream"] == number]
        lines += headed(f"{number}  {head(own[0])}", own[1:])
    chapters = [r for r in rows if r["chapter"] is not None]
    return lines + (headed("chapters", chapters) if chapters else [])


def head(row: Mapping[str, Any]) -> str:
    """A stream, or an attached file, in one line."""
    what = printable_path(", ".join(filter(None, (row["value"], row["name"]))))
    return f"{what}: {fate_words(row)}"


def fate_words(row: Mapping[str, Any]) -> str:
    """A fate with its rule."""
    rule = f", by rule {row['rule']}: {printable_path(row['reason'])}" if row["rule"] else ""
    return f"{row['fate']}{rule}"


def headed(heading: str, rows: list[Mapping[str, Any]]) -> list[str]:
    """A heading with what is carried over counted, and what is not, row by row."""
    as_it_is = Counter(r["subject"] for r in rows if not r["rule"])
    counted = ", ".join(f"{n} {PLURALS.get(s, s + 's' if n > 1 else s)}" for s, n in as_it_is.items())
    lines = [f"{heading}  ({counted} kept)" if counted else heading]
    if not rows and heading == "file":
        return []
    return lines + [f"   {row_line(row)}" for row in rows if row["rule"]]


def row_line(row: Mapping[str, Any]) -> str:
    """One thing that is not carried over as it is."""
    value = printable_path(row["value"])
    value = value if len(value) <= WIDTH else value[: WIDTH - 1] + "…"
    return f"{row['subject']} {printable_path(row['name'])}{f' ({value})' if value else ''}: {fate_words(row)}"
