"""SQLite as it is found: what its version may be trusted with, where its file lies, and what state that is in.

Nothing here needs Django, so that opening an up-to-date ledger asks little.
"""

import os
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from reelwright.errors import ReelwrightError, ResourceError, UsageError
from reelwright.store import migrations

VERSION = sqlite3.sqlite_version

#: Seconds to wait for another process that writes.
TIMEOUT = 30

#: The first version in which a write racing a checkpoint cannot lose pages of a write-ahead log.
WAL_IS_SAFE = (3, 51, 3)

ELSEWHERE = "Set database.path to a file on a local disk."

# fmt: off
_NETWORK = frozenset([
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "sshfs",
    "fuse.ceph", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
])
# fmt: on
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_TROUBLE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal this SQLite version keeps a ledger safe with."""
    return "wal" if version >= WAL_IS_SAFE else "delete"


def pragmas(version: tuple[int, ...]) -> str:
    """What every connection starts with: a commit is on the disk when the call returns, with either journal."""
    return f"PRAGMA journal_mode={journal_mode(version)}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"


def network_file_system(mounts: str, path: PurePath) -> str | None:
    """The type of the network file system the path lies on, or None where it lies on none.

    Args:
        mounts: Text of `/proc/mounts`.
        path: Absolute path without links.
    """
    found, depth = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 -- device, mount point, type
            continue
        point = PurePath(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1]))
        # A later mount on the same point hides the earlier one.
        if len(point.parts) >= depth and path.is_relative_to(point):
            found, depth = fields[2], len(point.parts)
    return found if found in _NETWORK or found.startswith("smb") else None


def explain(path: Path, error: sqlite3.Error) -> ReelwrightError | None:
    """What SQLite's error means for whoever runs us; None where it can only be a defect of ours."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _CORRUPT:
        return UsageError(
            f"The ledger {path} is damaged or no ledger ({error}).",
            hint=f"Put back a copy (`{path.name}.before-*.backup` beside it, or one of yours), or move the file away: "
            "a new ledger is made, and finished outputs stay as they are.",
        )
    if primary in _CLOSED:
        return UsageError(f"The ledger {path} cannot be opened for writing ({error}).", hint=ELSEWHERE)
    if primary in _TROUBLE:
        return ResourceError(
            f"The ledger {path} could not be read or written ({error}).",
            hint="Look for a full disk or another program that holds the file, then run the same command again.",
        )
    return None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as ours where they are not a defect."""
    try:
        yield
    except sqlite3.Error as error:
        told = explain(path, error)
        if told is None:
            raise
        raise told from error


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerState:
    """What a ledger's file holds."""

    tables: frozenset[str]
    #: Names of the migrations it has, in the order they were applied.
    applied: tuple[str, ...]
    journal: str

    @property
    def foreign(self) -> bool:
        """Whether another program made it."""
        return bool(self.tables - {"django_migrations"}) and "store_trial" not in self.tables

    @property
    def unknown(self) -> tuple[str, ...]:
        """Migrations only a newer version knows."""
        return tuple(name for name in self.applied if name not in known_migrations())

    @property
    def missing(self) -> tuple[str, ...]:
        """Migrations this version has and the ledger has not."""
        return tuple(sorted(known_migrations() - set(self.applied)))

    @property
    def current(self) -> bool:
        """Whether it can be used as it is. Its journal is changed under the lock: SQLite would not wait for others."""
        wanted = journal_mode(sqlite3.sqlite_version_info)
        return set(self.applied) == known_migrations() and not self.foreign and self.journal == wanted


def known_migrations() -> set[str]:
    """Names of the migrations this version knows."""
    return {module.name for module in pkgutil.iter_modules(migrations.__path__)}


def read_state(path: Path) -> LedgerState:
    """Look at a ledger's file; a missing one is as good as an empty one.

    Raises:
        UsageError: it is no database, or may not be written.
        ResourceError: it is locked, or cannot be read.
    """
    if not path.exists():
        return LedgerState(tables=frozenset(), applied=(), journal="")
    # Opened for writing: after a crash, whoever comes first must play the journal back.
    with explained(path), closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=TIMEOUT)) as database:
        tables = frozenset(name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
        applied: list[tuple[str]] = []
        if "django_migrations" in tables:
            applied = database.execute("SELECT name FROM django_migrations WHERE app = 'store' ORDER BY id").fetchall()
        (journal,) = database.execute("PRAGMA journal_mode").fetchone()
    ours = frozenset(name for name in tables if not name.startswith("sqlite_"))
    return LedgerState(tables=ours, applied=tuple(name for (name,) in applied), journal=journal)


def back_up(path: Path, last: str) -> Path:
    """Copy the ledger beside itself and force the copy to the disk.

    Args:
        path: The ledger; others may be reading it.
        last: Name of the last migration it has.

    Returns:
        The copy. An older one of the same schema is replaced, in one step.

    Raises:
        ResourceError: the copy does not fit on the disk.
    """
    copy = path.with_name(f"{path.name}.before-{last}.backup")
    draft = copy.with_name(f"{copy.name}.part")
    draft.unlink(missing_ok=True)
    try:
        with (
            explained(path),
            closing(sqlite3.connect(path, timeout=TIMEOUT)) as ledger,
            closing(sqlite3.connect(draft)) as target,
        ):
            ledger.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # a copy is one file
        _sync(draft)
        draft.replace(copy)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    _sync(copy.parent)
    return copy


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
