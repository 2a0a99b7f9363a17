"""Carries out trials of films that another process leads."""

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from reelwright.engine.film import Film
from reelwright.engine.held import HeldFrames
from reelwright.engine.trial_orders import RECORDS, Bench, TrialOrder, film_here, order_from, step_of
from reelwright.engine.trials import run_trial
from reelwright.engine.worker import Done, Ending, Failed, Held
from reelwright.errors import ConflictError, ReelwrightError, ResourceError, SourceError
from reelwright.tools.failures import OutOfMemoryError
from reelwright.tools.machine import free_memory

#: Films whose facts are kept between trials.
MOST_FILMS = 8
#: Memory that stays free where frames are held.
RESERVE_BYTES = 2 << 30
#: Seconds before a trial is begun again that met a full disk, a mount that went away, or memory that ran out.
AGAIN_SECONDS = 10.0

#: Finds the bench for an encoder and a decoding device, and a library's film; both may raise ReelwrightError.
BenchFor = Callable[[str, str], Awaitable[Bench]]
Locate = Callable[[str, str], Awaitable[Path]]


class TrialHandler:
    """The handler of a worker's loop.

    Args:
        bench_for: gives what an encoder's trials are made with.
        locate: gives the path here of a library's film.
        now: the time, in UTC.
    """

    def __init__(self, bench_for: BenchFor, locate: Locate, now: Callable[[], dt.datetime]) -> None:
        self._bench_for, self._locate, self._now = bench_for, locate, now
        self._films: OrderedDict[str, Film] = OrderedDict()

    async def __call__(self, held: Held) -> Ending:
        """Make one trial; what comes of it is in the row, and counts only with its token."""
        lease = held.lease
        try:
            order, path = order_from(lease.work.payload)
        except ValueError as error:
            return Failed(cause="defect", message=f"{error}.")
        try:
            return await self._made(held, order, path)
        except OutOfMemoryError as error:
            # Elsewhere, or with one thread, there may be enough.
            return self._failed(error, again=True, threads=1)
        except (SourceError, ResourceError) as error:
            self._films.pop(order.job, None)
            return self._failed(error, again=True)
        except ReelwrightError as error:
            self._films.pop(order.job, None)
            return self._failed(error, again=False)

    async def _made(self, held: Held, order: TrialOrder, path: str) -> Ending:
        lease = held.lease
        film = await self._film(order, path)
        step = step_of(order, film)
        threads = int(lease.work.payload.get("threads", film.threads))
        frames = HeldFrames(lambda size: free_memory() - size > RESERVE_BYTES)
        film = replace(film, mark=f".{lease.token}.leased", held=frames, threads=threads)
        try:
            trial = await run_trial(film, step, held.tell, order.known)
        finally:
            frames.close()
            left = film.workspace.segments / f"{order.trial_key}{film.mark}"
            await asyncio.shield(asyncio.to_thread(left.unlink, missing_ok=True))
        return Done(result={"trial": RECORDS.dump_python(trial, mode="json"), "worker": lease.worker})

    async def _film(self, order: TrialOrder, path: str) -> Film:
        """The film, found anew where its index, its request or its place is another than that of the last trial."""
        source = await self._locate(order.library, path)
        known = self._films.get(order.job)
        same = known is not None and known.source == source and known.stamp.mtime_ns == order.mtime_ns
        if known is None or not same or (known.copied is not None) != order.copied:
            bench = await self._bench_for(str(order.request["encoder"]), str(order.request["hwaccel"]))
            known = await film_here(order, source, bench)
            self._films[order.job] = known
        self._films.move_to_end(order.job)
        while len(self._films) > MOST_FILMS:
            self._films.popitem(last=False)
        return known

    def _failed(self, error: ReelwrightError, *, again: bool, threads: int | None = None) -> Failed:
        conflict = isinstance(error, ConflictError)
        retry_at = self._now() + dt.timedelta(seconds=AGAIN_SECONDS) if again and not conflict else None
        message = f"{error.message} {error.hint}".strip()
        payload = None if threads is None else {"threads": threads}
        return Failed(cause=type(error).__name__, message=message, retry_at=retry_at, payload=payload)
