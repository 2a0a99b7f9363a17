"""What the engine remembers, and the port it remembers through; its twin without a disk is in `memory.py`."""

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from reelwright.events import Event
from reelwright.planning.stream_ledger import Entry
from reelwright.quality.score import Score


class StepKind(StrEnum):
    """The steps of a chunked job. Trials are committed as trials; the others once a job."""

    ANALYSE = "analyse"
    TRIAL = "trial"
    #: The film's pictures were copied to where ranges of them can be found; see `engine.seekable`.
    COPY = "copy"
    #: Sounds that become Opus; committed anew with each one that is done.
    AUDIO = "audio"
    ASSEMBLE = "assemble"
    VALIDATE = "validate"
    PLACE = "place"


class JobStatus(StrEnum):
    """Where a job stands."""

    #: Begun, and not ended: running now, or stopped and waiting to go on.
    OPEN = "open"
    #: Its output was validated and placed.
    DONE = "done"
    #: Ended without an output, by a rule: it was not worth it.
    SKIPPED = "skipped"
    #: Ended by an error; the same command tries again.
    FAILED = "failed"
    #: Given up by the user; the same command opens it again.
    CANCELLED = "cancelled"


#: Among a trial's features: how unsure its expected score was.
UNSURE = "unsure"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceStamp:
    """What the file system says of a file: tells when its content must be hashed again, and no more."""

    #: Absolute path; may hold surrogate escapes for names that are not UTF-8.
    path: str
    device: int
    inode: int
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRecord:
    """A film that was analysed: committing it is the analysis step's checkpoint."""

    stamp: SourceStamp
    source_id: str
    #: Digest of the index file in the film's work folder.
    index_digest: str
    frames: int
    #: The probe's facts, as plain values.
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One piece of work: a source, a request and an output."""

    id: str
    source_id: str
    #: May hold surrogate escapes.
    source_path: str
    output_path: str
    #: The plan as plain values, for people and pages.
    plan: Mapping[str, Any]
    status: JobStatus = JobStatus.OPEN
    #: The film's work folder, for whoever asks from elsewhere; None in rows of versions that did not note it.
    work_folder: str | None = None
    #: When the row was made, and when the job was last opened or ended; the store's, and in no comparison.
    created: dt.datetime | None = field(default=None, compare=False)
    updated: dt.datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a child process used."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_rss_bytes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """What two children used one after the other."""
        return Usage(
            wall_seconds=self.wall_seconds + other.wall_seconds,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            peak_rss_bytes=max(self.peak_rss_bytes, other.peak_rss_bytes),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageSample:
    """What one committed trial was seen to need."""

    width: int
    height: int
    #: SVT-AV1's `lp` and VMAF's threads; None where that was not kept.
    threads: int | None
    #: Share of the machine's CPU time that nobody used meanwhile; None where that was not kept.
    cpu_idle: float | None
    encode: Usage
    score: Usage


def size_class(width: int, height: int) -> int:
    """Number of a picture size's class: each class has 19 % more pixels than the one below it."""
    return round(4 * math.log2(max(1, width * height)))


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRecord:
    """A committed step of a job."""

    kind: StepKind
    result: Mapping[str, Any]
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialRecord:
    """One chunk encoded and scored at one CRF, committed after its file was checked, synced and renamed."""

    trial_key: str
    #: Identity of the chunk's trials but for the CRF.
    curve_key: str
    source_id: str
    #: Frames [start, end) of the film.
    start: int
    end: int
    crf: float
    #: Name of the file in the film's `segments` folder, its size, and the hash of its packets.
    file_name: str
    size_bytes: int
    packets_digest: str
    score: Score
    score_key: str
    #: VMAF of each scored frame, in order.
    frame_scores: tuple[float, ...]
    encode_usage: Usage
    score_usage: Usage
    #: For the quality engine: the chunk's features, picture size, encoder build and parameters.
    features: Mapping[str, Any]
    width: int
    height: int
    encoder: str
    preset: int
    parameters: Mapping[str, str]
    build: Mapping[str, str]
    #: Why this CRF was tried.
    why: str
    #: See UsageSample; neither changes a byte.
    threads: int | None = None
    cpu_idle: float | None = None
    #: The score the search expected of it; None where it expected none, or before that was kept.
    predicted: float | None = None
    #: Of a sample, the frames [start, end) that were encoded; its file was not kept. None: the whole chunk was.
    windows: tuple[tuple[int, int], ...] | None = None

    @property
    def unsure(self) -> float | None:
        """Standard deviation of the score that was expected; None where that was not kept."""
        value = self.features.get(UNSURE)
        return float(value) if isinstance(value, int | float) else None

    @property
    def frames(self) -> int:
        """Number of frames that were encoded."""
        if self.windows is not None:
            return sum(end - start for start, end in self.windows)
        return self.end - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class PastTrial:
    """What a trial, or a sample, of a chunk tells of other films: see TrialRecord."""

    start: int
    end: int
    crf: float
    #: Mean VMAF, the model that gave it, and the size both sides were scaled to.
    score: float
    model: str
    scaled_to: str | None
    features: Mapping[str, Any]
    width: int
    height: int
    encoder: str
    preset: int
    parameters: Mapping[str, str]
    build: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmHistory:
    """A film's first trials of whole chunks, and first samples."""

    source_id: str
    #: Where it was last read; may hold surrogate escapes. None: nobody knows any more.
    path: str | None
    trials: tuple[PastTrial, ...]
    samples: tuple[PastTrial, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeRecord:
    """How one source ended, also for skips, refusals and failures."""

    #: May hold surrogate escapes.
    source_path: str
    output_path: str | None
    job_id: str | None
    #: Verdict of the decision, such as "encode" or "skip"; None where it failed before one.
    decision: str | None
    #: "encoded", "remuxed", "replaced", "already_done", "skipped", "refused", "failed", "interrupted" or "cancelled".
    outcome: str
    exit_code: int
    reasons: tuple[str, ...]
    bytes_before: int | None = None
    bytes_after: int | None = None
    #: Mean over the film's frames and the rest of `result.vmaf`; None where nothing was scored.
    vmaf: Mapping[str, Any] | None = None
    trials: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    checks: tuple[Mapping[str, Any], ...] = ()
    finished: dt.datetime | None = None


class JobStore(Protocol):
    """The port. Every call is one committed transaction; doing it twice changes nothing.

    Implementations may be slow and must be called from one thread.
    """

    def find_source(self, stamp: SourceStamp) -> SourceRecord | None:
        """The film that was read at this very path, device, inode, size and time; None where it must be read."""
        ...

    def remember_source(self, record: SourceRecord) -> None:
        """Commit an analysis. A path that held another film before now holds this one."""
        ...

    def open_job(self, job: Job) -> Job:
        """Make the job, or find it. A failed or cancelled one is open again, a done one stays done."""
        ...

    def find_job(self, job_id: str) -> Job | None:
        """The job of that id."""
        ...

    def jobs_for_output(self, output_path: str) -> list[Job]:
        """Jobs that write, or wrote, this output."""
        ...

    def recent_jobs(self, statuses: Collection[JobStatus] | None = None, limit: int | None = None) -> list[Job]:
        """Jobs of these statuses, of all where None; the one last opened or ended comes first."""
        ...

    def jobs_like(self, prefix: str, limit: int) -> list[Job]:
        """Jobs whose id begins so, by id, and no more than the limit."""
        ...

    def commit_step(self, job_id: str, step: StepRecord) -> None:
        """Commit a step; a later commit of the same kind replaces the former."""
        ...

    def steps(self, job_id: str) -> dict[StepKind, StepRecord]:
        """The committed steps of a job."""
        ...

    def drop_steps(self, job_id: str, kinds: Iterable[StepKind]) -> None:
        """Forget steps whose result no longer holds."""
        ...

    def commit_fates(self, job_id: str, ledger: Sequence[Entry]) -> None:
        """Commit a job's stream ledger, in place of the one it may have."""
        ...

    def fates(self, job_id: str) -> list[Entry]:
        """A job's stream ledger in its order; empty where none was kept."""
        ...

    def commit_trial(self, trial: TrialRecord) -> None:
        """Commit a trial; the same key again replaces it."""
        ...

    def trials(self, curve_keys: Iterable[str]) -> list[TrialRecord]:
        """Committed trials of these curves, by curve and CRF, whichever job made them."""
        ...

    def drop_trial(self, trial_key: str) -> None:
        """Forget a trial whose bytes are gone or not what was committed."""
        ...

    def usage_of(self, width: int, height: int, *, encoder: str, preset: int, limit: int) -> list[UsageSample]:
        """What the newest trials of whole chunks needed, of this encoder, preset, size class and the two beside it."""
        ...

    def history(self, *, encoder: str, without: str | None, films: int, trials: int) -> list[FilmHistory]:
        """The newest films with trials of this encoder since the last reset, the oldest of them first.

        Args:
            encoder: FFmpeg's name of it.
            without: a film's source id that is left out.
            films: how many at the most.
            trials: how many of each at the most, the first ones that were made; and as many samples.
        """
        ...

    def reset_history(self) -> None:
        """Leave all trials made so far out of `history` from now on; nothing is deleted."""
        ...

    def undo_reset(self) -> bool:
        """Take the last reset back; False where there is none."""
        ...

    def last_reset(self) -> dt.datetime | None:
        """When history was last reset; None: never, or that was taken back."""
        ...

    def finish_job(self, job_id: str, status: JobStatus) -> None:
        """Set where the job stands."""
        ...

    def cancel_job(self, job_id: str) -> JobStatus:
        """Give a job up, unless it is done; returns where it stands now."""
        ...

    def record_outcome(self, outcome: OutcomeRecord) -> None:
        """Add an outcome to the ledger."""
        ...

    def outcomes(self, job_id: str) -> list[OutcomeRecord]:
        """Outcomes of a job, oldest first."""
        ...

    def outcomes_of(self, job_ids: Iterable[str]) -> dict[str, list[OutcomeRecord]]:
        """Outcomes of several jobs, each job's oldest first; a job without any is not in it."""
        ...

    def add_event(self, event: Event) -> None:
        """Add an event to the ledger. `progress` events are not stored."""
        ...

    def events_of(self, job_id: str) -> list[Event]:
        """Events of a job, oldest first."""
        ...

    def jobs_for_source(self, source_path: str) -> list[Job]:
        """Jobs that read this source, by id."""
        ...
