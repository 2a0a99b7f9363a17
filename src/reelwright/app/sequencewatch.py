"""`sequence render --watch`: follow sequences that grow, until their movies are complete."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reelwright.app.sequencerender import House, outputs_of
from reelwright.cli.commands import RenderOrder
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.standing import read_manifest, stamp_of
from reelwright.errors import SourceError, UsageError
from reelwright.events import Emitter, Event, EventName, EventSink
from reelwright.sequences.check import check_names
from reelwright.sequences.settling import Settling, Stamp
from reelwright.sequences.sheet import Row
from reelwright.tools.listing import absolute, list_folder

#: Decisions of a complete movie.
COMPLETE = frozenset({"slate", "source"})


class LastResults:
    """Hands events on, but of results only the last one of each source, and that at the end."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self._held: dict[str, Event] = {}

    def emit(self, event: Event) -> None:
        """Take one event."""
        if event.event is EventName.RESULT:
            self._held[event.file] = event
        else:
            self._sink.emit(event)

    def release(self) -> None:
        """Tell the results: there are no further ones."""
        for event in self._held.values():
            self._sink.emit(event)
        self._held.clear()


@dataclass(kw_only=True, slots=True)
class Followed:
    """One row while it is followed."""

    row: Row
    folder: str
    settling: Settling = field(default_factory=Settling)
    #: The finished files of the last rendering.
    rendered: Mapping[str, Stamp] | None = None
    outcome: OutcomeRecord | None = None
    #: Whether there is nothing more to wait for: it is complete, or cannot be rendered at all.
    over: bool = False
    told: tuple[int, int] | None = None


def check_order(order: RenderOrder, rows: Sequence[Row]) -> None:
    """Make sure that rows can be followed.

    Raises:
        UsageError: one has no planned range, or the order contradicts itself.
    """
    if order.missing == "error":
        raise UsageError(
            "--watch follows frames that are not there yet, and --missing error would end at the first of them.",
            hint="Leave --missing out, for placeholders, or choose another policy.",
        )
    if order.dry_run:
        raise UsageError("--watch and --dry-run do not go together.", hint="Use one of them.")
    for row in rows:
        if row.first is None or row.last is None:
            raise UsageError(
                f"{row.wanted.pattern} says no planned frames, so nobody knows when it is complete.",
                hint="Give the sheet the columns first and last.",
            )


class Watch:
    """Follows rows and renders each anew as its frames land.

    Args:
        house: with what they are rendered.
        rows: the rows.
        base: where relative folders start.
    """

    def __init__(self, house: House, rows: Sequence[Row], base: Path) -> None:
        self.house, self.base = house, base
        self.followed = [
            Followed(row=row, folder=absolute(os.path.join(base, row.parent)))  # noqa: PTH118
            for row in rows
        ]

    async def follow(self) -> list[OutcomeRecord]:
        """Look, render what has changed, wait; until every row is over or the time is.

        Returns the last outcome of each row.
        """
        order = self.house.order
        began, pause = time.monotonic(), order.watch or 1.0
        while True:
            for one in self.followed:
                if not one.over:
                    await self.step(one)
            last = order.watch_for is not None and time.monotonic() - began + pause > order.watch_for
            if last or all(one.over for one in self.followed):
                break
            await asyncio.sleep(pause)
        return [one.outcome or await self.never(one) for one in self.followed]

    async def step(self, one: Followed) -> None:
        """Look at one row, and render it where finished frames have changed."""
        listing = await asyncio.to_thread(list_folder, one.folder)
        kept = check_names(one.row, listing).names.values() if listing.failure is None else ()
        stamps = await asyncio.to_thread(stamps_in, one.folder, kept)
        one.settling = one.settling.look(stamps, now_ns=time.time_ns())
        settled = one.settling.settled
        self.tell(one, settled)
        if not settled or settled == one.rendered:
            return
        ready = replace(listing, names=tuple(name for name in listing.names if name not in one.settling.unsettled))
        one.outcome = await self.house.render(one.row, self.base, listing=ready)
        one.rendered = settled
        one.over = self.is_over(one)

    def tell(self, one: Followed, settled: Mapping[str, Stamp]) -> None:
        """Tell how many frames are there, where that has changed."""
        row = one.row
        now = (len(settled), len(one.settling.unsettled))
        if now == one.told:
            return
        one.told = now
        emit = Emitter(self.house.ready.sink, self.source(one), self.house.ready.now)
        total = (row.planned_last or 0) - (row.planned_first or 0) + 1
        emit(EventName.PROGRESS, "watching", phase="watch", done=now[0], total=total, unsettled=now[1])

    def is_over(self, one: Followed) -> bool:
        """Whether nothing more is to come: every planned frame is there and was used, or it can never be rendered."""
        outcome = one.outcome
        if outcome is None or outcome.exit_code == SourceError.exit_code:
            return False
        if outcome.exit_code:
            return True
        wanted = outputs_of(one.row, self.house.order, self.house.settings)
        manifest = read_manifest(wanted[0].path) or {}
        return {said["decision"] for said in manifest.get("pictures", ({"decision": "none"},))} <= COMPLETE

    async def never(self, one: Followed) -> OutcomeRecord:
        """The outcome of a row of which no frame has come."""
        error = SourceError(f"No frame of {one.row.wanted.pattern} has come.", hint="Run the same command again.")
        return await self.house.failed(Path(self.source(one)), error)

    def source(self, one: Followed) -> str:
        """The sequence, for people."""
        return os.path.join(one.folder, one.row.wanted.pattern)  # noqa: PTH118


def stamps_in(folder: str, names: Iterable[str]) -> dict[str, Stamp]:
    """What files look like; one that has gone meanwhile is left out."""
    found = {}
    for name in names:
        stamp = stamp_of(Path(os.path.join(folder, name)))  # noqa: PTH118
        if stamp is not None:
            found[name] = stamp
    return found
