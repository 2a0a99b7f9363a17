"""A film's trials as rows that workers anywhere carry out; what the local runner sees is the same."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reelwright import errors
from reelwright.engine.film import Film, Tell
from reelwright.engine.job_state import TrialStep
from reelwright.engine.jobs import TrialRecord
from reelwright.engine.leases import ENDED, FILM, LOST, TRIAL, LeaseStore, Work, WorkRow, WorkState, told_of
from reelwright.engine.offload import Offload
from reelwright.engine.pace import Limits, Pace
from reelwright.engine.resources import Parallel
from reelwright.engine.slots import Slots, slots_of
from reelwright.engine.trial_orders import Whereabouts, record_from, work_for_trial
from reelwright.engine.trials import still_holds
from reelwright.errors import CancelledJobError, ReelwrightError, ResourceError, ToolError
from reelwright.events import Emitter, EventName
from reelwright.tools.index import file_digest

#: Where nobody can carry a trial out, that is said so often.
SAY_SECONDS = 60.0
#: A file that a worker committed may take a network's file system so long to be seen.
SEEN_TRIES, SEEN_SECONDS = 8, 0.5
#: A trial whose file is not what was committed is made anew so often.
MOST_MADE = 2

#: Tells a broker of rows; must not block.
Hint = Callable[[Sequence[Work]], None]


@dataclass(slots=True)
class _Waited:
    """A row that is waited for."""

    ended: asyncio.Future[WorkRow]
    needs: frozenset[str]
    since: float
    #: Takes how far it is.
    tell: Tell
    #: It was asked to end before this film wanted it: what comes of that is no answer.
    stale: bool = field(default=False)


class LeasedPace(Pace):
    """As many trials as workers have slots for this film; each worker minds its own memory."""

    slots: Callable[[], Slots]

    def look(self, running: int) -> bool:
        """Look how many slots there are now."""
        _ = running
        self.most = self.slots().share
        return False

    def threads_for(self, chunk: int, running: int | None = None) -> int:
        """Workers decide: it is asked for the sake of the port."""
        _ = chunk, running
        return self.threads

    def landed(self, chunk: int, idle: float | None, running: int) -> None:
        """What a trial left of another machine's processor says nothing of this one."""

    def has_room(self, size: int) -> bool:
        """No frames are held where nothing is encoded."""
        _ = size
        return False

    @property
    def is_short(self) -> bool:
        """Memory is the workers'."""
        return False

    def facts(self) -> dict[str, object]:
        """What `encoding_started` says of it."""
        found = self.slots()
        return {"workers": self.most, "threads": self.threads, "why": found.why}


