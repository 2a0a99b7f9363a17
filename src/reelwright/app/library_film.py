"""One film of a library, from its lease to what became of it."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from reelwright.app.encode import options_for
from reelwright.app.library_ending import Ended, conclude
from reelwright.app.library_terms import (
    REPLACE,
    film_settings,
    may_replace,
    most_percent,
    output_dir,
    plain_request,
    settings_of,
)
from reelwright.app.wiring import services, utc_now
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings, settings_from
from reelwright.engine.jobs import JobStatus, JobStore, OutcomeRecord, StepKind
from reelwright.engine.offload import Offload
from reelwright.engine.outcome import MADE, outcome_of_error, result_data
from reelwright.engine.pipeline import encode_film
from reelwright.engine.real_disk import RealDisk
from reelwright.engine.sidecar_copies import copy_sidecars
from reelwright.engine.worker import Ending, Failed, GivenBack, Held, Why
from reelwright.errors import CancelledJobError, ConflictError, ReelwrightError, RefusedError, SourceError, UsageError
from reelwright.events import Emitter, EventName, EventSink
from reelwright.library.catalog import Catalog, FileState, Library, LibraryFile, Standing
from reelwright.library.films import FilmWork, film_from
from reelwright.library.marker import check_marker
from reelwright.library.outputs import Place, output_for
from reelwright.library.rules import Action
from reelwright.planning.plan import Request
from reelwright.planning.remuxing import REMUX
from reelwright.tools.fingerprint import fingerprint
from reelwright.tools.hashing import content_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Go:
    """One go at one film: everything that was found out before it is encoded."""

    work_id: str
    attempt: int
    film: FilmWork
    library: Library
    file: LibraryFile
    settings: Settings
    request: Request
    source: Path
    #: Where the output belongs, and where the encode puts it: with "replace" it is staged first.
    final: Path
    staged: Path
    overwrite: bool

    @property
    def takes_sidecars(self) -> bool:
        """Whether copies of what lies beside the film go with its output into another tree."""
        return self.settings.placement.copy_sidecars and self.final.parent != self.source.parent

    @property
    def replaces(self) -> bool:
        """Whether the output takes the film's own place."""
        return self.staged != self.final


class Placer(Protocol):
    """Puts verified outputs in their films' places."""

    async def __call__(self, go: Go, outcome: OutcomeRecord) -> OutcomeRecord:
        """Do it; returns the outcome with what was done."""
        ...

    async def former(self, work_id: str, file_id: int) -> OutcomeRecord | None:
        """The outcome where it was done before this run; None where it was not."""
        ...


