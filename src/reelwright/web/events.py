"""Server-sent events for programs: what runs, as JSON, whenever it changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse

from reelwright.store.connection import hang_up
from reelwright.web.live import QUIET, TICK
from reelwright.web.running import running

#: Ticks without news after which a listener hears that we are still here.
SILENT_TICKS = round(QUIET / TICK)


def jobs_now() -> dict[str, str]:
    """Each job that runs, as one line of JSON, by its id."""
    try:
        return {job.id: json.dumps(asdict(job)) for job in running()}
    finally:
        hang_up()


class Lookout:
    """Looks once a tick for all programs that listen: many at the same moment cost one look."""

    def __init__(self) -> None:
        self._look: asyncio.Task[dict[str, str]] | None = None
        self._at = -TICK

    async def now(self) -> dict[str, str]:
        """What runs, at most a tick old."""
        time = asyncio.get_running_loop().time()
        if self._look is None or time - self._at >= TICK / 2:
            self._at = time
            self._look = asyncio.ensure_future(sync_to_async(jobs_now, thread_sensitive=False)())
        return await asyncio.shield(self._look)


LOOKOUT = Lookout()


async def told() -> AsyncIterator[str]:
    """Messages: `progress` for each job that runs and has news, `ended` for each that does not run any more."""
    yield "retry: 2000\n\n"
    last: dict[str, str] = {}
    silent = 0
    while True:
        now = await LOOKOUT.now()
        news = [("progress", line) for key, line in now.items() if last.get(key) != line]
        news += [("ended", json.dumps({"id": key})) for key in last.keys() - now.keys()]
        for name, line in news:
            yield f"event: {name}\ndata: {line}\n\n"
        last, silent = now, 0 if news else silent + 1
        if silent and not silent % SILENT_TICKS:
            yield ": still here\n\n"
        await asyncio.sleep(TICK)


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """The line to a program."""
    del request
    return StreamingHttpResponse(told(), content_type="text/event-stream", headers={"Cache-Control": "no-store"})
