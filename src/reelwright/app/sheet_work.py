"""What is done with image sequences from the pages: in a thread of its own, one thing at a time for each sheet."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from reelwright.errors import ConflictError, ReelwrightError
from reelwright.events import Event, EventSink
from reelwright.web.asking import Doing

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Task:
    """One thing that is done with a sheet, or was done last."""

    what: str
    share: float | None = None
    #: Jobs it has made so far, in order.
    jobs: list[str] = field(default_factory=list)
    came: tuple[str, ...] = ()
    over: bool = False
    stop: Callable[[], object] = lambda: None

    def seen(self) -> Doing:
        """As the pages see it."""
        return Doing(what="" if self.over else self.what, share=self.share, jobs=tuple(self.jobs), came=self.came)


@dataclass(frozen=True, kw_only=True, slots=True)
class Noting:
    """A sink that hands events on, and keeps which jobs they were about."""

    sink: EventSink
    task: Task

    def emit(self, event: Event) -> None:
        """Take one event."""
        if event.job and event.job not in self.task.jobs:
            self.task.jobs.append(event.job)
        self.sink.emit(event)


Work = Callable[[Task], Coroutine[Any, Any, tuple[str, ...]]]


class SheetWork:
    """Tasks by the ids of sheets."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._tasks: dict[str, Task] = {}

    def seen(self, sheet_id: str) -> Doing:
        """What is done with a sheet, or what came of what was done last."""
        found = self._tasks.get(sheet_id)
        return found.seen() if found else Doing()

    def begin(self, sheet_id: str, what: str, work: Work) -> None:
        """Begin something.

        Raises:
            ConflictError: something is done with it already.
        """
        with self._one:
            now = self._tasks.get(sheet_id)
            if now is not None and not now.over:
                raise ConflictError(f"We are {now.what} already.")
            task = self._tasks[sheet_id] = Task(what=what)
        threading.Thread(target=_carry_out, args=(task, work), name=what, daemon=True).start()

    def stop(self, sheet_id: str) -> bool:
        """Ask what is done with a sheet to end; whether anything is."""
        found = self._tasks.get(sheet_id)
        if found is None or found.over:
            return False
        found.stop()
        return True


def _carry_out(task: Task, work: Work) -> None:
    async def whole() -> None:
        loop, me = asyncio.get_running_loop(), asyncio.current_task()
        assert me is not None  # noqa: S101 -- a coroutine of a loop has one
        task.stop = lambda: loop.call_soon_threadsafe(me.cancel)
        task.came = await work(task)

    try:
        asyncio.run(whole())
    except asyncio.CancelledError:
        task.came = ("It was stopped. What was rendered so far is kept.",)
    except ReelwrightError as error:
        task.came = (str(error),)
    except Exception:
        task.came = ("It met a defect of ours; the log of `serve` has it.",)
        logger.exception("%s met a defect of ours", task.what)
    finally:
        task.over = True
