"""The worker of one machine's queue, with everything it works with."""

import asyncio
import datetime as dt
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reelwright.app.library_film import FilmHandler
from reelwright.app.library_queue import Queue
from reelwright.app.library_replace import Replacements
from reelwright.app.library_terms import settings_of
from reelwright.app.notify import notifying
from reelwright.app.plugins import use_encoders
from reelwright.app.wiring import utc_now
from reelwright.config import Settings
from reelwright.engine.leases import FILM, LIBRARY_LABEL, LeaseStore, Worker
from reelwright.engine.offload import Offload
from reelwright.engine.worker import Manners, Tools, WorkLoop
from reelwright.engine.workspace import Lock
from reelwright.errors import ReelwrightError
from reelwright.events import EventSink, Tee
from reelwright.library.catalog import Catalog, Library
from reelwright.library.hours import read_hours
from reelwright.library.marker import check_marker
from reelwright.store.database import open_ledger
from reelwright.store.events import LedgerSink
from reelwright.tools.process import sweep
from reelwright.version import VERSION

#: The label of workers that lead films of a cluster.
LEADS = "files"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """A worker that is ready to begin."""

    settings: Settings
    catalog: Catalog
    leases: LeaseStore
    queue: Queue
    offload: Offload
    loop: WorkLoop
    #: Names of libraries whose films may be begun at the moment.
    open: Callable[[], Awaitable[frozenset[str]]]
    #: Takes events, also for the ledger.
    sink: EventSink
    #: Deletes originals whose time in quarantine is over.
    expire: Callable[[], Awaitable[None]]


@asynccontextmanager
async def workshop(
    settings: Settings, sink: EventSink, wanted: Callable[[Library], bool] = lambda _: True
) -> AsyncIterator[Workshop]:
    """As `_workshop`, with plugins' encoders, and one sender of notifications for all of its films."""
    use_encoders(settings)
    async with notifying(settings, sink) as told, _workshop(settings, told, wanted) as shop:
        yield shop


@asynccontextmanager
async def _workshop(settings: Settings, sink: EventSink, wanted: Callable[[Library], bool]) -> AsyncIterator[Workshop]:
    """Get a worker ready: hold the machine's queue, settle what a crash left, and take over what it held.

    Args:
        settings: of the program.
        sink: takes the events of films.
        wanted: which libraries' films are worked on.

    Raises:
        BusyError: another process of this machine works on the queue.
        UsageError: the ledger cannot be used.
    """
    place = settings.work_dir / "queue.lock"
    lock = Lock(place, token=secrets.token_hex(16), what="The queue", sweep=sweep)
    with lock, Offload() as offload, Offload() as pulse:
        store = await offload(open_ledger, settings.ledger)
        from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up
        from reelwright.store.libraries import DjangoCatalog

        catalog, leases = DjangoCatalog(store.place), DjangoLeaseStore(store.place)
        told = Tee([sink, LedgerSink(store, offload)])
        try:
            replacements = Replacements(settings, catalog, store, offload, told)
            if not await offload(_others_lead, leases):  # they are at their replacements themselves
                await replacements.recover()
            await replacements.expire()
            queue = Queue(settings, catalog, leases)
            me = _me(place, settings)
            await offload(_take_over, me, catalog, leases, queue)
            manners = Manners(grace=settings.queue.grace)
            tools = Tools(store=leases, offload=offload, pulse=pulse, now=utc_now, manners=manners)
            handler = FilmHandler(settings, catalog, store, offload, sink, replacements)
            is_open = OpenLibraries(settings, catalog, leases, offload, wanted)
            handlers = {} if settings.cluster.enabled else {FILM: handler}  # workers carry films out
            yield Workshop(
                settings=settings, catalog=catalog, leases=leases, queue=queue, offload=offload, open=is_open.names,
                loop=WorkLoop(me, tools, handlers, is_open.labels), sink=told,
                expire=replacements.expire,
            )  # fmt: skip
        finally:
            await offload(store.close)
            await pulse(leases.close)


def _me(lock: Path, settings: Settings) -> Worker:
    """This worker. Its lock tells whether another one can be alive beside it."""
    facts = lock.stat()
    host, pid = socket.gethostname(), os.getpid()
    return Worker(
        id=f"{host}-{pid}-{secrets.token_hex(4)}", host=host, pid=pid, slots=settings.queue.films,
        about={"version": VERSION, "lock": f"{facts.st_dev}:{facts.st_ino}"},
    )  # fmt: skip


def _others_lead(leases: LeaseStore) -> bool:
    """Whether workers of a cluster that are alive lead films."""
    return any(alive and LEADS in worker.labels for worker, _, alive in leases.workers(utc_now()))


def _take_over(me: Worker, catalog: Catalog, leases: LeaseStore, queue: Queue) -> None:
    """Release at once what a worker left that held the same lock: it is dead, for its lock is ours now."""
    for other, _, _ in leases.workers(utc_now()):
        if other.id != me.id and other.about.get("lock") == me.about["lock"]:
            leases.goodbye(other)
    leases.reap(utc_now())
    for library in catalog.libraries():
        queue.settle(library)


class OpenLibraries:
    """Which libraries' films may be begun at the moment: not held back, in their hours, and there."""

    def __init__(
        self, settings: Settings, catalog: Catalog, leases: LeaseStore, offload: Offload,
        wanted: Callable[[Library], bool],
    ) -> None:  # fmt: skip
        self._settings, self._catalog, self._leases = settings, catalog, leases
        self._offload, self._wanted = offload, wanted

    async def names(self) -> frozenset[str]:
        """Their names."""
        libraries = [library for library in await self._offload(self._catalog.libraries) if self._wanted(library)]
        paused = await self._offload(self._leases.paused)
        now = dt.datetime.now().astimezone()
        minute = now.hour * 60 + now.minute
        chosen = [
            library for library in libraries if not paused & {"", library.name} and self._in_hours(library, minute)
        ]
        there = await asyncio.to_thread(lambda: [library.name for library in chosen if is_there(library)])
        return frozenset(there)

    async def labels(self) -> frozenset[str]:
        """What the worker has by that."""
        return frozenset(LIBRARY_LABEL.format(name) for name in await self.names())

    def _in_hours(self, library: Library, minute: int) -> bool:
        try:
            return read_hours(settings_of(library, self._settings).hours).open_at(minute)
        except ReelwrightError:
            return False  # its settings are wrong: its scan says so


def is_there(library: Library) -> bool:
    """Whether a library's root is mounted."""
    try:
        check_marker(Path(library.root), library.marker)
    except ReelwrightError:
        return False
    return True