class LeasedTrials:
    """The place of trials that is anywhere. Enter it before the film begins.

    Args:
        store: the queue.
        offload: the thread that speaks to it.
        where: the film, in words that mean the same everywhere.
        hint: tells the broker.
        now: the time, in UTC.
    """

    def __init__(
        self, store: LeaseStore, offload: Offload, where: Whereabouts, hint: Hint, now: Callable[[], dt.datetime]
    ) -> None:
        self._store, self._offload, self._where, self._hint, self._now = store, offload, where, hint, now
        self._waited: dict[str, _Waited] = {}
        self._jobs: set[str] = set()
        self._folders: set[Path] = set()
        self._slots = Slots(share=1, total=0, why="no worker is known yet")
        self._emit: Emitter | None = None
        self._digests: dict[Path, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._count()
        self._looking = asyncio.create_task(self._look_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def pace(self, parallel: Parallel, limits: Limits, emit: Emitter, disk: Path) -> Pace:
        """See the port."""
        self._emit = emit
        found = LeasedPace(parallel, limits, emit, disk)
        found.slots = lambda: self._slots
        found.most = self._slots.share
        return found

    def run(
        self, film: Film, step: TrialStep, tell: Tell, known: TrialRecord | None
    ) -> Coroutine[Any, Any, TrialRecord]:
        """See the port."""
        return self._run(film, step, tell, known)

    async def withdraw(self) -> None:
        """Nobody waits for this film's trials any more: those that wait are cancelled, those that run end."""
        if not self._jobs:
            return
        open_states = [WorkState.READY, WorkState.LEASED]
        rows = await self._offload(self._store.works, open_states, kinds=[TRIAL], limit=100_000)
        ours = [row.work.id for row in rows if row.work.id.partition("/")[0] in self._jobs]
        await self._offload(self._store.ask_cancel, ours)
        for folder in self._folders:
            await asyncio.to_thread(remove_half_written, folder)

    async def _run(self, film: Film, step: TrialStep, tell: Tell, known: TrialRecord | None) -> TrialRecord:
        self._jobs.add(film.job_id)
        self._folders.add(film.workspace.segments)
        work = work_for_trial(film, step, known, self._where, await self._digest(film.workspace.index))
        for _ in range(MOST_MADE):
            trial = made_of(await self._ended(work, tell), step)
            if trial.windows is not None or await seen(film, trial):
                return trial
            # Its file was cleaned up since, or damaged: the row is begun anew.
            await self._offload(self._store.reopen, [work.id])
            self._hint([work])
        raise ToolError(
            f"The file of chunk {step.chunk.index} at CRF {step.crf:g} is not what its worker has committed.",
            hint="Do all workers see the same work folder?",
        )

    async def _digest(self, index: Path) -> str:
        if index not in self._digests:
            self._digests[index] = await asyncio.to_thread(file_digest, index)
        return self._digests[index]

    async def _ended(self, work: Work, tell: Tell) -> WorkRow:
        """The row once it ended; it is posted where it is not there, and posted again where it ended for nothing."""
        row = await self._posted(work)
        if row is not None and row.state is WorkState.DONE:
            return row
        loop = asyncio.get_running_loop()
        waited = _Waited(
            ended=loop.create_future(),
            needs=work.needs,
            since=loop.time(),
            tell=tell,
            stale=row is not None and row.cancel_asked,
        )
        self._waited[work.id] = waited
        try:
            ended = await waited.ended
        finally:
            self._waited.pop(work.id, None)
        if ended.state is WorkState.CANCELLED and waited.stale:
            return await self._ended(work, tell)
        return ended

    async def _posted(self, work: Work) -> WorkRow | None:
        """The row as it is; None where it was made, or made ready again, just now."""
        if await self._offload(self._store.add_work, [work]):
            self._hint([work])
            return None
        row = await self._offload(self._store.work, work.id)
        if row is not None and row.state in {WorkState.FAILED, WorkState.CANCELLED}:
            await self._offload(self._store.reopen, [work.id])
            self._hint([work])
            return None
        return row

    async def _look_on(self) -> None:
        """Look at the rows again and again; what the ledger cannot answer now it may later."""
        loop = asyncio.get_running_loop()
        counted = said = loop.time()
        while True:
            await asyncio.sleep(self._slots.look_seconds)
            with suppress(ReelwrightError):
                if loop.time() - counted >= self._slots.count_seconds:
                    counted = loop.time()
                    await self._count()
                await self._look()
            if loop.time() - said >= SAY_SECONDS:
                said = loop.time()
                self._say_what_is_missing(loop.time())

    async def _look(self) -> None:
        if not self._waited:
            return
        for row in await self._offload(self._store.rows, list(self._waited)):
            waited = self._waited.get(row.work.id)
            if waited is not None and row.state in ENDED and not waited.ended.done():
                waited.ended.set_result(row)

    async def _count(self) -> None:
        known = await self._offload(self._store.workers, self._now())
        counts = await self._offload(self._store.count_work, [FILM])
        films = sum(number for (_, state), number in counts.items() if state is WorkState.LEASED)
        living = [worker for worker, _, alive in known if alive]
        self._slots = slots_of(living, films)
        for work_id, (doing, frames) in told_of(living).items():
            if (waited := self._waited.get(work_id)) is not None:
                waited.tell(doing, frames)

    def _say_what_is_missing(self, now: float) -> None:
        """Where no living worker could take a trial that waits: which labels nobody has."""
        old = [waited for waited in self._waited.values() if now - waited.since >= SAY_SECONDS]
        if old and self._emit is not None and (lack := self._slots.lacking(old[0].needs)):
            why = f"trials wait: no worker that is alive has {', '.join(sorted(lack))}"
            self._emit(EventName.RESOURCES_CHANGED, "encoding", workers=0, why=why)


def remove_half_written(segments: Path) -> None:
    """Remove what workers that were killed have left of trials that nobody waits for any more."""
    for path in segments.glob("*.leased"):
        path.unlink(missing_ok=True)


async def seen(film: Film, trial: TrialRecord) -> bool:
    """Whether a worker's file is here and is what it committed; a network may need a moment."""
    for _ in range(SEEN_TRIES):
        if await asyncio.to_thread(still_holds, film, trial):
            return True
        await asyncio.sleep(SEEN_SECONDS)
    return False


def made_of(row: WorkRow, step: TrialStep) -> TrialRecord:
    """What an ended row came to.

    Raises:
        ReelwrightError: it failed, with the error that its worker met.
    """
    if row.state is WorkState.DONE:
        return record_from(row.result)
    if row.state is WorkState.CANCELLED:
        raise CancelledJobError("Cancelled.", hint="`reelwright jobs retry` takes it up again.")
    cause, message = str(row.result.get("cause", "")), str(row.result.get("message", "It failed."))
    if cause == LOST:
        raise ResourceError(
            f"{row.attempts} workers ended while they encoded chunk {step.chunk.index}.",
            hint="It may take more memory than they have: lower their slots, or the picture's size.",
        )
    kind = getattr(errors, cause, None)
    known = isinstance(kind, type) and issubclass(kind, ReelwrightError) and kind is not CancelledJobError
    raise (kind if known and kind is not None else ToolError)(message)
