"""One library brought up to date: scanned, looked into, decided, and what it may do by itself queued."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from reelwright.app.library_queue import Queue
from reelwright.app.library_terms import plain_request, read_rules, settings_of, wanted_by
from reelwright.config import Settings
from reelwright.engine.offload import Offload
from reelwright.errors import BusyError
from reelwright.library.catalog import Catalog, Library
from reelwright.library.deciding import decide_all
from reelwright.library.scan import Scanned, Tell, look_into, scan
from reelwright.tools.process import Runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Updated:
    """What a scan came to, and what followed from it."""

    found: Scanned
    #: Files that were queued by themselves, because a plan of the library was approved before.
    queued: int = 0


@contextmanager
def scanning(settings: Settings, library: Library) -> Iterator[None]:
    """Hold a library while it is scanned: two scans at once would each take the other's new files for theirs.

    Raises:
        BusyError: it is being scanned.
    """
    settings.work_dir.mkdir(parents=True, exist_ok=True)
    # Another ledger may have a library of this name, and share the folder.
    name = hashlib.blake2b(f"{settings.ledger}\n{library.name}".encode("utf-8", "surrogateescape"), digest_size=8)
    place = settings.work_dir / f"scan-{name.hexdigest()}.lock"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"The library {library.name} is being scanned by another process.", hint="Wait for it to end."
            ) from error
        yield
    finally:
        os.close(descriptor)


async def update(
    settings: Settings, catalog: Catalog, queue: Queue | None, library: Library, tell: Tell, *, probe: bool = True
) -> Updated:
    """Scan a library, look into what is new, decide, and queue what it may do by itself.

    Args:
        settings: of the program.
        catalog: spoken to from a thread of this scan's own.
        queue: None: nothing is queued.
        library: which one.
        tell: told how it goes, also from that thread.
        probe: whether files are opened; without it nothing is decided.

    Raises:
        SourceError: its root is away; nothing was changed.
        UsageError: its settings or rules cannot be.
        BusyError: it is being scanned.
        ToolError: the reader does not start.
    """
    own = settings_of(library, settings)
    rules = read_rules(own.rules)
    wanted = wanted_by(library, own, settings, time.time())
    with scanning(settings, library), Offload() as offload:
        try:
            found = await offload(scan, catalog, library, wanted, tell)
            if not probe:
                return Updated(found=found)
            async with Runner(nice=settings.processing.nice) as runner:
                workers = os.cpu_count() or 1
                request = plain_request(settings)
                probed = await look_into(runner, offload, catalog, library, request, tell, workers=workers)
            ours = await offload(catalog.outputs_below, library.root)
            await offload(partial(decide_all, catalog, library, rules, time.time(), ours=ours))
            queued = 0 if queue is None else await offload(queue.refresh, library)
            return Updated(found=replace(found, probed=probed), queued=queued)
        finally:
            await offload(catalog.close)
