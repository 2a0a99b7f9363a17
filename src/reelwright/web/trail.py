"""Who did what: the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.web.models import AuditLine

#: Lines of one page.
LINES = 100


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The newest lines, or those before one."""
    before = request.GET.get("before", "")
    found = AuditLine.objects.order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) < 19:  # noqa: PLR2004 -- below 2^63
        found = found.filter(pk__lt=int(before))
    lines = list(found[: LINES + 1])
    older = lines[LINES - 1].pk if len(lines) > LINES else None
    return render(request, "web/audit.html", {"lines": lines[:LINES], "older": older, "first": not before})
