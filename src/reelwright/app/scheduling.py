"""When libraries are scanned while the daemon runs: by their schedules, after changes, when their queue is empty."""

import asyncio
import datetime as dt
import logging
import time
from pathlib import Path

from reelwright.app.library_run import failure_of
from reelwright.app.library_scan import update
from reelwright.app.library_terms import add_configured, our_folders, settings_of
from reelwright.app.library_worker import Workshop, is_there
from reelwright.app.wiring import utc_now
from reelwright.errors import ReelwrightError
from reelwright.events import Event, EventName
from reelwright.library.catalog import Library
from reelwright.library.scan import Scanned
from reelwright.library.schedule import Standing, is_due
from reelwright.library.watching import watch
from reelwright.store.sqlite import network_file_system

logger = logging.getLogger(__name__)

#: Between two looks at what is due, where nothing woke the scheduler.
TICK_SECONDS = 5.0
#: A library that could not be scanned is tried again after this.
AGAIN_SECONDS = 60.0
#: Between two looks at what lies in quarantine.
EXPIRY_SECONDS = 3600.0
_MOUNTS = Path("/proc/mounts")


class Scheduler:
    """Scans libraries when they are due, one after the other, and keeps their watches.

    Args:
        shop: the worker whose queue it fills.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._awake = asyncio.Event()
        self._changed: set[str] = set()
        #: Not to be scanned before then, and to be scanned again at the latest then; by the monotonic clock.
        self._not_before: dict[str, float] = {}
        self._again_at: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._watches: dict[str, tuple[str, asyncio.Task[None]]] = {}
        #: When quarantines are looked at next; the worker did so when it began.
        self._expiry = time.monotonic() + EXPIRY_SECONDS

    async def run(self) -> None:
        """Scan whenever a library is due, until this is cancelled."""
        try:
            while True:
                await self._round()
                if time.monotonic() >= self._expiry:
                    self._expiry = time.monotonic() + EXPIRY_SECONDS
                    await self._shop.expire()
                self._awake.clear()
                try:
                    async with asyncio.timeout(TICK_SECONDS):
                        await self._awake.wait()
                except TimeoutError:
                    continue
        finally:
            tasks = [task for _, task in self._watches.values()]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def _round(self) -> None:
        shop = self._shop
        try:
            for error in await shop.offload(add_configured, shop.catalog, shop.settings):
                self._say("", error)
            libraries = await shop.offload(shop.catalog.libraries)
        except ReelwrightError as error:
            self._say("", error)
            return
        for library in libraries:
            try:
                self._keep_watch(library)
                if await self._is_due(library):
                    await self._scan(library)
                    self._said.pop(library.name, None)
            except ReelwrightError as error:
                self._not_before[library.name] = time.monotonic() + AGAIN_SECONDS
                self._say(library.name, error, library)

    async def _is_due(self, library: Library) -> bool:
        now = time.monotonic()
        if now < self._not_before.get(library.name, 0):
            return False
        again = self._again_at.get(library.name)
        standing = Standing(
            expression=settings_of(library, self._shop.settings).schedule,
            scanned=None if library.scanned is None else _on_the_wall(library.scanned),
            now=_on_the_wall(utc_now()),
            queue_empty=not await self._shop.offload(self._shop.queue.waiting, [library.name], later=True),
            changed=library.name in self._changed or (again is not None and now >= again),
        )
        return is_due(standing)

    async def _scan(self, library: Library) -> None:
        shop = self._shop
        self._changed.discard(library.name)
        self._again_at.pop(library.name, None)
        done = await update(shop.settings, shop.catalog, shop.queue, library, lambda *_: None)
        if done.found.unsettled:
            # What is still being written is looked at as soon as it may have settled.
            settle = settings_of(library, shop.settings).settle
            self._again_at[library.name] = time.monotonic() + max(settle, TICK_SECONDS)
        self._tell(library, done.found, done.queued)
        if done.queued:
            shop.loop.wake()

    def _keep_watch(self, library: Library) -> None:
        """Begin a watch that is wanted and not there, end one that is not wanted any more."""
        own = settings_of(library, self._shop.settings)
        known = self._watches.get(library.name)
        if known is not None and (not own.watch or known[0] != library.root or known[1].done()):
            known[1].cancel()
            del self._watches[library.name]
            known = None
        if own.watch and known is None and is_there(library):
            work = watch(
                library.root, lambda: self._note_change(library.name), polling=_on_network(library.root),
                excluded=our_folders(library, own, self._shop.settings),
            )  # fmt: skip
            self._watches[library.name] = (library.root, asyncio.create_task(work))

    def _note_change(self, name: str) -> None:
        self._changed.add(name)
        self._awake.set()

    def _tell(self, library: Library, found: Scanned, queued: int) -> None:
        data = {
            "library": library.name, "files": found.files, "new": found.new, "changed": found.changed,
            "moved": found.moved, "gone": found.gone, "probed": found.probed, "unsettled": len(found.unsettled),
            "queued": queued,
        }  # fmt: skip
        self._emit(library, "scanned", data)

    def _say(self, name: str, error: ReelwrightError, library: Library | None = None) -> None:
        """Tell an error once, and not again before it is another one."""
        if self._said.get(name) == str(error):
            return
        self._said[name] = str(error)
        if library is None:
            logger.error("%s", error)
            return
        failure = failure_of(library, error)
        data = {"library": name, "message": failure.message, "hint": failure.hint, "exit_code": failure.exit_code}
        self._emit(library, "failed", data)

    def _emit(self, library: Library, status: str, data: dict[str, object]) -> None:
        name, now = EventName.LIBRARY_SCANNED, utc_now()
        self._shop.sink.emit(Event(event=name, timestamp=now, file=library.root, job=None, status=status, data=data))


def _on_the_wall(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone().replace(tzinfo=None)


def _on_network(root: str) -> bool:
    try:
        return network_file_system(_MOUNTS.read_text("utf-8", "surrogateescape"), Path(root).resolve()) is not None
    except OSError:
        return False
