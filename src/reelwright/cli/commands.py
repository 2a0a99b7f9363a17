"""What the command line hands to the program, and what it gets back: values without anything heavy behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.quality.comparison import ScoreOptions, ScoreProgress, ScoreResult


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
class ScoreJob:
    """A `score` command."""

    reference: Path
    distorted: Path
    options: "ScoreOptions"


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

    def score(self, job: ScoreJob, tell: "Callable[[ScoreProgress], None]") -> "ScoreResult":
        """Score one film against another; `tell` is told how far it is."""
        ...

    def doctor(self) -> list[CheckRow]:
        """Look at tools, disk and database."""
        ...
