"""Jobs: listed, looked into, cancelled and run again."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router

from reelwright.engine.details import details_of
from reelwright.engine.jobs import Job, JobStatus
from reelwright.engine.listing import JobRow, State, find_one, rows_of
from reelwright.errors import UsageError
from reelwright.store import models
from reelwright.store.rows import job_value
from reelwright.web.api.paging import cursor, newest_after, part
from reelwright.web.api.schemas import (
    USUAL,
    Cursor,
    EventOut,
    JobDetailOut,
    JobId,
    JobOut,
    Limit,
    Problem,
    Progress,
    Said,
    Slice,
)
from reelwright.web.audit import note
from reelwright.web.desk import desk
from reelwright.web.running import running_of

router = Router(tags=["jobs"])
PROBLEMS: dict[int, Any] = dict.fromkeys((401, 403, 404, 409, 422, 503), Problem)
StateName = Literal["open", "done", "skipped", "failed", "cancelled"]


@router.get("", response={200: Slice[JobOut], **PROBLEMS})
def list_jobs(
    request: HttpRequest,
    state: Annotated[StateName | None, Query(description="`open` ones run or have stopped.")] = None,
    limit: Limit = USUAL,
    after: Cursor = "",
) -> Any:
    """Jobs, the one that last changed first."""
    del request
    found = models.Job.objects.all() if state is None else models.Job.objects.filter(status=JobStatus(state).value)
    jobs, more = part(newest_after(found, after), job_value, limit)
    last = jobs[-1] if more and jobs else None
    rows = rows_of(desk().jobs, jobs, desk().work_dir)
    return Slice[JobOut](
        items=[job_out(row) for row in rows], next=None if last is None else cursor(last.updated, last.id)
    )


@router.get("/{job_id}", response={200: JobDetailOut, **PROBLEMS})
def show_job(request: HttpRequest, job_id: JobId) -> Any:
    """Everything about one job but its trials and events."""
    del request
    job = the_job(job_id)
    found = details_of(desk().jobs, rows_of(desk().jobs, [job], desk().work_dir)[0])
    steps = {kind.value: dict(step.result) for kind, step in found.steps.items()}
    checks = [dict(check) for check in found.row.made.checks] if found.row.made else []
    plain = job_out(found.row).model_dump()
    return JobDetailOut(
        **plain, plan=dict(job.plan), steps=steps, checks=checks, chunks=found.chunks, settled=found.settled
    )


@router.get("/{job_id}/trials", response={200: list[dict[str, Any]], **PROBLEMS})
def trials(request: HttpRequest, job_id: JobId) -> Any:
    """The trials a job made or reused, by chunk and CRF."""
    del request
    job = the_job(job_id)
    found = details_of(desk().jobs, rows_of(desk().jobs, [job], desk().work_dir)[0])
    return [dict(trial) for trial in found.trials]


@router.get("/{job_id}/events", response={200: Slice[EventOut], **PROBLEMS})
def events(request: HttpRequest, job_id: JobId, limit: Limit = USUAL, after: Cursor = "") -> Any:
    """What happened to a job, the oldest first."""
    del request
    job = the_job(job_id)
    start = whole(after)
    rows = models.Event.objects.filter(job_id=job.id, pk__gt=start).order_by("pk")
    found = list(rows.values_list("pk", "event", "timestamp", "status", "data")[: limit + 1])
    items = [
        EventOut(event=e, timestamp=t, status=s, data=d if isinstance(d, dict) else {})
        for _, e, t, s, d in found[:limit]
    ]
    return Slice[EventOut](items=items, next=str(found[limit - 1][0]) if len(found) > limit else None)


@router.post("/{job_id}/cancel", response={200: Said, **PROBLEMS})
def cancel(request: HttpRequest, job_id: JobId) -> Any:
    """Give a job up; its trials are kept."""
    job = the_job(job_id)
    said = desk().deeds.cancel(job.id)
    note(request, "cancel", f"job {job.id}", said)
    return Said(detail=said)


@router.post("/{job_id}/retry", response={200: Said, **PROBLEMS})
def retry(request: HttpRequest, job_id: JobId) -> Any:
    """Queue a job again."""
    job = the_job(job_id)
    said = desk().deeds.retry(job.id)
    note(request, "retry", f"job {job.id}", said)
    return Said(detail=said)


def the_job(job_id: str) -> Job:
    """The job that an id, or its beginning, names.

    Raises:
        Http404: none.
        UsageError: several.
    """
    from django.http import Http404  # noqa: PLC0415

    try:
        return find_one(desk().jobs, job_id)
    except UsageError as error:
        if not desk().jobs.jobs_like(job_id, 1):
            raise Http404(f"There is no job {job_id}.") from error
        raise


def whole(after: str) -> int:
    """A row's number as a cursor.

    Raises:
        UsageError: it is none.
    """
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):  # noqa: PLR2004 -- below 2^63
        raise UsageError("after: this is no `next` of an answer before.")
    return int(after or 0)


def job_out(row: JobRow) -> JobOut:
    """A job as the API has it."""
    job, last, made = row.job, row.last, row.made
    return JobOut(
        id=job.id, state=row.state.value, source=readable(job.source_path), output=readable(job.output_path),
        created=job.created, updated=job.updated, outcome=last.outcome if last else None,
        reasons=list(last.reasons) if last else [], bytes_before=made.bytes_before if made else None,
        bytes_after=made.bytes_after if made else None, vmaf=dict(made.vmaf) if made and made.vmaf else None,
        progress=progress_of(row),
    )  # fmt: skip


def progress_of(row: JobRow) -> Progress | None:
    """How far a job is; None where it does not run."""
    if row.state is not State.RUNNING:
        return None
    run = running_of(row)
    return Progress(
        phase=run.phase, percent=run.percent, eta_seconds=run.eta, projected_vmaf=run.projected_mean,
        projected_bytes=run.projected_bytes,
    )  # fmt: skip


def readable(path: str) -> str:
    """A path as JSON can hold it: bytes that are no UTF-8 are written as escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
