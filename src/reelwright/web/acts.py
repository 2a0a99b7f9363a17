"""What somebody does from a page: done by the desk's deeds, written down, and answered with a sentence."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from reelwright.errors import ReelwrightError
from reelwright.web.audit import note


def act(request: HttpRequest, name: str, subject: str, do: Callable[[], str]) -> HttpResponse:
    """Do something and say what came of it: into the page that asked, else as a page of its own.

    Args:
        request: what was sent.
        name: of the act, for the audit line.
        subject: what it is done to.
        do: does it, and returns a sentence.
    """
    try:
        said, went = do(), True
    except ReelwrightError as error:
        said, went = str(error), False
    note(request, name, subject, said)
    if not getattr(request, "htmx", False):
        onward = request.POST.get("back", "")
        back = onward if onward.startswith("/") and not onward.startswith(("//", "/\\")) else reverse("overview")
        return render(request, "web/said.html", {"said": said, "went": went, "back": back}, status=200 if went else 409)
    answer = render(request, "web/parts/said.html", {"said": said, "went": went})
    if went:
        answer["HX-Trigger-After-Settle"] = "changed"
    return answer
