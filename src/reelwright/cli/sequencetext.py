"""What `sequence check` found, in lines for people."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from reelwright.cli.text import printable_path
from reelwright.sequences import ranges
from reelwright.sequences.check import CheckReport, SequenceCheck
from reelwright.sequences.harvest import RULES
from reelwright.sequences.pictures import Look, window

#: So many names, or lines of one kind, are shown.
MOST_NAMES, MOST_LINES = 3, 20
Line = tuple[str, str]


def describe(report: CheckReport) -> list[str]:
    """The whole report."""
    lines: list[str] = []
    for check in report.checks:
        lines += [*told(sequence_lines(check)), ""]
    if report.others is not None:
        if not report.checks:
            lines.append("No sequence of pictures was found here. A sheet says exactly what to look for.")
        if report.others:
            lines.append(f"{counted(len(report.others), 'other name')}: {some(report.others)}")
    lines.append(summary(report))
    return lines


def told(rows: Iterable[Line]) -> Iterator[str]:
    """Lines of a title and a value, the titles in a column."""
    for title, value in rows:
        yield f"{title:<10}  {value}".rstrip()


def sequence_lines(check: SequenceCheck) -> Iterator[Line]:
    """One sequence."""
    wanted = check.row.wanted
    note = "" if wanted.layout.value == "strict" else f" ({wanted.layout.value})"
    yield "sequence", f"{printable_path(wanted.pattern)}{note} in {printable_path(check.folder)}"
    if check.failure is not None:
        yield "folder", f"cannot be listed: {check.failure}"
        return
    yield "frames", span(check.frames)
    if check.missing:
        yield "missing", span(check.missing)
    if check.outside:
        yield "outside", f"{span(check.outside)} before the first or after the last of the row"
    if check.pictures is not None:
        yield "pictures", look_words(check.pictures)
    yield from titled("problems", problem_lines(check))
    yield from titled("twice", [f"frame {frame}: {some(names)}" for frame, names in check.duplicates.items()])
    yield from titled("rejected", reject_lines(check))
    yield from titled("near", near_lines(check))


def titled(title: str, lines: Sequence[str]) -> Iterator[Line]:
    """Lines under one title, not too many of them."""
    for number, line in enumerate(lines[:MOST_LINES]):
        yield "" if number else title, line
    if len(lines) > MOST_LINES:
        yield "", f"… and {len(lines) - MOST_LINES} more: --json has all of them"


def span(these: Sequence[ranges.Run]) -> str:
    """Ranges, and how many frames they are."""
    return f"{ranges.text(these)}  ({counted(ranges.count(these), 'frame')})" if these else "none"


def look_words(look: Look) -> str:
    """How most pictures are made, in a few words."""
    types = ",".join(dict.fromkeys(look.types))
    aspect = "" if look.pixel_aspect == 1 else f", pixel aspect {look.pixel_aspect or 'unknown'}"
    compression = f" {look.compression}" if look.compression else ""
    rate = f", {look.rate} fps" if look.rate else ""
    return printable_path(
        f"{window(look)}{aspect}, {','.join(look.channels)} {types}, {look.format}{compression}{rate}"
    )


def problem_lines(check: SequenceCheck) -> list[str]:
    """Problems, those that are alike in one line."""
    alike: dict[str, list[int]] = {}
    for problem in check.problems:
        what = problem.kind if problem.kind in {"stale duplicate", "zero tail"} else problem.what
        alike.setdefault(what, []).append(problem.frame)
    first = {(problem.frame, problem.kind): problem.what for problem in check.problems}
    lines = []
    for what, frames in alike.items():
        said = first[frames[0], what] if len(frames) == 1 and (frames[0], what) in first else what
        lines.append(f"{ranges.text(ranges.runs(frames))}  {printable_path(PLURAL.get(said, said))}")
    return lines


#: Of several frames at once.
PLURAL = {
    "stale duplicate": "stale duplicates: the same bytes as the frame before",
    "zero tail": "zero tails: black at their end, or never written",
}


def reject_lines(check: SequenceCheck) -> list[str]:
    """Rejected names under the first rule that rejects them."""
    return [
        f"{len(names)} by rule {rule} ({RULES[rule - 1]}): {some(names)}"
        for rule, names in enumerate(check.harvest.rejected, 1)
        if names
    ]


def near_lines(check: SequenceCheck) -> list[str]:
    """Near misses, those with the same advice in one line."""
    alike: dict[str, list[str]] = {}
    for miss in check.near_misses:
        alike.setdefault(miss.advice, []).append(miss.name)
    return [f"{some(names)}: {printable_path(advice)}" for advice, names in alike.items()]


def summary(report: CheckReport) -> str:
    """Everything in one line."""
    missing = sum(ranges.count(check.missing) for check in report.checks)
    parts = [
        counted(len(report.checks), "sequence"),
        counted(sum(ranges.count(check.frames) for check in report.checks), "frame"),
        f"{missing} missing",
        counted(sum(len(check.problems) for check in report.checks), "problem"),
        f"{sum(len(check.near_misses) for check in report.checks)} near misses",
    ]
    unlisted = sum(check.failure is not None for check in report.checks)
    parts += [f"{counted(unlisted, 'folder')} not listed"] if unlisted else []
    return ", ".join(parts)


def counted(number: int, what: str) -> str:
    """1 frame, 2 frames."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def some(names: Sequence[str]) -> str:
    """The first few names."""
    shown = ", ".join(printable_path(name) for name in islice(names, MOST_NAMES))
    return shown if len(names) <= MOST_NAMES else f"{shown}, … ({len(names)})"
