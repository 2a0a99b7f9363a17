"""A worker: claims leased work, carries it out, beats while it does, and ends in good order.

What the work is, its handlers know; whether it counts, the store decides by its token. A worker that lost a lease, or
whose work somebody cancelled, ends what it does for it, with every process that was started for it.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from reelwright.engine.leases import UNDER_WAY, Lease, LeaseStore, Worker
from reelwright.engine.offload import Offload
from reelwright.errors import ReelwrightError, ResourceError

logger = logging.getLogger(__name__)


class Why(StrEnum):
    """Why work is ended before it is through."""

    #: Somebody asked for it.
    CANCELLED = "cancelled"
    #: The lease is another's by now: nothing of it may be committed.
    LOST = "lost"
    #: This worker ends.
    DRAIN = "drain"


@dataclass(slots=True)
class Held:
    """A lease whose work is under way."""

    lease: Lease
    #: Set before its task is cancelled.
    why: Why | None = None
    #: How far it is: doing, frames. The next heartbeat tells it.
    far: tuple[str, int] | None = None

    def tell(self, doing: str, frames: int) -> None:
        """So many frames are through."""
        self.far = doing, frames


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """It is done, also where there was nothing to do."""

    result: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """It failed."""

    #: One word.
    cause: str
    #: A sentence.
    message: str
    #: None: it is not tried again.
    retry_at: dt.datetime | None = None
    #: Goes over the payload for the next attempt.
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenBack:
    """It could not be begun, through no fault of its own: another attempt costs it nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenUp:
    """Somebody asked for its end, and it ended."""


