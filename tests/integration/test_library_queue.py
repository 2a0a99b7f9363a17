"""Libraries and the queue on a real ledger: in one transaction in, and back to where the work stands."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledgers import new_ledger
from reelwright.app.library_queue import Queue
from reelwright.app.library_terms import APPROVED_POLICY
from reelwright.config import Settings, settings_from
from reelwright.engine.jobs import Job
from reelwright.engine.leases import Worker, WorkState
from reelwright.library.catalog import FileState, Library, Probed
from reelwright.library.comparison import Seen, settle, sort_out
from reelwright.library.deciding import OURS, decide_all
from reelwright.library.rules import Action, Choice, Rule
from reelwright.library.watching import is_ours

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore
    from reelwright.store.leases import DjangoLeaseStore
    from reelwright.store.libraries import DjangoCatalog

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
RULES = [Rule(name="all", then=Action.ENCODE)]
ME = Worker(id="me", host="here", pid=1, labels=frozenset({"library:films"}))


class Films:
    """A library in a ledger; its files are nowhere else."""

    def __init__(self, store: "DjangoJobStore", catalog: "DjangoCatalog", leases: "DjangoLeaseStore") -> None:
        self.store, self.catalog, self.leases = store, catalog, leases
        self.settings = settings_from(Settings(), {"database": {"path": str(store.place)}})
        self.id = catalog.add_library("films", "/films", "marker", {}).id

    @property
    def library(self) -> Library:
        """As the ledger has it."""
        return self.catalog.libraries()[0]

    @property
    def queue(self) -> Queue:
        """With the settings of the moment."""
        return Queue(self.settings, self.catalog, self.leases)

    def met(self, *paths: str, content: str = "") -> None:
        """Files of these names, probed and decided; of other content where that is given."""
        known = self.catalog.remembered(self.id)
        number = {path: place for place, path in enumerate(sorted({*paths, *(row.path for row in known)}), start=1)}
        seen = [
            Seen(path=path, size=10, mtime_ns=len(content), inode=number[path])
            for path in sorted({*paths, *(row.path for row in known if not row.gone)})
        ]
        self.catalog.write_scan(self.id, settle(sort_out(known, seen), {}), since=self.catalog.scanned(self.id))
        for file in self.catalog.unprobed(self.id):
            told = Probed(id=file.id, fingerprint=f"{file.path}{content}", facts={"codec": "h264"})
            self.catalog.write_probes([told])
        decide_all(self.catalog, self.library, RULES, 0.0, ours=self.catalog.outputs_below("/films"))

    def states(self) -> dict[str, str]:
        """Where each file stands."""
        return {file.path: file.state.value for file in self.catalog.files(self.id)}

    def end(self, path: str, state: str) -> None:
        """Have the work of a file done, as a worker does."""
        self.leases.beat(ME, frozenset(), NOW, lasts=dt.timedelta(days=9999))
        for lease in self.leases.claim(ME, {"film"}, NOW, limit=99):
            if str(lease.work.payload["path"]).endswith(path):
                assert self.leases.finish(lease, {"state": state, "reasons": ["Why."]})
            else:
                assert self.leases.release(lease)
        self.queue.settle(self.library)


@pytest.fixture
def films(tmp_path: Path) -> Iterator[Films]:
    store = new_ledger(tmp_path / "ledger.sqlite3")
    from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- models load once Django is set up
    from reelwright.store.libraries import DjangoCatalog  # noqa: PLC0415

    yield Films(store, DjangoCatalog(store.place), DjangoLeaseStore(store.place))
    store.close()


def test_nothing_is_queued_before_somebody_approved_and_everything_new_afterwards(films: Films) -> None:
    films.met("a.mkv")
    assert films.queue.refresh(films.library) == 0
    assert films.states() == {"a.mkv": "planned"}
    films.catalog.approve(films.id, "tree")
    assert films.queue.refresh(films.library) == 1
    films.met("b.mkv")
    assert films.queue.refresh(films.library) == 1
    assert films.queue.refresh(films.library) == 0
    assert films.states() == {"a.mkv": "queued", "b.mkv": "queued"}


def test_a_policy_that_replaces_has_to_be_approved_itself(films: Films) -> None:
    films.met("a.mkv")
    films.catalog.approve(films.id, "tree")
    films.settings = settings_from(films.settings, {"libraries": {"films": {"policy": "replace"}}})
    assert films.queue.refresh(films.library) == 0
    films.catalog.approve(films.id, "replace")
    assert films.library.settings[APPROVED_POLICY] == "replace"
    assert films.queue.refresh(films.library) == 1


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_what_was_tried_is_queued_again_only_where_the_settings_or_the_content_make_other_work_of_it(
    films: Films, state: str
) -> None:
    films.met("a.mkv")
    films.catalog.approve(films.id, "tree")
    films.queue.refresh(films.library)
    films.end("a.mkv", state)
    assert films.states() == {"a.mkv": state}
    decide_all(films.catalog, films.library, [Rule(name="another name", then=Action.ENCODE)], 0.0)
    assert films.queue.refresh(films.library) == 0
    assert films.states() == {"a.mkv": state}
    films.settings = settings_from(films.settings, {"encoding": {"target_vmaf": 90}})
    assert films.queue.refresh(films.library) == 1
    films.end("a.mkv", state)
    films.met("a.mkv", content="other")
    assert films.queue.refresh(films.library) == 1
    films.end("a.mkv", state)
    films.met("a.mkv", content="")  # as it was before: what came of it then is not what is there now
    assert films.queue.refresh(films.library) == 1
    assert films.states() == {"a.mkv": "queued"}


def test_files_stand_where_their_work_stands_whatever_a_crash_left(films: Films) -> None:
    films.met("a.mkv", "b.mkv", "c.mkv")
    films.catalog.approve(films.id, "tree")
    films.queue.refresh(films.library)
    a, b, c = films.catalog.files(films.id)
    from reelwright.library.catalog import Standing  # noqa: PLC0415

    films.catalog.stand(a.id, Standing(state=FileState.RUNNING))
    assert b.work_id is not None
    films.leases.ask_cancel([b.work_id])
    films.queue.settle(films.library)
    assert films.states() == {"a.mkv": "queued", "b.mkv": "skipped", "c.mkv": "queued"}
    assert films.queue.waiting(["films"], later=True) == 2
    choice = Choice(action=Action.ENCODE, rule="owner", reasons=())
    films.queue.approve(films.library, {b.id: replace(b, choice=choice)}, {b.id: choice})
    assert films.states()["b.mkv"] == "queued"
    found = films.leases.work(c.work_id or "")
    assert found is not None
    assert found.state is WorkState.READY


def test_our_own_outputs_are_left_alone_unless_their_owner_says_otherwise(films: Films) -> None:
    films.store.open_job(
        Job(id="j", source_id="s", source_path="/films/a.mkv", output_path="/films/a.av1.mkv", plan={}, work_folder="w")
    )
    films.met("a.mkv", "a.av1.mkv")
    (ours,) = [file for file in films.catalog.files(films.id) if file.path == "a.av1.mkv"]
    assert ours.choice is not None
    assert (ours.choice.rule, ours.state) == (OURS, FileState.SKIPPED)
    films.catalog.answer(ours.id, Action.ENCODE, Choice(action=Action.ENCODE, rule="owner", reasons=()))
    films.met("a.mkv")
    assert films.states() == {"a.mkv": "planned", "a.av1.mkv": "planned"}


def test_twins_are_films_of_one_name_in_one_folder(films: Films) -> None:
    films.met("a.mkv", "a.mp4", "a.b.mkv", "b/a.mkv", "c", "d.mkv")
    twins = {path for path in films.states() if films.catalog.has_twin(films.id, path)}
    assert twins == {"a.mkv", "a.mp4"}


def test_a_replaced_film_is_known_as_what_it_became_also_where_a_scan_came_first(films: Films) -> None:
    films.met("a.mp4")
    films.catalog.approve(films.id, "tree")
    films.queue.refresh(films.library)
    (file,) = films.catalog.files(films.id)
    films.met("a.mkv")  # the scan took the output for a new film
    seen = Seen(path="a.mkv", size=5, mtime_ns=7, inode=9)
    films.catalog.became(file.id, seen, "f")
    (row,) = [row for row in films.catalog.remembered(films.id) if not row.gone]
    assert (row.id, row.path, row.fingerprint, row.size) == (file.id, "a.mkv", "f", 5)


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/films/a.mkv", False),
        ("/films/.reelwright-1.tmp", True),
        ("/films/.reelwright-quarantine/a.mkv", True),
        ("/films/out/a.mkv", True),
        ("/films/outer/a.mkv", False),
        ("/films", False),
        ("/elsewhere/a.mkv", False),
    ],
)
def test_a_watch_never_tells_of_our_own_files(path: str, ours: bool) -> None:  # noqa: FBT001
    assert is_ours("/films", path, frozenset({"out"})) is ours
