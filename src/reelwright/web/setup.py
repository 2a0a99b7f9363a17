"""The settings in effect, and the health of what the program needs."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from reelwright.errors import ReelwrightError
from reelwright.origins import Origin
from reelwright.web.asking import inquiries


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    facts: dict[str, object] = {"checkup": inquiries().checkup(anew=False)}
    try:
        report = inquiries().settings()
    except ReelwrightError as error:  # the file was changed since we started, and not for the better
        return render(request, "web/settings.html", {**facts, "complaint": str(error)})
    sections = [(name or "general", list(found)) for name, found in groupby(report.origins, key=section_of)]
    changed = sum(origin.changed for origin in report.origins)
    return render(
        request, "web/settings.html", {**facts, "sections": sections, "changed": changed, "file": report.file}
    )


@require_GET
def doctor(request: HttpRequest) -> HttpResponse:
    """The part of the page that says what doctor found."""
    return render(request, "web/parts/doctor.html", {"checkup": inquiries().checkup(anew=False)})


@require_POST
def doctor_anew(request: HttpRequest) -> HttpResponse:
    """Ask doctor anew."""
    checkup = inquiries().checkup(anew=True)
    if request.headers.get("HX-Request"):
        return render(request, "web/parts/doctor.html", {"checkup": checkup})
    return HttpResponseRedirect(reverse("settings"))


def section_of(origin: Origin) -> str:
    """The section a setting is in."""
    return origin.section
