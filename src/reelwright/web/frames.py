"""Before and after of every chunk of a film, the worst first: one at a time, fetched when it is looked at."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.engine.jobs import Job
from reelwright.errors import BusyError, ReelwrightError
from reelwright.report.dossier import Shot
from reelwright.report.gather import recorded
from reelwright.report.story import chunk_stories, ranked
from reelwright.web.desk import desk
from reelwright.web.film import found_job
from reelwright.web.listing import Remembered

#: Shots of a film by its id: they are gathered from all its trials.
SHOTS: Remembered[tuple[Shot, ...]] = Remembered(600.0, most=20)


def shots_of(job: Job) -> tuple[Shot, ...]:
    """The lowest frame of each chunk, the lowest-scored chunk first."""

    def gathered() -> tuple[Shot, ...]:
        return ranked(chunk_stories(recorded(desk().jobs, job, dt.datetime.now(dt.UTC), exact_times=False)))

    return SHOTS.get((job.id, job.updated), gathered)


@require_GET
def show(request: HttpRequest, job_id: str) -> HttpResponse:
    """One chunk, by its rank or by its number; the worst where none is named."""
    job = found_job(job_id)
    shots = shots_of(job)
    by_chunk = {shot.chunk: rank for rank, shot in enumerate(shots)}
    rank = by_chunk.get(_number(request, "chunk"), _number(request, "rank"))
    if not 0 <= rank < len(shots):
        raise Http404
    context: dict[str, Any] = {
        "job": job, "shot": shots[rank], "rank": rank + 1, "count": len(shots), "chunks": sorted(by_chunk),
        "worse": rank - 1 if rank else None, "better": rank + 1 if rank + 1 < len(shots) else None,
    }  # fmt: skip
    try:
        desk().deeds.chunk_picture(job.id, shots[rank], "output")
    except BusyError:
        context["busy"] = True
    except ReelwrightError as error:
        context["missing"] = str(error)
    return render(request, "web/parts/chunk.html", context)


def _number(request: HttpRequest, name: str) -> int:
    said = request.GET.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0 if name == "rank" else -1  # noqa: PLR2004


@require_GET
def picture(request: HttpRequest, job_id: str, chunk: int, side: str) -> HttpResponse:
    """One side of a chunk's frame."""
    del request
    job = found_job(job_id)
    shot = next((one for one in shots_of(job) if one.chunk == chunk), None)
    try:
        found = None if shot is None else desk().deeds.chunk_picture(job.id, shot, side)
    except ReelwrightError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return HttpResponse(found, content_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})
