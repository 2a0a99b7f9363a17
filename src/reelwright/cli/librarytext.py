"""Libraries for people, and as plain values for programs."""

import datetime as dt
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reelwright.cli.meter import JSON_SECONDS, PLAIN_SECONDS
from reelwright.cli.text import printable_path, size

if TYPE_CHECKING:
    from reelwright.library.catalog import Counts, Library, LibraryFile
    from reelwright.library.scan import Scanned

#: Names of `library status --json`, beside the bytes, and what people are told besides.
CONTRACT = ("queued", "running", "done", "failed", "skipped", "asked")
STATUS = (*CONTRACT, "planned", "met")
#: Paths of files left alone that are named; of more only the number is told.
NAMED = 5


class Steps:
    """Shows what a scan does: a bar on a terminal, a line now and then elsewhere, JSON lines for programs."""

    def __init__(self, *, as_json: bool) -> None:
        self._err = Console(file=sys.stderr, highlight=False)
        self._json = as_json
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._err.is_terminal and not self._json:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._err, transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, what: str, done: int, of: int | None) -> None:
        """Take how far it is."""
        if self._bar is not None:
            self._show(self._bar, what, done, of)
            return
        if time.monotonic() - self._told < (JSON_SECONDS if self._json else PLAIN_SECONDS):
            return
        self._told = time.monotonic()
        if self._json:
            now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
            data = {"phase": what, "done": done, "of": of}
            line = {"event": "progress", "timestamp": now, "file": "", "job": None, "status": "scanning", "data": data}
            print(json.dumps(line), flush=True)
        else:
            self._err.print(f"{what}: {done:,}" + ("" if of is None else f" of {of:,}"))

    def _show(self, bar: Progress, what: str, done: int, of: int | None) -> None:
        if self._task is None or what != self._what:
            if self._task is not None:
                bar.update(self._task, visible=False)
            self._task, self._what = bar.add_task(what, total=of), what
        bar.update(self._task, completed=done, total=of)


def library_lines(found: "Sequence[tuple[Library, Counts]]") -> Iterator[str]:
    """Each library with its root, what is in it, and when it was scanned."""
    wide = max(len(library.name) for library, _ in found)
    for library, counts in found:
        scanned = library.scanned.astimezone().strftime("%Y-%m-%d %H:%M") if library.scanned else "never scanned"
        yield f"{library.name:<{wide}}  {counts.sources:>8,} files  {scanned:<16}  {printable_path(library.root)}"


def scan_line(found: "Scanned") -> Iterator[str]:
    """What a scan found, and what it left alone."""
    parts = [(found.new, "new"), (found.changed, "changed"), (found.moved, "moved or touched"), (found.gone, "gone")]
    said = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "nothing changed"
    probed = f"; {found.probed:,} looked into" if found.probed else ""
    yield f"{found.library}: {found.files:,} files, {said}{probed}"
    if found.unsettled:
        yield f"  {len(found.unsettled):,} written just now, left for the next scan: {_few(found.unsettled)}"
    for path, why in found.closed[:NAMED]:
        yield f"  not looked at: {printable_path(path)} ({why})"
    if len(found.closed) > NAMED:
        yield f"  … and {len(found.closed) - NAMED:,} more"


def _few(paths: Sequence[str]) -> str:
    return ", ".join(printable_path(path) for path in paths[:NAMED]) + (", …" if len(paths) > NAMED else "")


def status_lines(found: "Sequence[tuple[Library, Counts]]") -> Iterator[str]:
    """A table of states, a line for each library and one for all."""
    if not found:
        yield "There is no library yet: reelwright library add NAME DIR"
        return
    rows = [(library.name, plain_counts(counts)) for library, counts in found]
    if len(rows) > 1:
        rows.append(("all", plain_status(found)))
    wide = max(7, *(len(name) for name, _ in rows))
    yield "  ".join([" " * wide, *(f"{word:>8}" for word in ("sources", *STATUS, "saved"))])
    for name, counted in rows:
        numbers = [f"{counted[word]:>8,}" for word in ("sources", *STATUS)]
        yield "  ".join([f"{name:<{wide}}", *numbers, f"{size(counted['bytes_saved']):>8}"])


def file_lines(files: "Sequence[LibraryFile]") -> Iterator[str]:
    """Each file with its state, the rule that decided and its reasons."""
    for file in files:
        yield f"{file.state:<8}  {size(file.size):>8}  {printable_path(file.path)}"
        if file.choice is not None:
            yield f"          {file.choice.rule}: {' '.join(file.choice.reasons)}"


def plain_counts(counts: "Counts") -> dict[str, Any]:
    """One library's figures."""
    states: Mapping[str, int] = {state.value: number for state, number in counts.states.items()}
    return {
        "sources": counts.sources,
        **{word: states.get(word, 0) for word in STATUS},
        "gone": counts.gone,
        "bytes_before": counts.bytes_before,
        "bytes_after": counts.bytes_after,
        "bytes_saved": counts.bytes_saved,
    }


def plain_status(found: "Sequence[tuple[Library, Counts]]") -> dict[str, Any]:
    """All libraries' figures, added up and by name."""
    each = {library.name: plain_counts(counts) for library, counts in found}
    words = ("sources", *STATUS, "gone", "bytes_before", "bytes_after", "bytes_saved")
    return {**{word: sum(one[word] for one in each.values()) for word in words}, "libraries": each}


def contract_status(found: "Sequence[tuple[Library, Counts]]") -> dict[str, Any]:
    """What `library status --json` says: the contract's keys and no others; `library list --json` has more."""
    words = ("sources", *CONTRACT, "bytes_before", "bytes_after", "bytes_saved")
    whole = plain_status(found)
    each = {name: {word: one[word] for word in words} for name, one in whole["libraries"].items()}
    return {**{word: whole[word] for word in words}, "libraries": each}


def plain_library(library: "Library", counts: "Counts") -> dict[str, Any]:
    """A library, for JSON."""
    return {
        "name": library.name,
        "root": library.root,
        "settings": dict(library.settings),
        "scanned": _time(library.scanned),
        "approved": _time(library.approved),
        **plain_counts(counts),
    }


def plain_scan(found: "Scanned") -> dict[str, Any]:
    """A scan, for JSON."""
    return {
        "library": found.library,
        "files": found.files,
        "new": found.new,
        "changed": found.changed,
        "moved": found.moved,
        "gone": found.gone,
        "unchanged": found.unchanged,
        "probed": found.probed,
        "unsettled": list(found.unsettled),
        "closed": [{"path": path, "why": why} for path, why in found.closed],
    }


def plain_file(file: "LibraryFile") -> dict[str, Any]:
    """A file, for JSON."""
    choice = file.choice
    return {
        "id": file.id,
        "library": file.library,
        "path": file.path,
        "size": file.size,
        "state": file.state.value,
        "action": choice.action.value if choice else None,
        "rule": choice.rule if choice else None,
        "reasons": list(choice.reasons) if choice else [],
        "facts": dict(file.facts) if file.facts is not None else None,
    }


def _time(when: dt.datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")
