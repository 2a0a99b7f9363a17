"""The page of a film: a job with everything that is known of it, living while it runs."""

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from reelwright.engine.delivering import DELIVER
from reelwright.engine.jobs import Job, StepKind
from reelwright.engine.listing import JobRow, State, rows_of
from reelwright.engine.replacing import Stage
from reelwright.errors import BusyError, ReelwrightError
from reelwright.events import EventName
from reelwright.report.gather import recorded
from reelwright.report.headline import figures_of, headline_context
from reelwright.report.page import SEARCHES, SHOWS, charts, request_of
from reelwright.report.story import chunk_stories
from reelwright.report.tables import (
    FATES,
    check_table,
    chunk_table,
    ledger_table,
    notes,
    run_table,
    setting_groups,
    stream_table,
    time_table,
)
from reelwright.store import models
from reelwright.web.acts import act
from reelwright.web.desk import desk
from reelwright.web.live import part
from reelwright.web.running import PHASES, running_of

NEWS = (EventName.TRIAL_COMPLETE.value, EventName.SEGMENT_COMPLETE.value)
#: Films whose charts are kept, and how many times as long as it took to gather one it is not gathered anew.
MOST_CHARTS, RARELY = 20, 50.0
#: Events of the log that are shown.
LOG = 200
#: The line of steps: what is committed once it is done, what the run calls it, and its name.
LINE = (
    (StepKind.ANALYSE, "analyse", "Read"),
    (StepKind.ASSEMBLE, "trials", "Search"),
    (StepKind.ASSEMBLE, "assemble", "Join"),
    (StepKind.VALIDATE, "validate", "Check"),
    (StepKind.PLACE, "place", "Place"),
)
#: A sequence is rendered and encoded in one go.
DELIVERY = (
    (StepKind.ASSEMBLE, "render", "Render"),
    (StepKind.VALIDATE, "validate", "Check"),
    (StepKind.PLACE, "place", "Place"),
)
RETRIED = {State.FAILED, State.CANCELLED, State.STOPPED, State.SKIPPED}


def found_job(job_id: str) -> Job:
    """The job of an id.

    Raises:
        Http404: there is none.
    """
    job = desk().jobs.find_job(job_id)
    if job is None:
        raise Http404
    return job


@require_GET
def show(request: HttpRequest, job_id: str) -> HttpResponse:
    """The page."""
    here, job = desk(), found_job(job_id)
    dossier = recorded(here.jobs, job, dt.datetime.now(dt.UTC), exact_times=False)
    chunks = chunk_stories(dossier)
    figures = figures_of(dossier, chunks)
    (row,) = rows_of(here.jobs, [job], here.work_dir)
    trials = [trial for chunk in chunks for trial in chunk.trials]
    context = {
        **headline_context(dossier, figures), **living(row), "job": job, "charts": charts(dossier, chunks),
        "search": SEARCHES[request_of(dossier).get("objective", "uniform")], "chunks": chunk_table(chunks),
        "streams": [
            {**one, "said": FATES.get(one["fate"], one["fate"])} for one in stream_table(job.plan, None, dossier.ledger)
        ],
        "besides": ledger_table(dossier.ledger), "checks": check_table(dossier), "times": time_table(dossier, chunks),
        "runs": run_table(dossier.outcomes), "groups": setting_groups(dossier, trials), "notes": notes(dossier),
        "log": [log_line(event.timestamp, event.event.value, event.data) for event in dossier.events[-LOG:]][::-1],
        "may_cancel": row.state in {State.RUNNING, State.STOPPED}, "may_retry": row.state in RETRIED,
        "kept": kept_original(job), "delivered": is_delivery(job), "placed": StepKind.PLACE in dossier.steps,
    }  # fmt: skip
    return render(request, "web/film.html", context)


@part("film", "web/parts/film.html")
def film(subject: str) -> dict[str, Any]:
    """What lives of a job's page."""
    job = found_job(subject)
    here = desk()
    return {"job": job, **living(rows_of(here.jobs, [job], here.work_dir)[0])}


@part("chart", "web/parts/chart.html")
def chart(subject: str) -> dict[str, Any]:
    """The numbers of a job's charts: gathered anew only where a trial or a chunk has ended since."""
    job = found_job(subject)
    ended = models.Event.objects.filter(job_id=job.id, event__in=NEWS)
    stamp = (ended.count(), len(desk().jobs.steps(job.id)))
    return {"charts": CHARTS.get(job, stamp)}


