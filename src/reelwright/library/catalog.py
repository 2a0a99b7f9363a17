"""What is remembered of libraries, and the port it is remembered through."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.leases import Work, WorkRow
from reelwright.library.comparison import Changes, Remembered, Seen
from reelwright.library.facts import Facts
from reelwright.library.rules import Action, Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """A root with a name."""

    id: int
    name: str
    #: Absolute; may hold surrogate escapes.
    root: str
    #: What the marker file in the root says.
    marker: str
    #: What `library add` was told; the configuration's table goes before it.
    settings: Mapping[str, Any] = field(default_factory=dict)
    scanned: dt.datetime | None = None
    #: When a plan of it was applied first: from then on it works on its own.
    approved: dt.datetime | None = None


class FileState(StrEnum):
    """Where a file stands."""

    #: Met, and nothing is known but what the file system says.
    MET = "met"
    #: Probed and decided: nothing is to be done.
    SKIPPED = "skipped"
    #: Decided: the owner has to say what.
    ASKED = "asked"
    #: Decided: work is to be done, and nobody has approved it yet.
    PLANNED = "planned"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryFile:
    """A file of a library."""

    id: int
    library: str
    #: Below the root, with `/`; may hold surrogate escapes.
    path: str
    size: int
    mtime_ns: int
    hard_links: int = 1
    symlink: bool = False
    gone: bool = False
    fingerprint: str | None = None
    state: FileState = FileState.MET
    #: See `library.facts`; None: it was not probed yet.
    facts: Facts | None = None
    #: Why the engine would refuse it, or cannot use it.
    refusal: tuple[str, ...] = ()
    #: What the rules, or the owner, decided; None: nobody yet.
    choice: Choice | None = None
    #: The owner's word, which no rule changes; None: there is none.
    owner: Action | None = None
    #: Predictions: bytes saved and CPU seconds.
    saves: float | None = None
    costs: float | None = None
    job_id: str | None = None
    #: Id of the leased work it was queued as last; None: it never was.
    work_id: str | None = None
    #: What that work came to, as sentences.
    note: tuple[str, ...] = ()
    #: Bytes of the source and of the output, of work that was done.
    bytes_before: int | None = None
    bytes_after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a file's work has come to by now; None leaves what is known."""

    state: FileState
    note: tuple[str, ...] = ()
    job_id: str | None = None
    bytes_before: int | None = None
    bytes_after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """What a look into a file told."""

    id: int
    #: None where its bytes could not be read.
    fingerprint: str | None
    #: What the file system says is not among them: that is asked anew.
    facts: Facts
    refusal: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many files of a library are in each state, and what was saved. Bytes."""

    states: Mapping[FileState, int] = field(default_factory=dict)
    sources: int = 0
    gone: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    #: What outputs are smaller by: nothing of films whose bytes other hard links keep, and of films that were replaced
    #: only once their originals left the quarantine.
    bytes_saved: int = 0


class Catalog(Protocol):
    """The port. Every call is one committed transaction; implementations must be called from one thread at a time."""

    def close(self) -> None:
        """Close the connection of the calling thread; the next call makes another."""
        ...

    def libraries(self) -> list[Library]:
        """All of them, by name."""
        ...

    def add_library(self, name: str, root: str, marker: str, settings: Mapping[str, Any]) -> Library:
        """Add one, or change the settings of the one with this name and root.

        Raises:
            ConflictError: the name belongs to another root, or the root to another name.
        """
        ...

    def remove_library(self, name: str) -> bool:
        """Forget a library and its files, and nothing on the disk; False where there is none."""
        ...

    def remembered(self, library_id: int) -> list[Remembered]:
        """Every file of a library as the last scan left it."""
        ...

    def scanned(self, library_id: int) -> dt.datetime | None:
        """When the last scan of a library was committed; None: none ever was, or the library is forgotten."""
        ...

    def write_scan(self, library_id: int, changes: Changes, *, since: dt.datetime | None) -> None:
        """Commit what a scan found. Facts and decisions of a changed file are forgotten, but for the owner's word.

        Args:
            library_id: which library.
            changes: against what was remembered.
            since: what `scanned` answered before anything was read.

        Raises:
            BusyError: another scan was committed since then; nothing was written.
        """
        ...

    def unprobed(self, library_id: int) -> list[LibraryFile]:
        """Files that are there and were not looked into yet, by id."""
        ...

    def write_probes(self, probes: Sequence[Probed]) -> None:
        """Commit what looks into files told."""
        ...

    def files(
        self, library_id: int, states: Iterable[FileState] | None = None, *, after: int = 0, limit: int | None = None
    ) -> list[LibraryFile]:
        """Files that are there, by id, those after an id; of all states where None."""
        ...

    def find_file(self, library_id: int, path: str) -> LibraryFile | None:
        """The file at a path below the root."""
        ...

    def write_choices(self, choices: Mapping[int, Choice]) -> None:
        """Commit decisions; a file that is queued or runs keeps its state."""
        ...

    def counts(self) -> dict[str, Counts]:
        """Figures of each library, by name."""
        ...

    def write_forecasts(self, forecasts: Mapping[int, tuple[float, float]]) -> None:
        """Commit what is foretold of files: bytes saved, and seconds of work."""
        ...

    def queue(self, library_id: int, choices: Mapping[int, Choice], works: Mapping[int, Work]) -> int:
        """Queue files, their work with them, in one transaction; returns how much work is new.

        Args:
            library_id: whose files.
            choices: by file; a file that runs is left alone.
            works: by file. Work of this id that is there already stays as it is.
        """
        ...

    def approve(self, library_id: int, policy: str) -> None:
        """Note that a plan of the library was applied: from now on it queues new files by itself.

        The policy it was applied with is kept among the library's settings, as `approved_policy`.
        """
        ...

    def file(self, file_id: int) -> LibraryFile | None:
        """The file of a row, also one that is gone."""
        ...

    def at_work(self, library_id: int) -> list[tuple[LibraryFile, WorkRow | None]]:
        """Files that wait or run by their state, and do not by their work, with that work."""
        ...

    def stand(self, file_id: int, standing: Standing) -> None:
        """Commit what a file's work has come to."""
        ...

    def answer(self, file_id: int, owner: Action | None, choice: Choice) -> None:
        """Commit the owner's word, and what follows from it; None takes it back."""
        ...

    def became(self, file_id: int, seen: Seen, fingerprint: str) -> None:
        """A file was replaced by its output: that is what is there now, and no scan takes it for a changed film."""
        ...

    def outputs_below(self, root: str) -> frozenset[str]:
        """Paths below a root, relative to it, at which jobs put their outputs."""
        ...

    def has_twin(self, library_id: int, path: str) -> bool:
        """Whether another file that is there has the same path but for the extension."""
        ...

    def outcomes_at(self, path: str) -> list[OutcomeRecord]:
        """How the film at an absolute path ended each time, the first time first."""
        ...

    def outcomes_after(self, last: int, limit: int) -> list[tuple[int, OutcomeRecord]]:
        """All outcomes in their order, those after a number, with their numbers."""
        ...

    def files_of_work(self, prefix: str, limit: int) -> list[LibraryFile]:
        """Files whose work's id begins so."""
        ...
