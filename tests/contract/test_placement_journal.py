"""One suite for every journal of replacements."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledgers import new_ledger
from reelwright.engine.jobs import SourceStamp
from reelwright.engine.memory_placements import MemoryPlacementJournal
from reelwright.engine.replacing import UNFINISHED, Entry, Order, PlacementJournal, Stage

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
ODD = "/films/caf\udce9 \udcff 映画.mkv"


@pytest.fixture(params=["memory", "ledger"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlacementJournal]:
    if request.param == "memory":
        yield MemoryPlacementJournal()
        return
    store = new_ledger(tmp_path / "ledger.sqlite3")
    from reelwright.store.placements import DjangoPlacementJournal  # noqa: PLC0415 -- needs Django, set up by now

    made = DjangoPlacementJournal(store.place)
    yield made
    made.close()


def entry(order_id: str = "o1", stage: Stage = Stage.PLANNED) -> Entry:
    time = 1_700_000_000_123_456_789
    stamp = SourceStamp(path=ODD, device=2**63 + 1, inode=2**64 - 1, size_bytes=2**40, mtime_ns=time)
    order = Order(
        id=order_id, job_id=None, source=stamp, staged="/job/out.mkv", content="c" * 64, final=ODD,
        quarantine="/films/.q", keep_days=30.5, ctime_ns=time, source_id="s", hard_links=True,
    )  # fmt: skip
    return Entry(
        order=order, stage=stage, draft="/films/.d\udcff", kept="/films/.q/k", bytes_before=2**40, bytes_after=7,
        original="h", copy_inode=2**64 - 2, linked=False, other_links=2, sidecars=(("/a\udcff.nfo", "/b.nfo"),),
        why="It was\nso.", until=NOON, changed=NOON,
    )  # fmt: skip


def test_what_was_written_is_read_back_to_the_last_bit(journal: PlacementJournal) -> None:
    journal.write(entry())
    assert journal.entry("o1") == entry()
    assert journal.entries() == [entry()]
    bare = replace(entry("o2"), original=None, copy_inode=None, sidecars=(), until=None, changed=None)
    journal.write(bare)
    assert journal.entry("o2") == bare


def test_what_nobody_wrote_is_none(journal: PlacementJournal) -> None:
    assert journal.entry("o1") is None
    assert journal.entries() == []
    assert journal.entries(UNFINISHED) == []


def test_a_later_entry_of_an_order_replaces_the_former_and_keeps_its_place(journal: PlacementJournal) -> None:
    for order_id in ("o1", "o2", "o3"):
        journal.write(entry(order_id))
    journal.write(entry("o1", Stage.DONE))
    assert [one.order.id for one in journal.entries()] == ["o1", "o2", "o3"]
    assert journal.entry("o1") == entry("o1", Stage.DONE)


def test_entries_are_asked_for_by_stage(journal: PlacementJournal) -> None:
    for number, stage in enumerate(Stage):
        journal.write(entry(f"o{number}", stage))
    assert {one.stage for one in journal.entries(UNFINISHED)} == UNFINISHED
    assert [one.stage for one in journal.entries([Stage.DONE])] == [Stage.DONE]
    assert journal.entries([]) == []


def test_the_ledger_has_it_after_the_process_that_wrote_it(tmp_path: Path) -> None:
    store = new_ledger(tmp_path / "ledger.sqlite3")
    from reelwright.store.placements import DjangoPlacementJournal  # noqa: PLC0415 -- needs Django, set up by now

    writing = DjangoPlacementJournal(store.place)
    writing.write(entry())
    writing.close()
    assert DjangoPlacementJournal(store.place).entry("o1") == entry()
    store.close()
