"""What the pages are handed: the ledger's stores, the settings, and the deeds they may ask for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from reelwright.engine.jobs import JobStore, OutcomeRecord
from reelwright.engine.leases import LeaseStore, WorkRow
from reelwright.engine.replacing import PlacementJournal
from reelwright.library.catalog import Catalog, Library, LibraryFile
from reelwright.library.plans import Plan, Refused
from reelwright.library.rules import Tried
from reelwright.report.dossier import Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a library knows of a file."""

    library: Library
    file: LibraryFile
    facts: Mapping[str, Any]
    rules: Sequence[Tried]
    work: WorkRow | None
    history: Sequence[OutcomeRecord]
    paused: bool
    #: What would change what becomes of it, as sentences.
    changes: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A plan that was made, and what it is known by: approving names it, so that only what was seen is approved."""

    id: str
    plan: Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """What approving a plan came to."""

    queued: int
    refused: Sequence[Refused]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One frame of a film, fetched from source and output."""

    shot: Shot
    seconds: float
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gallery:
    """The pictures of a job, and sentences on those that could not be had."""

    pictures: tuple[Shown, ...]
    missing: tuple[str, ...]


class Deeds(Protocol):
    """What a page can have done. Each raises the program's errors, which become sentences."""

    def cancel(self, job_id: str) -> str:
        """Give a job up; returns a sentence on what that came to."""
        ...

    def retry(self, job_id: str) -> str:
        """Queue a job again; returns a sentence."""
        ...

    def restore(self, label: str) -> str:
        """Put a quarantined original back; returns a sentence.

        Args:
            label: 16 hexadecimal digits, as `Order.label` has them.
        """
        ...

    def about(self, file_id: int) -> Known | None:
        """What a library knows of a file; None where there is no such row."""
        ...

    def answer(self, file_id: int, word: str) -> str:
        """Take the owner's word on a file: encode, skip, or rules to take it back; returns a sentence."""
        ...

    def make_plan(self, library: str) -> Proposal:
        """Say what would be done with a library, and keep that for its approval."""
        ...

    def plan(self, library: str) -> Proposal | None:
        """The plan of a library that was made last."""
        ...

    def approve(self, library: str, plan_id: str, paths: Collection[str] | None) -> Approved:
        """Queue what a plan says, but for files that changed since.

        Args:
            library: its name.
            plan_id: which plan was looked at.
            paths: of the files that are approved; None: all, and from now on the library works on its own.
        """
        ...

    def gallery(self, job_id: str) -> Gallery:
        """Frames of source and output; they are fetched where nobody asked for them before, which takes seconds."""
        ...

    def picture(self, job_id: str, number: int, side: str) -> bytes | None:
        """One picture of a gallery that was fetched, as WebP; `side` is "source" or "output"."""
        ...

    def chunk_picture(self, job_id: str, shot: Shot, side: str) -> bytes | None:
        """A frame of one chunk as WebP, fetched where nobody asked before; `side` is "source" or "output"."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Everything the pages work with; it is the process's."""

    jobs: JobStore
    work: LeaseStore
    libraries: Catalog
    placements: PlacementJournal
    work_dir: Path
    deeds: Deeds


_desk: list[Desk] = []


def set_desk(desk: Desk) -> None:
    """Hand the process its desk."""
    _desk[:] = [desk]


def desk() -> Desk:
    """The process's desk."""
    return _desk[0]
