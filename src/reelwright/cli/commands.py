"""What the command line hands to the program, and what it gets back: values without anything heavy behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Sequence

    from reelwright.cli.library_commands import LibraryProgram
    from reelwright.cli.user_commands import UserProgram
    from reelwright.engine.cleaning import Age
    from reelwright.engine.details import JobDetails
    from reelwright.engine.jobs import Job, OutcomeRecord
    from reelwright.engine.leases import WorkRow, WorkState
    from reelwright.engine.listing import JobRow, State
    from reelwright.engine.model_view import ModelView
    from reelwright.engine.removal import Cleaned
    from reelwright.engine.replacing import Entry
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.origins import Examined, Report
    from reelwright.planning.explanation import Explanation
    from reelwright.planning.zones import Zone
    from reelwright.profiles import Profile
    from reelwright.quality.comparison import ScoreOptions, ScoreProgress, ScoreResult
    from reelwright.sequences.check import CheckProgress, CheckReport


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
    #: Seconds as decimal numbers; None: from the start, to the end.
    start: str | None = None
    duration: str | None = None
    #: An output larger than this share of the source is not kept; None: there is no limit.
    max_encoded_percent: float | None = None
    max_output_size: int | None = None
    zones: "tuple[Zone, ...]" = ()
    #: Size to encode at; a side that is 0 follows from the other.
    scale: tuple[int, int] | None = None
    #: A scene list to take cuts and zones from, and one to write.
    scenes: Path | None = None
    export_scenes: Path | None = None


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
    #: "check", "encoder", "device", "plugin" or "notifier".
    kind: str = "check"
    #: No encode needs it: that it does not work is no failure.
    optional: bool = False


#: Told in a few words what is done now.
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportOrder:
    """A `report` command."""

    #: An output, its source, or the beginning of a job's id.
    what: str
    #: None: beside the output.
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportDone:
    """A report that was made."""

    path: Path
    job: str
    source: str
    #: The headline's numbers.
    figures: Mapping[str, Any]
    pictures: int
    #: Sentences on pictures that could not be had.
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look of somebody who watches."""

    #: What runs, the newest first.
    rows: "Sequence[JobRow]"
    #: What has ended since the look before.
    ended: "Sequence[JobRow]" = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelledJob:
    """What cancelling a job came to."""

    #: As it stands now.
    job: "Job"
    #: Where it stood before.
    before: "State"
    #: "asked", "terminated" or "killed": what it took to end its run; "idle": nothing ran.
    how: str
    pid: int | None
    #: Processes of the run that have ended: number and name.
    processes: "Sequence[tuple[int, str]]"


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueShown:
    """The queue, or a part of it."""

    rows: "Sequence[WorkRow]" = ()
    #: How much work is in each state.
    counts: "Mapping[WorkState, int]" = field(default_factory=dict)
    #: Libraries that are held back; an empty name stands for all of them.
    paused: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueChange:
    """A piece of work as it stood, and as it stands now."""

    before: "WorkRow"
    after: "WorkRow"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOrder:
    """A `serve` command."""

    #: Of the `[web]` table, what the command line says over it.
    web: Mapping[str, Any] = field(default_factory=dict)
    #: Whether pages are offered.
    pages: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerOrder:
    """A `worker` command."""

    #: Of the `[cluster]` table, what the command line says over it.
    cluster: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowerOrder:
    """A `flower` command."""

    #: As `WorkerOrder.cluster`.
    cluster: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanRequest:
    """A `clean` command."""

    age: "Age"
    dry_run: bool = False
    #: Settings given as flags, as a tree of sections.
    flags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderOrder:
    """What `sequence render` is asked to do."""

    source: Path
    output: str | None = None
    profiles: tuple[str, ...] = ()
    missing: str = "error"
    retrieve: tuple[str, ...] = ()
    no_slate: bool = False
    no_burn_ins: bool = False
    burn_ins: tuple[str, ...] = ()
    #: Raster steps as they are written.
    steps: tuple[str, ...] = ()
    #: What frames with alpha are laid over; None: nothing was said.
    background: str | None = None
    #: What goes to the rendering as it is, by name; None where it was not said.
    asked: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False
    dry_run: bool = False
    #: Settings given as flags, as a tree of sections.
    flags: Mapping[str, Any] = field(default_factory=dict)
    #: Equal bytes from run to run, of what goes through the quality engine too.
    deterministic: bool = False
    #: Frames beyond the cut, where a row does not say them.
    handles: int | None = None
    #: Formats of a still and of a contact sheet beside the movie: "jpg" or "png"; None: there is none.
    thumbnail: str | None = None
    contact_sheet: str | None = None
    #: Seconds between two looks at sequences that are followed; None: they are rendered once.
    watch: float | None = None
    #: For how many seconds they are followed at most; None: until they are complete.
    watch_for: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceOrder:
    """A `sequence check` command."""

    #: A sheet, or a folder of frames.
    source: Path
    #: Whether the files are opened; their names are all that is looked at otherwise.
    pictures: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ResetDone:
    """What a reset of the quality model came to."""

    #: Whether anything has changed.
    changed: bool
    #: The reset that counts now; None: everything is learned from.
    since: "dt.datetime | None"


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateDone:
    """What bringing the ledger up to date came to."""

    #: Where it is, without any password.
    ledger: str
    #: Names of the migrations that were applied.
    applied: tuple[str, ...]


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

    def test_notifications(self) -> list[CheckRow]:
        """Send a message to everybody the settings name; what came of each."""
        ...

    def report(self, order: ReportOrder, tell: Tell) -> ReportDone:
        """Make a page about a job; `tell` hears what is done now."""
        ...

    def list_jobs(self, states: "Collection[State] | None", limit: int | None) -> "list[JobRow]":
        """The newest jobs in these states; None: in any, or all of them."""
        ...

    def show_job(self, which: str) -> "JobDetails":
        """Everything about one job, named by the beginning of its id or by its output."""
        ...

    def watch_jobs(self, which: str | None) -> "Iterator[Look]":
        """What runs, again and again, until it has ended; all that runs where no job is named."""
        ...

    def cancel_job(self, which: str, grace: float, tell: "Callable[[str], None]") -> CancelledJob:
        """Give a job up and end its run."""
        ...

    def retry_job(self, which: str, flags: Mapping[str, Any], sink: "EventSink", *, overwrite: bool) -> "OutcomeRecord":
        """Run a job again with the request it was made with."""
        ...

    def show_queue(self, states: "Collection[State] | None", *, queued: bool, limit: int | None) -> QueueShown:
        """What of the queue is in these states; None: what waits, runs and failed."""
        ...

    def cancel_queued(self, which: str) -> QueueChange | None:
        """Cancel a piece of work by the beginning of its id or by its film's path; None: there is none."""
        ...

    def retry_queued(self, which: str) -> QueueChange | None:
        """Begin an ended piece of work anew; None: there is none."""
        ...

    def clean(self, wanted: CleanRequest) -> "Iterator[Cleaned]":
        """Remove what finished and given-up jobs left; each thing is told as it is dealt with."""
        ...

    def replacements(self) -> "list[Entry]":
        """Films that were replaced, or are being replaced, the oldest first."""
        ...

    def restore(self, which: str) -> "Entry":
        """Put an original back, named by the beginning of its id or by the film's path."""
        ...

    def config_report(self, flags: Mapping[str, Any]) -> "Report":
        """Every setting with its origin; the flags are a tree of sections."""
        ...

    def config_check(self, file: Path | None) -> "Examined":
        """Everything wrong with a configuration file, the one in effect if none is given, and the environment."""
        ...

    def quality_model(self) -> "ModelView":
        """What the quality model expects, and what it has learned."""
        ...

    def reset_quality_model(self, *, undo: bool) -> "ResetDone":
        """Have the model learn anew from here on, or take that back."""
        ...

    def migrate_ledger(self) -> MigrateDone:
        """Bring the ledger's tables up to date."""
        ...

    def worker_rights(self, role: str) -> list[str]:
        """SQL that makes a role for workers that encode."""
        ...

    def grant_worker(self, role: str, password: Path) -> str:
        """Make that role with the password a file holds; returns the ledger it is for."""
        ...

    def profiles(self) -> "Mapping[str, Profile]":
        """The profiles there are, those built in first."""
        ...

    def why(self, job: EncodeJob) -> "Explanation":
        """What would be done with the job's only source, and why; nothing is done."""
        ...

    def check_sequences(self, order: SequenceOrder, tell: "Callable[[CheckProgress], None]") -> "CheckReport":
        """Check the sequences of a sheet or a folder; `tell` is told how far it is."""
        ...

    def render_sequences(self, order: RenderOrder, sink: "EventSink") -> "list[OutcomeRecord]":
        """Render image sequences into movies; the events go to the sink."""
        ...

    def serve(self, order: ServeOrder, sink: "EventSink", tell: Tell) -> int | None:
        """Scan libraries and work on them until a signal comes; returns its number."""
        ...

    def work(self, order: WorkerOrder, sink: "EventSink", tell: Tell) -> int | None:
        """Work for a cluster until a signal comes; returns its number."""
        ...

    def worker_health(self, order: WorkerOrder, *, ready: bool) -> str:
        """What is to be said of this machine's workers; raises where one is not alive, or not ready."""
        ...

    def flower(self, order: FlowerOrder, tell: Tell) -> int | None:
        """Offer Flower until a signal comes; returns its number."""
        ...

    def libraries(self) -> "LibraryProgram":
        """What can be asked of libraries."""
        ...

    def users(self) -> "UserProgram":
        """What can be asked of the pages' users."""
        ...
