"""One go at libraries: settle what a crash left, scan, decide, encode what is approved, and end."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from reelwright.app.library_scan import update
from reelwright.app.library_terms import named, with_configured
from reelwright.app.library_worker import Workshop, workshop
from reelwright.cli.library_commands import RunDone, RunOrder, ScanFailure
from reelwright.config import Settings
from reelwright.errors import InterruptedRunError, ReelwrightError
from reelwright.events import Event, EventName, EventSink, Tee
from reelwright.library.catalog import FileState, Library
from reelwright.library.scan import Scanned, Tell

Result = TypeVar("Result")


class Endings:
    """Hears how films ended: a film that was tried again counts by its last end."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[str, int]] = {}

    def emit(self, event: Event) -> None:
        """Take one event."""
        if event.event is EventName.RESULT:
            self.last[event.file] = (str(event.data["outcome"]), int(event.data["exit_code"]))


async def run_libraries(
    settings: Settings, order: RunOrder, sink: EventSink, tell: Tell, stop: asyncio.Event
) -> RunDone:
    """Go once over libraries, until nothing of them waits.

    Args:
        settings: of the program.
        order: which libraries, and what counts as the end.
        sink: takes the events of films.
        tell: told how scans go.
        stop: set where it is to end early: what runs is ended, and stays in the queue.

    Raises:
        UsageError: there is no such library, or none.
        BusyError: another process of this machine works on the queue.
        InterruptedRunError: it was stopped.
    """
    names: set[str] = set(order.names)
    endings = Endings()
    heard = Tee([endings, sink])
    async with workshop(settings, heard, lambda library: not names or library.name in names) as shop:
        await shop.offload(with_configured, shop.catalog, settings)
        chosen = named(await shop.offload(shop.catalog.libraries), order.names)
        scanned, failed = await unless(stop, _scan_all(shop, chosen, tell))

        async def finished() -> bool:
            # What is held back, out of its hours or away would be waited for without an end.
            may = await shop.open()
            return not await shop.offload(shop.queue.waiting, may, later=not order.once)

        stopping = asyncio.create_task(_stop_when(stop, shop))
        try:
            await shop.loop.run(finished)
        finally:
            stopping.cancel()
        if stop.is_set():
            raise InterruptedRunError("Interrupted.", hint="Run the same command to go on where it stopped.")
        unapproved = await shop.offload(_unapproved, shop, chosen)
    codes = [code for _, code in endings.last.values()]
    return RunDone(
        scanned=scanned, failed=failed, outcomes=[outcome for outcome, _ in endings.last.values()],
        unapproved=unapproved, exit_code=max([*codes, *(one.exit_code for one in failed)], default=0),
    )  # fmt: skip


async def _scan_all(
    shop: Workshop, libraries: Sequence[Library], tell: Tell
) -> tuple[list[Scanned], list[ScanFailure]]:
    scanned: list[Scanned] = []
    failed: list[ScanFailure] = []
    for library in libraries:
        try:
            scanned.append((await update(shop.settings, shop.catalog, shop.queue, library, tell)).found)
        except ReelwrightError as error:
            failed.append(failure_of(library, error))
    return scanned, failed


def failure_of(library: Library, error: ReelwrightError) -> ScanFailure:
    """A library that could not be scanned."""
    return ScanFailure(library=library.name, message=error.message, hint=error.hint, exit_code=error.exit_code)


def _unapproved(shop: Workshop, libraries: Sequence[Library]) -> dict[str, int]:
    """Libraries whose planned files wait for somebody's approval, with how many there are."""
    names = {library.name for library in libraries if not shop.queue.may_queue(library)}
    counts = shop.catalog.counts()
    found = {name: counts[name].states.get(FileState.PLANNED, 0) for name in sorted(names)}
    return {name: count for name, count in found.items() if count}


async def _stop_when(stop: asyncio.Event, shop: Workshop) -> None:
    await stop.wait()
    shop.loop.stop()


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work, but end it once it is to stop.

    Raises:
        InterruptedRunError: it was stopped.
    """
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise InterruptedRunError("Interrupted.", hint="Run the same command to go on where it stopped.")
    finally:
        for one in (task, stopped):
            one.cancel()
        await asyncio.wait({task, stopped})
