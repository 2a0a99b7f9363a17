"""Everything about one job, gathered from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reelwright.engine.jobs import JobStore, OutcomeRecord, StepKind, StepRecord
from reelwright.engine.listing import JobRow
from reelwright.events import Event, EventName

#: How many of the last events are shown.
TAIL = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDetails:
    """A job with all that was written down of it."""

    row: JobRow
    steps: Mapping[StepKind, StepRecord]
    outcomes: Sequence[OutcomeRecord]
    #: None where it never came so far as to cut the film into chunks.
    chunks: int | None
    #: Chunks whose search has ended.
    settled: int
    #: The trials it made or reused, by chunk and CRF: data of `trial_complete`, and whether it is the chunk's answer.
    trials: Sequence[Mapping[str, Any]]
    #: The last events, oldest first.
    tail: Sequence[Event]


def details_of(store: JobStore, row: JobRow) -> JobDetails:
    """Gather everything about a job."""
    events = store.events_of(row.job.id)
    begun = last_index(events, EventName.ENCODING_STARTED)
    answers = answered(events)
    return JobDetails(
        row=row,
        steps=store.steps(row.job.id),
        outcomes=store.outcomes(row.job.id),
        chunks=whole(events[begun].data.get("chunks")) if begun is not None else None,
        settled=len(answers),
        trials=trials_of(events, answers),
        tail=events[-TAIL:],
    )


def last_index(events: Sequence[Event], name: EventName) -> int | None:
    """Where the last event of that name is."""
    return next((k for k in reversed(range(len(events))) if events[k].event is name), None)


def answered(events: Sequence[Event]) -> dict[int, float]:
    """The accepted CRF of each chunk that has one."""
    told = [event.data for event in events if event.event is EventName.SEGMENT_COMPLETE]
    return {data["chunk"]: data["crf"] for data in told if {"chunk", "crf"} <= data.keys()}


def trials_of(events: Sequence[Event], answers: Mapping[int, float]) -> list[Mapping[str, Any]]:
    """Each trial once, as it was made or, where that was another job, as it was found again."""
    found: dict[tuple[int, float], Mapping[str, Any]] = {}
    for event in events:
        key = event.data.get("chunk"), event.data.get("crf")
        if event.event is EventName.TRIAL_COMPLETE and isinstance(key[0], int) and isinstance(key[1], int | float):
            chunk, crf = key[0], float(key[1])
            if (chunk, crf) not in found or not event.data.get("reused"):
                found[chunk, crf] = {**event.data, "accepted": answers.get(chunk) == crf}
    return [found[key] for key in sorted(found)]


def whole(value: object) -> int | None:
    """A count that was written down; None where it is none."""
    return value if isinstance(value, int) else None
