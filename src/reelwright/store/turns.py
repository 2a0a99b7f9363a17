"""Whose turn it is to write: processes that take work from one file wait in line for each other.

SQLite itself has no line: who finds the file busy sleeps and looks again, and among many one may have no luck for half
a minute. Those who wait for a lock are woken by the kernel.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelwright.databases import Place
from reelwright.errors import UsageError
from reelwright.store.sqlite import ELSEWHERE


@contextmanager
def in_turn(place: Place) -> Iterator[None]:
    """Wait for one's turn; a process that dies lets go. A server's database needs none: its rows have locks.

    Raises:
        UsageError: the lock's file cannot be made beside the ledger.
    """
    if not isinstance(place, Path):
        yield
        return
    lock = place.with_name(f"{place.name}.turn")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"The lock {lock} cannot be made ({error.strerror}).", hint=ELSEWHERE) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
