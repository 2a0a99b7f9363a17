"""The queue, who works on it, and originals in quarantine."""

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router

from reelwright.engine.leases import FILM, TRIAL, WorkRow, WorkState
from reelwright.engine.quarantine import savings
from reelwright.engine.replacing import Entry
from reelwright.web.api.jobs import PROBLEMS, readable
from reelwright.web.api.libraries import the_library
from reelwright.web.api.schemas import (
    USUAL,
    KeptOut,
    Label,
    LibraryName,
    Limit,
    QuarantineOut,
    QueueOut,
    Said,
    WorkerOut,
    WorkOut,
)
from reelwright.web.audit import note
from reelwright.web.desk import desk

#: Rows under way that are looked at; each is a slot of a worker.
MOST_LEASED = 10_000

queue = Router(tags=["queue"])
quarantine = Router(tags=["quarantine"])
workers = Router(tags=["workers"])


@queue.get("", response={200: QueueOut, **PROBLEMS})
def show_queue(
    request: HttpRequest,
    state: Annotated[list[WorkState] | None, Query(description="Work in one of these states.")] = None,
    limit: Limit = USUAL,
) -> Any:
    """What runs, then what waits in its order, then what ended."""
    del request
    counts: dict[str, dict[str, int]] = {}
    for (owner, stands), count in desk().work.count_work([FILM]).items():
        counts.setdefault(owner, {})[stands.value] = count
    rows = desk().work.works(state or None, kinds=[FILM], limit=limit)
    return QueueOut(counts=counts, paused=sorted(desk().work.paused()), items=[work_out(row) for row in rows])


@queue.post("/pause", response={200: Said, **PROBLEMS})
def pause_all(request: HttpRequest) -> Any:
    """Hold everything back; what runs goes on."""
    return held(request, "", paused=True)


@queue.post("/resume", response={200: Said, **PROBLEMS})
def resume_all(request: HttpRequest) -> Any:
    """Hold everything back no longer; libraries that were paused by name stay so."""
    return held(request, "", paused=False)


@queue.post("/{name}/pause", response={200: Said, **PROBLEMS})
def pause(request: HttpRequest, name: LibraryName) -> Any:
    """Hold a library's films back; what runs goes on."""
    the_library(name)
    return held(request, name, paused=True)


@queue.post("/{name}/resume", response={200: Said, **PROBLEMS})
def resume(request: HttpRequest, name: LibraryName) -> Any:
    """Hold a library's films back no longer."""
    the_library(name)
    return held(request, name, paused=False)


def held(request: HttpRequest, name: str, *, paused: bool) -> Said:
    """Pause or resume, and write that down."""
    desk().work.pause(name, paused=paused)
    what = f"The library {name}" if name else "The queue"
    said = f"{what} is held back; what runs goes on." if paused else f"{what} goes on."
    note(request, "pause" if paused else "resume", name or "everything", said)
    return Said(detail=said)


@quarantine.get("", response={200: QuarantineOut, **PROBLEMS})
def list_kept(request: HttpRequest) -> Any:
    """Films that were replaced, and what their originals hold."""
    del request
    entries = desk().placements.entries()
    sums = savings(entries)
    return QuarantineOut(
        saved=sums.saved, quarantined=sums.quarantined, promised=sums.promised,
        items=[kept_out(entry) for entry in entries],
    )  # fmt: skip


@quarantine.post("/{label}/restore", response={200: Said, **PROBLEMS})
def restore(request: HttpRequest, label: Label) -> Any:
    """Put an original back in its place."""
    if not any(entry.order.label == label for entry in desk().placements.entries()):
        raise Http404(f"Nothing in quarantine has the id {label}.")
    said = desk().deeds.restore(label)
    note(request, "restore", f"replacement {label}", said)
    return Said(detail=said)


@workers.get("", response={200: list[WorkerOut], **PROBLEMS})
def list_workers(request: HttpRequest) -> Any:
    """Who carries work out, when each was last heard of, and what it holds."""
    del request
    return [WorkerOut(**one) for one in known_workers()]


def known_workers() -> list[dict[str, Any]]:
    """Every worker with what it holds, films and trials, those alive first."""
    holds: dict[str, list[WorkRow]] = {}
    for row in desk().work.works([WorkState.LEASED], kinds=[FILM, TRIAL], limit=MOST_LEASED):
        holds.setdefault(row.worker or "", []).append(row)
    found = [
        {
            "id": worker.id, "host": worker.host, "pid": worker.pid, "slots": worker.slots,
            "labels": sorted(worker.labels), "about": dict(worker.about), "heard": heard, "alive": alive,
            "holds": [row.work.id for row in holds.get(worker.id, ())], "rows": holds.get(worker.id, []),
        }
        for worker, heard, alive in desk().work.workers(dt.datetime.now(dt.UTC))
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one["alive"], str(one["host"])))


def work_out(row: WorkRow) -> WorkOut:
    """A piece of work as the API has it."""
    path = row.work.payload.get("path")
    return WorkOut(
        id=row.work.id, kind=row.work.kind, library=row.work.owner,
        path=readable(path) if isinstance(path, str) else None, state=row.state.value, attempts=row.attempts,
        priority=row.work.priority, worker=row.worker, not_before=row.not_before, cancel_asked=row.cancel_asked,
        updated=row.updated,
    )  # fmt: skip


def kept_out(entry: Entry) -> KeptOut:
    """A replacement as the API has it."""
    return KeptOut(
        id=entry.order.label, stage=entry.stage.value, source=readable(entry.order.source.path),
        output=readable(entry.order.final), bytes_before=entry.bytes_before, bytes_after=entry.bytes_after,
        until=entry.until, job=entry.order.job_id, why=entry.why,
    )  # fmt: skip
