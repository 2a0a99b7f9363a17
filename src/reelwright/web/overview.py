"""The first page: what was saved, what runs, what waits, and what needs a person."""

import datetime as dt
import os
from collections.abc import Mapping
from typing import Any

import psutil
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.engine.jobs import JobStatus
from reelwright.engine.leases import FILM, WorkState
from reelwright.engine.listing import SHORT
from reelwright.library.catalog import FileState
from reelwright.store import models
from reelwright.web.desk import desk
from reelwright.web.drawing import area, bars
from reelwright.web.live import part
from reelwright.web.running import running
from reelwright.web.savings import SAVINGS, Saved
from reelwright.words import size

#: Days the chart of the overview goes back, and entries of its lists.
DAYS, MOST = 30, 8
#: Points of the line of all that was saved, about.
POINTS = 120


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "web/overview.html", {**now(), **figures(), "days": DAYS})


@require_GET
def alive(request: HttpRequest) -> HttpResponse:
    """For whoever asks whether we are alive: a container's health check."""
    del request
    return HttpResponse("alive", content_type="text/plain")


@part("now", "web/parts/now.html")
def now(subject: str = "") -> dict[str, Any]:
    """What runs, and how much waits."""
    del subject
    waiting = sum(count for (_, state), count in desk().work.count_work([FILM]).items() if state is WorkState.READY)
    return {"running": running(), "waiting": waiting, "machine": machine()}


@part("figures", "web/parts/figures.html")
def figures(subject: str = "") -> dict[str, Any]:
    """What was saved, and what failed."""
    del subject
    saved, today = SAVINGS.now(), dt.datetime.now(dt.UTC).date()
    return {
        "saved": saved,
        "chart": chart(saved, today),
        "grown": grown(saved, today),
        "failed": failures(),
        "asked": asked(),
    }


def chart(saved: Saved, today: dt.date) -> dict[str, Any]:
    """Bytes saved on each of the last days, as bars."""
    days = [today - dt.timedelta(days=k) for k in reversed(range(DAYS))]
    brought = [saved.days.get(day) for day in days]
    values = [
        (
            float(d.films),
            f"{day:%-d %b}: {d.films} film{'s' if d.films != 1 else ''}, {size(d.before)} → {size(d.after)}",
        )
        if d
        else (0.0, f"{day:%-d %b}: nothing")
        for day, d in zip(days, brought, strict=True)
    ]
    return {
        "bars": bars(values),
        "first": days[0],
        "films": sum(d.films for d in brought if d),
        "bytes": sum(d.before - d.after for d in brought if d),
    }


def grown(saved: Saved, today: dt.date) -> dict[str, Any] | None:
    """What was saved in all, from the first day on; None before the second."""
    if not saved.days:
        return None
    first = min(saved.days)
    span = max(1, (today - first).days)
    step = max(1, span // POINTS)
    days = [first + dt.timedelta(days=k) for k in range(0, span, step)] + [today]
    total, left = 0, sorted(saved.days.items())
    values = []
    for day in days:
        while left and left[0][0] <= day:
            brought = left.pop(0)[1]
            total += brought.before - brought.after
        values.append(float(total))
    drawn = area(values)
    return None if drawn is None else {"area": drawn, "first": first}


def asked() -> list[tuple[str, int]]:
    """Libraries with files that wait for their owner's word, with how many."""
    waiting = models.LibraryFile.objects.filter(gone=False, state=FileState.ASKED.value)
    return [
        (library.name, count)
        for library in desk().libraries.libraries()
        if (count := waiting.filter(library_id=library.id).count())
    ]


def failures() -> list[Mapping[str, Any]]:
    """Jobs that need a person, the newest first, with the last run's reasons."""
    jobs = desk().jobs.recent_jobs({JobStatus.FAILED}, MOST)
    outcomes = desk().jobs.outcomes_of(job.id for job in jobs)
    return [
        {
            "id": job.id, "short": job.id[:SHORT], "path": job.source_path, "when": job.updated,
            "why": " ".join(found[-1].reasons) if (found := outcomes.get(job.id)) else "",
        }
        for job in jobs
    ]  # fmt: skip


def machine() -> dict[str, Any]:
    """What the machine has left."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(os.fspath(_existing(desk().work_dir)))
    return {
        "memory_free": memory.available, "memory": memory.total, "disk_free": disk.free, "disk": disk.total,
        "load": psutil.getloadavg()[0] / (os.cpu_count() or 1),
    }  # fmt: skip


def _existing(path: "os.PathLike[str]") -> str:
    found = os.fspath(path)
    while not os.path.exists(found):  # noqa: PTH110 -- upwards to what is there
        found = os.path.dirname(found)  # noqa: PTH120
    return found
