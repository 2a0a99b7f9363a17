"""Opening the ledger: is its place fit, is its schema ours, and bring it up to date where it is older."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.databases import Place, Postgres
from reelwright.errors import UsageError
from reelwright.store import sqlite

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore

logger = logging.getLogger(__name__)

_MOUNTS = Path("/proc/mounts")


def open_ledger(place: Place) -> "DjangoJobStore":
    """Open the ledger.

    A process has one ledger at a time: opening another one ends the use of stores opened before, and they say so.
    A file is made, or brought up to date: it is copied beside itself before anything is applied, and processes that
    start at once wait for the one that does it. A database of a server is used as it is; see `migrate_ledger`.

    Args:
        place: The ledger's file, whose folders are made; or the database of a server.

    Raises:
        UsageError: it is no ledger, damaged, of a newer version, on a network file system or not writable; or a
            database that has to be brought up to date.
        ResourceError: the disk is full, another program holds the file, or the server cannot be reached.
        ToolError: the server turned us away, or its driver is missing.
    """
    if isinstance(place, Path):
        place = place.resolve()
        _open_file(place)
    else:
        _open_database(place)

    from reelwright.store.jobs import DjangoJobStore  # noqa: PLC0415 -- models can only be loaded once Django is set up

    return DjangoJobStore(place)


def migrate_ledger(place: Place) -> tuple[str, ...]:
    """Bring the ledger up to date; returns the migrations that were applied.

    Raises:
        UsageError: it is of a newer version, another program's, or may not be changed.
        ResourceError: see `open_ledger`.
        ToolError: see `open_ledger`.
    """
    if isinstance(place, Path):
        before = sqlite.read_state(place.resolve()).applied
        open_ledger(place).close()
        return tuple(name for name in sqlite.read_state(place.resolve()).applied if name not in before)
    from reelwright.store import connection, postgres  # noqa: PLC0415 -- see _open_file

    postgres.check_driver()
    connection.set_up(place)
    try:
        with connection.speaking_to(place), postgres.alone():
            state = postgres.read_state(place)
            _check_schema(place, state)
            others = tuple(name for name in _pending() if not name.startswith("store."))
            if state.missing or others:
                _migrate()
            return (*(name for name in postgres.read_state(place).applied if name not in state.applied), *others)
    finally:
        connection.hang_up()


def make_tables(place: Place) -> None:
    """Make what the other apps of this process need in an opened ledger, such as those of the pages.

    Raises:
        UsageError: a database of a server has to be brought up to date.
        ResourceError: see `open_ledger`.
    """
    from reelwright.store import connection  # noqa: PLC0415 -- see _open_file

    with connection.speaking_to(place):
        if not _pending():
            return
        if not isinstance(place, Path):
            raise UsageError(f"The ledger {place} has no tables for pages yet.", hint="Run `reelwright db migrate`.")
        with _locked(place):
            _migrate()


def database_program(place: Place) -> str:
    """The program that keeps an opened ledger, and its version."""
    if isinstance(place, Path):
        return f"SQLite {sqlite.VERSION}"
    from reelwright.store import connection, postgres  # noqa: PLC0415 -- see _open_file

    with connection.speaking_to(place):
        return f"PostgreSQL {postgres.server_version()}"


def _open_file(path: Path) -> None:
    _check_place(path)
    state = sqlite.read_state(path)
    _check_schema(path, state)

    from reelwright.store import connection  # noqa: PLC0415 -- Django is loaded only for a ledger that can be used

    connection.set_up(path)
    if not state.current:
        _bring_up_to_date(path)


def _open_database(place: Postgres) -> None:
    from reelwright.store import connection, postgres  # noqa: PLC0415 -- see _open_file

    postgres.check_driver()
    connection.set_up(place)
    with connection.speaking_to(place):
        state = postgres.read_state(place)
    _check_schema(place, state)
    if state.missing:
        was = "is older than this version" if state.applied else "has no tables yet"
        raise UsageError(f"The ledger {place} {was}.", hint="Run `reelwright db migrate`, after a copy of it was made.")


def _check_place(path: Path) -> None:
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        mounts = ""  # not Linux: nothing is known of its mounts
    network = sqlite.network_file_system(mounts, path)
    if network is not None:
        raise UsageError(
            f"The ledger {path} would lie on a network file system ({network}), whose locks SQLite cannot trust.",
            hint=sqlite.ELSEWHERE,
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The ledger's folder {path.parent} cannot be made ({error.strerror}).", hint=sqlite.ELSEWHERE
        ) from error
    if path.is_dir():
        raise UsageError(f"The ledger {path} is a folder.", hint="Set database.path to a file.")
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise UsageError(f"The ledger {path} cannot be written: no permission for {place}.", hint=sqlite.ELSEWHERE)


def _check_schema(place: Place, state: sqlite.LedgerState) -> None:
    setting, kind = ("database.path", "file") if isinstance(place, Path) else ("database.url", "database")
    if state.unknown:
        raise UsageError(
            f"The ledger {place} was made by a newer version (it has {', '.join(state.unknown)}).",
            hint=f"Use that version, or set {setting} to another {kind}.",
        )
    if state.foreign:
        raise UsageError(
            f"The database {place} belongs to another program.", hint=f"Set {setting} to a {kind} of its own."
        )


def _bring_up_to_date(path: Path) -> None:
    from reelwright.store import connection  # noqa: PLC0415 -- see _open_file

    with _locked(path):
        state = sqlite.read_state(path)
        if state.current:
            return  # another process did it while we waited
        _check_schema(path, state)
        if state.tables and set(state.applied) != sqlite.known_migrations():
            copy = sqlite.back_up(path, state.applied[-1] if state.applied else "zero")
            logger.info("The ledger %s is brought up to date; the copy %s is as it was.", path, copy)
        try:
            with connection.speaking_to(path):
                _migrate("store")  # the rest is for `make_tables`
        finally:
            connection.hang_up()  # the store's thread opens its own


def _pending() -> tuple[str, ...]:
    """Migrations of all apps that are not applied yet, as app.name."""
    from django.db import connection  # noqa: PLC0415 -- see _open_file
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- see _open_file

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan)


def _migrate(app: str | None = None) -> None:
    """Apply what an app is missing; all of them where None."""
    from django.db import connection  # noqa: PLC0415 -- see _open_file
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- see _open_file

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(app))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the ledger's lock file; a process that dies lets go of it. The file stays: removing it would race."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"The lock {lock} cannot be made ({error.strerror}).", hint=sqlite.ELSEWHERE) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
