"""The twin of the leased work's store without a disk, for tests and dry runs."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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

#: States that change only by `reopen`.


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heard:
    """What is known of a worker."""

    worker: Worker
    heard: dt.datetime
    #: None: its leases were taken back, and it has not been heard of since.
    until: dt.datetime | None


class MemoryLeaseStore:
    """The port's twin without a disk.

    Args:
        clock: stamps the rows for people; nothing is decided by it.
    """

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._clock = clock
        #: By id, in the order they were added.
        self._rows: dict[str, WorkRow] = {}
        #: When each leased one was.
        self._leased: dict[str, dt.datetime] = {}
        #: Ids, the one last changed at the end.
        self._touched: dict[str, None] = {}
        self._workers: dict[str, _Heard] = {}
        self._paused: set[str] = set()

    def add_work(self, works: Sequence[Work]) -> int:
        """See the port."""
        new = 0
        for work in works:
            if work.id not in self._rows:
                self._put(WorkRow(work=work, state=WorkState.READY, attempts=0, token=0, created=self._clock()))
                new += 1
        return new

    def reopen(self, ids: Collection[str]) -> int:
        """See the port."""
        ended = [row for row in self._of(ids) if row.state in ENDED]
        for row in ended:
            self._put(
                replace(row, state=WorkState.READY, attempts=0, not_before=None, cancel_asked=False, result={}),
            )
        return len(ended)

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
        if not self._alive(worker.id, now) or "" in self._paused:
            return []
        leases: list[Lease] = []
        while len(leases) < limit and (
            found := [
                row
                for row in self._ready(now)
                if _fits(row.work, worker, kinds) and (only is None or row.work.id in only)
            ]
        ):
            busy = self._busy()
            best = min(found, key=lambda row: (busy.get(row.work.owner, 0), -row.work.priority))
            leased = replace(
                best, state=WorkState.LEASED, attempts=best.attempts + 1, token=best.token + 1, worker=worker.id,
                not_before=None,
            )  # fmt: skip
            self._put(leased)
            self._leased[best.work.id] = now
            leases.append(Lease(work=best.work, token=leased.token, attempt=leased.attempts, worker=worker.id))
        return leases

    def beat(self, worker: Worker, holding: Collection[str], now: dt.datetime, *, lasts: dt.timedelta) -> Beat:
        """See the port."""
        self._workers[worker.id] = _Heard(worker=worker, heard=now, until=now + lasts)
        for row in self._held_by(worker.id):
            if row.work.id not in holding and self._leased[row.work.id] + lasts < now:
                self._give_back(row)
        held = self._held_by(worker.id)
        return Beat(
            cancelled=frozenset(row.work.id for row in held if row.cancel_asked),
            lost=frozenset(holding) - {row.work.id for row in held},
        )

    def finish(self, lease: Lease, result: Mapping[str, Any]) -> bool:
        """See the port."""
        row = self._rows.get(lease.work.id)
        if row is not None and row.token == lease.token and row.state is WorkState.DONE:
            return True
        if (row := self._valid(lease)) is None:
            return False
        self._put(replace(row, state=WorkState.DONE, result=dict(result)))
        return True

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
        if (row := self._valid(lease)) is None:
            return False
        state = state_after_failure(row, again=retry_at is not None)
        work = replace(row.work, payload={**row.work.payload, **(payload or {})})
        self._put(
            replace(
                row, work=work, state=state, not_before=retry_at if state is WorkState.READY else None,
                result={"cause": cause, "message": message},
            )
        )  # fmt: skip
        return True

    def release(self, lease: Lease) -> bool:
        """See the port."""
        if (row := self._valid(lease)) is None:
            return False
        self._give_back(row)
        return True

    def confirm_cancelled(self, lease: Lease) -> bool:
        """See the port."""
        if (row := self._valid(lease)) is None:
            return False
        self._put(replace(row, state=WorkState.CANCELLED))
        return True

    def reap(self, now: dt.datetime) -> list[WorkRow]:
        """See the port."""
        changed = []
        for heard in list(self._workers.values()):
            if heard.until is not None and heard.heard > now:
                self._workers[heard.worker.id] = replace(heard, heard=now, until=now + (heard.until - heard.heard))
            elif heard.until is not None and heard.until <= now:
                self._workers[heard.worker.id] = replace(heard, until=None)
                changed += [self._take_back(row) for row in self._held_by(heard.worker.id)]
            elif heard.until is None and heard.heard + FORGOTTEN_AFTER < now:
                del self._workers[heard.worker.id]
        order = list(self._rows)
        return sorted(changed, key=lambda row: order.index(row.work.id))

    def goodbye(self, worker: Worker) -> None:
        """See the port."""
        for row in self._held_by(worker.id):
            self._give_back(row)
        self._workers.pop(worker.id, None)

    def ask_cancel(self, ids: Collection[str]) -> int:
        """See the port."""
        asked = 0
        for row in self._of(ids):
            if row.state is WorkState.READY:
                self._put(replace(row, state=WorkState.CANCELLED, cancel_asked=True, not_before=None))
            elif row.state is WorkState.LEASED and not row.cancel_asked:
                self._put(replace(row, cancel_asked=True))
            else:
                continue
            asked += 1
        return asked

    def pause(self, owner: str, *, paused: bool) -> None:
        """See the port."""
        (self._paused.add if paused else self._paused.discard)(owner)

    def paused(self) -> frozenset[str]:
        """See the port."""
        return frozenset(self._paused)

    def work(self, work_id: str) -> WorkRow | None:
        """See the port."""
        return self._rows.get(work_id)

    def rows(self, ids: Collection[str]) -> list[WorkRow]:
        """See the port."""
        return list(self._of(ids))

    def works(
        self, states: Collection[WorkState] | None = None, *, kinds: Collection[str] | None = None, limit: int = 1000
    ) -> list[WorkRow]:
        """See the port."""
        wanted = [
            row for row in self._rows.values()
            if (states is None or row.state in states) and (kinds is None or row.work.kind in kinds)
        ]  # fmt: skip
        newest = [self._rows[work_id] for work_id in reversed(self._touched)]
        leased = [row for row in wanted if row.state is WorkState.LEASED]
        ready = sorted((row for row in wanted if row.state is WorkState.READY), key=lambda row: -row.work.priority)
        return [*leased, *ready, *(row for row in newest if row in wanted and row.state in ENDED)][:limit]

    def count_work(self, kinds: Collection[str] | None = None) -> Mapping[tuple[str, WorkState], int]:
        """See the port."""
        counts: dict[tuple[str, WorkState], int] = {}
        for row in self._rows.values():
            if kinds is not None and row.work.kind not in kinds:
                continue
            key = (row.work.owner, row.state)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def workers(self, now: dt.datetime) -> list[tuple[Worker, dt.datetime, bool]]:
        """See the port."""
        return [(known.worker, known.heard, self._alive(name, now)) for name, known in sorted(self._workers.items())]

    def _put(self, row: WorkRow) -> None:
        name = row.work.id
        self._rows[name] = replace(row, updated=self._clock())
        self._touched.pop(name, None)
        self._touched[name] = None
        if row.state is not WorkState.LEASED:
            self._leased.pop(name, None)

    def _of(self, ids: Iterable[str]) -> list[WorkRow]:
        wanted = set(ids)
        return [row for name, row in self._rows.items() if name in wanted]

    def _alive(self, worker_id: str, now: dt.datetime) -> bool:
        heard = self._workers.get(worker_id)
        return heard is not None and heard.until is not None and heard.until > now

    def _ready(self, now: dt.datetime) -> list[WorkRow]:
        return [
            row for row in self._rows.values()
            if row.state is WorkState.READY and row.work.owner not in self._paused
            and (row.not_before is None or row.not_before <= now)
        ]  # fmt: skip

    def _busy(self) -> dict[str, int]:
        busy: dict[str, int] = {}
        for name in self._leased:
            owner = self._rows[name].work.owner
            busy[owner] = busy.get(owner, 0) + 1
        return busy

    def _held_by(self, worker_id: str) -> list[WorkRow]:
        """In the order the rows were added, as a ledger has them: what is given back at once is listed in it."""
        return [row for row in self._of(self._leased) if row.worker == worker_id]

    def _valid(self, lease: Lease) -> WorkRow | None:
        row = self._rows.get(lease.work.id)
        return row if row is not None and (row.state, row.token) == (WorkState.LEASED, lease.token) else None

    def _give_back(self, row: WorkRow) -> None:
        self._put(replace(row, state=state_after_release(row), attempts=row.attempts - 1))

    def _take_back(self, row: WorkRow) -> WorkRow:
        self._put(replace(row, state=state_after_failure(row, again=True), result=lost_with(row.worker)))
        return self._rows[row.work.id]


def _fits(work: Work, worker: Worker, kinds: Collection[str]) -> bool:
    return work.kind in kinds and work.needs <= worker.labels
