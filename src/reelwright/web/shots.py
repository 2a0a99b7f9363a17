"""Image sequences: which frames there are, which are missing or wrong, and why."""

import datetime as dt
import os
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from reelwright.engine.listing import SHORT, JobRow, rows_of
from reelwright.errors import ReelwrightError
from reelwright.sequences import ranges
from reelwright.sequences.check import SequenceCheck
from reelwright.sequences.harvest import RULES
from reelwright.web.asking import Doing, SheetLook, Wish, inquiries
from reelwright.web.audit import note
from reelwright.web.desk import desk
from reelwright.web.live import part
from reelwright.web.running import running
from reelwright.web.strips import strip

#: Sequences, and lines of each kind, that one page shows.
MOST_SEQUENCES, MOST_LINES, MOST_NAMES = 100, 30, 5
OLD = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: What stands for frames that are missing, in the words of the page.
POLICIES = (
    ("error", "render nothing"), ("placeholder", "a picture that says so"), ("hold", "the frame before"),
    ("nearest", "the nearest frame"), ("black", "black"), ("checker", "a checkerboard"),
)  # fmt: skip
DEEDS: Mapping[str, Callable[[str, QueryDict], str]] = {
    "look": lambda sheet, _: inquiries().look(sheet),
    "contact": lambda sheet, _: inquiries().contact(sheet),
    "render": lambda sheet, said: inquiries().render(sheet, wish_of(said, watch=False)),
    "watch": lambda sheet, said: inquiries().render(sheet, wish_of(said, watch=True)),
    "stop": lambda sheet, _: inquiries().stop(sheet),
}


def wish_of(said: QueryDict, *, watch: bool) -> Wish:
    """What a form asks for."""
    return Wish(
        missing=said.get("missing", "placeholder" if watch else "error"), overwrite="overwrite" in said,
        contact="contact" in said and not watch, watch=watch,
    )  # fmt: skip


@require_GET
def show_all(request: HttpRequest) -> HttpResponse:
    """The page of all sheets and folders."""
    return render(request, "web/sequences.html", {"sheets": inquiries().sheets()})


@require_GET
def show(request: HttpRequest, sheet_id: str) -> HttpResponse:
    """The page of one sheet or folder."""
    return render(request, "web/sequence.html", sheet_facts(the_look(sheet_id)))


@require_POST
def deed(request: HttpRequest, sheet_id: str, what: str) -> HttpResponse:
    """Look at pictures, or render."""
    the_look(sheet_id)
    if what not in DEEDS:
        raise Http404
    try:
        said = DEEDS[what](sheet_id, request.POST)
    except ReelwrightError as error:
        return render(
            request, "web/sequence.html", {**sheet_facts(the_look(sheet_id)), "refused": str(error)}, status=409
        )
    note(request, what, f"sheet {sheet_id}", said)
    return HttpResponseRedirect(reverse("sequence", args=[sheet_id]))


@require_GET
def thumbnail(request: HttpRequest, sheet_id: str, row: int, place: int) -> HttpResponse:
    """One picture of a contact sheet."""
    del request
    try:
        found = inquiries().thumbnail(sheet_id, row, place)
    except ReelwrightError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return HttpResponse(found, content_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})


@part("sheet", "web/parts/sheet.html")
def sheet(subject: str) -> dict[str, Any]:
    """How far it is with what is done."""
    return {"sheet_id": subject, **doing_facts(inquiries().doing(subject))}


def doing_facts(now: Doing) -> dict[str, Any]:
    """What is done, and the jobs it made."""
    run = {job.id: job for job in running()} if now.what and now.jobs else {}
    return {
        "now": now, "percent": None if now.share is None else 100 * now.share,
        "made": [{"id": key, "run": run.get(key), "short": key[:SHORT]} for key in now.jobs[-MOST_LINES:]],
    }  # fmt: skip


def the_look(sheet_id: str) -> SheetLook:
    """A look at a sheet or folder.

    Raises:
        Http404: it is not among those that may be looked at.
    """
    found = inquiries().sheet(sheet_id)
    if found is None:
        raise Http404
    return found


def sheet_facts(look: SheetLook) -> dict[str, Any]:
    """What the page shows."""
    checks = look.report.checks if look.report else ()
    return {
        "look": look, "sheet_id": look.sheet.id, **doing_facts(look.now), "policies": POLICIES,
        "rows": [
            {**row_facts(check), "contact": look.contacts.get(k)} for k, check in enumerate(checks[:MOST_SEQUENCES])
        ],
        "count": len(checks),
        "drawn": bool(look.contacts) and all(
            k in look.contacts or not check.names for k, check in enumerate(checks[:MOST_SEQUENCES])
        ),
        "unplanned": sum(check.row.first is None or check.row.last is None for check in checks),
        "left": max(0, len(checks) - MOST_SEQUENCES),
        "missing": sum(ranges.count(check.missing) for check in checks),
        "frames": sum(ranges.count(check.frames) for check in checks),
    }  # fmt: skip


def row_facts(check: SequenceCheck) -> dict[str, Any]:
    """One sequence."""
    rejects = [
        {"rule": rule, "what": RULES[rule - 1], "count": len(names), "names": names[:MOST_NAMES]}
        for rule, names in enumerate(check.harvest.rejected, 1)
        if names
    ]
    return {
        "jobs": jobs_of(check),
        "name": check.row.wanted.pattern, "folder": check.folder, "failure": check.failure, "strip": strip(check),
        "frames": ranges.text(check.frames), "count": ranges.count(check.frames),
        "missing": ranges.text(check.missing), "missing_count": ranges.count(check.missing),
        "outside": ranges.text(check.outside), "rejects": rejects,
        "rejected": sum(one["count"] for one in rejects), "near": check.near_misses[:MOST_LINES],
        "problems": check.problems[:MOST_LINES], "looked_at": check.looked_at,
        "duplicates": list(check.duplicates.items())[:MOST_LINES],
    }  # fmt: skip


def jobs_of(check: SequenceCheck) -> list[JobRow]:
    """Jobs that have rendered the sequence, the newest first."""
    found = desk().jobs.jobs_for_source(os.path.join(check.folder, check.row.wanted.pattern))  # noqa: PTH118
    newest = sorted(found, key=lambda job: job.updated or OLD, reverse=True)[:MOST_NAMES]
    return rows_of(desk().jobs, newest, desk().work_dir)
