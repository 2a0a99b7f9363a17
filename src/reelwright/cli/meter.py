"""How far a comparison or a check is: a bar on a terminal, a line now and then elsewhere, JSON lines for programs."""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

#: Plain output and JSON get a line of progress this often.
PLAIN_SECONDS = 10.0
JSON_SECONDS = 0.5
WORDS = {
    "reference": "reading the reference",
    "distorted": "reading the distorted film",
    "score": "scoring",
    "names": "looking at names",
    "pictures": "reading the pictures",
}


class HowFar(Protocol):
    """How far something is."""

    @property
    def phase(self) -> str:
        """A key of `WORDS`."""
        ...

    @property
    def frame(self) -> int:
        """Frames so far, in this phase."""
        ...

    @property
    def share(self) -> float | None:
        """Of this phase, 0 to 1; None: not known."""
        ...


class Meter:
    """Shows progress on standard error; the result is the command's output."""

    def __init__(self, console: Console | None = None) -> None:
        self._err = console or Console(file=sys.stderr, highlight=False)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._err.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("{task.fields[frames]}"), console=self._err, transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: HowFar) -> None:
        """Take how far it is."""
        frames = f"{progress.frame} frames"
        if self._bar is None:
            if time.monotonic() - self._told > PLAIN_SECONDS:
                self._told = time.monotonic()
                share = f"{100 * progress.share:3.0f} %  " if progress.share is not None else ""
                self._err.print(f"{WORDS[progress.phase]}  {share}{frames}")
            return
        if progress.phase not in self._tasks:
            for earlier in self._tasks.values():
                self._bar.update(earlier, visible=False)
            self._tasks[progress.phase] = self._bar.add_task(WORDS[progress.phase], total=None, frames=frames)
        task = self._tasks[progress.phase]
        total = 1.0 if progress.share is not None else None
        self._bar.update(task, total=total, completed=progress.share or 0.0, frames=frames)


def tell_json(file: str, out: TextIO, *, status: str = "scoring") -> Callable[[HowFar], None]:
    """Progress as JSON lines, not too many of them."""
    told = 0.0

    def tell(progress: HowFar) -> None:
        nonlocal told
        if time.monotonic() - told < JSON_SECONDS:
            return
        told = time.monotonic()
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        data = {"phase": progress.phase, "frame": progress.frame, "share": progress.share}
        line = {"event": "progress", "timestamp": now, "file": file, "job": None, "status": status, "data": data}
        print(json.dumps(line), file=out, flush=True)

    return tell
