"""Leads a library's film whose trials run anywhere."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from reelwright.app.encode import options_for
from reelwright.app.library_film import FilmHandler, Go, Placer
from reelwright.app.wiring import services, utc_now
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings
from reelwright.engine.jobs import JobStore, OutcomeRecord
from reelwright.engine.leased_trials import Hint, LeasedTrials
from reelwright.engine.leases import LeaseStore
from reelwright.engine.offload import Offload
from reelwright.engine.pipeline import encode_film
from reelwright.engine.trial_orders import Whereabouts
from reelwright.engine.work_mark import make_mark
from reelwright.engine.worker import Ending, GivenBack, Held, Why
from reelwright.errors import BusyError, ReelwrightError
from reelwright.events import EventSink
from reelwright.library.catalog import Catalog

#: Before a film is given back that another leader of this machine still holds.
BUSY_SECONDS = 2.0


class FilmLeader(FilmHandler):
    """As `FilmHandler`, with trials on every machine.

    Args:
        settings: see FilmHandler, as for the next five.
        catalog: the libraries.
        store: the ledger's jobs.
        offload: the thread that speaks to them, and to the queue.
        sink: takes the events.
        placer: puts outputs in their films' places.
        leases: the queue, through which trials are posted.
        hint: tells the broker of them.
    """

    def __init__(  # noqa: PLR0917 - as its base
        self, settings: Settings, catalog: Catalog, store: JobStore, offload: Offload, sink: EventSink, placer: Placer,
        *, leases: LeaseStore, hint: Hint,
    ) -> None:  # fmt: skip
        super().__init__(settings, catalog, store, offload, sink, placer)
        self._leases, self._hint = leases, hint
        self._held: dict[str, Held] = {}
        self._busy: set[str] = set()

    async def __call__(self, held: Held) -> Ending:
        """See FilmHandler. A film that a stopped leader still locks waits without counting an attempt."""
        work_id = held.lease.work.id
        self._held[work_id] = held
        try:
            ending = await super().__call__(held)
            if work_id in self._busy:
                await asyncio.sleep(BUSY_SECONDS)
                return GivenBack()
            return ending
        finally:
            self._held.pop(work_id, None)
            self._busy.discard(work_id)

    async def _encoded(self, go: Go, heard: Callable[[ReelwrightError], None]) -> OutcomeRecord:
        job = EncodeJob(sources=(go.source,), output=None, overwrite=go.overwrite)
        go.staged.parent.mkdir(parents=True, exist_ok=True)
        options = options_for(go.settings, job)
        mark = await asyncio.to_thread(make_mark, options.work_dir)
        where = Whereabouts(library=go.library.name, path=go.file.path, work_id=mark)

        def hear(error: ReelwrightError) -> None:
            if isinstance(error, BusyError):
                self._busy.add(go.work_id)
            heard(error)

        place = LeasedTrials(self._leases, self._offload, where, self._hint, utc_now)
        async with services(go.settings, self._sink, go.request) as ready, place:
            try:
                outcome = await encode_film(
                    go.source, go.staged, go.request, options, replace(ready, place=place), heard=hear
                )
            except asyncio.CancelledError:
                # Where this leader ends or lost the film, another one goes on with the same trials.
                if self._held[go.work_id].why is Why.CANCELLED:
                    await place.withdraw()
                raise
            if go.work_id not in self._busy:
                await place.withdraw()
            return outcome
