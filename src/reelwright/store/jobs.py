"""The engine's JobStore on the ledger."""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.db.models import Max, Model
from django.db.transaction import atomic
from django.utils import timezone

from reelwright.databases import Place
from reelwright.engine.jobs import (
    FilmHistory,
    Job,
    JobStatus,
    OutcomeRecord,
    SourceRecord,
    SourceStamp,
    StepKind,
    StepRecord,
    TrialRecord,
    UsageSample,
    size_class,
)
from reelwright.events import Event, EventName
from reelwright.planning.stream_ledger import Entry
from reelwright.store import models, rows
from reelwright.store.columns import exact, path_of
from reelwright.store.connection import hang_up, made_again, speaking_to
from reelwright.store.reading import all_values, first_value

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")

#: Keys asked for at once: SQLite limits the parameters of a statement, and a long film has thousands of chunks.
_KEYS_AT_ONCE = 500


@made_again("record_outcome", "add_event", "reset_history", "undo_reset")
class DjangoJobStore:
    """The port on a ledger, opened by `open_ledger`.

    Every call is one transaction, durable when it returns. A row that cannot be read is skipped with a warning: what
    it stood for counts as not done, and doing it again replaces the row.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    def close(self) -> None:
        """Close the connection of the calling thread, which must be the one that made the calls. May be repeated."""
        hang_up()

    def find_source(self, stamp: SourceStamp) -> SourceRecord | None:
        """See the port."""
        with speaking_to(self.place):
            return first_value(models.Source.objects.filter(**rows.stamp_columns(stamp)), rows.source_value)

    def remember_source(self, record: SourceRecord) -> None:
        """See the port."""
        with speaking_to(self.place):
            _put(rows.source_row(record), ["path_exact"])

    def open_job(self, job: Job) -> Job:
        """See the port."""
        row = rows.job_row(job)
        row.status = JobStatus.OPEN.value
        with speaking_to(self.place), atomic(durable=True):
            known = models.Job.objects.filter(pk=job.id).values_list("status", flat=True).first()
            if known == JobStatus.DONE.value:
                row.status = known
            _put(row, ["id"])
            return rows.job_value(models.Job.objects.get(pk=job.id))

    def find_job(self, job_id: str) -> Job | None:
        """See the port."""
        with speaking_to(self.place):
            return first_value(models.Job.objects.filter(pk=job_id), rows.job_value)

    def jobs_for_output(self, output_path: str) -> list[Job]:
        """See the port."""
        with speaking_to(self.place):
            found = models.Job.objects.filter(output_path_exact=exact(output_path)).order_by("created", "pk")
            return all_values(found, rows.job_value)

    def recent_jobs(self, statuses: Collection[JobStatus] | None = None, limit: int | None = None) -> list[Job]:
        """See the port."""
        wanted = models.Job.objects.order_by("-updated", "-pk")
        if statuses is not None:
            wanted = wanted.filter(status__in=[status.value for status in statuses])
        with speaking_to(self.place):
            return all_values(wanted, rows.job_value, limit)

    def jobs_like(self, prefix: str, limit: int) -> list[Job]:
        """See the port."""
        found = models.Job.objects.order_by("pk")
        if prefix:
            # As a range, which the key's index answers; LIKE would read every row.
            found = found.filter(pk__gte=prefix, pk__lt=prefix[:-1] + chr(ord(prefix[-1]) + 1))
        with speaking_to(self.place):
            return all_values(found, rows.job_value, limit)

    def commit_step(self, job_id: str, step: StepRecord) -> None:
        """See the port."""
        with speaking_to(self.place):
            _put(rows.step_row(job_id, step), ["job", "kind"])

    def steps(self, job_id: str) -> dict[StepKind, StepRecord]:
        """See the port."""
        with speaking_to(self.place):
            found = all_values(models.Step.objects.filter(job_id=job_id).order_by("pk"), rows.step_value)
        return {step.kind: step for step in found}

    def drop_steps(self, job_id: str, kinds: Iterable[StepKind]) -> None:
        """See the port."""
        with speaking_to(self.place):
            models.Step.objects.filter(job_id=job_id, kind__in=[kind.value for kind in kinds]).delete()

    def commit_fates(self, job_id: str, ledger: Sequence[Entry]) -> None:
        """See the port."""
        made = [rows.fate_row(job_id, place, entry) for place, entry in enumerate(ledger)]
        with speaking_to(self.place), atomic(durable=True):
            models.StreamFate.objects.filter(job_id=job_id).delete()
            models.StreamFate.objects.bulk_create(made, batch_size=_KEYS_AT_ONCE // 10)

    def fates(self, job_id: str) -> list[Entry]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(models.StreamFate.objects.filter(job_id=job_id).order_by("place"), rows.fate_value)

    def commit_trial(self, trial: TrialRecord) -> None:
        """See the port."""
        with speaking_to(self.place):
            _put(rows.trial_row(trial), ["trial_key"])

    def trials(self, curve_keys: Iterable[str]) -> list[TrialRecord]:
        """See the port."""
        wanted = sorted(set(curve_keys))
        found: list[TrialRecord] = []
        with speaking_to(self.place):
            for first in range(0, len(wanted), _KEYS_AT_ONCE):
                some = models.Trial.objects.filter(curve_key__in=wanted[first : first + _KEYS_AT_ONCE])
                ordered = some.order_by("curve_key", "crf", "pk")
                found += all_values(ordered, rows.trial_value)
        return found

    def drop_trial(self, trial_key: str) -> None:
        """See the port."""
        with speaking_to(self.place):
            models.Trial.objects.filter(trial_key=trial_key).delete()

    def usage_of(self, width: int, height: int, *, encoder: str, preset: int, limit: int) -> list[UsageSample]:
        """See the port."""
        middle = size_class(width, height)
        keys: list[int] = []
        with speaking_to(self.place):
            # One short walk down the index a class: what lies below costs nothing, however long the ledger is.
            for wanted in (middle - 1, middle, middle + 1):
                some = models.Trial.objects.filter(
                    encoder=encoder, preset=preset, size_class=wanted, windows__isnull=True
                )
                keys += some.order_by("-pk").values_list("pk", flat=True)[:limit]
            newest = models.Trial.objects.filter(pk__in=sorted(keys, reverse=True)[:limit])
            return all_values(newest.order_by("-pk").only(*rows.USAGE_COLUMNS), rows.usage_value)

    def history(self, *, encoder: str, without: str | None, films: int, trials: int) -> list[FilmHistory]:
        """See the port."""
        with speaking_to(self.place):
            reset = models.HistoryReset.objects.order_by("-pk").values_list("after", flat=True).first()
            every = models.Trial.objects.filter(pk__gt=reset or 0).exclude(source_id=without or "")
            # Answered by the index of films alone; what else is asked of a trial is asked of the newest films' only.
            newest = every.values("source_id").annotate(last=Max("pk")).order_by("-last")
            found: list[FilmHistory] = []
            for source in newest.values_list("source_id", flat=True)[: 2 * films]:
                if len(found) == films:
                    break
                some = every.filter(source_id=source, encoder=encoder).order_by("pk").only(*rows.PAST_COLUMNS)
                known, samples = (
                    tuple(all_values(some.filter(windows__isnull=whole), rows.past_value, trials))
                    for whole in (True, False)
                )
                if known:
                    path = self._path_of(source)
                    found.append(FilmHistory(source_id=source, path=path, trials=known, samples=samples))
        return found[::-1]

    def _path_of(self, source_id: str) -> str | None:
        paths = models.Source.objects.filter(source_id=source_id).order_by("-updated", "-pk")
        column = paths.values_list("path_exact", flat=True).first()
        return None if column is None else path_of(column)

    def reset_history(self) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            last = models.Trial.objects.aggregate(last=Max("pk"))["last"]
            models.HistoryReset.objects.create(after=last or 0)

    def undo_reset(self) -> bool:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            last = models.HistoryReset.objects.order_by("-pk").first()
            if last is not None:
                last.delete()
        return last is not None

    def last_reset(self) -> dt.datetime | None:
        """See the port."""
        with speaking_to(self.place):
            return models.HistoryReset.objects.order_by("-pk").values_list("created", flat=True).first()

    def finish_job(self, job_id: str, status: JobStatus) -> None:
        """See the port.

        Raises:
            KeyError: there is no such job.
        """
        with speaking_to(self.place):
            if not models.Job.objects.filter(pk=job_id).update(status=status.value, updated=timezone.now()):
                raise KeyError(job_id)

    def cancel_job(self, job_id: str) -> JobStatus:
        """See the port.

        Raises:
            KeyError: there is no such job.
        """
        done, given_up = JobStatus.DONE.value, JobStatus.CANCELLED.value
        with speaking_to(self.place), atomic(durable=True):
            one = models.Job.objects.filter(pk=job_id)
            one.exclude(status=done).update(status=given_up, updated=timezone.now())
            status = one.values_list("status", flat=True).first()
        if status is None:
            raise KeyError(job_id)
        return JobStatus(status)

    def record_outcome(self, outcome: OutcomeRecord) -> None:
        """See the port."""
        with speaking_to(self.place):
            rows.outcome_row(outcome).save(force_insert=True)

    def outcomes(self, job_id: str) -> list[OutcomeRecord]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(models.Outcome.objects.filter(job_id=job_id).order_by("pk"), rows.outcome_value)

    def outcomes_of(self, job_ids: Iterable[str]) -> dict[str, list[OutcomeRecord]]:
        """See the port."""
        wanted = sorted(set(job_ids))
        found: dict[str, list[OutcomeRecord]] = {}
        with speaking_to(self.place):
            for first in range(0, len(wanted), _KEYS_AT_ONCE):
                some = models.Outcome.objects.filter(job_id__in=wanted[first : first + _KEYS_AT_ONCE])
                for outcome in all_values(some.order_by("pk"), rows.outcome_value):
                    found.setdefault(str(outcome.job_id), []).append(outcome)
        return found

    def add_event(self, event: Event) -> None:
        """See the port."""
        if event.event is EventName.PROGRESS:
            return
        with speaking_to(self.place):
            rows.event_row(event).save(force_insert=True)

    def events_of(self, job_id: str) -> list[Event]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(models.Event.objects.filter(job_id=job_id).order_by("pk"), rows.event_value)

    def jobs_for_source(self, source_path: str) -> list[Job]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(
                models.Job.objects.filter(source_path_exact=exact(source_path)).order_by("pk"), rows.job_value
            )


def _put(row: Model, unique: Sequence[str]) -> None:
    """Insert the row, or give the one with the same unique columns the new values, in one statement."""
    kept = {*unique, "created"}
    fields = [field.name for field in row._meta.concrete_fields if not field.primary_key and field.name not in kept]  # noqa: SLF001 -- Django's documented way to a model's fields
    type(row)._default_manager.bulk_create(  # noqa: SLF001 -- as above
        [row], update_conflicts=True, update_fields=fields, unique_fields=unique
    )
