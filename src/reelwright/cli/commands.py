"""What the command line hands to the program, and what it gets back: values without anything heavy behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.origins import Examined, Report
    from reelwright.planning.explanation import Explanation
    from reelwright.profiles import Profile


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodeJob:
    """An `encode` command."""

    sources: tuple[Path, ...]
    #: As typed: a trailing slash means a folder. None: beside the source.
    output: str | None
    #: Settings given as flags, as a tree of sections.
    flags: Mapping[str, Any] = field(default_factory=dict)
    svt: tuple[tuple[str, str], ...] = ()
    crf: float | None = None
    overwrite: bool = False
    dry_run: bool = False
    deterministic: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRow:
    """One thing `doctor` looked at."""

    name: str
    #: True: works; False: does not; None: works, but look.
    works: bool | None
    found: str
    #: What to do, where something is to be done.
    advice: str = ""


class Program(Protocol):
    """What the command line can ask for."""

    def encode(self, job: EncodeJob, sink: "EventSink") -> "list[OutcomeRecord]":
        """Encode films; the events go to the sink."""
        ...

    def probe(self, path: Path) -> "MediaInfo":
        """Read a file's facts."""
        ...

    def doctor(self) -> list[CheckRow]:
        """Look at tools, disk and database."""
        ...

    def config_report(self, flags: Mapping[str, Any]) -> "Report":
        """Every setting with its origin; the flags are a tree of sections."""
        ...

    def config_check(self, file: Path | None) -> "Examined":
        """Everything wrong with a configuration file, the one in effect if none is given, and the environment."""
        ...

    def profiles(self) -> "Mapping[str, Profile]":
        """The profiles there are, those built in first."""
        ...

    def why(self, job: EncodeJob) -> "Explanation":
        """What would be done with the job's only source, and why; nothing is done."""
        ...
