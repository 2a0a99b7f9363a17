"""Image sequences: which frames there are, which are missing or wrong, and why."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from reelwright.errors import ReelwrightError
from reelwright.sequences import ranges
from reelwright.sequences.check import SequenceCheck
from reelwright.sequences.harvest import RULES
from reelwright.web.asking import SheetLook, inquiries
from reelwright.web.audit import note
from reelwright.web.strips import strip

#: Sequences, and lines of each kind, that one page shows.
MOST_SEQUENCES, MOST_LINES, MOST_NAMES = 100, 30, 5
DEEDS = ("look", "render")


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
        said = inquiries().look(sheet_id) if what == "look" else inquiries().render(sheet_id)
    except ReelwrightError as error:
        return render(
            request, "web/sequence.html", {**sheet_facts(the_look(sheet_id)), "refused": str(error)}, status=409
        )
    note(request, what, f"sheet {sheet_id}", said)
    return HttpResponseRedirect(reverse("sequence", args=[sheet_id]))


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
        "look": look, "rows": [row_facts(check) for check in checks[:MOST_SEQUENCES]], "count": len(checks),
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
        "name": check.row.wanted.pattern, "folder": check.folder, "failure": check.failure, "strip": strip(check),
        "frames": ranges.text(check.frames), "count": ranges.count(check.frames),
        "missing": ranges.text(check.missing), "missing_count": ranges.count(check.missing),
        "outside": ranges.text(check.outside), "rejects": rejects, "near": check.near_misses[:MOST_LINES],
        "problems": check.problems[:MOST_LINES], "looked_at": check.looked_at,
        "duplicates": list(check.duplicates.items())[:MOST_LINES],
    }  # fmt: skip
