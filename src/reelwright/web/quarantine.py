"""Originals that are kept: what can be restored, until when, and the space it holds."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from reelwright.engine.quarantine import savings
from reelwright.engine.replacing import Entry, Stage
from reelwright.web.acts import act
from reelwright.web.desk import desk
from reelwright.web.jobs import PAGE, page_number

KEPT = frozenset({Stage.DONE, Stage.RESTORING})
#: Digits of a label.
LABEL = 16


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    every = desk().placements.entries()
    kept = [entry for entry in reversed(every) if entry.stage in KEPT]
    number = page_number(request)
    some = kept[(number - 1) * PAGE : number * PAGE]
    context = {
        "rows": [row(entry) for entry in some], "sums": savings(every), "count": len(kept), "number": number,
        "more": len(kept) > number * PAGE, "next": min((e.until for e in kept if e.until is not None), default=None),
    }  # fmt: skip
    return render(request, "web/quarantine.html", context)


def row(entry: Entry) -> dict[str, Any]:
    """An original as the list shows it."""
    return {
        "label": entry.order.label, "job": entry.order.job_id, "path": entry.order.source.path, "until": entry.until,
        "before": entry.bytes_before, "after": entry.bytes_after, "when": entry.changed, "links": entry.other_links,
        "why": entry.why,
    }  # fmt: skip


@require_POST
def restore(request: HttpRequest, label: str) -> HttpResponse:
    """Put one back."""
    if len(label) != LABEL:
        raise Http404
    return act(request, "restore", label, lambda: desk().deeds.restore(label))