Ending = Done | Failed | GivenBack | GivenUp
Handler = Callable[[Held], Awaitable[Ending]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How a worker goes about it; seconds."""

    beat: float = 5.0
    #: How long its leases outlast its last beat.
    lasts: float = 60.0
    #: Between two looks for work, where nothing woke it.
    poll: float = 2.0
    #: What runs may take so long to end by itself once the worker is told to end.
    grace: float = 5.0
    #: Take back what silent workers held, once a beat at the most. It looks at every worker's heartbeat: of a thousand
    #: workers not each is to do so.
    reaps: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What a worker works with."""

    store: LeaseStore
    #: The thread that speaks to the store, and one of its own for the heartbeat, which must not wait behind others.
    offload: Offload
    pulse: Offload
    now: Callable[[], dt.datetime]
    manners: Manners = field(default_factory=Manners)


class WorkLoop:
    """One worker.

    Args:
        me: who it is.
        tools: what it works with.
        handlers: what carries work out, by its kind.
        labels: what it has at the moment: only work that needs no more is claimed.
    """

    def __init__(
        self,
        me: Worker,
        tools: Tools,
        handlers: Mapping[str, Handler],
        labels: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        self._me, self._tools, self._handlers, self._labels = me, tools, handlers, labels
        self._running: dict[str, tuple[Held, asyncio.Task[None]]] = {}
        self._stopping = False
        self._awake = asyncio.Event()
        self._claiming = asyncio.Lock()
        #: What it was seen to have last, for its row.
        self._had = me.labels
        self._reaped = float("-inf")

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping

    @property
    def busy(self) -> int:
        """How many pieces of work are under way."""
        return len(self._running)

    def stop(self) -> None:
        """Claim nothing more, end what runs or give it back, and end."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Look for work now."""
        self._awake.set()

    async def run(self, finished: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Work until it is told to stop.

        Args:
            finished: asked when nothing runs and nothing could be claimed: whether to end. None: never.
        """
        await self._look_around()
        await self._beat()
        beating = asyncio.create_task(self._beat_on())
        try:
            while not self._stopping:
                claimed = await self._claim_some()
                if not claimed and not self._running and finished is not None and await finished():
                    break
                if not claimed or self.busy >= self._me.slots:
                    await self._wait(self._tools.manners.poll)
            await self._drain()
        finally:
            await self._end_all(Why.DRAIN)
            beating.cancel()
            await asyncio.wait({beating})
            await self._tools.offload(self._tools.store.goodbye, self._me)

    def say(self, about: Mapping[str, Any]) -> None:
        """What people and pages are told of this worker from its next heartbeat on, over what they knew."""
        self._me = replace(self._me, about={**self._me.about, **about})

    async def offered(self, work_id: str) -> bool:
        """A message names work: claim it where there is room, and wait until it ended; whether it was carried out here.

        It may be another's by now, done, or carried out here already because this worker looked by itself.
        """
        if work_id not in self._running and not self._stopping:
            await self._claim_some([work_id])
        if (found := self._running.get(work_id)) is None:
            return False
        await asyncio.wait({found[1]})
        return True

    async def _claim_some(self, only: Collection[str] | None = None) -> int:
        try:
            async with self._claiming:
                return await self._claim(only)
        except ResourceError as error:  # the disk is full, or the ledger locked: both pass
            logger.warning("No work could be claimed: %s", error)
            return 0

    async def _claim(self, only: Collection[str] | None) -> int:
        room = self._me.slots - self.busy
        if room <= 0 or self._stopping:
            return 0
        store, now = self._tools.store, self._tools.now()
        await self._reap(now)
        me = await self._look_around()
        leases = await self._tools.offload(store.claim, me, sorted(self._handlers), now, limit=room, only=only)
        for lease in leases:
            held = Held(lease)
            task = asyncio.create_task(self._carry_out(held))
            self._running[lease.work.id] = (held, task)
            task.add_done_callback(partial(self._ended, lease.work.id))
        return len(leases)

    async def _reap(self, now: dt.datetime) -> None:
        manners = self._tools.manners
        if manners.reaps and time.monotonic() - self._reaped >= manners.beat:
            self._reaped = time.monotonic()
            await self._tools.offload(self._tools.store.reap, now)

    async def _look_around(self) -> Worker:
        """This worker with what it has at the moment."""
        self._had = self._me.labels | await self._labels()
        return replace(self._me, labels=self._had)

    async def _wait(self, seconds: float) -> None:
        """Until something runs out, somebody wakes it, or the time is over."""
        awake = asyncio.create_task(self._awake.wait())
        try:
            tasks = [task for _, task in self._running.values()]
            await asyncio.wait({awake, *tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            awake.cancel()
            self._awake.clear()

    async def _carry_out(self, held: Held) -> None:
        """Carry one piece of work out and commit how it ended."""
        try:
            ending = await self._ending(held)
            if held.why is not Why.LOST:
                await self._commit(held.lease, ending)
        except ReelwrightError as error:
            # The ledger cannot be written: the lease runs out, and the work is found again.
            logger.error("What came of %s could not be noted: %s", held.lease.work.id, error)  # noqa: TRY400

    def _ended(self, work_id: str, _: object) -> None:
        self._running.pop(work_id, None)
        self._awake.set()

    async def _ending(self, held: Held) -> Ending:
        work = asyncio.ensure_future(self._handlers[held.lease.work.kind](held))
        try:
            return await work
        except asyncio.CancelledError:
            return GivenUp() if held.why is Why.CANCELLED else GivenBack()
        except Exception as error:  # whatever it is, it must not take the other work down with it
            logger.exception("Work %s ended with a defect of ours", held.lease.work.id)
            return Failed(cause="defect", message=f"This is a defect of ours: {error!r}.")

    async def _commit(self, lease: Lease, ending: Ending) -> None:
        store, offload = self._tools.store, self._tools.offload
        match ending:
            case Done(result=result):
                counted = await offload(store.finish, lease, result)
            case Failed(cause=cause, message=message, retry_at=retry_at, payload=payload):
                counted = await offload(
                    store.fail, lease, cause=cause, message=message, retry_at=retry_at, payload=payload
                )
            case GivenUp():
                counted = await offload(store.confirm_cancelled, lease)
            case _:
                counted = await offload(store.release, lease)
        if not counted:
            logger.warning("What came of %s does not count: its lease is another's by now", lease.work.id)

    async def _beat(self) -> None:
        manners, tools = self._tools.manners, self._tools
        holding = frozenset(self._running)
        told = await tools.pulse(
            tools.store.beat,
            replace(self._me, labels=self._had, about={**self._me.about, **self._under_way()}),
            holding,
            tools.now(),
            lasts=dt.timedelta(seconds=manners.lasts),
        )
        for work_id in told.cancelled | told.lost:
            self._end(work_id, Why.LOST if work_id in told.lost else Why.CANCELLED)

    def _under_way(self) -> dict[str, Any]:
        """How far each piece of work is that tells of it; nothing where none does."""
        told = {name: list(held.far) for name, (held, _) in self._running.items() if held.far is not None}
        return {UNDER_WAY: told} if told else {}

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(self._tools.manners.beat)
            try:
                await self._beat()
            except ReelwrightError as error:
                logger.warning("The heartbeat could not be noted: %s", error)

    def _end(self, work_id: str, why: Why) -> None:
        found = self._running.get(work_id)
        if found is not None and found[0].why is None:
            found[0].why = why
            found[1].cancel()

    async def _drain(self) -> None:
        """Let what runs end by itself for a moment."""
        async with self._claiming:  # what is being claimed for a message has begun then, and nothing is any more
            self._stopping = True
        if tasks := [task for _, task in self._running.values()]:
            await asyncio.wait(tasks, timeout=self._tools.manners.grace)

    async def _end_all(self, why: Why) -> None:
        tasks = [task for _, task in self._running.values()]
        for work_id in list(self._running):
            self._end(work_id, why)
        if tasks:
            await asyncio.wait(tasks)
