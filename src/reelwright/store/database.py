"""Opening the ledger: is its place fit, is its schema ours, and bring it up to date where it is older."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.errors import UsageError
from reelwright.store import sqlite

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore

logger = logging.getLogger(__name__)

_MOUNTS = Path("/proc/mounts")


def open_ledger(path: Path) -> "DjangoJobStore":
    """Open the ledger, make it, or bring it up to date.

    A process has one ledger at a time: opening another one ends the use of stores opened before, and they say so.
    An older ledger is copied beside itself before anything is applied; processes that start at once wait for the one
    that does it.

    Args:
        path: The ledger's file; folders above it are made.

    Raises:
        UsageError: the file is no ledger, damaged, of a newer version, on a network file system or not writable.
        ResourceError: the disk is full, or another program holds the file.
    """
    path = path.resolve()
    _check_place(path)
    state = sqlite.read_state(path)
    _check_schema(path, state)

    from reelwright.store import connection  # noqa: PLC0415 -- Django is loaded only for a ledger that can be used

    connection.set_up(path)
    if not state.current:
        _bring_up_to_date(path)

    from reelwright.store.jobs import DjangoJobStore  # noqa: PLC0415 -- models can only be loaded once Django is set up

    return DjangoJobStore(path)


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


def _check_schema(path: Path, state: sqlite.LedgerState) -> None:
    if state.unknown:
        raise UsageError(
            f"The ledger {path} was made by a newer version (it has {', '.join(state.unknown)}).",
            hint="Use that version, or set database.path to another file.",
        )
    if state.foreign:
        raise UsageError(
            f"The database {path} belongs to another program.", hint="Set database.path to a file of its own."
        )


def _bring_up_to_date(path: Path) -> None:
    from reelwright.store import connection  # noqa: PLC0415 -- see open_ledger

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
                _migrate()
        finally:
            connection.hang_up()  # the store's thread opens its own


def _migrate() -> None:
    from django.db import connection  # noqa: PLC0415 -- see open_ledger
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- see open_ledger

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


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
