"""Live pages: what changes is rendered once a tick and sent to everybody who watches, whether one or a hundred."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import Error
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from reelwright.errors import ReelwrightError
from reelwright.store.connection import hang_up

#: Seconds between two looks, and after which somebody who sees nothing new hears that we are still here.
TICK, QUIET = 1.0, 15.0
#: Messages a watcher may lag behind before it only gets the newest.
MOST = 4

Part = Callable[[str], dict[str, Any]]
Filler = TypeVar("Filler", bound=Part)
#: Part of a page and what it is about, such as a job's id; an empty text where it is about all.
Key = tuple[str, str]
#: Parts of pages by the name of their event: a template and what it is filled with.
PARTS: dict[str, tuple[str, Part]] = {}
#: Parts that are sums of long lists are looked at every so many ticks.
SELDOM = {"figures": 5, "chart": 3}


def part(name: str, template: str) -> Callable[[Filler], Filler]:
    """Register a part of pages that lives: its template is rendered with what the function gives for its subject."""

    def register(fill: Filler) -> Filler:
        PARTS[name] = template, fill
        return fill

    return register


def rendered(keys: Iterable[Key]) -> dict[Key, str]:
    """Parts as they are now, over a line to the ledger that is kept. One that cannot be had now is left as it was."""
    found: dict[Key, str] = {}
    for name, subject in sorted(keys):
        template, fill = PARTS[name]
        try:
            found[name, subject] = render_to_string(template, fill(subject))
        except (ReelwrightError, Http404):  # one wrong address must not end the look for all
            hang_up()  # nor must a line that broke stay broken
    return found


def look(keys: Iterable[Key]) -> dict[Key, str]:
    """Parts as they are now; once more over a new line to the ledger where that of the last tick broke since."""
    wanted = list(keys)
    try:
        return rendered(wanted)
    except Error:
        hang_up()
    try:
        return rendered(wanted)
    except Error:
        hang_up()
        raise


#: Looks are one thread's: opening a line to the ledger for each costs as much as the look.
EYES = ThreadPoolExecutor(1, thread_name_prefix="looks")


class Newsroom:
    """Looks once a tick for all who watch, and only while somebody does."""

    def __init__(self) -> None:
        self._watchers: dict[asyncio.Queue[str], frozenset[Key]] = {}
        self._last: dict[Key, str] = {}
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = False

    async def watch(self, keys: frozenset[Key]) -> AsyncIterator[str]:
        """Messages for one watcher of these parts: everything first, then what changes."""
        queue: asyncio.Queue[str] = asyncio.Queue(MOST)
        self._loop = asyncio.get_running_loop()
        for key in keys & self._last.keys():
            _put(queue, message(key[0], self._last[key]))
        self._watchers[queue] = keys
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield "retry: 2000\n\n"
            while not self._ending:
                try:
                    yield await asyncio.wait_for(queue.get(), QUIET)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            del self._watchers[queue]

    def close(self) -> None:
        """Let everybody go; callable from any thread, once."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._ending = True
        for queue in self._watchers:
            _put(queue, ": bye\n\n")

    async def _look(self) -> None:
        tick = 0
        while self._watchers and not self._ending:
            wanted = frozenset[Key]().union(*self._watchers.values())
            due = {key for key in wanted if tick % SELDOM.get(key[0], 1) == 0 or key not in self._last}
            now = await sync_to_async(look, thread_sensitive=False, executor=EYES)(due)
            tick += 1
            changed = {key: html for key, html in now.items() if self._last.get(key) != html}
            # What nobody watches is forgotten: it would be old news for the next who does.
            self._last = {key: html for key, html in {**self._last, **now}.items() if key in wanted}
            for queue, keys in self._watchers.items():
                for key in keys & changed.keys():
                    _put(queue, message(key[0], changed[key]))
            await asyncio.sleep(TICK)
        self._last = {}
        await sync_to_async(hang_up, thread_sensitive=False, executor=EYES)()


def _put(queue: "asyncio.Queue[str]", text: str) -> None:
    """Put a message in; a watcher that is too slow loses the oldest."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(text)


def message(name: str, html: str) -> str:
    """One server-sent event."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"event: {name}\n{lines}\n"


NEWSROOM = Newsroom()


@require_GET
async def stream(request: HttpRequest, parts: str, subject: str = "") -> StreamingHttpResponse:
    """The page's line to us.

    Args:
        request: from a page.
        parts: names of its living parts, with + between them.
        subject: what they are about.
    """
    del request
    keys = frozenset((name, subject) for name in parts.split("+") if name in PARTS)
    if not keys:
        raise Http404
    return StreamingHttpResponse(
        NEWSROOM.watch(keys), content_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )
