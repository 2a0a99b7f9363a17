"""What the pages can have done, by the very functions the command line calls."""

import asyncio
import logging
import os
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path

from reelwright.app import queued
from reelwright.app.jobs import cancelled
from reelwright.app.library_queue import Queue
from reelwright.app.library_terms import named
from reelwright.app.library_words import about, answer
from reelwright.app.library_worker import Workshop
from reelwright.app.page_pictures import Pictures
from reelwright.app.page_plans import Plans
from reelwright.app.restore import restored
from reelwright.app.retry import Again, prepared
from reelwright.config import Settings
from reelwright.engine import cancelling
from reelwright.engine.ending import waited, works_on
from reelwright.engine.holder import holder_of
from reelwright.engine.jobs import Job
from reelwright.engine.leases import WorkState
from reelwright.engine.listing import workspace_of
from reelwright.errors import ReelwrightError, UsageError
from reelwright.events import EventSink
from reelwright.library.catalog import FileState
from reelwright.web.desk import Approved, Gallery, Known, Proposal, desk
from reelwright.words import printable_path

logger = logging.getLogger(__name__)

#: Seconds that a run of this very process is given to end once it was asked.
GRACE = 10.0
ALIVE = frozenset({WorkState.READY, WorkState.LEASED})
KNOWN = tuple(field.name for field in fields(Known))


class PageDeeds:
    """See `web.desk.Deeds`. Called from the threads of requests; what runs long runs in the daemon's loop."""

    def __init__(self, settings: Settings, sink: EventSink) -> None:
        self._settings, self._sink = settings, sink
        self._waiting: asyncio.Queue[Again] = asyncio.Queue()
        self._shop: Workshop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pictures = Pictures(settings)
        self._plans = Plans(settings)

    async def carry_out(self, shop: Workshop) -> None:
        """Run jobs again that were asked for, one after the other, until this is cancelled."""
        self._shop, self._loop = shop, asyncio.get_running_loop()
        while True:
            again = await self._waiting.get()
            try:
                await again.run(self._sink)
            except ReelwrightError as error:
                logger.error("%s", error)  # noqa: TRY400 -- a sentence for people

    def _wake(self) -> None:
        if self._loop is not None and self._shop is not None:
            self._loop.call_soon_threadsafe(self._shop.loop.wake)

    def cancel(self, job_id: str) -> str:
        """See the port."""
        job = _job(job_id)
        change = queued.cancelled(job.source_path, self._settings) if self._is_queued(job) else None
        if change is not None:
            self._wake()
            return "It is out of the queue." if change.before.state is WorkState.READY else "It is asked to end."
        workspace = workspace_of(job, self._settings.work_dir)
        holder = holder_of(workspace.lock)
        if holder is not None and holder.pid == os.getpid() and holder.job == job.id:
            # A signal would end us, so it is only asked.
            cancelling.ask(workspace, job.id)
            ended = waited(lambda: not works_on(workspace, job.id), GRACE)
            cancelling.withdraw(workspace) if ended else None
            return "It is cancelled; its trials are kept." if ended else "It is asked to end, and will in a moment."
        done = cancelled(job.id, GRACE, logger.info, self._settings)
        if done.job.status.value == "done":
            return "It was done already: there is nothing to cancel."
        return "It is cancelled; its trials are kept."

    def _is_queued(self, job: Job) -> bool:
        """Whether the job is at work for a library, or waits to be."""
        row = queued.work_at(job.source_path, self._settings)
        return row is not None and row.state in ALIVE

    def retry(self, job_id: str) -> str:
        """See the port."""
        job = _job(job_id)
        if (change := queued.retried(job.source_path, self._settings)) is not None:
            self._wake()
            if change.before.state in ALIVE:
                return "It is in the queue already."
            return "It is in the queue again."
        again = prepared(job.id, {}, overwrite=False, settings=self._settings)
        if self._loop is None:
            raise UsageError("Nothing can be run again at the moment: we are about to end.")
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, again)
        return "It is begun again."

    def restore(self, label: str) -> str:
        """See the port."""
        entry = restored(label, self._settings)
        return f"{printable_path(os.path.basename(entry.order.source.path))} is in its place again."  # noqa: PTH119

    def about(self, file_id: int) -> Known | None:
        """See the port."""
        here = desk()
        found = self._whole_path(file_id)
        known = None if found is None else about(self._settings, here.libraries, here.work, found)
        return None if known is None else Known(**{name: getattr(known, name) for name in KNOWN})

    def answer(self, file_id: int, word: str) -> str:
        """See the port."""
        path = self._whole_path(file_id)
        if path is None:
            raise UsageError("There is no such file any more.")
        here = desk()
        said = answer(self._settings, here.libraries, Queue(self._settings, here.libraries, here.work), path, word)
        self._wake()
        if said.file.state is FileState.QUEUED:
            return "It is in the queue."
        return {"encode": "It will be encoded.", "skip": "It is left alone."}.get(word, "The rules decide again.")

    def _whole_path(self, file_id: int) -> Path | None:
        here = desk()
        file = here.libraries.file(file_id)
        if file is None or file.gone:
            return None
        (library,) = named(here.libraries.libraries(), [file.library])
        return Path(os.path.join(library.root, file.path))  # noqa: PTH118 - keeps odd bytes

    def make_plan(self, library: str) -> Proposal:
        """See the port."""
        return self._plans.make(library)

    def plan(self, library: str) -> Proposal | None:
        """See the port."""
        return self._plans.last(library)

    def approve(self, library: str, plan_id: str, paths: Collection[str] | None) -> Approved:
        """See the port."""
        done = self._plans.approve(library, plan_id, paths)
        self._wake()
        return done

    def gallery(self, job_id: str) -> Gallery:
        """See the port."""
        return self._pictures.gallery(_job(job_id))

    def picture(self, job_id: str, number: int, side: str) -> bytes | None:
        """See the port."""
        return self._pictures.one(_job(job_id), number, side)


def _job(job_id: str) -> Job:
    job = desk().jobs.find_job(job_id)
    if job is None:
        raise UsageError("There is no such job any more.")
    return job
