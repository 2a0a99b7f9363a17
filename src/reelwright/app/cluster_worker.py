"""A cluster's worker: leads films, encodes chunks of films that others lead, or both; see decision 037."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reelwright.app.cluster_bench import Benches, EncodeLabels, Roots, Size, size_of
from reelwright.app.cluster_film import FilmLeader
from reelwright.app.cluster_resend import resend_on
from reelwright.app.library_replace import Replacements
from reelwright.app.library_worker import LEADS, OpenLibraries
from reelwright.app.notify import notifying
from reelwright.app.plugins import use_encoders
from reelwright.app.wiring import utc_now
from reelwright.cluster.hints import Hints
from reelwright.config import Settings
from reelwright.engine.leased_trials import Hint
from reelwright.engine.leases import FILM, TRIAL, LeaseStore, Worker
from reelwright.engine.offload import Offload
from reelwright.engine.trial_worker import TrialHandler
from reelwright.engine.work_mark import make_mark
from reelwright.engine.worker import Manners, Tools, WorkLoop
from reelwright.errors import ReelwrightError
from reelwright.events import EventSink, Tee
from reelwright.library.catalog import Catalog
from reelwright.store.database import open_ledger
from reelwright.store.events import LedgerSink
from reelwright.tools.process import Runner
from reelwright.version import VERSION

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore

logger = logging.getLogger(__name__)
FILES, ENCODE = LEADS, "encode"


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """What all loops of one worker share."""

    settings: Settings
    sink: EventSink
    store: "DjangoJobStore"
    catalog: Catalog
    leases: LeaseStore
    offload: Offload
    tools: Tools
    size: Size
    hint: Hint

    def me(self, queue: str, slots: int) -> Worker:
        """Who one of its loops is."""
        host, pid = socket.gethostname(), os.getpid()
        labels = frozenset({FILES}) if queue == FILES else frozenset[str]()
        about = {"version": VERSION, "queue": queue, "threads": self.size.threads, "says": []}
        name = f"{host}-{pid}-{secrets.token_hex(4)}-{queue}"
        return Worker(id=name, host=host, pid=pid, labels=labels, slots=slots, about=about)


async def work(settings: Settings, sink: EventSink, tell: Callable[[str], None], stop: asyncio.Event) -> None:
    """Work until it is told to stop; what does not end within `queue.grace` seconds is given back.

    Args:
        settings: of the program.
        sink: takes the events of films that are led here.
        tell: told what people want to know.
        stop: set where it is to end.

    Raises:
        UsageError: the ledger or the work folder cannot be used.
        ResourceError: the ledger's server cannot be reached.
    """
    use_encoders(settings)
    async with AsyncExitStack() as stack:
        floor = await stack.enter_async_context(_floor(settings, sink))
        loops, troubles = [], _Troubles(tell)
        if FILES in settings.cluster.queues:
            loops.append(await _leading(floor))
            await stack.enter_async_context(_resending(floor))
        if ENCODE in settings.cluster.queues:
            loops.append(await _encoding(floor, stack, troubles))
        await stack.enter_async_context(_listening(floor, loops, troubles))
        tell(_said(floor))
        await _run(loops, stop)


@asynccontextmanager
async def _resending(floor: Floor) -> AsyncIterator[None]:
    """Tell the broker anew of what nobody took, while this is entered."""
    seconds = floor.settings.cluster.resend
    resending = asyncio.create_task(resend_on(floor.leases, floor.offload, floor.hint, seconds))
    try:
        yield
    finally:
        resending.cancel()
        await asyncio.wait({resending})


async def _run(loops: Sequence[WorkLoop], stop: asyncio.Event) -> None:
    """Run the loops until it is told to stop or one of them fails."""
    working = {asyncio.ensure_future(loop.run()) for loop in loops}
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({*working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        for loop in loops:
            loop.stop()
        await asyncio.gather(*(asyncio.shield(task) for task in working), return_exceptions=True)
    for task in working:
        if (error := task.exception()) is not None:
            raise error


@asynccontextmanager
async def _floor(settings: Settings, sink: EventSink) -> AsyncIterator[Floor]:
    """Open the ledger, and whatever else is shared."""
    cluster = settings.cluster
    manners = Manners(beat=cluster.beat, lasts=cluster.lease, poll=cluster.poll, grace=settings.queue.grace)
    async with notifying(settings, sink) as told:
        with Hints(cluster.broker) as hint, Offload() as offload, Offload() as pulse:
            store = await offload(open_ledger, settings.ledger)
            from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up
            from reelwright.store.libraries import DjangoCatalog

            leases = DjangoLeaseStore(store.place)
            tools = Tools(store=leases, offload=offload, pulse=pulse, now=utc_now, manners=manners)
            try:
                yield Floor(
                    settings=settings, sink=told, store=store, catalog=DjangoCatalog(store.place), leases=leases,
                    offload=offload, tools=tools, size=size_of(settings), hint=hint,
                )  # fmt: skip
            finally:
                await offload(store.close)
                await pulse(leases.close)


async def _leading(floor: Floor) -> WorkLoop:
    """The loop that leads films."""
    settings = floor.settings
    await asyncio.to_thread(make_mark, settings.work_dir)
    told = Tee([floor.sink, LedgerSink(floor.store, floor.offload)])
    placer = Replacements(settings, floor.catalog, floor.store, floor.offload, told)
    leader = FilmLeader(
        settings, floor.catalog, floor.store, floor.offload, floor.sink, placer, leases=floor.leases, hint=floor.hint
    )
    is_open = OpenLibraries(settings, floor.catalog, floor.leases, floor.offload, lambda _: True)
    return WorkLoop(floor.me(FILES, settings.cluster.films), floor.tools, {FILM: leader}, is_open.labels)


async def _encoding(floor: Floor, stack: AsyncExitStack, troubles: "_Troubles") -> WorkLoop:
    """The loop that makes trials."""
    runner = await stack.enter_async_context(Runner(nice=floor.settings.processing.nice))
    benches = Benches(floor.settings, runner, floor.size)
    roots = Roots(floor.settings, floor.catalog, floor.offload)
    labels = EncodeLabels(benches, roots, floor.settings, troubles)
    handler = TrialHandler(benches, roots.source, utc_now)
    tools = replace(floor.tools, manners=replace(floor.tools.manners, reaps=False))  # those that lead do
    loop = WorkLoop(floor.me(ENCODE, floor.size.slots), tools, {TRIAL: handler}, labels)
    troubles.told.append(lambda lines: loop.say({"says": lines}))
    return loop


class _Troubles:
    """Says what keeps a worker from work when that changes: in its log, its row, and its page in Flower."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.lines: list[str] = []
        self.told: list[Callable[[list[str]], None]] = []

    def __call__(self, troubles: list[str]) -> None:
        if troubles == self.lines:
            return
        for line in troubles or ["It has everything it needs again."]:
            self._tell(line)
        self.lines = troubles
        for told in self.told:
            told(troubles)


