"""What the engine remembers, the port it remembers through, and that port's in-memory twin."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from reelwright.events import Event
from reelwright.quality.score import Score


class StepKind(StrEnum):
    """The steps of a chunked job. Trials are committed as trials; the others once a job."""

    ANALYSE = "analyse"
    TRIAL = "trial"
    ASSEMBLE = "assemble"
    VALIDATE = "validate"
    PLACE = "place"


class JobStatus(StrEnum):
    """Where a job stands."""

    #: Begun, and not ended: running now, or stopped and waiting to go on.
    OPEN = "open"
    #: Its output was validated and placed.
    DONE = "done"
    #: Ended by an error; the same command tries again.
    FAILED = "failed"
    #: Given up by the user; the same command opens it again.
    CANCELLED = "cancelled"


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

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.end - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeRecord:
    """How one source ended, also for skips, refusals and failures."""

    #: May hold surrogate escapes.
    source_path: str
    output_path: str | None
    job_id: str | None
    #: Verdict of the decision, such as "encode" or "skip"; None where it failed before one.
    decision: str | None
    #: "encoded", "already_done", "skipped", "refused", "failed", "interrupted" or "cancelled".
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

    def commit_trial(self, trial: TrialRecord) -> None:
        """Commit a trial; the same key again replaces it."""
        ...

    def trials(self, curve_keys: Iterable[str]) -> list[TrialRecord]:
        """Committed trials of these curves, by curve and CRF, whichever job made them."""
        ...

    def drop_trial(self, trial_key: str) -> None:
        """Forget a trial whose bytes are gone or not what was committed."""
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


class MemoryJobStore:
    """The port's twin without a disk, for tests and dry runs."""

    def __init__(self) -> None:
        self._sources: dict[SourceStamp, SourceRecord] = {}
        self._jobs: dict[str, Job] = {}
        self._steps: dict[tuple[str, StepKind], StepRecord] = {}
        self._trials: dict[str, TrialRecord] = {}
        self._outcomes: list[OutcomeRecord] = []
        #: Ids of jobs, the one last opened or ended at the end.
        self._touched: list[str] = []
        self.events: list[Event] = []

    def find_source(self, stamp: SourceStamp) -> SourceRecord | None:
        """See the port."""
        return self._sources.get(stamp)

    def remember_source(self, record: SourceRecord) -> None:
        """See the port."""
        others = {s: r for s, r in self._sources.items() if s.path != record.stamp.path}
        self._sources = {**others, record.stamp: record}

    def open_job(self, job: Job) -> Job:
        """See the port."""
        known = self._jobs.get(job.id)
        status = JobStatus.DONE if known is not None and known.status is JobStatus.DONE else JobStatus.OPEN
        self._jobs[job.id] = replace(job, status=status)
        self._touch(job.id)
        return self._jobs[job.id]

    def find_job(self, job_id: str) -> Job | None:
        """See the port."""
        return self._jobs.get(job_id)

    def jobs_for_output(self, output_path: str) -> list[Job]:
        """See the port."""
        return [job for job in self._jobs.values() if job.output_path == output_path]

    def recent_jobs(self, statuses: Collection[JobStatus] | None = None, limit: int | None = None) -> list[Job]:
        """See the port."""
        newest = [self._jobs[job_id] for job_id in reversed(self._touched)]
        return [job for job in newest if statuses is None or job.status in statuses][:limit]

    def jobs_like(self, prefix: str, limit: int) -> list[Job]:
        """See the port."""
        return sorted((job for job in self._jobs.values() if job.id.startswith(prefix)), key=lambda j: j.id)[:limit]

    def commit_step(self, job_id: str, step: StepRecord) -> None:
        """See the port."""
        self._steps[job_id, step.kind] = step

    def steps(self, job_id: str) -> dict[StepKind, StepRecord]:
        """See the port."""
        return {kind: step for (job, kind), step in self._steps.items() if job == job_id}

    def drop_steps(self, job_id: str, kinds: Iterable[StepKind]) -> None:
        """See the port."""
        for kind in kinds:
            self._steps.pop((job_id, kind), None)

    def commit_trial(self, trial: TrialRecord) -> None:
        """See the port."""
        self._trials[trial.trial_key] = trial

    def trials(self, curve_keys: Iterable[str]) -> list[TrialRecord]:
        """See the port."""
        wanted = set(curve_keys)
        found = [t for t in self._trials.values() if t.curve_key in wanted]
        return sorted(found, key=lambda t: (t.curve_key, t.crf))

    def drop_trial(self, trial_key: str) -> None:
        """See the port."""
        self._trials.pop(trial_key, None)

    def finish_job(self, job_id: str, status: JobStatus) -> None:
        """See the port."""
        self._jobs[job_id] = replace(self._jobs[job_id], status=status)
        self._touch(job_id)

    def cancel_job(self, job_id: str) -> JobStatus:
        """See the port."""
        if self._jobs[job_id].status is not JobStatus.DONE:
            self.finish_job(job_id, JobStatus.CANCELLED)
        return self._jobs[job_id].status

    def record_outcome(self, outcome: OutcomeRecord) -> None:
        """See the port."""
        self._outcomes.append(outcome)

    def outcomes(self, job_id: str) -> list[OutcomeRecord]:
        """See the port."""
        return [outcome for outcome in self._outcomes if outcome.job_id == job_id]

    def outcomes_of(self, job_ids: Iterable[str]) -> dict[str, list[OutcomeRecord]]:
        """See the port."""
        return {job_id: found for job_id in job_ids if (found := self.outcomes(job_id))}

    def add_event(self, event: Event) -> None:
        """See the port."""
        if event.event.value != "progress":
            self.events.append(event)

    def events_of(self, job_id: str) -> list[Event]:
        """See the port."""
        return [event for event in self.events if event.job == job_id]

    def _touch(self, job_id: str) -> None:
        self._touched = [*(other for other in self._touched if other != job_id), job_id]
