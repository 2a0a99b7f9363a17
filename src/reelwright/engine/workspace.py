"""A film's work folder: where things lie, and the lock that says who runs."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from reelwright.engine.jobs import SourceStamp
from reelwright.errors import BusyError, DiskFullError, ResourceError, UsageError

FOLDERS = ("working", "segments", "encoded", "logs", "state")
#: A lock that is found held is tried so often, with these seconds between: who only looks holds it for a moment.
TRIES, PAUSE_SECONDS = 4, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """`<work dir>/<source id>/` and its five folders."""

    root: Path

    @property
    def working(self) -> Path:
        """Files of the step under way."""
        return self.root / "working"

    @property
    def segments(self) -> Path:
        """Committed trials, each named by its key."""
        return self.root / "segments"

    @property
    def logs(self) -> Path:
        """Logs of the tools."""
        return self.root / "logs"

    @property
    def index(self) -> Path:
        """The analysis pass's result."""
        return self.root / "state" / "index.json.gz"

    @property
    def lock(self) -> Path:
        """Says who runs."""
        return self.root / "state" / "lock"

    @property
    def progress(self) -> Path:
        """How far the run is, for other terminals; of no meaning where nobody holds the lock."""
        return self.root / "state" / "progress.json"

    @property
    def cancel(self) -> Path:
        """Holds the id of the job that the run is asked to give up."""
        return self.root / "state" / "cancel"

    def make(self) -> Self:
        """Make the folders.

        Raises:
            UsageError: they cannot be made.
        """
        try:
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise work_dir_error(self.root, error) from error
        return self

    def clear_leftovers(self) -> None:
        """Remove what an interrupted run left half-written. Call it with the lock held."""
        for folder in (self.working, self.segments):
            for part in folder.glob("*.part"):
                part.unlink(missing_ok=True)


def work_dir_error(path: Path, error: OSError) -> UsageError | ResourceError:
    """The error for a work folder that cannot be made or written."""
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return DiskFullError(f"The disk with the work folder {path} is full.", hint="Free space, or set --work-dir.")
    return UsageError(f"The work folder {path} cannot be written: {error.strerror}.", hint="Set --work-dir.")


def workspace_for(work_dir: Path, source_id: str) -> Workspace:
    """The work folder of a film."""
    return Workspace(root=work_dir / source_id)


def reading_folder(work_dir: Path, stamp: SourceStamp) -> Workspace:
    """Where a film is read before its identity is known: one folder per path, so that two readers meet."""
    name = hashlib.blake2b(os.fsencode(stamp.path), digest_size=16).hexdigest()
    return Workspace(root=work_dir / f"reading-{name}")


def take_stamp(path: Path) -> SourceStamp:
    """What the file system says of a file now.

    Raises:
        OSError: it is gone.
    """
    facts = path.stat()
    return SourceStamp(
        path=os.path.abspath(path),  # noqa: PTH100 - keeps symbolic links
        device=facts.st_dev,
        inode=facts.st_ino,
        size_bytes=facts.st_size,
        mtime_ns=facts.st_mtime_ns,
    )


class Lock:
    """An flock on a file that names its holder. Whoever gets it takes over at once.

    The lock ends with its process, however that ends; Python opens files close-on-exec, so no child keeps it.
    """

    def __init__(self, path: Path, *, token: str, what: str, sweep: Callable[[str], int]) -> None:
        self._path = path
        self._token = token
        self._what = what
        self._sweep = sweep
        self._fd: int | None = None

    def __enter__(self) -> Self:
        """Take the lock; end what a former holder that died left running.

        Raises:
            ConflictError: another run has it.
            UsageError, ResourceError: its file cannot be written, or its file system cannot lock.
        """
        fd = self._locked()
        former = read_holder(fd).get("token")
        if isinstance(former, str) and former and former != self._token:
            self._sweep(former)
        self._fd = fd
        try:
            os.ftruncate(fd, 0)
            self.note()
        except OSError as error:
            self._fd = None
            os.close(fd)
            raise work_dir_error(self._path.parent, error) from error
        return self

    def note(self, **more: str) -> None:
        """Write who holds the lock, and what else is known of it, over what is written there.

        One write of no fewer bytes than before: whoever reads meanwhile sees the one or the other.

        Raises:
            OSError: the disk is full.
        """
        if self._fd is not None:
            os.pwrite(self._fd, json.dumps({"pid": os.getpid(), "token": self._token, **more}).encode(), 0)

    def _locked(self) -> int:
        """The lock file, open and locked, and still under its name: whoever cleans up takes the folder away."""
        for _ in range(TRIES):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise work_dir_error(self._path.parent, error) from error
            try:
                self._flock(fd)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(fd), self._path.stat()):
                        return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        raise BusyError(f"The work folder of {self._what} is being cleaned up.", hint="Run this again.")

    def _flock(self, fd: int) -> None:
        for left in reversed(range(TRIES)):
            try:
                return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if not left:
                    holder = read_holder(fd)
                    who = f"process {holder['pid']}" if "pid" in holder else "another run"
                    raise BusyError(
                        f"{self._what} is being worked on by {who}.", hint="Wait for it, or stop it and run this again."
                    ) from error
            except OSError as error:  # some network mounts cannot lock
                raise work_dir_error(self._path.parent, error) from error
            time.sleep(PAUSE_SECONDS)
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def read_holder(fd: int) -> dict[str, object]:
    """Who wrote the lock file last; empty where nobody did or it cannot be read."""
    try:
        found = json.loads(os.pread(fd, 4096, 0) or b"{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Locks:
    """The work folders one run holds; all are let go together, however the run ends."""

    def __init__(self, *, token: str, what: str, sweep: Callable[[str], int]) -> None:
        self._token = token
        self._what = what
        self._sweep = sweep
        self._held: dict[Path, Lock] = {}

    def hold(self, workspace: Workspace) -> None:
        """Hold a work folder, unless it is held already, and clear what an interrupted run left in it.

        Raises:
            ConflictError: another run has it.
        """
        if workspace.root in self._held:
            return
        lock = Lock(workspace.lock, token=self._token, what=self._what, sweep=self._sweep)
        self._held[workspace.root] = lock.__enter__()
        workspace.make().clear_leftovers()

    def note(self, workspace: Workspace, **more: str) -> None:
        """Write into the lock of a folder that is held what its run works on."""
        self._held[workspace.root].note(**more)

    def release(self, workspace: Workspace) -> None:
        """Let one work folder go."""
        if lock := self._held.pop(workspace.root, None):
            lock.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lock in self._held.values():
            lock.__exit__(kind, error, trace)
        self._held.clear()