class FilmHandler:
    """Carries films out for a worker.

    Args:
        settings: of the program.
        catalog: the libraries, spoken to in the store's thread.
        store: the ledger's jobs, spoken to in the same thread.
        offload: that thread.
        sink: takes the events.
        placer: puts outputs in their films' places.
    """

    def __init__(  # noqa: PLR0917 - what it works with
        self, settings: Settings, catalog: Catalog, store: JobStore, offload: Offload, sink: EventSink, placer: Placer
    ) -> None:
        self._settings, self._catalog, self._store = settings, catalog, store
        self._offload, self._sink, self._placer = offload, sink, placer

    async def __call__(self, held: Held) -> Ending:
        """Carry one film out. However it ends, there is an outcome, and the file stands where it ended."""
        lease = held.lease
        try:
            film = film_from(lease.work.payload)
        except ValueError as error:
            return Failed(cause="defect", message=f"{error}.")
        try:
            ended = await self._carried_out(lease.work.id, lease.attempt, film)
            if ended.error is not None and await self._is_away(film):
                # Whatever it was, a disk that went away explains it; the film is begun again once it is back.
                await self._stand(film, Standing(state=FileState.QUEUED, note=("Its library is away.",)))
                return GivenBack()
            ending, standing = conclude(ended, self._settings.queue.retry_delay, utc_now())
            await self._stand(film, standing)
        except asyncio.CancelledError:
            await self._interrupted(film, held.why)
            raise
        return ending

    async def _carried_out(self, work_id: str, attempt: int, film: FilmWork) -> Ended:
        heard: list[ReelwrightError] = []
        go: Go | None = None
        try:
            if (outcome := await self._placer.former(work_id, film.file)) is not None:
                return Ended(film=film, outcome=outcome, error=None, settings=self._settings, attempt=attempt)
            go = await self._begin(work_id, attempt, film)
            outcome = await self._encoded(go, heard.append)
            if go.replaces and not heard and outcome.outcome in {*MADE, "already_done"}:
                outcome = await self._placer(go, outcome)
            elif go.takes_sidecars and not heard and outcome.outcome in MADE:
                await asyncio.to_thread(copy_sidecars, os.fspath(go.source), os.fspath(go.final), RealDisk())
        except ReelwrightError as error:
            heard.append(error)
            outcome = await self._failed(go, film, error)
        except Exception as error:  # a film that meets a defect of ours stops no other
            logger.exception("%s met a defect of ours", film.path)
            heard.append(ReelwrightError(f"This is a defect of ours: {error!r}."))
            outcome = await self._failed(go, film, heard[-1])
        settings = go.settings if go is not None else self._settings
        return Ended(film=film, outcome=outcome, error=heard[-1] if heard else None, settings=settings, attempt=attempt)

    async def _begin(self, work_id: str, attempt: int, film: FilmWork) -> Go:
        """Make sure that the film is what was decided, and find out how and whereto it is encoded.

        Raises:
            SourceError: its library or itself is away.
            ConflictError: it is not what it was when it was queued.
            UsageError: its library is forgotten, or its settings cannot be.
            RefusedError: it is to be replaced, and nobody approved that.
        """
        libraries = {library.name: library for library in await self._offload(self._catalog.libraries)}
        if (library := libraries.get(film.library)) is None:
            raise UsageError(f"There is no library {film.library} any more.")
        file = await self._offload(self._catalog.file, film.file)
        if file is None or file.gone:
            raise SourceError("The film is not there any more.", hint="The next scan finds it again if it moved.")
        await self._offload(self._catalog.stand, file.id, Standing(state=FileState.RUNNING))
        source = Path(library.root, file.path)
        await asyncio.to_thread(_check_source, library, source, film.fingerprint)
        own = settings_of(library, self._settings)
        if own.policy == REPLACE and not may_replace(library):
            raise RefusedError(
                f"No plan was approved that puts outputs in the place of {library.name}'s films.",
                hint=f"`reelwright library plan {library.name} -o plan.json`, then `library apply plan.json`.",
            )
        settings = film_settings(self._settings, film.settings, film.remedy)
        most: float | None = most_percent(settings, own)
        if film.action is Action.REMUX:  # what is copied becomes no smaller, and nobody expects it to
            settings, most = settings_from(settings, {"encoding": {"strategy": REMUX}}), None
        request = replace(plain_request(settings), max_encoded_percent=most)
        twin = await self._offload(self._catalog.has_twin, library.id, file.path)
        final = output_for(
            Place(
                policy=own.policy,
                root=library.root,
                path=file.path,
                output_dir=output_dir(settings, own),
                container=settings.placement.container,
                twin=twin,
            )
        )
        staged = final
        if own.policy == REPLACE:
            staged = settings.work_dir / "staging" / f"{work_id}{final.suffix}"
        overwrite = await self._is_former_output(file, staged)
        return Go(
            work_id=work_id, attempt=attempt, film=film, library=library, file=file, settings=settings,
            request=request, source=source, final=final, staged=staged, overwrite=overwrite,
        )  # fmt: skip

    async def _is_former_output(self, file: LibraryFile, output: Path) -> bool:
        """Whether what lies at the output's place is what an earlier encode of this file put there, untouched."""
        if file.job_id is None or not await asyncio.to_thread(output.is_file):
            return False
        jobs = await self._offload(self._store.jobs_for_output, os.fspath(output))
        if file.job_id not in {job.id for job in jobs}:
            return False
        placed = (await self._offload(self._store.steps, file.job_id)).get(StepKind.VALIDATE)
        return placed is not None and await asyncio.to_thread(content_hash, output) == placed.result["content"]

    async def _encoded(self, go: Go, heard: Callable[[ReelwrightError], None]) -> OutcomeRecord:
        job = EncodeJob(sources=(go.source,), output=None, overwrite=go.overwrite)
        if go.replaces:
            await asyncio.to_thread(partial(go.staged.parent.mkdir, parents=True, exist_ok=True))
        async with services(go.settings, self._sink, go.request) as ready:
            return await encode_film(
                go.source, go.staged, go.request, options_for(go.settings, job), ready, heard=heard
            )

    async def _failed(self, go: Go | None, film: FilmWork, error: ReelwrightError) -> OutcomeRecord:
        """Note and tell how a film ended that was not even begun, or could not be put in its place."""
        path = os.fspath(go.source) if go is not None else film.path
        so_far = OutcomeRecord(
            source_path=path, output_path=os.fspath(go.final) if go is not None else None, job_id=None, decision=None,
            outcome="failed", exit_code=0, reasons=(),
        )  # fmt: skip
        outcome = replace(outcome_of_error(error, so_far), finished=utc_now())
        await self._offload(self._store.record_outcome, outcome)
        emit = Emitter(self._sink, path, utc_now)
        emit(EventName.ERROR_OCCURRED, "failed", message=error.message, hint=error.hint, exit_code=error.exit_code)
        emit(EventName.RESULT, outcome.outcome, **result_data(outcome))
        return outcome

    async def _is_away(self, film: FilmWork) -> bool:
        libraries = {library.name: library for library in await self._offload(self._catalog.libraries)}
        if (library := libraries.get(film.library)) is None:
            return False
        try:
            await asyncio.to_thread(check_marker, Path(library.root), library.marker)
        except SourceError:
            return True
        return False

    async def _interrupted(self, film: FilmWork, why: Why | None) -> None:
        """A film that was ended from outside: cancelled is an ending, anything else leaves it in the queue."""
        if why is Why.LOST:
            return
        if why is not Why.CANCELLED:
            await self._stand(film, Standing(state=FileState.QUEUED))
            return
        file = await self._offload(self._catalog.file, film.file)
        for job in await self._offload(self._store.jobs_for_source, film.path):
            if job.status is JobStatus.OPEN:
                await self._offload(self._store.cancel_job, job.id)
        error = CancelledJobError("Cancelled.", hint="`reelwright jobs retry` takes it up again.")
        so_far = OutcomeRecord(
            source_path=film.path, output_path=None, job_id=file.job_id if file else None, decision="encode",
            outcome="cancelled", exit_code=0, reasons=(),
        )  # fmt: skip
        await self._offload(self._store.record_outcome, replace(outcome_of_error(error, so_far), finished=utc_now()))
        await self._stand(film, Standing(state=FileState.SKIPPED, note=(error.message, error.hint)))

    async def _stand(self, film: FilmWork, standing: Standing) -> None:
        await self._offload(self._catalog.stand, film.file, standing)


def _check_source(library: Library, source: Path, expected: str) -> None:
    """Make sure that a film is there and is what was decided.

    Raises:
        SourceError: the library or the film is away, or cannot be read.
        ConflictError: it has other content.
    """
    check_marker(Path(library.root), library.marker)
    try:
        found = fingerprint(os.fspath(source), source.stat().st_size)
    except FileNotFoundError as error:
        raise SourceError(
            "The film is not there any more.", hint="The next scan finds it again if it moved."
        ) from error
    except OSError as error:
        raise SourceError(f"The film cannot be read ({error.strerror}).") from error
    if found != expected:
        raise ConflictError("The film has changed since it was queued.", hint="The next scan decides it anew.")
