"""Many processes that take work at once: nothing is given twice, and nobody is told that the ledger is locked."""

from pathlib import Path

import pytest

from claimants import Taken, take_all
from leasing import work
from ledgers import new_ledger
from postgres import empty_ledger_there
from reelwright.databases import Place
from reelwright.store import connection
from reelwright.store.database import open_ledger


def ledger_with(kind: str, rows: int, folder: Path) -> Place:
    """A ledger with work for two owners."""
    ledger = new_ledger(folder / "ledger.sqlite3") if kind == "sqlite" else open_ledger(empty_ledger_there())
    from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

    store = DjangoLeaseStore(ledger.place)
    store.add_work([work(f"w{number}", owner="ab"[number % 2], priority=number % 7) for number in range(rows)])
    connection.hang_up()
    return ledger.place


def check(taken: Taken, rows: int) -> None:
    assert sorted(taken.leases) == sorted((f"w{number}", 1) for number in range(rows))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_few_processes_take_each_piece_of_work_once(kind: str, tmp_path: Path) -> None:
    check(take_all(ledger_with(kind, 90, tmp_path), 3), 90)


@pytest.mark.prove
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sixteen_processes_take_ten_thousand_pieces_of_work_once(kind: str, tmp_path: Path) -> None:
    taken = take_all(ledger_with(kind, 10_000, tmp_path), 16)
    print(f"{kind}: {10_000 / taken.seconds:.0f} claims/s, the slowest took {taken.worst:.2f} s")
    check(taken, 10_000)
