"""What the `library` command hands to the program, and what it gets back: values without anything heavy behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from reelwright.events import EventSink
    from reelwright.library.catalog import Counts, FileState, Library, LibraryFile
    from reelwright.library.plans import Plan, Refused
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
