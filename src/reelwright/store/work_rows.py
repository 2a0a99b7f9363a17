"""Rows of leased work and values of the engine, each made of the other."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from reelwright.engine.leases import Lease, Work, Worker, WorkRow, WorkState
from reelwright.store import models


def needs_text(work: Work) -> str:
    """A work's labels as a lane has them."""
    return "\n".join(sorted(work.needs))


def labels_of(lane: models.WorkLane) -> frozenset[str]:
    """The labels a worker must have to take work of a lane."""
    return _labels(lane.needs)


def _labels(text: str) -> frozenset[str]:
    return frozenset(text.split("\n")) if text else frozenset()


def item_row(work: Work, lane_id: int, now: dt.datetime) -> models.WorkItem:
    """The row of new work."""
    return models.WorkItem(
        work=work.id, lane_id=lane_id, payload=dict(work.payload), priority=work.priority,
        attempts_allowed=work.attempts_allowed, state=WorkState.READY.value, attempts=0, token=0, cancel_asked=False,
        result={}, updated=now,
    )  # fmt: skip


def work_value(row: models.WorkItem) -> Work:
    """The work of a row whose lane was read with it."""
    return Work(
        id=row.work, kind=row.lane.kind, owner=row.lane.owner, payload=dict(row.payload), needs=labels_of(row.lane),
        priority=row.priority, attempts_allowed=row.attempts_allowed,
    )  # fmt: skip


def work_row(row: models.WorkItem) -> WorkRow:
    """A row whose lane was read with it."""
    return WorkRow(
        work=work_value(row), state=WorkState(row.state), attempts=row.attempts, token=row.token, worker=row.worker,
        not_before=row.not_before, cancel_asked=row.cancel_asked, result=dict(row.result), created=row.created,
        updated=row.updated,
    )  # fmt: skip


def lease_value(row: models.WorkItem) -> Lease:
    """The lease a row that was just claimed stands for."""
    return Lease(work=work_value(row), token=row.token, attempt=row.attempts, worker=str(row.worker))


def lease_from(worker: str, columns: Sequence[Any]) -> Lease:
    """The lease of a row as the statement in `claiming_there` returns it."""
    _, work, kind, owner, needs, payload, priority, allowed, token, attempt = columns
    return Lease(
        work=Work(
            id=work, kind=kind, owner=owner, payload=json.loads(payload), needs=_labels(needs), priority=priority,
            attempts_allowed=allowed,
        ),
        token=token, attempt=attempt, worker=worker,
    )  # fmt: skip


def worker_columns(worker: Worker) -> dict[str, Any]:
    """What a worker says of itself."""
    return {
        "host": worker.host,
        "pid": worker.pid,
        "labels": sorted(worker.labels),
        "slots": worker.slots,
        "about": dict(worker.about),
    }


def worker_value(row: models.WorkerBeat) -> Worker:
    """The worker of a row."""
    return Worker(
        id=row.id, host=row.host, pid=row.pid, labels=frozenset(row.labels), slots=row.slots, about=dict(row.about)
    )
