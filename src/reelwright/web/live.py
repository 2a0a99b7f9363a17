"""Live pages: what changes is rendered once a tick and sent to everybody who watches, whether one or a hundred."""

import asyncio
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string

from reelwright.store.connection import hang_up

#: Seconds between two looks, and after which somebody who sees nothing new hears that we are still here.
TICK, QUIET = 1.0, 15.0
#: Messages a watcher may lag behind before it only gets the newest.
MOST = 4

Part = Callable[[], dict[str, object]]
#: Parts of pages by the name of their event: a template and what it is filled with.
PARTS: dict[str, tuple[str, Part]] = {}


def part(name: str, template: str) -> Callable[[Part], Part]:
    """Register a part of pages that lives: its template is rendered with what the function gives."""

    def register(fill: Part) -> Part:
        PARTS[name] = template, fill
        return fill

    return register


def rendered() -> dict[str, str]:
    """Every part as it is now. One that cannot be had now is left as it was."""
    try:
        return {name: render_to_string(template, fill()) for name, (template, fill) in PARTS.items()}
    finally:
        hang_up()


class Newsroom:
    """Looks once a tick for all who watch, and only while somebody does."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[str]] = set()
        self._last: dict[str, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def watch(self) -> AsyncIterator[str]:
        """Messages for one watcher: everything first, then what changes."""
        queue: asyncio.Queue[str] = asyncio.Queue(MOST)
        for name, html in self._last.items():
            queue = _with(queue, message(name, html))
        self._watchers.add(queue)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield "retry: 2000\n\n"
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), QUIET)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._watchers.discard(queue)

    async def _look(self) -> None:
        while self._watchers:
            now = await sync_to_async(rendered, thread_sensitive=False)()
            for name, html in now.items():
                if self._last.get(name) != html:
                    self._last[name] = html
                    for queue in self._watchers:
                        _with(queue, message(name, html))
            await asyncio.sleep(TICK)
        self._last = {}


def _with(queue: "asyncio.Queue[str]", text: str) -> "asyncio.Queue[str]":
    """Put a message in; a watcher that is too slow loses the oldest."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(text)
    return queue


def message(name: str, html: str) -> str:
    """One server-sent event."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"event: {name}\n{lines}\n"


NEWSROOM = Newsroom()


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """The page's line to us."""
    del request
    return StreamingHttpResponse(
        NEWSROOM.watch(), content_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )
