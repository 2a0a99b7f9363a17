"""Who holds a work folder, found out without disturbing whoever does."""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright.engine.workspace import read_holder


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """The run that holds a work folder right now."""

    #: Its process, shown to be the holder; None where that is another user's, or on the other side of a container.
    pid: int | None
    token: str | None
    #: The job it works on; None while it has not found that out.
    job: str | None


def holder_of(lock: Path) -> Holder | None:
    """Who holds a lock file at this moment; None where nobody does.

    The process that the file names is the holder if it has that very file open. Only where that cannot be seen is the
    lock tried, shared and for a moment; `Lock` tries more than once, so this ends no run that is about to begin.
    """
    try:
        fd = os.open(lock, os.O_RDONLY)
    except OSError:
        return None
    try:
        said = read_holder(fd)
        pid, token, job = said.get("pid"), said.get("token"), said.get("job")
        known = isinstance(pid, int) and has_open(pid, os.fstat(fd))
        if not known and can_be_shared(fd):
            return None
    finally:
        os.close(fd)
    return Holder(
        pid=pid if known and isinstance(pid, int) else None,
        token=token if isinstance(token, str) and token else None,
        job=job if isinstance(job, str) else None,
    )


def has_open(pid: int, file: os.stat_result) -> bool:
    """Whether a living process has a file open; False as well where that may not be seen."""
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as opened:
        for entry in opened:
            with suppress(OSError):  # closed meanwhile
                if os.path.samestat(entry.stat(), file):
                    return True
    return False


def can_be_shared(fd: int) -> bool:
    """Whether nobody holds the lock of an open file. A file system that cannot lock has no runs either."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True
