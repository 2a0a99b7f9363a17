"""A cluster in simulated time: the store of leased work and the scheduler are the real ones, machines are made up.

Real: every claim, heartbeat, reaping and commit is a call of `MemoryLeaseStore`, the twin that the contract suite holds
to what SQLite and PostgreSQL do; `slots_of` says how many trials a film posts; films are searched by the scheduler.
Modelled: how long an encode takes (measured curves), what a statement costs a database of so many cores (measured by
bench/claims.py), messages, and when whoever falls silent.
"""

import datetime as dt
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from reelwright.engine.leases import FILM, TRIAL, Lease, Work, Worker, WorkState
from reelwright.engine.leases_memory import MemoryLeaseStore
from reelwright.engine.slots import Slots, slots_of
from simulated_films import Replayed, Searched, Trial
from simulated_setting import Report, Setting

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ENCODES, LEADS = frozenset({"encode"}), frozenset({"files"})


class _Store(MemoryLeaseStore):
    """Forgets the trials of films that ended: a simulation needs no history."""

    def forget(self, ids: Sequence[str]) -> None:
        for name in ids:
            row = self._rows.pop(name, None)
            if row is not None:
                self._leave(row)
            self._leased.pop(name, None)
            self._touched.pop(name, None)

    def _waits(self, name: str) -> bool:
        return name in self._rows and MemoryLeaseStore._waits(self, name)


@dataclass(slots=True, eq=False)
class _Node:
    """A worker with one slot."""

    me: Worker
    slower: float = 1.0
    alive: bool = True
    asking: bool = False
    lease: Lease | None = None
    begun: float = 0.0
    #: Grows with each thing it waits for: what was meant for an earlier one comes to nothing.
    waits: int = 0


@dataclass(slots=True, eq=False)
class _Led:
    """A film."""

    name: str
    plan: Searched | Replayed
    lease: Lease | None = None
    begun: bool = False
    read: bool = False
    looking: bool = False
    placing: bool = False
    ended: bool = False
    out: dict[str, Trial] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


