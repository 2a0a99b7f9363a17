"""Workers: this machine and others, and what each does."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.engine.leases import WorkRow
from reelwright.web.api.work import known_workers
from reelwright.web.asking import inquiries
from reelwright.web.live import part

#: What workers say of themselves that is of use to nobody but them.
INNER = frozenset({"lock", "version", "warnings"})


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "web/workers.html", {**crew(), "flower": inquiries().flower()})


@part("crew", "web/parts/crew.html")
def crew(subject: str = "") -> dict[str, Any]:
    """Every worker."""
    del subject
    found = known_workers()
    for one in found:
        about = one["about"]
        one["version"] = about.get("version", "")
        warnings = about.get("warnings", ())
        one["warnings"] = [str(w) for w in warnings] if isinstance(warnings, list | tuple) else []
        one["more"] = {str(name): value for name, value in about.items() if name not in INNER}
        one["works"] = [work_words(row) for row in one["rows"]]
        one["free"] = max(0, one["slots"] - len(one["works"]))
    return {"workers": found, "alive": sum(one["alive"] for one in found)}


def work_words(row: WorkRow) -> dict[str, Any]:
    """What a worker does, for people."""
    path = row.work.payload.get("path") or row.work.payload.get("film") or row.work.id
    return {"what": str(path), "kind": row.work.kind, "library": row.work.owner, "attempt": row.attempts}
