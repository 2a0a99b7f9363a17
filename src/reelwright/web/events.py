"""Server-sent events for programs: what runs, as JSON, whenever it changes."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from itertools import takewhile

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from reelwright.store.connection import hang_up
from reelwright.web.live import QUIET, TICK
from reelwright.web.running import running

#: Ticks without news after which a listener hears that we are still here.
SILENT_TICKS = round(QUIET / TICK)
#: Changes that are kept for programs whose line broke.
KEPT = 5000


def jobs_now() -> dict[str, str]:
    """Each job that runs, as one line of JSON, by its id."""
    try:
        return {job.id: json.dumps(asdict(job)) for job in running()}
    finally:
        hang_up()


class Lookout:
    """Looks once a tick for all programs that listen, and keeps what it saw change: many listeners cost one look."""

    def __init__(self) -> None:
        self._look: asyncio.Task[None] | None = None
        self._at = -TICK
        self._run = secrets.token_hex(4)
        self._number = 0
        self._changes: deque[tuple[int, str]] = deque(maxlen=KEPT)
        #: What runs, as it was last seen, by the job's id.
        self.runs: dict[str, str] = {}

    async def look(self) -> None:
        """Have `runs` and the changes at most a tick old."""
        time = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and time - self._at >= TICK / 2):
            self._at = time
            self._look = asyncio.ensure_future(self._see())
        await asyncio.shield(self._look)

    async def _see(self) -> None:
        now = await sync_to_async(jobs_now, thread_sensitive=False)()
        for name, line in changes(self.runs, now):
            self._number += 1
            self._changes.append((self._number, event(name, line, self.mark)))
        self.runs = now

    @property
    def mark(self) -> str:
        """The id of the newest change. Another run of the program has others."""
        return f"{self._run}-{self._number}"

    def since(self, mark: str) -> list[str] | None:
        """The messages after a mark; None: it is not ours, or what followed it is not kept any more."""
        run, _, text = mark.partition("-")
        if run != self._run or not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004
            return None
        number, oldest = int(text), self._changes[0][0] if self._changes else self._number + 1
        if not oldest - 1 <= number <= self._number:
            return None
        # From the newest backwards: nearly always there is none.
        found = [message for _, message in takewhile(lambda one: one[0] > number, reversed(self._changes))]
        return found[::-1]


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is told of a change: names of events, and what they say."""
    news = [("progress", line) for key, line in now.items() if before.get(key) != line]
    return news + [("ended", json.dumps({"id": key})) for key in before.keys() - now.keys()]


def event(name: str, line: str, mark: str = "") -> str:
    """One server-sent event, with its id where it has one."""
    return f"id: {mark}\nevent: {name}\ndata: {line}\n\n" if mark else f"event: {name}\ndata: {line}\n\n"


LOOKOUT = Lookout()


async def told(mark: str = "") -> AsyncIterator[str]:
    """Messages: `progress` for each job that runs and has news, `ended` for each that does not run any more.

    Args:
        mark: id of the last message that a program had before its line broke; it hears what it missed.
    """
    yield "retry: 2000\n\n"
    known: dict[str, str] = {}
    silent = 0
    while True:
        await LOOKOUT.look()
        news = LOOKOUT.since(mark)
        if news is None:  # it is new, or was away for very long, or is too slow
            first = changes(known, LOOKOUT.runs)
            # Only the last has an id: a line that breaks in the midst of them hears all of them again.
            marks = [""] * (len(first) - 1) + [LOOKOUT.mark]
            news = [event(name, line, one) for (name, line), one in zip(first, marks, strict=False)]
        mark, known = LOOKOUT.mark, LOOKOUT.runs
        for message in news:
            yield message
        silent = 0 if news else silent + 1
        if silent and not silent % SILENT_TICKS:
            yield ": still here\n\n"
        await asyncio.sleep(TICK)


@require_GET
async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """The line to a program."""
    lines = told(request.headers.get("Last-Event-ID", ""))
    return StreamingHttpResponse(lines, content_type="text/event-stream", headers={"Cache-Control": "no-store"})
