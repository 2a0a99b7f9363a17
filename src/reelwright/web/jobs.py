"""The list of jobs, by state and page by page; what waits in the queue is a state of its own."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.engine.jobs import JobStatus
from reelwright.engine.leases import FILM, WorkRow, WorkState
from reelwright.engine.listing import SHORT, JobRow, State, list_jobs, rows_of
from reelwright.web.desk import desk

#: Rows of a page.
PAGE = 50
#: What one can ask for, and how it is called.
WAITING = "waiting"
KINDS = ("", WAITING, *(state.value for state in State))
ALIVE = {State.RUNNING, State.STOPPED}


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    kind = request.GET.get("state", "")
    kind = kind if kind in KINDS else ""
    number = page_number(request)
    rows = waiting(number) if kind == WAITING else jobs(kind, number)
    context = {"rows": rows[:PAGE], "kind": kind, "kinds": KINDS[1:], "number": number, "more": len(rows) > PAGE}
    return render(request, "web/jobs.html", context)


def page_number(request: HttpRequest) -> int:
    """Which page is asked for, from 1."""
    text = request.GET.get("page", "1")
    return min(int(text), 10**6) if text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) else 1  # noqa: PLR2004


def jobs(kind: str, number: int) -> list[Mapping[str, Any]]:
    """Rows of a page, and one more where there are more."""
    here = desk()
    first, end = (number - 1) * PAGE, number * PAGE + 1
    state = State(kind) if kind else None
    if state in ALIVE:
        found = list_jobs(here.jobs, here.work_dir, {state}, end)[first:]
    else:
        statuses = {JobStatus(state.value)} if state else None
        found = rows_of(here.jobs, here.jobs.recent_jobs(statuses, end)[first:], here.work_dir)
    return [row_of_page(row) for row in found]


def row_of_page(row: JobRow) -> Mapping[str, Any]:
    """A job as the list shows it."""
    made = row.made
    before, after = (made.bytes_before, made.bytes_after) if made else (None, None)
    vmaf = (made.vmaf or {}).get("mean") if made else None
    return {
        "id": row.job.id, "short": row.job.id[:SHORT], "path": row.job.source_path, "state": row.state.value,
        "when": row.job.updated, "before": before, "after": after,
        "saved": 1 - after / before if before and after is not None else None,
        "vmaf": vmaf if isinstance(vmaf, int | float) else None,
        "why": row.last.reasons[0] if row.last and row.last.reasons and row.state is not State.DONE else "",
    }  # fmt: skip


def waiting(number: int) -> list[Mapping[str, Any]]:
    """What waits in the queue, in its order."""
    end = number * PAGE + 1
    return [_work(row) for row in desk().work.works([WorkState.READY], kinds=[FILM], limit=end)[(number - 1) * PAGE :]]


def _work(row: WorkRow) -> Mapping[str, Any]:
    return {
        "path": str(row.work.payload.get("path", row.work.id)), "state": "queued", "library": row.work.owner,
        "when": row.created, "why": str(row.result.get("message", "")) if row.attempts else "",
    }  # fmt: skip
