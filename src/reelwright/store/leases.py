"""The port of leased work on the ledger."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import merge
from typing import Any, cast

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.transaction import atomic
from django.utils import timezone

from reelwright.databases import Place
from reelwright.engine.leases import (
    ENDED,
    FORGOTTEN_AFTER,
    Beat,
    Lease,
    Work,
    Worker,
    WorkRow,
    WorkState,
    lost_with,
    state_after_failure,
    state_after_release,
)
from reelwright.store import models
from reelwright.store.claiming import claim_named, claim_work
from reelwright.store.claiming_there import claim_there
from reelwright.store.connection import hang_up, made_again, speaking_to
from reelwright.store.reading import all_values, first_value
from reelwright.store.turns import in_turn
from reelwright.store.work_rows import item_row, needs_text, work_row, worker_columns, worker_value

#: Rows of a statement: SQLite limits its parameters.
_ROWS_AT_ONCE = 500
_LEASED = WorkState.LEASED.value
_READY = WorkState.READY.value


@made_again()
class DjangoLeaseStore:
    """The port on the ledger that was opened by `open_ledger`.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    def close(self) -> None:
        """Close the connection of the calling thread."""
        hang_up()

    def add_work(self, works: Sequence[Work]) -> int:
        """See the port."""
        with self._committing():
            return add_items(works)

    def reopen(self, ids: Collection[str]) -> int:
        """See the port."""
        with self._committing():
            return sum(
                part.filter(state__in=[state.value for state in ENDED]).update(
                    state=_READY, attempts=0, not_before=None, cancel_asked=False, result={}, updated=timezone.now()
                )
                for part in _parts(ids)
            )

    def claim(
        self,
        worker: Worker,
        kinds: Collection[str],
        now: dt.datetime,
        *,
        limit: int = 1,
        only: Collection[str] | None = None,
    ) -> list[Lease]:
        """See the port."""
        if only is not None:
            with self._committing():
                now = _clock(now)
                alive = models.WorkerBeat.objects.filter(pk=worker.id, until__gt=now).select_for_update()
                return claim_named(worker, kinds, now, sorted(only)[:limit]) if list(alive) else []
        if connection.vendor == "postgresql":
            with speaking_to(self.place):
                return claim_there(worker, kinds, limit)
        with self._committing():
            alive = models.WorkerBeat.objects.filter(pk=worker.id, until__gt=now)
            return claim_work(worker, kinds, now, limit) if alive.exists() else []

    def beat(self, worker: Worker, holding: Collection[str], now: dt.datetime, *, lasts: dt.timedelta) -> Beat:
        """See the port."""
        with self._committing():
            now = _clock(now)
            models.WorkerBeat.objects.update_or_create(
                pk=worker.id, defaults={**worker_columns(worker), "heard": now, "until": now + lasts}
            )
            held = dict(_held_by(worker.id).values_list("work", "cancel_asked"))
            if unheard := held.keys() - set(holding):
                unknown = _held_by(worker.id).filter(work__in=unheard, leased__lt=now - lasts)
                for row in _locked(unknown):
                    _give_back(row)
                    del held[row.work]
        return Beat(
            cancelled=frozenset(name for name, asked in held.items() if asked), lost=frozenset(holding) - held.keys()
        )

    def finish(self, lease: Lease, result: Mapping[str, Any]) -> bool:
        """See the port."""
        with in_turn(self.place), speaking_to(self.place):
            one = models.WorkItem.objects.filter(work=lease.work.id, token=lease.token)
            done = {"state": WorkState.DONE.value, "result": dict(result), "updated": timezone.now()}
            return bool(one.filter(state=_LEASED).update(**done)) or one.filter(state=WorkState.DONE.value).exists()

    def fail(
        self,
        lease: Lease,
        *,
        cause: str,
        message: str,
        retry_at: dt.datetime | None,
        payload: Mapping[str, Any] | None = None,
    ) -> bool:
        """See the port."""
        with self._committing():
            for row in _locked(_of_lease(lease)):
                state = state_after_failure(work_row(row), again=retry_at is not None)
                row.not_before = retry_at if state is WorkState.READY else None
                row.payload = {**row.payload, **(payload or {})}
                row.result = {"cause": cause, "message": message}
                _save(row, state, "payload")
                return True
        return False

    def release(self, lease: Lease) -> bool:
        """See the port."""
        with self._committing():
            for row in _locked(_of_lease(lease)):
                _give_back(row)
                return True
        return False

    def confirm_cancelled(self, lease: Lease) -> bool:
        """See the port."""
        with self._committing():
            given_up = WorkState.CANCELLED.value
            return bool(_of_lease(lease).update(state=given_up, updated=timezone.now()))

    def reap(self, now: dt.datetime) -> list[WorkRow]:
        """See the port."""
        with self._committing():
            now = _clock(now)
            models.WorkerBeat.objects.filter(until=None, heard__lt=now - FORGOTTEN_AFTER).delete()
            silent = _silent(now)
            models.WorkerBeat.objects.filter(pk__in=silent).update(until=None)
            nobodys = ~Exists(models.WorkerBeat.objects.filter(pk=OuterRef("worker")))
            leased = models.WorkItem.objects.filter(state=_LEASED).filter(Q(worker__in=silent) | nobodys)
            return [_take_back(row) for row in _locked(leased)]

    def goodbye(self, worker: Worker) -> None:
        """See the port."""
        with self._committing():
            for row in _locked(_held_by(worker.id)):
                _give_back(row)
            models.WorkerBeat.objects.filter(pk=worker.id).delete()

    def ask_cancel(self, ids: Collection[str]) -> int:
        """See the port."""
        asked = 0
        with self._committing():
            for part in _parts(ids):
                rows = [row.pk for row in _locked(part)]
                some = models.WorkItem.objects.filter(pk__in=rows, cancel_asked=False)
                asked += some.filter(state=_READY).update(
                    state=WorkState.CANCELLED.value, cancel_asked=True, not_before=None, updated=timezone.now()
                )
                asked += some.filter(state=_LEASED).update(cancel_asked=True, updated=timezone.now())
        return asked

    def pause(self, owner: str, *, paused: bool) -> None:
        """See the port."""
        with self._committing():
            if paused:
                models.WorkPause.objects.get_or_create(owner=owner)
            else:
                models.WorkPause.objects.filter(owner=owner).delete()

    def paused(self) -> frozenset[str]:
        """See the port."""
        with speaking_to(self.place):
            return frozenset(models.WorkPause.objects.values_list("owner", flat=True))

    def work(self, work_id: str) -> WorkRow | None:
        """See the port."""
        with speaking_to(self.place):
            return first_value(_items([work_id]).select_related("lane"), work_row)

    def rows(self, ids: Collection[str]) -> list[WorkRow]:
        """See the port."""
        with speaking_to(self.place):
            return [row for part in _parts(ids) for row in all_values(part.select_related("lane"), work_row)]

    def works(
        self, states: Collection[WorkState] | None = None, *, kinds: Collection[str] | None = None, limit: int = 1000
    ) -> list[WorkRow]:
        """See the port."""
        lanes = models.WorkLane.objects.filter(**({} if kinds is None else {"kind__in": kinds}))
        every = models.WorkItem.objects.select_related("lane").filter(lane__in=lanes)
        wanted = [state for state in WorkState if states is None or state in states]
        with speaking_to(self.place):
            found = []
            if WorkState.LEASED in wanted:
                found = all_values(every.filter(state=_LEASED).order_by("pk"), work_row, limit)
            if WorkState.READY in wanted and len(found) < limit:
                found += _ready_rows(list(lanes), limit - len(found))
            left = limit - len(found)
            ended = [_ended_rows(every, state, left) for state in ENDED if state in wanted and left]
        newest = merge(*ended, key=lambda dated: dated[0], reverse=True)
        return [*found, *(row for _, row in newest)][:limit]

    def count_work(self, kinds: Collection[str] | None = None) -> Mapping[tuple[str, WorkState], int]:
        """See the port."""
        counts: dict[tuple[str, WorkState], int] = {}
        wanted = {} if kinds is None else {"kind__in": kinds}
        with speaking_to(self.place):
            owners = dict(models.WorkLane.objects.filter(**wanted).values_list("pk", "owner"))
            items = models.WorkItem.objects.order_by().filter(lane__in=list(owners))
            rows = items.values_list("lane", "state").annotate(number=Count("pk"))
            for lane, state, number in rows:
                key = (owners[lane], WorkState(state))
                counts[key] = counts.get(key, 0) + number
        return counts

    def workers(self, now: dt.datetime) -> list[tuple[Worker, dt.datetime, bool]]:
        """See the port."""
        with speaking_to(self.place):
            now = _clock(now)
            rows = models.WorkerBeat.objects.order_by("pk")
            return all_values(
                rows, lambda row: (worker_value(row), row.heard, row.until is not None and row.until > now)
            )

    @contextmanager
    def _committing(self) -> Iterator[None]:
        """One transaction, durable when it ends."""
        with in_turn(self.place), speaking_to(self.place), atomic(durable=True):
            yield


