"""Outputs of a library in the places of its films, where its owner approved that."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reelwright.app.wiring import utc_now
from reelwright.config import Settings
from reelwright.engine.jobs import JobStore, OutcomeRecord, StepKind
from reelwright.engine.offload import Offload
from reelwright.engine.outcome import result_data
from reelwright.engine.quarantine import expire
from reelwright.engine.real_disk import RealDisk
from reelwright.engine.replace_recovery import recover
from reelwright.engine.replace_steps import replace as put_in_place
from reelwright.engine.replacing import QUARANTINE, Entry, Order, PlacementJournal, Stage
from reelwright.engine.workspace import take_stamp
from reelwright.errors import ReelwrightError
from reelwright.events import Emitter, EventName, EventSink
from reelwright.library.catalog import Catalog, FileState, LibraryFile, Standing
from reelwright.library.comparison import Seen
from reelwright.store.database import open_ledger
from reelwright.tools.fingerprint import fingerprint

if TYPE_CHECKING:
    from reelwright.app.library_film import Go

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Replacements:
    """Puts outputs in their films' places, and notes in the library what is there now.

    Args:
        settings: of the program.
        catalog: the libraries, spoken to in the store's thread.
        store: the ledger's jobs, spoken to in the same thread.
        offload: that thread.
        sink: takes the events.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, store: JobStore, offload: Offload, sink: EventSink
    ) -> None:
        self._settings, self._catalog, self._store = settings, catalog, store
        self._offload, self._sink = offload, sink

    async def recover(self) -> None:
        """Finish or undo what a crash left of replacements, and note those of which the library does not know yet."""
        found = await self._asked(lambda journal: recover(journal, RealDisk(), now=utc_now))
        for one in found:
            if one.stuck:
                logger.warning("The replacement of %s waits: %s", one.entry.order.source.path, one.stuck)
        for entry in await self._asked(lambda journal: journal.entries({Stage.DONE})):
            files = await self._offload(self._catalog.files_of_work, entry.order.id, 1)
            for file in files:
                if file.state in {FileState.QUEUED, FileState.RUNNING}:
                    await self._note(file, entry)

    async def expire(self) -> None:
        """Delete originals whose time in quarantine is over, where what replaced them is there and whole."""
        for one in await self._asked(lambda journal: expire(journal, RealDisk(), now=utc_now)):
            if one.stays:
                logger.warning("The original %s stays in quarantine: %s", one.entry.kept, one.stays)
            else:
                logger.info("The original %s was deleted, its time is over: %d bytes", one.entry.kept, one.freed)

    async def former(self, work_id: str, file_id: int) -> OutcomeRecord | None:
        """The outcome of a replacement that was finished before; None where there is none."""
        entry = await self._asked(lambda journal: journal.entry(work_id))
        file = await self._offload(self._catalog.file, file_id)
        if entry is None or entry.stage is not Stage.DONE or file is None:
            return None
        await self._note(file, entry)
        return _outcome(entry, None)

    async def __call__(self, go: "Go", outcome: OutcomeRecord) -> OutcomeRecord:
        """Put a verified output in its film's place. From here on it cannot be given up.

        Raises:
            ReelwrightError: it was not replaced; the original is where it was.
        """
        order = await self._order(go, outcome)
        entry = await _stubbornly(
            partial(
                self._with_journal,
                # What was validated is what the copy is held against, byte by byte: there is nothing left to look at.
                lambda journal: put_in_place(order, journal, RealDisk(), validate=lambda _: None, now=utc_now),
            )
        )
        await self._note(go.file, entry)
        done = replace(_outcome(entry, outcome), finished=utc_now())
        await self._offload(self._store.record_outcome, done)
        emit = Emitter(self._sink, os.fspath(go.source), utc_now)
        emit.job = outcome.job_id
        emit(EventName.PLACED, "replaced", output=entry.order.final, kept=entry.kept)
        emit(EventName.RESULT, done.outcome, **result_data(done))
        with suppress(OSError):
            await asyncio.to_thread(go.staged.unlink)
        return done

    async def _order(self, go: "Go", outcome: OutcomeRecord) -> Order:
        assert outcome.job_id is not None  # noqa: S101 - it was encoded
        job = await self._offload(self._store.find_job, outcome.job_id)
        steps = await self._offload(self._store.steps, outcome.job_id)
        source = await self._offload(self._store.find_source, take_stamp(go.source))
        validated = steps.get(StepKind.VALIDATE)
        if job is None or validated is None or source is None:
            raise ReelwrightError("The output was validated, and the ledger does not know it.")
        return Order(
            id=go.work_id, job_id=job.id, source=source.stamp, staged=os.fspath(go.staged),
            content=str(validated.result["content"]), final=os.fspath(go.final),
            quarantine=os.path.join(go.library.root, QUARANTINE),  # noqa: PTH118
            keep_days=float(go.settings.placement.quarantine_days), source_id=job.source_id,
        )  # fmt: skip

    async def _asked(self, call: Callable[[PlacementJournal], Result]) -> Result:
        return await asyncio.to_thread(self._with_journal, call)

    def _with_journal(self, call: Callable[[PlacementJournal], Result]) -> Result:
        journal = journal_of(self._settings)
        try:
            return call(journal)
        finally:
            journal.close()

    async def _note(self, file: LibraryFile, entry: Entry) -> None:
        """What is there now is the output: the library knows it, and the file is done."""
        final = Path(entry.order.final)
        libraries = {library.name: library for library in await self._offload(self._catalog.libraries)}
        status = await asyncio.to_thread(final.stat)
        read = await asyncio.to_thread(fingerprint, os.fspath(final), status.st_size)
        seen = Seen(
            path=_below(final, libraries[file.library].root), size=status.st_size,
            mtime_ns=status.st_mtime_ns, inode=status.st_ino, hard_links=status.st_nlink,
        )  # fmt: skip
        await self._offload(self._catalog.became, file.id, seen, read)
        standing = Standing(
            state=FileState.DONE, note=_reasons(entry), job_id=entry.order.job_id, bytes_before=entry.bytes_before,
            bytes_after=entry.bytes_after,
        )  # fmt: skip
        await self._offload(self._catalog.stand, file.id, standing)