class Cluster:
    """The simulation.

    Args:
        setting: what is simulated.
        plans: of the films, in the order they are queued.
    """

    def __init__(self, setting: Setting, plans: Sequence[Searched | Replayed]) -> None:
        self._set, self._random = setting, random.Random(setting.seed)
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._names = count(), count()
        self._store = _Store(self._clock)
        self._films = {f"f{n}": _Led(f"f{n}", plan) for n, plan in enumerate(plans)}
        self._free = [0.0] * setting.cores
        self._idle: deque[_Node] = deque()
        self._posted: dict[str, float] = {}
        self._active: dict[str, _Led] = {}
        self._slots = Slots(share=1, total=0, why="")
        self._waiting = self._left = len(plans)
        self._living, self._busy, self._since = 0, 0, 0.0
        self._spent = self._spent_before = 0.0
        self.report = Report()

    def run(self) -> Report:
        """Until every film is through."""
        self._store.add_work([Work(id=name, kind=FILM, owner="films", needs=LEADS) for name in self._films])
        for _ in range(self._set.workers):
            self._start(slower=self._set.slower if self._random.random() < self._set.slow else 1.0)
        for _ in range((self._set.led + 1) // 2):  # each leads two films, as `cluster.films` has it
            self._start_leader()
        self._tick()
        self._reap()
        while self._left and self._events:
            self.now, _, then = heappop(self._events)
            then()
        self.report.seconds = self.now
        self.report.load = self._spent / self._set.cores / max(self.now, 1.0)
        self._account()
        return self.report

    # time and the database

    def _clock(self) -> dt.datetime:
        return EPOCH + dt.timedelta(seconds=self.now)

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        heappush(self._events, (self.now + seconds, next(self._order), then))

    def _is_out(self) -> bool:
        start, end = self._set.database_out
        return start <= self.now < end

    def _ask(self, cost: float, then: Callable[[], None], failed: Callable[[], None]) -> None:
        """One transaction: it waits for a core, and has its effect when it is through."""
        if self._is_out():
            self._after(1.0, failed)
            return
        core = min(range(len(self._free)), key=self._free.__getitem__)
        self._free[core] = max(self._free[core], self.now) + cost
        self._spent += cost
        self.report.statements += 1
        self._after(self._free[core] - self.now, then)

    def _account(self) -> None:
        """Workers' time up to now counts while films wait for somebody to lead them."""
        if self._waiting:
            self.report.alive += self._living * (self.now - self._since)
            self.report.busy_until = self.now
        self._since = self.now

    def _tick(self) -> None:
        """Every ten seconds: what is known of the cluster, and what all leaders asked meanwhile."""
        costs, films, workers = self._set.costs, len(self._active), self._living + self._set.led // 2
        known = [one for one, _, alive in self._store.workers(self._clock()) if alive]
        self._slots = slots_of(known, films)
        look = self._slots.look_seconds if self._set.sparing else 0.4
        counts = self._slots.count_seconds if self._set.sparing else 5.0
        spent = films * 10 * (costs.look / look + (costs.count + costs.counted * workers) / counts)
        self.report.statements += int(films * 10 * (1 / look + 2 / counts))
        self._spent += spent
        self._free = [max(free, self.now) + spent / len(self._free) for free in self._free]
        self.report.worst_load = max(self.report.worst_load, (self._spent - self._spent_before) / 10 / self._set.cores)
        self._spent_before = self._spent
        self.report.curve.append((self.now, self._busy))
        self._after(10.0, self._tick)

    def _reap(self) -> None:
        if not self._is_out():
            self.report.statements += 1
            rows = self._store.reap(self._clock())
            self.report.reaped += len(rows)
            # Three workers were lost with it, by chance: somebody says `jobs retry`.
            self.report.retried += self._store.reopen([row.work.id for row in rows if row.state is WorkState.FAILED])
            for row in rows:
                if row.work.kind == FILM:
                    self._orphan(row.work.id)
            self._hint(len(rows))
        self._after(self._set.manners.beat, self._reap)

    # workers

    def _start(self, slower: float) -> None:
        me = Worker(id=f"w{next(self._names)}", host="h", pid=0, labels=ENCODES | {"library:films"})
        node = _Node(me, slower)
        self._account()
        self._living += 1
        self._beat(node)
        if self._set.failing:
            self._after(self._random.expovariate(self._set.failing / 3600), lambda: self._die(node))
        self._after(self._random.random(), lambda: self._wake(node))

    def _die(self, node: _Node) -> None:
        self._account()
        self._living -= 1
        node.alive = False
        self.report.failures += 1
        if node.lease is not None:
            self._busy -= 1
            self.report.lost += self.now - node.begun
        self._after(self._set.away, lambda: self._start(node.slower))

    def _beat(self, node: _Node) -> None:
        if not node.alive:
            return
        manners = self._set.manners

        def beaten() -> None:
            holding = [node.lease.work.id] if node.lease else []
            told = self._store.beat(node.me, holding, self._clock(), lasts=dt.timedelta(seconds=manners.lasts))
            if told.lost and node.alive:  # another has it by now
                self.report.lost += self.now - node.begun
                self._busy -= 1
                self._rest(node)

        if node.alive:
            self._ask(self._set.costs.beat, beaten, lambda: None)
            self._after(manners.beat, lambda: self._beat(node))

    def _rest(self, node: _Node) -> None:
        node.lease, node.asking = None, False
        node.waits += 1
        self._wake(node)

    def _wake(self, node: _Node) -> None:
        if node.alive and node.lease is None and not node.asking:
            node.asking = True
            self._ask(self._set.costs.claim, lambda: self._claim(node), lambda: self._poll(node))

    def _poll(self, node: _Node) -> None:
        node.asking = False
        node.waits += 1
        wait = node.waits
        self._idle.append(node)
        self._after(self._set.manners.poll, lambda: self._wake(node) if node.waits == wait else None)

    def _claim(self, node: _Node) -> None:
        if not node.alive:
            return
        leases = self._store.claim(node.me, (TRIAL,), self._clock())
        self.report.claims += 1
        if not leases:
            self.report.empty_claims += 1
            self._poll(node)
            return
        node.asking, node.lease, node.begun = False, leases[0], self.now
        node.waits += 1
        wait, name = node.waits, leases[0].work.id
        if (posted := self._posted.pop(name, None)) is not None:
            self.report.waits.append(self.now - posted)
        self._busy += 1
        seconds = float(leases[0].work.payload["seconds"]) * node.slower
        self._after(seconds, lambda: self._end(node) if node.waits == wait else None)

    def _end(self, node: _Node) -> None:
        if node.alive and node.lease is not None:
            lease, begun = node.lease, node.begun
            self._busy -= 1
            took = self.now - begun
            node.lease, node.asking = None, True
            node.waits += 1
            self._ask(
                self._set.costs.commit, lambda: self._commit(node, lease, took), lambda: self._lose(node, lease, took)
            )

    def _lose(self, node: _Node, lease: Lease, took: float) -> None:
        """It could not be noted: the row is found again when its lease has run out."""
        _ = lease
        self.report.lost += took
        self._rest(node)

    def _commit(self, node: _Node, lease: Lease, took: float) -> None:
        if not node.alive:
            self.report.lost += took
            return
        if self._store.finish(lease, {}):
            name = lease.work.id
            self.report.commits[name] = self.report.commits.get(name, 0) + 1
            self.report.trials += 1
            self.report.useful += took if self._waiting else 0.0
            film = self._films[name.partition("/")[0]]
            film.done.append(name)
            self._look_soon(film)
        else:
            self.report.refused += 1
            self.report.lost += took
        self._rest(node)

    # leaders

    def _start_leader(self) -> None:
        node = _Node(Worker(id=f"l{next(self._names)}", host="h", pid=0, labels=LEADS, slots=2))
        films: list[_Led] = []
        self._lead(node, films)
        self._beat_leader(node, films)
        if self._set.failing:
            self._after(self._random.expovariate(self._set.failing / 3600), lambda: self._fall(node))

    def _fall(self, node: _Node) -> None:
        node.alive = False
        self._after(self._set.away, self._start_leader)

    def _beat_leader(self, node: _Node, films: list[_Led]) -> None:
        if not node.alive:
            for film in films:
                film.lease = None
            return
        if not self._is_out():
            self.report.statements += 1
            self._spent += self._set.costs.beat
            lasts = dt.timedelta(seconds=self._set.manners.lasts)
            told = self._store.beat(node.me, [film.name for film in films], self._clock(), lasts=lasts)
            films[:] = [film for film in films if film.name not in told.lost]
        self._after(self._set.manners.beat, lambda: self._beat_leader(node, films))

    def _lead(self, node: _Node, films: list[_Led]) -> None:
        if not node.alive:
            return
        films[:] = [film for film in films if not film.ended]
        if self._left and len(films) < 2 and not self._is_out():
            self._spent += self._set.costs.claim
            self.report.statements += 1
            for lease in self._store.claim(node.me, (FILM,), self._clock(), limit=2 - len(films)):
                film = self._films[lease.work.id]
                films.append(film)
                film.lease = lease
                if not film.begun:
                    film.begun = True
                    self._account()
                    self._waiting -= 1
                self._active[film.name] = film
                self._after(0.0 if film.read else self._set.reading, lambda film=film: self._read(film))  # type: ignore[misc]
        self._after(self._set.manners.poll, lambda: self._lead(node, films))

    def _orphan(self, name: str) -> None:
        self._films[name].lease = None
        self._films[name].placing = False
        self._active.pop(name, None)

    def _read(self, film: _Led) -> None:
        film.read = True
        self._look_soon(film)

    def _look_soon(self, film: _Led) -> None:
        if not film.looking:
            film.looking = True
            look = self._slots.look_seconds if self._set.sparing else 0.4
            self._after(self._random.random() * look, lambda: self._look(film))

    def _look(self, film: _Led) -> None:
        film.looking = False
        if film.lease is None or film.placing or film.ended:
            return
        if self._is_out():
            self._look_soon(film)
            return
        for name in film.done:
            film.plan.landed(film.out.pop(name))
        film.done.clear()
        if film.plan.ended:
            film.placing = True
            self._after(self._set.placing, lambda: self._place(film))
            return
        busy = {trial.chunk for trial in film.out.values()}
        trials = film.plan.ready(busy, self._slots.share - len(film.out)) if len(film.out) < self._slots.share else []
        works = []
        for trial in trials:
            name = f"{film.name}/{trial.chunk}.{trial.turn}"
            film.out[name] = trial
            film.rows.append(name)
            self._posted[name] = self.now
            needs = ENCODES | {"library:films"}
            works.append(Work(id=name, kind=TRIAL, owner="films", needs=needs, payload={"seconds": trial.seconds}))
        if works:
            self._ask(self._set.costs.commit, lambda: self._post(works), lambda: self._post(works))

    def _post(self, works: Sequence[Work]) -> None:
        self._store.add_work(works)
        self._hint(len(works))

    def _hint(self, rows: int) -> None:
        """A message for each row, where the broker is there."""
        start, end = self._set.broker_out
        while rows and self._idle and not start <= self.now < end:
            node = self._idle.popleft()
            if node.alive and node.lease is None and not node.asking:
                rows -= 1
                self._after(0.01, lambda node=node: self._wake(node))  # type: ignore[misc]

    def _place(self, film: _Led) -> None:
        if film.lease is None or not film.placing:
            return
        if self._is_out():
            self._after(5.0, lambda: self._place(film))
            return
        if self._store.finish(film.lease, {}):
            self.report.commits[film.name] = self.report.commits.get(film.name, 0) + 1
            self.report.films += 1
            self.report.film_seconds.append(self.now)
            self._left -= 1
        film.ended = True
        self._active.pop(film.name, None)
        self._store.forget(film.rows)
