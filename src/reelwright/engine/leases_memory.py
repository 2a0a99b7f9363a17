"""The twin of the leased work's store without a disk, for tests and dry runs."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
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

#: What rows have in common where it is decided who may take them: owner, kind, needs.
_Sort = tuple[str, str, frozenset[str]]


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
        #: By id, in the order they were added; and each one's place in it.
        self._rows: dict[str, WorkRow] = {}
        self._number: dict[str, int] = {}
        #: Ready ones of a sort, the first one on top: a claim need not look at all there are. Rows that are ready no
        #: more are dropped when they come to the top.
        self._lanes: dict[_Sort, list[tuple[float, int, str]]] = {}
        #: Ready ones that have to wait: few.
        self._later: set[str] = set()
        self._held: dict[str, set[str]] = {}
        self._busy: dict[str, int] = {}
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
        while len(leases) < limit and (best := self._best(worker, kinds, now, only)) is not None:
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
        return sorted(changed, key=lambda row: self._number[row.work.id])

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
        if name in self._rows:
            self._leave(self._rows[name])
        else:
            self._number[name] = len(self._number)
        self._rows[name] = replace(row, updated=self._clock())
        self._touched.pop(name, None)
        self._touched[name] = None
        if row.state is WorkState.LEASED:
            self._held.setdefault(str(row.worker), set()).add(name)
            self._busy[row.work.owner] = self._busy.get(row.work.owner, 0) + 1
        else:
            self._leased.pop(name, None)
        if row.state is WorkState.READY:
            self._wait_in_line(row)

    def _leave(self, row: WorkRow) -> None:
        """It is not what it was."""
        self._later.discard(row.work.id)
        if row.state is WorkState.LEASED:
            held = self._held[str(row.worker)]
            held.discard(row.work.id)
            if not held:
                del self._held[str(row.worker)]
            self._busy[row.work.owner] -= 1

    def _wait_in_line(self, row: WorkRow) -> None:
        if row.not_before is not None:
            self._later.add(row.work.id)
            return
        lane = self._lanes.setdefault((row.work.owner, row.work.kind, row.work.needs), [])
        heappush(lane, (-row.work.priority, self._number[row.work.id], row.work.id))

    def _of(self, ids: Iterable[str]) -> list[WorkRow]:
        wanted = {name for name in ids if name in self._rows}
        return [self._rows[name] for name in sorted(wanted, key=self._number.__getitem__)]

    def _alive(self, worker_id: str, now: dt.datetime) -> bool:
        heard = self._workers.get(worker_id)
        return heard is not None and heard.until is not None and heard.until > now

    def _best(
        self, worker: Worker, kinds: Collection[str], now: dt.datetime, only: Collection[str] | None
    ) -> WorkRow | None:
        """The ready row that this worker is to have; None: there is none."""
        late = self._later if only is None else only
        firsts = [row for row in self._of(late) if self._may(row, worker, kinds, now)]
        for (owner, kind, needs), lane in self._lanes.items() if only is None else ():
            if kind in kinds and owner not in self._paused and needs <= worker.labels:
                while lane and not self._waits(lane[0][2]):
                    heappop(lane)
                firsts += [self._rows[lane[0][2]]] if lane else []
        return min(firsts, key=self._turn, default=None)

    def _may(self, row: WorkRow, worker: Worker, kinds: Collection[str], now: dt.datetime) -> bool:
        ready = row.state is WorkState.READY and (row.not_before is None or row.not_before <= now)
        return ready and row.work.owner not in self._paused and _fits(row.work, worker, kinds)

    def _waits(self, name: str) -> bool:
        return self._rows[name].state is WorkState.READY and name not in self._later

    def _turn(self, row: WorkRow) -> tuple[int, float, int]:
        return self._busy.get(row.work.owner, 0), -row.work.priority, self._number[row.work.id]

    def _held_by(self, worker_id: str) -> list[WorkRow]:
        """In the order the rows were added, as a ledger has them: what is given back at once is listed in it."""
        return self._of(self._held.get(worker_id, ()))

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
