"""Running jobs, seen from another terminal: a live view, plain lines, or JSON lines."""

import datetime as dt
import json
import os
import sys
import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from reelwright.cli.commands import Look
from reelwright.cli.jobtext import mean_of, percent_of, plain_row
from reelwright.cli.terminal import PLAIN_SECONDS, headline, lane_line, sound_line
from reelwright.cli.text import printable_path, share, size
from reelwright.engine.listing import SHORT, JobRow, State

INTERRUPTED = 130


def exit_code_of(row: JobRow) -> int:
    """The exit code a job has come to: 0 done or skipped, that of its failure, 130 given up or its run is gone."""
    if row.state in {State.DONE, State.SKIPPED, State.RUNNING}:
        return 0
    if row.state is State.FAILED and row.last is not None and row.last.exit_code:
        return row.last.exit_code
    return 1 if row.state is State.FAILED else INTERRUPTED


class View:
    """Draws what runs on a terminal, or prints a line now and then."""

    def __init__(self, out: Console | None = None) -> None:
        self._out = out or Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._rows: list[JobRow] = []
        self._told: dict[str, tuple[float, str]] = {}
        self._code = 0
        self._anything = False

    def __enter__(self) -> Self:
        if self._out.is_terminal:
            self._live = Live(console=self._out, refresh_per_second=4, transient=True, get_renderable=self._draw)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, look: Look) -> None:
        """Take one look: what runs, and what has ended since the last."""
        self._rows = list(look.rows)
        for row in look.ended:
            self._code = max(self._code, exit_code_of(row))
            self.say(ending(row))
        if self._live is None:
            for row in look.rows:
                self._tell_plainly(row)
        self._anything = self._anything or bool(look.rows or look.ended)

    def close(self, *, named: bool) -> int:
        """The end: the exit code, which is the job's where one was named."""
        if not self._anything:
            self.say("No job is running.")
        return self._code if named else 0

    def say(self, text: str) -> None:
        """Print one line; as Text, because brackets in a name would be taken for markup."""
        self._out.print(Text(text))
        self._out.file.flush()

    def _tell_plainly(self, row: JobRow) -> None:
        phase = str((row.progress or {}).get("phase"))
        when, before = self._told.get(row.job.id, (0.0, ""))
        if phase == before and time.monotonic() - when < PLAIN_SECONDS:
            return
        self._told[row.job.id] = (time.monotonic(), phase)
        self.say(f"{title(row)}  {saying(row)}")

    def _draw(self) -> Group:
        parts: list[Any] = []
        for row in self._rows:
            parts.append(Text(title(row), style="bold", overflow="ellipsis", no_wrap=True))
            parts += [sound_line(sound) for sound in (row.progress or {}).get("sounds", ())]
            parts += [lane_line(lane) for lane in (row.progress or {}).get("lanes", ())]
            percent = percent_of(row)
            parts += [ProgressBar(total=100, completed=percent or 0, width=60, pulse=percent is None)]
            parts += [Text(saying(row))]
        return Group(*parts)


class JsonView:
    """Writes one JSON line for each job and look, and the result last."""

    def __init__(self) -> None:
        self._ended: list[JobRow] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()

    def take(self, look: Look) -> None:
        """Take one look."""
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        for row in look.rows:
            data = dict(row.progress or {})
            who = {"file": row.job.source_path, "job": row.job.id, "status": row.state.value}
            print(json.dumps({"event": "progress", "timestamp": now, **who, "data": data}), flush=True)
        self._ended += look.ended

    def close(self, *, named: bool) -> int:
        """The end: the result, with every job that has ended."""
        code = max((exit_code_of(row) for row in self._ended), default=0) if named else 0
        rows = [{**plain_row(row), "exit_code": exit_code_of(row)} for row in self._ended]
        print(json.dumps({"event": "result", "data": {"jobs": rows, "exit_code": code}}), flush=True)
        return code


def title(row: JobRow) -> str:
    """Which job it is."""
    return f"{row.job.id[:SHORT]}  {printable_path(os.path.basename(row.job.source_path))}"  # noqa: PTH119


def saying(row: JobRow) -> str:
    """How far a job is, in one line."""
    try:
        return headline(dict(row.progress)) if row.progress else "running"
    except (KeyError, TypeError, ValueError):
        return "running"


def ending(row: JobRow) -> str:
    """How a job ended, in one line."""
    if row.state is State.DONE and row.made is not None:
        mean, made = mean_of(row.made), row.made
        part = f"{size(made.bytes_after)}, {share(made.bytes_after, made.bytes_before)} of the source"
        score = f", VMAF {mean:.2f}" if mean is not None else ""
        return f"{title(row)}  done: {printable_path(row.job.output_path)}, {part}{score}"
    if row.state is State.STOPPED:
        return f"{title(row)}  stopped: the same command or `reelwright jobs retry {row.job.id[:SHORT]}` goes on"
    reasons = printable_path(" ".join(row.last.reasons)) if row.last else ""
    return f"{title(row)}  {row.state.value}" + (f": {reasons}" if reasons else "")
