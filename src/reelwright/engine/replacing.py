"""What putting a verified output in its original's place is: the order, the journal's entry, and the journal's port.

Decision 027 tells the protocol. The steps themselves are in `replace_steps.py`, what is done after a crash in
`replace_recovery.py`, and what becomes of the original afterwards in `quarantine.py`.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reelwright.engine.jobs import SourceStamp
from reelwright.planning.identity import digest

#: Folder of a library's root that keeps its originals; scans see no name that begins with a period.
QUARANTINE = ".reelwright-quarantine"


class Stage(StrEnum):
    """How far a replacement came; each is committed before what follows it is begun."""

    #: Everything is known and nothing was done: what lies under a hidden name is ours to remove.
    PLANNED = "planned"
    #: The copy beside the original was read back and is whole: the original may be kept aside now.
    VERIFIED = "verified"
    #: The original has its second name, in quarantine, or may be moved there: the output may take its place now.
    KEPT = "kept"
    #: The output has its final name, and the quarantine holds the original.
    DONE = "done"
    #: Undone: nothing of ours is left. Where `kept` is not empty, the original lies there: its place was taken.
    ROLLED_BACK = "rolled_back"
    #: The original is to have its name again.
    RESTORING = "restoring"
    #: Taken back by its owner: the original has its name again.
    RESTORED = "restored"
    #: The quarantine's time is over and the original was deleted: only now are its bytes saved.
    EXPIRED = "expired"


#: Stages a crash leaves behind.
UNFINISHED = frozenset({Stage.PLANNED, Stage.VERIFIED, Stage.KEPT, Stage.RESTORING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is to be put where. Paths are absolute and may hold surrogate escapes."""

    #: Names the replacement for ever.
    id: str
    job_id: str | None
    #: The original as it was when its encode began; a change since is a conflict.
    source: SourceStamp
    #: The verified output, in the work folder, and its content's hash (`tools.hashing.content_hash`). It stays there.
    staged: str
    content: str
    #: Where the output goes: the original's path, or that with another extension.
    final: str
    #: Folder for originals. Where it is on another file system, one beside the original is taken.
    quarantine: str
    keep_days: float
    #: The original's ctime when its encode began, in nanoseconds; None: nobody looked.
    ctime_ns: int | None = None
    #: The film's identity (`planning.identity.source_id`); None: its content is not compared, only what `source` says.
    source_id: str | None = None
    #: Replace one of several hard links; the others keep the original, and nothing is saved.
    hard_links: bool = False
    #: Follow a symbolic link, once, and replace what it points to.
    follow_links: bool = False

    @property
    def label(self) -> str:
        """16 hexadecimal digits that stand for the order in file names, and for people."""
        return digest({"order": self.id})[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A replacement as the journal has it."""

    #: With links in the way to the folders resolved.
    order: Order
    stage: Stage
    #: Where the copy is beside the original, and where the original is kept.
    draft: str
    kept: str
    #: Bytes of the original and of the output.
    bytes_before: int
    bytes_after: int
    #: The original's content hash; None until it was read.
    original: str | None = None
    #: Inode of the copy beside the original, once it was verified.
    copy_inode: int | None = None
    #: Whether `kept` is a hard link; False: the file system has none, and the original is moved there.
    linked: bool = True
    #: How many other names the original has: as long as there are any, deleting it frees nothing.
    other_links: int = 0
    #: Sidecars that are renamed with it, as (before, after).
    sidecars: tuple[tuple[str, str], ...] = ()
    #: Why it was rolled back, or cannot go on.
    why: str = ""
    #: When the original may be deleted, and when the entry was last written.
    until: dt.datetime | None = None
    changed: dt.datetime | None = None

    @property
    def same_name(self) -> bool:
        """Whether the output takes the original's own name."""
        return self.order.final == self.order.source.path


class PlacementJournal(Protocol):
    """The port: an entry that was written is on the disk when the call returns.

    Implementations must be called from one thread at a time.
    """

    def write(self, entry: Entry) -> None:
        """Add an entry, or replace the one with its order's id."""
        ...

    def entry(self, order_id: str) -> Entry | None:
        """One entry."""
        ...

    def entries(self, stages: Iterable[Stage] | None = None) -> list[Entry]:
        """Entries at these stages, the one that was added first comes first; all where None."""
        ...

    def close(self) -> None:
        """Close the connection of the calling thread; the next call makes another."""
        ...
