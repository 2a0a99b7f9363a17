"""How fast many processes take leased work from one ledger, and whether anything is given twice.

    .venv/bin/python bench/claims.py --rows 10000 --processes 16

It starts a PostgreSQL server of its own, whose commits are forced to the disk as they are in earnest, and makes a
ledger of SQLite in a temporary folder. `--waiting` puts that many rows in front which no worker here may take.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from claimants import take_all
from postgres import Server, find_programs
from reelwright.databases import Place
from reelwright.engine.leases import Work
from reelwright.store import connection
from reelwright.store.database import migrate_ledger, open_ledger


@contextmanager
def ledger(kind: str) -> Iterator[tuple[Place, Server | None]]:
    """A new ledger of a kind, and its server."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / "ledger.sqlite3", None
        return
    if (programs := find_programs()) is None:
        raise SystemExit("PostgreSQL is not installed.")
    server = Server(programs)
    place = server.new_database()
    migrate_ledger(place)
    yield place, server
    server.end()


def cpu_of(server: Server | None) -> float:
    """Seconds of processor time the server and those of its processes that still run have used."""
    if server is None:
        return 0.0
    own = psutil.Process(server.process.pid)
    return sum(sum(one.cpu_times()[:4]) for one in [own, *own.children(recursive=True)])


def measure(kind: str, args: argparse.Namespace, owners: int, limit: int) -> None:
    """Fill a ledger, have it emptied, and print a line."""
    with ledger(kind) as (where, server):
        place = open_ledger(where).place
        from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

        store = DjangoLeaseStore(place)
        needs = frozenset({"nobody-has-it"})
        store.add_work([Work(id=f"x{n}", kind="film", needs=needs, priority=1e9) for n in range(args.waiting)])
        store.add_work(
            [Work(id=f"w{n}", kind="film", owner=f"o{n % owners}", priority=n % 97) for n in range(args.rows)]
        )
        connection.hang_up()
        if server is not None:
            server.ask("VACUUM ANALYZE", place.name)  # what a server does by itself a little later
        before = cpu_of(server)
        taken = take_all(place, args.processes, limit=limit, finish=args.finish)
        used = cpu_of(server) - before
        twice = len(taken.leases) - len({name for name, _ in taken.leases})
        count = len(taken.leases)
        rate, here, there = count / taken.seconds, taken.cpu_seconds / count, used / count
        print(f"{kind:<10} owners {owners} at once {limit}: {count} taken, {twice} twice;", end=" ")
        print(f"{rate:.0f}/s, slowest {taken.worst:.2f} s; load {os.getloadavg()[0]:.0f};", end=" ")
        print(f"a claim costs {1000 * here:.2f} ms of a core here, {1000 * there:.2f} ms there", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--kinds", nargs="+", default=["postgresql", "sqlite"])
    parser.add_argument("--finish", action="store_true", help="each piece of work is finished as well")
    args = parser.parse_args()
    begun = time.monotonic()
    for kind in args.kinds:
        for owners, limit in ((1, 1), (4, 1), (1, 8)):
            measure(kind, args, owners, limit)
    print(f"{time.monotonic() - begun:.0f} s in all")


main()
