"""A job of the ledger, run again just as it was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from reelwright.app.encode import limits_for
from reelwright.app.jobs import ledger
from reelwright.app.sequenceagain import sequence_again
from reelwright.app.wiring import load, services
from reelwright.config import Settings
from reelwright.engine.delivering import DELIVER
from reelwright.engine.jobs import Job, OutcomeRecord
from reelwright.engine.listing import find_one, workspace_of
from reelwright.engine.pipeline import Options, encode_film
from reelwright.errors import UsageError
from reelwright.events import EventSink
from reelwright.planning.plan import Request
from reelwright.planning.requests import request_from


class Again(Protocol):
    """A job that is to be run again, as it was asked for."""

    async def run(self, sink: EventSink) -> OutcomeRecord:
        """Run it; the events go to the sink."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmAgain:
    """A film's job."""

    settings: Settings
    job: Job
    request: Request
    options: Options

    async def run(self, sink: EventSink) -> OutcomeRecord:
        """Run it, as `encode` would."""
        source, output = Path(self.job.source_path), Path(self.job.output_path)
        async with services(self.settings, sink, self.request) as ready:
            return await encode_film(source, output, self.request, self.options, ready)


def prepared(which: str, flags: Mapping[str, Any], *, overwrite: bool, settings: Settings | None = None) -> Again:
    """Everything a job needs to be run again: its very request and output, in its own work folder.

    Raises:
        UsageError: it is not clear which job is meant, or its request cannot be read.
    """
    settings = settings or load(flags)
    with ledger(settings) as store:
        job = find_one(store, which)
    if job.plan.get("strategy") == DELIVER:
        return sequence_again(job, settings, overwrite=overwrite)
    try:
        request = request_from(job.plan["request"])
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"The request of job {job.id} cannot be read from the ledger.", hint="Give the command again."
        ) from error
    options = Options(
        work_dir=workspace_of(job, settings.work_dir).root.parent,
        limits=limits_for(settings),
        overwrite=overwrite,
        learns=settings.encoding.learn,
    )
    return FilmAgain(settings=settings, job=job, request=request, options=options)
