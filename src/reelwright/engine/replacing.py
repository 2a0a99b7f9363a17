"""What putting a verified output in its original's place is: the order, the journal's entry, and the journal's port.

Decision 027 tells the protocol. The steps themselves are in `replace_steps.py`.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reelwright.engine.jobs import SourceStamp


class Stage(StrEnum):
    """How far a replacement came; each is committed before what follows it is begun."""

    #: Everything is known and nothing was done: what lies under a hidden name is ours to remove.
    PLANNED = "planned"
    #: The copy beside the original was read back and is whole: the original may be kept aside now.
    VERIFIED = "verified"
    #: The original has its second name, in quarantine: the output may take its place now.
    KEPT = "kept"
    #: The output has its final name, and the quarantine holds the original.
    DONE = "done"
    #: Undone: the original has its name, nothing of ours is left.
    ROLLED_BACK = "rolled_back"
    #: Taken back by its owner: the original has its name again.
    RESTORED = "restored"
    #: The quarantine's time is over and the original was deleted: only now are its bytes saved.
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is to be put where. Paths are absolute and may hold surrogate escapes."""

    #: Names the replacement for ever.
    id: str
    job_id: str | None
    #: The original as it was when its encode began; a change since is a conflict.
    source: SourceStamp
    #: The verified output, in the work folder, and its content's hash (`tools.hashing.content_hash`).
    staged: str
    content: str
    #: Where the output goes: the original's path, or that with another extension.
    final: str
    #: Folder for originals, on the original's file system where that can be had.
    quarantine: str
    keep_days: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A replacement as the journal has it."""

    order: Order
    stage: Stage
    #: Where the copy is beside the original, and where the original is kept.
    draft: str
    kept: str
    #: Bytes of the original and of the output.
    bytes_before: int
    bytes_after: int
    #: Sidecars that were renamed with it, as (before, after).
    sidecars: tuple[tuple[str, str], ...] = ()
    #: Why it was rolled back, or cannot go on.
    why: str = ""
    until: dt.datetime | None = None
    changed: dt.datetime | None = None


class PlacementJournal(Protocol):
    """The port: an entry that was written is on the disk when the call returns."""

    def write(self, entry: Entry) -> None:
        """Add an entry, or replace the one with its order's id."""
        ...

    def entry(self, order_id: str) -> Entry | None:
        """One entry."""
        ...

    def entries(self, stages: frozenset[Stage] | None = None) -> list[Entry]:
        """Entries at these stages, the oldest first; all where None."""
        ...
