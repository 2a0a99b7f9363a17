"""Which work a worker is given next: of the owner with the fewest leases, the highest priority, the oldest.

As it is done on SQLite, whose transactions are alone; `claiming_there` is the same on PostgreSQL.
"""

import datetime as dt
from collections.abc import Collection

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from reelwright.engine.leases import Lease, Worker, WorkState
from reelwright.store import models
from reelwright.store.work_rows import labels_of, lease_value

_LEASED = WorkState.LEASED.value
_READY = WorkState.READY.value


def claim_work(worker: Worker, kinds: Collection[str], now: dt.datetime, limit: int) -> list[Lease]:
    """Lease ready work, within a transaction that has made sure that the worker lives."""
    lanes = _lanes_for(worker, kinds)
    if len(lanes) == 1:
        return _take(lanes[0], now, worker, limit)
    leases: list[Lease] = []
    while len(leases) < limit and (found := _best_first(lanes, now)):
        leases += _take(found[0], now, worker, 1)
    return leases


def claim_named(worker: Worker, kinds: Collection[str], now: dt.datetime, ids: Collection[str]) -> list[Lease]:
    """Lease these rows as far as they are ready and the worker may take them, within such a transaction.

    The same on every database: a message names one row, and who loses the race for it passes it over.
    """
    lanes = {lane.pk: lane for lane in _lanes_for(worker, kinds)}
    rows = _due(now).filter(work__in=ids, lane__in=list(lanes)).select_for_update(skip_locked=True).order_by("pk")
    return [lease for row in list(rows) if (lease := _leased(row, lanes[row.lane_id], now, worker)) is not None]


def _lanes_for(worker: Worker, kinds: Collection[str]) -> list[models.WorkLane]:
    """The lanes a worker may take from."""
    paused = set(models.WorkPause.objects.values_list("owner", flat=True))
    if "" in paused:
        return []
    lanes = models.WorkLane.objects.filter(kind__in=kinds)
    return [lane for lane in lanes if lane.owner not in paused and labels_of(lane) <= worker.labels]


def _due(now: dt.datetime) -> "QuerySet[models.WorkItem]":
    return models.WorkItem.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state=_READY)


def _best_first(lanes: list[models.WorkLane], now: dt.datetime) -> list[models.WorkLane]:
    """The lanes that have work to take, the one to take from at the front."""
    best = _due(now).filter(lane=OuterRef("pk")).order_by("-priority", "pk")
    some = models.WorkLane.objects.filter(pk__in=[lane.pk for lane in lanes]).annotate(
        highest=Subquery(best.values("priority")[:1]), oldest=Subquery(best.values("pk")[:1])
    )
    found = {key: (priority, age) for key, priority, age in some.values_list("pk", "highest", "oldest") if age}
    waiting = [lane for lane in lanes if lane.pk in found]
    busy = _leases_by_owner() if len({lane.owner for lane in waiting}) > 1 else {}
    return sorted(waiting, key=lambda lane: (busy.get(lane.owner, 0), -found[lane.pk][0], found[lane.pk][1]))


def _leases_by_owner() -> dict[str, int]:
    leased = models.WorkItem.objects.filter(state=_LEASED).order_by().values_list("lane__owner")
    return dict(leased.annotate(number=Count("pk")))


def _take(lane: models.WorkLane, now: dt.datetime, worker: Worker, limit: int) -> list[Lease]:
    """Lease the first rows of a lane."""
    rows = _due(now).filter(lane=lane).order_by("-priority", "pk")
    return [lease for row in rows[:limit] if (lease := _leased(row, lane, now, worker)) is not None]


def _leased(row: models.WorkItem, lane: models.WorkLane, now: dt.datetime, worker: Worker) -> Lease | None:
    """Lease one row; None where another was faster."""
    leased = models.WorkItem.objects.filter(pk=row.pk, state=_READY, token=row.token).update(
        state=_LEASED, token=row.token + 1, attempts=row.attempts + 1, worker=worker.id, leased=now,
        not_before=None, updated=timezone.now(),
    )  # fmt: skip
    if not leased:
        return None
    row.token, row.attempts, row.worker, row.lane = row.token + 1, row.attempts + 1, worker.id, lane
    return lease_value(row)
