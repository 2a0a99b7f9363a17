"""The queue in words, and as plain values for JSON."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reelwright.cli.jobtext import stamp, when
from reelwright.cli.text import printable_path
from reelwright.engine.leases import WorkState
from reelwright.engine.listing import SHORT

if TYPE_CHECKING:
    from reelwright.cli.commands import QueueChange, QueueShown
    from reelwright.engine.leases import WorkRow

#: Words for people: work that is leased runs, and work that is ready is queued.
WORDS = {WorkState.READY: "queued", WorkState.LEASED: "running"}


def word(state: WorkState) -> str:
    """A state's name for people."""
    return WORDS.get(state, state.value)


def plain_queued(row: "WorkRow") -> dict[str, Any]:
    """One piece of work, for JSON."""
    return {
        "id": row.work.id,
        "state": word(row.state),
        "library": row.work.owner,
        "source": row.work.payload.get("path"),
        "attempts": row.attempts,
        "priority": row.work.priority,
        "worker": row.worker,
        "not_before": stamp(row.not_before),
        "cause": row.result.get("cause"),
        "why": row.result.get("message"),
        "created": stamp(row.created),
        "updated": stamp(row.updated),
    }


def queue_lines(found: "QueueShown") -> Iterator[str]:
    """The queue in lines: how much of it is where, then each piece of work that was asked for."""
    counts = [(word(state), number) for state, number in found.counts.items() if number]
    if not counts:
        return
    held = f"; held back: {', '.join(sorted(found.paused))}" if found.paused else ""
    yield f"queue: {', '.join(f'{number:,} {name}' for name, number in sorted(counts))}{held}"
    wide = max((len(row.work.owner) for row in found.rows), default=0)
    for row in found.rows:
        name = printable_path(os.path.basename(str(row.work.payload.get("path", ""))))  # noqa: PTH119
        yield f"{row.work.id[:SHORT]}  {word(row.state):<9}  {row.work.owner:<{wide}}  {name}{_why(row)}"


def _why(row: "WorkRow") -> str:
    said = printable_path(str(row.result.get("message", "")))
    if row.state is WorkState.FAILED:
        return f"  {row.result.get('cause', '')}: {said}"
    if row.state is WorkState.READY and row.not_before is not None:
        return f"  again at {when(row.not_before)}: {said}"
    return ""


def change_line(change: "QueueChange", asked: str) -> str:
    """What cancelling or retrying a piece of work came to."""
    before, after = change.before, change.after
    name = f"{before.work.id[:SHORT]} ({printable_path(str(before.work.payload.get('path', '')))})"
    if asked == "cancel" and before.state is WorkState.LEASED:
        return f"{name} is asked to end; its worker hears of it within seconds."
    if before.state is after.state:
        return f"{name} is {word(after.state)} already."
    return f"{name} was {word(before.state)} and is {word(after.state)} now."


def plain_change(change: "QueueChange") -> dict[str, Any]:
    """The same, for JSON."""
    return {"work": change.after.work.id, "before": word(change.before.state), "status": word(change.after.state)}


def plain_queue(found: "QueueShown") -> dict[str, Any]:
    """The queue, for JSON."""
    counts = {word(state): number for state, number in found.counts.items()}
    return {"counts": counts, "paused": sorted(found.paused), "work": [plain_queued(row) for row in found.rows]}