class Charts:
    """Numbers of charts of films that run, each with what it was made of. Long films are gathered less often."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, float, dict[str, Any]]] = {}

    def get(self, job: Job, stamp: object) -> dict[str, Any]:
        """The numbers as of this stamp, or those of somewhat earlier where gathering takes long."""
        kept, began = self._kept.get(job.id), time.monotonic()
        if kept is not None and (kept[0] == stamp or began < kept[1]):
            return kept[2]
        dossier = recorded(desk().jobs, job, dt.datetime.now(dt.UTC), exact_times=False)
        found = charts(dossier, chunk_stories(dossier))
        now = time.monotonic()
        while len(self._kept) >= MOST_CHARTS:
            del self._kept[next(iter(self._kept))]
        self._kept[job.id] = stamp, now + RARELY * (now - began), found
        return found


CHARTS = Charts()


def living(row: JobRow) -> dict[str, Any]:
    """The line of steps, and how far the run is."""
    said = row.progress or {}
    committed = desk().jobs.steps(row.job.id)
    lanes = said.get("lanes")
    return {
        "state": row.state.value, "steps": line_of(row, frozenset(committed), str(said.get("phase") or "")),
        "run": running_of(row) if row.state is State.RUNNING else None,
        "lanes": [lane for one in lanes if (lane := lane_of(one))] if isinstance(lanes, list) else [],
    }  # fmt: skip


def is_delivery(job: Job) -> bool:
    """Whether it is a sequence of pictures that becomes a movie."""
    return job.plan.get("strategy") == DELIVER


def line_of(row: JobRow, committed: frozenset[StepKind], phase: str) -> list[dict[str, str]]:
    """Each step with where it stands: done, now, stopped, failed, or to come."""
    line = DELIVERY if is_delivery(row.job) else LINE
    begun = next((k for k, (kind, _, _) in enumerate(line) if kind not in committed), len(line))
    if row.state is State.RUNNING:
        named = next((k for k, (_, name, _) in enumerate(line) if name == phase), begun)
        begun = max(begun, named) if line is DELIVERY or StepKind.ANALYSE in committed else begun
    here = {State.RUNNING: "now", State.FAILED: "failed", State.STOPPED: "stopped", State.CANCELLED: "stopped"}
    over = row.state is State.DONE
    return [
        {
            "name": name,
            "state": "done" if over or k < begun else here.get(row.state, "todo") if k == begun else "todo",
        }
        for k, (_, _, name) in enumerate(line)
    ]


def lane_of(said: object) -> dict[str, Any] | None:
    """One trial under way; None where another version said it otherwise."""
    if not isinstance(said, Mapping):
        return None
    try:
        share = 100 * float(said["done"]) / max(1.0, float(said["frames"]))
        doing = {"encode": "encoding", "score": "scoring"}.get(str(said["doing"]), str(said["doing"]))
        return {"chunk": int(said["chunk"]), "crf": float(said["crf"]), "doing": doing, "percent": min(100.0, share)}
    except (KeyError, TypeError, ValueError):
        return None


def log_line(when: dt.datetime, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the log shows it: its plain values."""
    plain = {key: value for key, value in data.items() if isinstance(value, str | int | float) and value != ""}
    said = ", ".join(f"{key.replace('_', ' ')} {_short(value)}" for key, value in list(plain.items())[:8])
    return {"when": when, "name": name.replace("_", " "), "said": said}


def _short(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)[:120]


def kept_original(job: Job) -> str | None:
    """Label of the replacement whose original is kept; None where none is."""
    entries = desk().placements.entries({Stage.DONE, Stage.RESTORING})
    return next((entry.order.label for entry in reversed(entries) if entry.order.job_id == job.id), None)


@require_GET
def gallery(request: HttpRequest, job_id: str) -> HttpResponse:
    """Before and after, fetched now where nobody asked before."""
    job = found_job(job_id)
    context: dict[str, Any] = {"job": job, "shows": SHOWS}
    try:
        found = desk().deeds.gallery(job.id)
        context["pictures"] = [
            {"number": k, "shows": SHOWS[one.shot.kind], "one": one} for k, one in enumerate(found.pictures)
        ]
        context["missing"] = found.missing
    except BusyError:
        context["busy"] = True
    except ReelwrightError as error:
        context["missing"] = (str(error),)
    return render(request, "web/parts/gallery.html", context)


@require_GET
def picture(request: HttpRequest, job_id: str, number: int, side: str) -> HttpResponse:
    """One picture of those."""
    del request
    found = desk().deeds.picture(found_job(job_id).id, number, side)
    if found is None:
        raise Http404
    return HttpResponse(found, content_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})


@require_POST
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    """Give it up."""
    return act(request, "cancel", found_job(job_id).id, lambda: desk().deeds.cancel(job_id))


@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    """Run it again."""
    return act(request, "retry", found_job(job_id).id, lambda: desk().deeds.retry(job_id))


__all__ = ["PHASES", "cancel", "film", "gallery", "picture", "retry", "show"]
