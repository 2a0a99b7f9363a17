"""Leased work: what a queue remembers of it, and the port; decision 026 says why it is built so.

A piece of work is a row. Whoever carries it out holds a lease: the right to commit it, for as long as its worker's
heartbeat is young enough, proved by a fencing token that grows with each lease of the row. A message, a signal or a
timer is only a hint to look at the rows.
"""

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class WorkState(StrEnum):
    """Where a piece of work stands. Done, failed and cancelled ones change only by `reopen`."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: States that only `reopen` changes.
ENDED = frozenset({WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One piece of work, as it is asked for."""

    #: Names it for ever: adding the same id again changes nothing.
    id: str
    #: What is to be done: "film" takes a library's file along the whole line; steps of a job have their own.
    kind: str
    #: Whose it is: shares are fair between owners, and a pause holds back an owner. A library's name.
    owner: str = ""
    #: What carries it out needs to know; plain values.
    payload: Mapping[str, Any] = field(default_factory=dict)
    #: Labels a worker must have, all of them; each is a word.
    needs: frozenset[str] = frozenset()
    #: Higher comes first; equal ones in the order they were added.
    priority: float = 0.0
    attempts_allowed: int = 3

    def __post_init__(self) -> None:
        if math.isnan(self.priority) or self.attempts_allowed < 1:
            raise ValueError(f"work {self.id!r} has no order or no attempt: {self.priority}, {self.attempts_allowed}")
        if wrong := [label for label in self.needs if not label or label.split() != [label]]:
            raise ValueError(f"work {self.id!r} needs what is no word: {wrong}")


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkRow:
    """A piece of work as the store has it."""

    work: Work
    state: WorkState
    #: How often it was begun.
    attempts: int
    #: Grows with each lease; 0: it was never leased.
    token: int
    #: Who holds it, or held it last.
    worker: str | None = None
    #: Not before then.
    not_before: dt.datetime | None = None
    cancel_asked: bool = False
    #: Of a done one what it gave; else why its last attempt failed, as `cause` and `message`; empty: none did.
    result: Mapping[str, Any] = field(default_factory=dict)
    created: dt.datetime | None = field(default=None, compare=False)
    updated: dt.datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to commit one piece of work."""

    work: Work
    token: int
    #: Which go at it this is, from 1.
    attempt: int
    worker: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """Who carries work out."""

    #: Unique among all there are: made anew with each start.
    id: str
    host: str
    pid: int
    labels: frozenset[str] = frozenset()
    slots: int = 1
    #: Versions, builds, warnings; plain values for people and pages.
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beat:
    """What a heartbeat tells its worker; ids of work."""

    #: It holds them, and somebody asked for them to end.
    cancelled: frozenset[str] = frozenset()
    #: It thought it held them, and does not any more: stop at once, commit nothing.
    lost: frozenset[str] = frozenset()


#: In what a worker says about itself: how far the work is that it holds, as [doing, frames], by the id of the work.
UNDER_WAY = "under_way"


def told_of(workers: Iterable[Worker]) -> dict[str, tuple[str, int]]:
    """How far work is, as its workers' last heartbeats told: doing ("encode" or "score") and frames, by the work's id.

    Workers may be of other versions: what cannot be read is passed over.
    """
    found: dict[str, tuple[str, int]] = {}
    for worker in workers:
        told = worker.about.get(UNDER_WAY)
        for work_id, far in told.items() if isinstance(told, Mapping) else ():
            match far:
                case [str(doing), int(frames)] if frames >= 0:
                    found[work_id] = doing, frames
                case _:
                    pass
    return found


#: Kinds of work: a library's film, and one trial of it.
FILM, TRIAL = "film", "trial"
#: What a worker must have for a library's work: its root is there, and for films, its hours are open.
LIBRARY_LABEL = "library:{}"
#: What is written of work whose worker fell silent.
LOST = "lost"


def lost_with(worker: str | None) -> dict[str, str]:
    """What is kept of an attempt whose worker fell silent."""
    return {"cause": LOST, "message": f"The worker {worker} fell silent."}


def state_after_failure(row: WorkRow, *, again: bool) -> WorkState:
    """Where work stands after an attempt that failed.

    Args:
        row: the work, while it was leased.
        again: whether another attempt makes sense.
    """
    if row.cancel_asked:
        return WorkState.CANCELLED
    return WorkState.READY if again and row.attempts < row.work.attempts_allowed else WorkState.FAILED


def state_after_release(row: WorkRow) -> WorkState:
    """Where work stands that was given back undone."""
    return WorkState.CANCELLED if row.cancel_asked else WorkState.READY


#: A worker nobody heard of for this long, and who holds nothing, is forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=1)


class LeaseStore(Protocol):
    """The port. Every call is one committed transaction; implementations may be slow.

    `now` is the caller's clock where the store has none of its own; a database for many machines takes its own, so
    that no worker's wrong clock takes or keeps a lease. Whatever a clock does, a lease's token decides who may commit:
    a clock that jumps costs time, never a second commit.

    A worker lives from a heartbeat until that has lasted. Before its first, and once its leases were taken back, it is
    given nothing until it beats again: so the beat after a silence tells of everything that was lost meanwhile.
    """

    def add_work(self, works: Sequence[Work]) -> int:
        """Add what is not there yet; returns how many were new."""
        ...

    def reopen(self, ids: Collection[str]) -> int:
        """Make ended work ready again with its attempts counted anew; returns how many were. Leased ones stay."""
        ...

    def claim(
        self,
        worker: Worker,
        kinds: Collection[str],
        now: dt.datetime,
        *,
        limit: int = 1,
        only: Collection[str] | None = None,
    ) -> list[Lease]:
        """Lease ready work that the worker may do; nothing for a worker that is not heard of.

        The owner with the fewest leases at the moment comes first, then the higher priority, then the older work.

        Args:
            worker: who takes it.
            kinds: of the work it can do.
            now: see above.
            limit: how many at the most.
            only: ids, where it asks for these rows alone: a message named them.
        """
        ...

    def beat(self, worker: Worker, holding: Collection[str], now: dt.datetime, *, lasts: dt.timedelta) -> Beat:
        """The worker lives: its leases last until now + lasts.

        A lease of this worker that is older than `lasts` and not in `holding` is one it never heard of, because the
        claim's answer was lost: it is released.
        """
        ...

    def finish(self, lease: Lease, result: Mapping[str, Any]) -> bool:
        """Commit that it is done; False, and nothing changed, where the token is stale.

        Where this very lease has committed it already, the answer is True, and the first result stays: so a commit
        whose answer was lost may be repeated.
        """
        ...

    def fail(
        self,
        lease: Lease,
        *,
        cause: str,
        message: str,
        retry_at: dt.datetime | None,
        payload: Mapping[str, Any] | None = None,
    ) -> bool:
        """Note a failed attempt. False, and nothing changed, where the token is stale.

        Where it was asked to end, it is cancelled.

        Args:
            lease: the right to do so.
            cause: one word, what decides whether and how it is tried again.
            message: a sentence for people.
            retry_at: it is ready again from then on; None, or no attempt left: it failed.
            payload: goes over what the work's payload holds, for the next attempt.
        """
        ...

    def release(self, lease: Lease) -> bool:
        """Give it back undone, without counting the attempt. False where the token is stale.

        Where it was asked to end, it is cancelled.
        """
        ...

    def confirm_cancelled(self, lease: Lease) -> bool:
        """It was ended because somebody asked. False where the token is stale."""
        ...

    def reap(self, now: dt.datetime) -> list[WorkRow]:
        """Take back the leases of workers whose heartbeat is too old; returns the rows that changed.

        They are ready again, or cancelled where that was asked, or failed where no attempt is left (`cause` "lost").
        A heartbeat from the future was made before the clock was put back: it is counted from now on.
        """
        ...

    def goodbye(self, worker: Worker) -> None:
        """The worker ends; what it still holds is released."""
        ...

    def ask_cancel(self, ids: Collection[str]) -> int:
        """Ready work is cancelled now, leased work is asked to end; returns for how many that is new."""
        ...

    def pause(self, owner: str, *, paused: bool) -> None:
        """Hold back what belongs to an owner from being claimed, or no longer; empty: everybody's."""
        ...

    def paused(self) -> frozenset[str]:
        """Owners that are held back; an empty text among them: everybody."""
        ...

    def work(self, work_id: str) -> WorkRow | None:
        """One row."""
        ...

    def rows(self, ids: Collection[str]) -> list[WorkRow]:
        """The rows of these ids, as far as there are any."""
        ...

    def works(
        self, states: Collection[WorkState] | None = None, *, kinds: Collection[str] | None = None, limit: int = 1000
    ) -> list[WorkRow]:
        """Leased rows, then ready ones in the order of their priority, then the ended ones newest first."""
        ...

    def count_work(self, kinds: Collection[str] | None = None) -> Mapping[tuple[str, WorkState], int]:
        """How many rows of each owner are in each state; of these kinds, or of all."""
        ...

    def workers(self, now: dt.datetime) -> list[tuple[Worker, dt.datetime, bool]]:
        """Workers known by id, when each was last heard of, and whether it counts as alive."""
        ...
