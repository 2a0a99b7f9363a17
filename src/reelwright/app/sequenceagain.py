"""What a sequence was asked to be rendered as, kept with its job, so that `jobs retry` asks for the very same."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from reelwright.app.sequencesteps import known_steps
from reelwright.app.wiring import services
from reelwright.cli.commands import RenderOrder
from reelwright.config import Settings
from reelwright.engine.jobs import Job, OutcomeRecord
from reelwright.engine.listing import workspace_of
from reelwright.errors import UsageError
from reelwright.events import EventSink
from reelwright.planning.plan import Request
from reelwright.planning.requests import plain, typed
from reelwright.sequences.deliverable import Asked
from reelwright.sequences.sheet import Row

#: Key of a job's plan.
KEPT = "again"
#: What of `Asked` is not the order's own: every step there is.
SURROUNDINGS = "known_steps"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordered:
    """One sequence and everything that was asked of it; every path in full."""

    row: Row
    asked: Asked
    #: Folder of the outputs.
    output: str
    profiles: tuple[str, ...] = ()
    retrieve: tuple[str, ...] = ()
    thumbnail: str | None = None
    contact_sheet: str | None = None
    deterministic: bool = False
    #: What the quality engine is asked for.
    request: Request

    def kept(self) -> dict[str, Any]:
        """As what JSON can say; `ordered_from` makes it whole again."""
        said = {field.name: plain(getattr(self, field.name)) for field in fields(self)}
        said["asked"].pop(SURROUNDINGS)
        return said

    def order(self, *, overwrite: bool) -> RenderOrder:
        """As a command."""
        return RenderOrder(
            source=Path(self.row.parent),
            output=self.output,
            profiles=self.profiles,
            missing=self.asked.missing.value,
            retrieve=self.retrieve,
            overwrite=overwrite,
            thumbnail=self.thumbnail,
            contact_sheet=self.contact_sheet,
            deterministic=self.deterministic,
        )


def ordered_from(values: Mapping[str, Any], settings: Settings) -> Ordered:
    """What was kept.

    Raises:
        ValueError: it cannot be read.
    """
    found: Ordered = typed(values, Ordered, "order")
    return replace(found, asked=replace(found.asked, known_steps=known_steps(settings)))


def in_full(order: RenderOrder) -> RenderOrder:
    """A command with its paths in full: what it asks for is the same from wherever it is asked again."""
    asked = dict(order.asked)
    for name in ("lut", "audio", "config"):
        if asked.get(name) and os.path.isfile(asked[name]):  # noqa: PTH113 - keeps odd bytes
            asked[name] = os.path.abspath(asked[name])  # noqa: PTH100
    retrieve = tuple(os.path.abspath(place) for place in order.retrieve)  # noqa: PTH100
    return replace(order, asked=asked, retrieve=retrieve)


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceAgain:
    """A sequence's job that is to be run again, as it was asked for."""

    settings: Settings
    job: Job
    ordered: Ordered
    overwrite: bool

    async def run(self, sink: EventSink) -> OutcomeRecord:
        """Render it, as `sequence render` would."""
        from reelwright.app.sequencerender import House  # it keeps what is read here

        ordered, settings = self.ordered, self.settings
        work_dir = workspace_of(self.job, settings.work_dir).root.parent
        async with services(settings, sink, Request()) as ready:
            house = House(
                order=ordered.order(overwrite=self.overwrite),
                asked=ordered.asked,
                steps={ordered.row.number: ordered.asked.steps},
                settings=settings,
                ready=ready,
                request=ordered.request,
                work_dir=work_dir,
            )
            return await house.render(ordered.row, Path())


def sequence_again(job: Job, settings: Settings, *, overwrite: bool) -> SequenceAgain:
    """A sequence's job, ready to be run again.

    Raises:
        UsageError: what was asked of it cannot be read.
    """
    try:
        ordered = ordered_from(job.plan[KEPT], settings)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"What was asked of job {job.id} cannot be read from the ledger.", hint="Give the command again."
        ) from error
    return SequenceAgain(settings=settings, job=job, ordered=ordered, overwrite=overwrite)
