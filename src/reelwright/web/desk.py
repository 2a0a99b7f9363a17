"""What the pages are handed: the ledger's stores, the settings, and the deeds they may ask for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reelwright.engine.jobs import JobStore
from reelwright.engine.leases import LeaseStore
from reelwright.library.catalog import Catalog


class Deeds(Protocol):
    """What a page can have done. Each raises the program's errors, which become sentences."""

    def cancel(self, job_id: str) -> str:
        """Give a job up; returns a sentence on what that came to."""
        ...

    def retry(self, job_id: str) -> str:
        """Queue a job again; returns a sentence."""
        ...

    def restore(self, placement_id: str) -> str:
        """Put a quarantined original back; returns a sentence."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Everything the pages work with; it is the process's."""

    jobs: JobStore
    work: LeaseStore
    libraries: Catalog
    work_dir: Path
    deeds: Deeds


_desk: list[Desk] = []


def set_desk(desk: Desk) -> None:
    """Hand the process its desk."""
    _desk[:] = [desk]


def desk() -> Desk:
    """The process's desk."""
    return _desk[0]
