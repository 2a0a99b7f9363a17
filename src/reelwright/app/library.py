"""Libraries: added, scanned, decided, listed."""

import os
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.app.library_plan import apply_plan, make_plan, read_plan_file
from reelwright.app.library_queue import Queue
from reelwright.app.library_scan import update
from reelwright.app.library_terms import (
    check_name,
    checked_settings,
    default_rules,
    named,
    read_rules,
    unknown,
    with_configured,
)
from reelwright.app.library_words import about, answer, export
from reelwright.app.wiring import load, run_draining, run_to_end
from reelwright.cli.library_commands import (
    About,
    Answered,
    Applied,
    NewLibrary,
    PlanDone,
    RunDone,
    RunOrder,
    ScanFailure,
    ScansDone,
)
from reelwright.errors import ReelwrightError, SourceError
from reelwright.library.catalog import Catalog, Counts, FileState, Library, LibraryFile
from reelwright.library.marker import check_marker, place_marker
from reelwright.store.database import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reelwright.engine.leases import LeaseStore
    from reelwright.events import EventSink
    from reelwright.library.scan import Scanned, Tell


class Libraries:
    """What the command line can ask of libraries; the ledger is opened by the first call."""

    def __init__(self) -> None:
        self.settings = load({})

    def catalog(self) -> Catalog:
        """The libraries in the ledger."""
        place = open_ledger(self.settings.ledger).place
        from reelwright.store.libraries import DjangoCatalog  # models load once Django is set up

        return DjangoCatalog(place)

    def leases(self) -> "LeaseStore":
        """The queue in the ledger."""
        path = open_ledger(self.settings.ledger).place
        from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up

        return DjangoLeaseStore(path)

    def add(self, new: NewLibrary) -> Library:
        """Add a library, or change the settings of the one with this name and root.

        Raises:
            UsageError: the name, the root or a setting cannot be.
            ConflictError: the name or the root is taken.
        """
        check_name(new.name)
        wanted = checked_settings(new.name, dict(new.settings))
        if wanted.rules:
            read_rules(wanted.rules, self.settings)
        root = os.path.realpath(new.root)
        marker = place_marker(Path(root))
        return self.catalog().add_library(new.name, root, marker, new.settings)

    def remove(self, name: str) -> None:
        """Forget a library.

        Raises:
            UsageError: there is none of that name.
        """
        if not self.catalog().remove_library(name):
            raise unknown(name, self.catalog().libraries())

    def listed(self) -> list[tuple[Library, Counts]]:
        """All libraries, by name."""
        catalog = self.catalog()
        counts = catalog.counts()
        return [(library, counts.get(library.name, Counts())) for library in catalog.libraries()]

    def scan(self, names: Sequence[str], tell: "Tell", *, probe: bool) -> ScansDone:
        """Scan libraries one after the other; one that cannot be scanned stops none of the rest.

        Raises:
            UsageError: there is no such library, or no library at all.
        """
        catalog = self.catalog()
        with_configured(catalog, self.settings)
        chosen = named(catalog.libraries(), names)
        done: list[Scanned] = []
        failed: list[ScanFailure] = []
        for library in chosen:
            try:
                done.append(self._scanned(catalog, library, tell, probe=probe))
            except ReelwrightError as error:
                failed.append(
                    ScanFailure(library=library.name, message=error.message, hint=error.hint, exit_code=error.exit_code)
                )
        return ScansDone(scanned=done, failed=failed)

    def _scanned(self, catalog: Catalog, library: Library, tell: "Tell", *, probe: bool) -> "Scanned":
        queue = Queue(self.settings, catalog, self.leases())
        return run_to_end(lambda: update(self.settings, catalog, queue, library, tell, probe=probe)).found

    def files(self, name: str, states: Sequence[FileState] | None, limit: int | None) -> list[LibraryFile]:
        """Files of a library.

        Raises:
            UsageError: there is none of that name.
        """
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [name])
        return catalog.files(library.id, states, limit=limit)

    def plan(self, name: str, output: Path | None, sink: "EventSink", *, samples: bool) -> PlanDone:
        """Say what would be done with a library, and write it down.

        Raises:
            UsageError: there is no such library, or the plan cannot be written.
            SourceError: its root is away.
        """
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [name])
        return make_plan(self.settings, catalog, library, output, sink, samples=samples)

    def apply(self, plan: Path) -> Applied:
        """Queue what a plan says, but for files that changed since.

        Raises:
            UsageError: it is no plan, or there is no such library.
            SourceError: the library's root is away.
            ConflictError: it is another library's plan.
        """
        found = read_plan_file(plan)
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [found.library])
        queue = Queue(self.settings, catalog, self.leases())
        return apply_plan(self.settings, catalog, queue, library, found)

    def run(self, order: RunOrder, sink: "EventSink", tell: "Tell") -> RunDone:
        """Scan, decide, and work until nothing waits.

        Raises:
            UsageError: there is no such library, or no library at all.
            BusyError: another process of this machine works on the queue.
            InterruptedRunError: a signal came; what is done is done, and the rest waits.
        """
        from reelwright.app.library_run import run_libraries

        return run_draining(lambda stop: run_libraries(self.settings, order, sink, tell, stop))[0]

    def pause(self, name: str, *, paused: bool) -> None:
        """Hold a library's films back, or no longer.

        Raises:
            UsageError: there is none of that name.
        """
        named(self.catalog().libraries(), [name])
        self.leases().pause(name, paused=paused)

    def answer(self, path: Path, word: str) -> Answered:
        """Take the owner's word on a file.

        Raises:
            UsageError: it is in no library.
            ConflictError: it is being worked on.
        """
        catalog = self.catalog()
        return answer(self.settings, catalog, Queue(self.settings, catalog, self.leases()), path, word)

    def about(self, path: Path) -> About | None:
        """What a library knows of a file; no ledger is made for it."""
        if not self.settings.ledger.exists():
            return None
        return about(self.settings, self.catalog(), self.leases(), path)

    def export(self) -> "Iterator[tuple[str, Mapping[str, Any]]]":
        """Everything the ledger holds, row by row with the name of its table."""
        from reelwright.app.library_replace import journal_entries

        rows = export(self.catalog(), self.leases(), journal_entries(self.settings))
        from reelwright.store.whole import every_row  # once Django is set up

        return chain(rows, every_row(self.settings.ledger))

    def default_rules(self) -> str:
        """The rules of a library that has none of its own."""
        return default_rules()


def away(library: Library) -> str:
    """Why a library's root cannot be used now; empty where it can."""
    try:
        check_marker(Path(library.root), library.marker)
    except SourceError as error:
        return error.message
    return ""