def add_items(works: Sequence[Work]) -> int:
    """Add what is not there yet, within a transaction; returns how many were new."""
    first = {work.id: work for work in reversed(works)}
    wanted = [first[name] for name in dict.fromkeys(work.id for work in works)]
    lanes = _lanes_of(wanted)
    added = 0
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        part = wanted[start : start + _ROWS_AT_ONCE]
        known = set(_items([work.id for work in part]).values_list("work", flat=True))
        now = timezone.now()
        new = [item_row(work, lanes[_sort_of(work)], now) for work in part if work.id not in known]
        models.WorkItem.objects.bulk_create(new, batch_size=_ROWS_AT_ONCE // 10)
        added += len(new)
    return added


def _clock(now: dt.datetime) -> dt.datetime:
    """The time that decides: a server's own, where there is one; else the caller's."""
    if connection.vendor != "postgresql":
        return now
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (own,) = cursor.fetchone()
    return cast("dt.datetime", own)


def _sort_of(work: Work) -> tuple[str, str, str]:
    return work.owner, work.kind, needs_text(work)


def _lanes_of(works: Sequence[Work]) -> dict[tuple[str, str, str], int]:
    """The lanes of these works; those there are not yet are made."""
    lanes = {}
    for owner, kind, needs in sorted({_sort_of(work) for work in works}):
        lane, _ = models.WorkLane.objects.get_or_create(owner=owner, kind=kind, needs=needs)
        lanes[owner, kind, needs] = lane.pk
    return lanes


def _items(ids: Collection[str]) -> "QuerySet[models.WorkItem]":
    return models.WorkItem.objects.filter(work__in=ids)


def _parts(ids: Collection[str]) -> Iterator["QuerySet[models.WorkItem]"]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        yield _items(wanted[start : start + _ROWS_AT_ONCE])


def _held_by(worker_id: str) -> "QuerySet[models.WorkItem]":
    return models.WorkItem.objects.filter(worker=worker_id, state=_LEASED)


def _of_lease(lease: Lease) -> "QuerySet[models.WorkItem]":
    return models.WorkItem.objects.filter(work=lease.work.id, token=lease.token, state=_LEASED)


def _locked(rows: "QuerySet[models.WorkItem]") -> list[models.WorkItem]:
    """The rows with their lanes, locked in one order, so that two who change many cannot wait for each other."""
    return list(rows.select_related("lane").select_for_update(of=("self",)).order_by("pk"))


def _silent(now: dt.datetime) -> list[str]:
    """Workers whose heartbeat is too old; one who is beating at this very moment is passed over."""
    silent = []
    # Only those in question are locked: a claim and a heartbeat wait for whoever has its worker's row.
    doubted = models.WorkerBeat.objects.filter(Q(until__lte=now) | Q(until__isnull=False, heard__gt=now))
    for beat in doubted.select_for_update(skip_locked=True):
        if beat.until is not None and beat.heard > now:
            beat.heard, beat.until = now, now + (beat.until - beat.heard)
            beat.save(update_fields=["heard", "until"])
        elif beat.until is not None and beat.until <= now:
            silent.append(beat.id)
    return silent


def _ready_rows(lanes: Sequence[models.WorkLane], limit: int) -> list[WorkRow]:
    """The first of all lanes, each of which has its own in order."""
    ready = models.WorkItem.objects.select_related("lane").filter(state=_READY).order_by("-priority", "pk")
    parts = [all_values(ready.filter(lane=lane), lambda row: (row.pk, work_row(row)), limit) for lane in lanes]
    first = merge(*parts, key=lambda numbered: (-numbered[1].work.priority, numbered[0]))
    return [row for _, row in first][:limit]


def _ended_rows(
    every: "QuerySet[models.WorkItem]", state: WorkState, limit: int
) -> list[tuple[tuple[dt.datetime, int], WorkRow]]:
    """The newest of a state, each with what it is ordered by: sorting all there ever were takes longer every year."""
    return all_values(every.filter(state=state.value).order_by("-updated", "-pk"), _dated_row, limit)


def _save(row: models.WorkItem, state: WorkState, *also: str) -> None:
    row.state, row.updated = state.value, timezone.now()
    row.save(update_fields=["state", "attempts", "not_before", "result", "updated", *also])


def _give_back(row: models.WorkItem) -> None:
    row.attempts -= 1
    _save(row, state_after_release(work_row(row)))


def _take_back(row: models.WorkItem) -> WorkRow:
    row.result = lost_with(row.worker)
    _save(row, state_after_failure(work_row(row), again=True))
    return work_row(row)


def _dated_row(row: models.WorkItem) -> tuple[tuple[dt.datetime, int], WorkRow]:
    return (row.updated, row.pk), work_row(row)
