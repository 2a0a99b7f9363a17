"""The daemon: a scheduler and a worker in one process, and whatever else is to run beside them.

A part is a coroutine that runs until it is cancelled; web pages are one more part.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from reelwright.app.library_news import keep_telling
from reelwright.app.library_worker import Workshop, workshop
from reelwright.app.scheduling import Scheduler
from reelwright.config import Settings
from reelwright.events import EventSink

logger = logging.getLogger(__name__)

#: Made with the workshop, it runs until it is cancelled.
Part = Callable[[Workshop], Coroutine[Any, Any, None]]


async def serve(settings: Settings, sink: EventSink, stop: asyncio.Event, parts: Sequence[Part] = ()) -> None:
    """Scan libraries when they are due and work on what is queued, until it is told to stop.

    Args:
        settings: of the program.
        sink: takes the events.
        stop: set where it is to end: nothing more is claimed, and what runs is ended within the grace time. It stays
            in the queue, and is taken up again at the next start.
        parts: what else runs, with the same workshop; one that fails ends all of it.

    Raises:
        BusyError: another process of this machine works on the queue.
        UsageError: the ledger cannot be used.
    """
    async with workshop(settings, sink) as shop:
        every = [Scheduler(shop).run(), keep_telling(shop), *(part(shop) for part in parts)]
        tasks = {asyncio.ensure_future(part) for part in every}
        working = asyncio.ensure_future(shop.loop.run())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({*tasks, working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shop.loop.stop()
            for task in (*tasks, stopped):
                task.cancel()
            await asyncio.wait({*tasks, stopped})
            with suppress(asyncio.CancelledError):
                await asyncio.shield(working) if not working.done() else None
        for task in (*tasks, working):
            # A second signal ends this before the worker has ended.
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error
