"""Leads a library's film whose trials run anywhere."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from reelwright.app.encode import options_for
from reelwright.app.library_film import FilmHandler, Go
from reelwright.app.wiring import services, utc_now
from reelwright.cli.commands import EncodeJob
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.leased_trials import Hint, LeasedTrials
from reelwright.engine.leases import LeaseStore
from reelwright.engine.pipeline import encode_film
from reelwright.engine.trial_orders import Whereabouts
from reelwright.engine.work_mark import make_mark
from reelwright.engine.worker import Ending, GivenBack, Held, Why
from reelwright.errors import BusyError, ReelwrightError

#: Before a film is given back that another leader of this machine still holds.
BUSY_SECONDS = 2.0


class FilmLeader(FilmHandler):
    """As `FilmHandler`, with trials on every machine. Call `leads` before the first film."""

    _leases: LeaseStore
    _hint: Hint
    _held: dict[str, Held]
    _busy: set[str]

    def leads(self, leases: LeaseStore, hint: Hint) -> None:
        """Say through what trials are posted."""
        self._leases, self._hint, self._held, self._busy = leases, hint, {}, set()

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

        async with AsyncExitStack() as stack:
            ready = await stack.enter_async_context(services(go.settings, self._sink, go.request))
            place = LeasedTrials(self._leases, self._offload, where, self._hint, utc_now)
            await stack.enter_async_context(place)
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