def journal_entries(settings: Settings) -> list[Entry]:
    """Every replacement there was."""
    return journal_of(settings).entries()


def journal_of(settings: Settings) -> PlacementJournal:
    """The ledger's journal of replacements."""
    place = open_ledger(settings.ledger).place
    from reelwright.store.placements import DjangoPlacementJournal  # models load once Django is set up

    return DjangoPlacementJournal(place)


def _below(path: Path, root: str) -> str:
    return os.path.relpath(path, root)


def _reasons(entry: Entry) -> tuple[str, ...]:
    until = f" until {entry.until:%Y-%m-%d}" if entry.until is not None else ""
    return (f"It took its original's place; the original is kept in quarantine{until}.",)


def _outcome(entry: Entry, encoded: OutcomeRecord | None) -> OutcomeRecord:
    known = encoded or OutcomeRecord(
        source_path=entry.order.source.path, output_path=None, job_id=entry.order.job_id, decision="encode",
        outcome="replaced", exit_code=0, reasons=(),
    )  # fmt: skip
    return replace(
        known, outcome="replaced", output_path=entry.order.final, bytes_before=entry.bytes_before,
        bytes_after=entry.bytes_after, reasons=(*known.reasons, *_reasons(entry)), cpu_seconds=0.0, seconds=0.0,
    )  # fmt: skip


async def _stubbornly(call: Callable[[], Result]) -> Result:
    """Run a call in a thread to its end, whoever cancels: halfway is the one place where it must not be left."""
    work = asyncio.ensure_future(asyncio.to_thread(call))
    while not work.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(work)
    return work.result()
