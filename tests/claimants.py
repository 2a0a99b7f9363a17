"""Many processes that take work from one ledger at once, each as a program of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass

from reelwright.databases import Place, Postgres

#: Takes work until there is none: what it took, when it took it, and what it cost.
_PROGRAM = """
import datetime as dt, json, sys, time
from pathlib import Path
from reelwright.databases import Postgres
from reelwright.engine.leases import Worker
from reelwright.store.database import open_ledger

name, place, limit, finish = json.loads(sys.argv[1])
place = Postgres(**place) if isinstance(place, dict) else Path(place)
place = open_ledger(place).place
from reelwright.store.leases import DjangoLeaseStore
store = DjangoLeaseStore(place)
me = Worker(id=name, host="here", pid=0, labels=frozenset({"gpu"}))
now = lambda: dt.datetime.now(dt.UTC)
store.beat(me, [], now(), lasts=dt.timedelta(minutes=10))
print("ready", flush=True)
sys.stdin.readline()
begun, used, taken, waits = time.time(), time.process_time(), [], []
while True:
    asked = time.monotonic()
    leases = store.claim(me, ("film",), now(), limit=limit)
    waits.append(time.monotonic() - asked)
    if not leases:
        break
    taken += [[lease.work.id, lease.token] for lease in leases]
    if finish:
        for lease in leases:
            assert store.finish(lease, {})
ended = time.time()
used = time.process_time() - used
print(json.dumps({"taken": taken, "begun": begun, "ended": ended, "cpu": used, "worst": max(waits)}))
store.close()
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What all of them took together."""

    #: Id and token of each lease.
    leases: list[tuple[str, int]]
    #: From the first claim to the last answer.
    seconds: float
    #: Of the claiming processes alone.
    cpu_seconds: float
    #: The longest time a claim took, in seconds.
    worst: float


def take_all(place: Place, processes: int, *, limit: int = 1, finish: bool = False) -> Taken:
    """Have many processes take all the work there is; an error in one of them is raised here."""
    where = _plain(place) if isinstance(place, Postgres) else str(place)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps([f"worker{number}", where, limit, finish])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(processes)
    ]  # fmt: skip
    try:
        for one in running:
            assert one.stdout is not None
            if one.stdout.readline() != "ready\n":
                raise AssertionError(one.communicate()[1])
        for one in running:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        told = [one.communicate() for one in running]
    finally:
        for one in running:
            one.kill()
            one.communicate()
    assert [error for _, error in told if error] == []
    found = [json.loads(answer) for answer, _ in told]
    return Taken(
        leases=[(name, token) for one in found for name, token in one["taken"]],
        seconds=max(one["ended"] for one in found) - min(one["begun"] for one in found),
        cpu_seconds=sum(one["cpu"] for one in found),
        worst=max(one["worst"] for one in found),
    )


def _plain(place: Postgres) -> dict[str, object]:
    return {"name": place.name, "host": place.host, "port": place.port, "user": place.user, "password": place.password}
