"""What the `library` command hands to the program, and what it gets back: values without anything heavy behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.engine.leases import WorkRow
    from reelwright.events import EventSink
    from reelwright.library.catalog import Counts, FileState, Library, LibraryFile
    from reelwright.library.facts import Facts
    from reelwright.library.plans import Plan, Refused
    from reelwright.library.rules import Tried
    from reelwright.library.scan import Scanned


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLibrary:
    """A `library add` command."""

    name: str
    root: Path
    #: Keys of a table [libraries.NAME].
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanFailure:
    """A library that could not be scanned."""

    library: str
    message: str
    hint: str
    exit_code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ScansDone:
    """What a `library scan` came to."""

    scanned: "Sequence[Scanned]"
    failed: Sequence[ScanFailure] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanDone:
    """A `library plan` that was made."""

    plan: "Plan"
    #: Where it was written; None: it was only shown.
    path: Path | None
    #: Films of which samples were encoded, and those of which none could be, with the reason.
    sampled: Sequence[str] = ()
    not_sampled: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a `library apply` came to."""

    library: str
    queued: int
    refused: "Sequence[Refused]"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOrder:
    """A `library run` command."""

    #: Empty: all libraries.
    names: Sequence[str]
    #: Films that failed are not waited for.
    once: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDone:
    """What a `library run` came to."""

    scanned: "Sequence[Scanned]"
    failed: Sequence[ScanFailure]
    #: How each film ended.
    outcomes: Sequence[str]
    #: Libraries whose files wait for a plan to be applied, with how many.
    unapproved: Mapping[str, int]
    #: The worst of the films' and the libraries'.
    exit_code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What an owner's word on a file came to."""

    file: "LibraryFile"
    #: Where the file stood before.
    before: "FileState"


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a library knows of a file."""

    library: "Library"
    file: "LibraryFile"
    #: Facts, those of the file system as they are now.
    facts: "Facts"
    #: Each rule up to the first that matches.
    rules: "Sequence[Tried]"
    #: Its work; None: it never was queued, or that was cleared away.
    work: "WorkRow | None"
    #: Outcomes of this path, the oldest first.
    history: "Sequence[OutcomeRecord]"
    #: The library is held back.
    paused: bool
    #: What would change what becomes of it, as sentences.
    changes: Sequence[str]


class LibraryProgram(Protocol):
    """What the command line can ask of libraries."""

    def add(self, new: NewLibrary) -> "Library":
        """Add a library, or change the settings of one."""
        ...

    def remove(self, name: str) -> None:
        """Forget a library; nothing on the disk is touched."""
        ...

    def listed(self) -> "Sequence[tuple[Library, Counts]]":
        """All libraries, by name."""
        ...

    def scan(self, names: Sequence[str], tell: "Callable[[str, int, int | None], None]", *, probe: bool) -> ScansDone:
        """Scan libraries, all of them where none is named; look into new files if asked to, and decide."""
        ...

    def files(self, name: str, states: "Sequence[FileState] | None", limit: int | None) -> "Sequence[LibraryFile]":
        """Files of a library in these states."""
        ...

    def default_rules(self) -> str:
        """The rules of a library that has none of its own, as TOML."""
        ...

    def plan(self, name: str, output: Path | None, sink: "EventSink", *, samples: bool) -> PlanDone:
        """Say what would be done with a library, and write it down; samples teach what films of a kind come to."""
        ...

    def apply(self, plan: Path) -> Applied:
        """Queue what a plan says, but for files that changed since."""
        ...

    def run(self, order: RunOrder, sink: "EventSink", tell: "Callable[[str, int, int | None], None]") -> RunDone:
        """Scan, decide, and work until nothing waits."""
        ...

    def pause(self, name: str, *, paused: bool) -> None:
        """Hold a library's films back, or no longer."""
        ...

    def answer(self, path: Path, word: str) -> Answered:
        """Take the owner's word on a file: encode, skip, remux, or rules to take it back."""
        ...

    def about(self, path: Path) -> About | None:
        """What a library knows of a file; None where it is in none."""
        ...

    def export(self) -> "Iterator[tuple[str, Mapping[str, Any]]]":
        """Everything there is of libraries, row by row with the name of its table."""
        ...