@asynccontextmanager
async def _listening(floor: Floor, loops: Sequence[WorkLoop], troubles: _Troubles) -> AsyncIterator[None]:
    """Take messages while this is entered, where there is a broker."""
    cluster, here = floor.settings.cluster, asyncio.get_running_loop()
    if not cluster.broker:
        yield
        return
    from reelwright.cluster.consumer import Consumer

    def carry_out(work_id: str) -> str:
        try:
            took = asyncio.run_coroutine_threadsafe(_offered(loops, work_id), here).result()
        except (asyncio.CancelledError, RuntimeError):
            return "this worker ends"
        return "carried out here" if took else " ".join(troubles.lines) or "another worker's, or done"

    name = f"{'+'.join(cluster.queues)}@{socket.gethostname()}-{os.getpid()}"
    slots = (floor.size.slots if ENCODE in cluster.queues else 0) + (cluster.films if FILES in cluster.queues else 0)
    consumer = Consumer(cluster.broker, name=name, queues=cluster.queues, slots=slots, carry_out=carry_out)
    troubles.told.append(consumer.say)
    consumer.say(troubles.lines)
    consumer.start()
    try:
        yield
    finally:
        # In a thread: the bodies that end wait for this very loop.
        await asyncio.to_thread(consumer.stop)


async def _offered(loops: Collection[WorkLoop], work_id: str) -> bool:
    """Whether one of the loops has carried work out that a message named."""
    for loop in loops:
        with suppress(ReelwrightError):
            if await loop.offered(work_id):
                return True
    return False


def _said(floor: Floor) -> str:
    """What a worker says when it begins."""
    parts = []
    if FILES in floor.settings.cluster.queues:
        parts.append(f"leads {floor.settings.cluster.films} films at once")
    if ENCODE in floor.settings.cluster.queues:
        parts.append(f"encodes in {floor.size.slots} slots of {floor.size.threads} threads")
    return f"This worker {' and '.join(parts)}."
