"""The ledger's twin without a disk, for tests and dry runs."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace

from reelwright.engine.jobs import (
    FilmHistory,
    Job,
    JobStatus,
    OutcomeRecord,
    PastTrial,
    SourceRecord,
    SourceStamp,
    StepKind,
    StepRecord,
    TrialRecord,
    UsageSample,
    size_class,
)
from reelwright.events import Event
from reelwright.planning.stream_ledger import Entry


class MemoryJobStore:
    """The port's twin without a disk, for tests and dry runs."""

    def __init__(self) -> None:
        self._sources: dict[SourceStamp, SourceRecord] = {}
        self._jobs: dict[str, Job] = {}
        self._steps: dict[tuple[str, StepKind], StepRecord] = {}
        self._fates: dict[str, list[Entry]] = {}
        self._trials: dict[str, TrialRecord] = {}
        self._outcomes: list[OutcomeRecord] = []
        #: Ids of jobs, the one last opened or ended at the end.
        self._touched: list[str] = []
        self.events: list[Event] = []
        #: Trials in the order they were first committed, and how many there were at each reset of history.
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._resets: list[tuple[int, dt.datetime]] = []

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

    def commit_fates(self, job_id: str, ledger: Sequence[Entry]) -> None:
        """See the port."""
        self._fates[job_id] = list(ledger)

    def fates(self, job_id: str) -> list[Entry]:
        """See the port."""
        return list(self._fates.get(job_id, ()))

    def commit_trial(self, trial: TrialRecord) -> None:
        """See the port."""
        self._trials[trial.trial_key] = trial
        if trial.trial_key not in self._numbers:
            self._count += 1
            self._numbers[trial.trial_key] = self._count

    def trials(self, curve_keys: Iterable[str]) -> list[TrialRecord]:
        """See the port."""
        wanted = set(curve_keys)
        found = [t for t in self._trials.values() if t.curve_key in wanted]
        return sorted(found, key=lambda t: (t.curve_key, t.crf))

    def drop_trial(self, trial_key: str) -> None:
        """See the port."""
        self._trials.pop(trial_key, None)
        self._numbers.pop(trial_key, None)

    def usage_of(self, width: int, height: int, *, encoder: str, preset: int, limit: int) -> list[UsageSample]:
        """See the port."""
        wanted = size_class(width, height)
        found = [
            UsageSample(
                width=t.width,
                height=t.height,
                threads=t.threads,
                cpu_idle=t.cpu_idle,
                encode=t.encode_usage,
                score=t.score_usage,
            )
            for t in reversed(self._trials.values())
            if t.windows is None
            and (t.encoder, t.preset) == (encoder, preset)
            and abs(size_class(t.width, t.height) - wanted) <= 1
        ]
        return found[:limit]

    def history(self, *, encoder: str, without: str | None, films: int, trials: int) -> list[FilmHistory]:
        """See the port."""
        first = self._resets[-1][0] if self._resets else 0
        by_film: dict[str, list[tuple[int, TrialRecord]]] = {}
        for key, trial in self._trials.items():
            if self._numbers[key] > first and trial.source_id != without:
                by_film.setdefault(trial.source_id, []).append((self._numbers[key], trial))
        newest = sorted(by_film, key=lambda source: max(by_film[source], key=lambda t: t[0])[0], reverse=True)
        found: list[FilmHistory] = []
        for source in newest:
            ordered = [trial for _, trial in sorted(by_film[source], key=lambda t: t[0])]
            mine = [t for t in ordered if t.encoder == encoder]
            some = tuple(past_trial(t) for t in mine if t.windows is None)[:trials]
            samples = tuple(past_trial(t) for t in mine if t.windows is not None)[:trials]
            if some and len(found) < films:
                path = self._path_of(source)
                found.append(FilmHistory(source_id=source, path=path, trials=some, samples=samples))
        return found[::-1]

    def _path_of(self, source_id: str) -> str | None:
        paths = [stamp.path for stamp, record in self._sources.items() if record.source_id == source_id]
        return paths[-1] if paths else None

    def reset_history(self) -> None:
        """See the port."""
        self._resets.append((self._count, dt.datetime.now(dt.UTC)))

    def undo_reset(self) -> bool:
        """See the port."""
        return bool(self._resets) and self._resets.pop() is not None

    def last_reset(self) -> dt.datetime | None:
        """See the port."""
        return self._resets[-1][1] if self._resets else None

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

    def jobs_for_source(self, source_path: str) -> list[Job]:
        """See the port."""
        return [job for _, job in sorted(self._jobs.items()) if job.source_path == source_path]

    def _touch(self, job_id: str) -> None:
        self._touched = [*(other for other in self._touched if other != job_id), job_id]


def past_trial(trial: TrialRecord) -> PastTrial:
    """What a trial tells of other films."""
    own = {f.name: getattr(trial, f.name) for f in fields(PastTrial) if f.name not in {"score", "model", "scaled_to"}}
    score = trial.score
    return PastTrial(**own, score=score.mean, model=score.model, scaled_to=score.scaled_to)
