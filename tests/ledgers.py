"""New ledgers, made once and copied: making the tables takes far longer than most of what is tested in them."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from reelwright.store.database import open_ledger

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore


@cache
def empty_ledger() -> bytes:
    """The file of a ledger without rows."""
    folder = Path(mkdtemp(prefix="reelwright-ledger-"))
    open_ledger(folder / "ledger.sqlite3").close()
    made = (folder / "ledger.sqlite3").read_bytes()
    shutil.rmtree(folder)
    return made


def new_ledger(path: Path) -> "DjangoJobStore":
    """A ledger without rows, opened as one that was there before."""
    path.write_bytes(empty_ledger())
    return open_ledger(path)
