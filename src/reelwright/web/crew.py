"""Workers: this machine and others, and what each does."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reelwright.engine.leases import TRIAL, WorkRow
from reelwright.engine.trial_orders import OWNER
from reelwright.web.api.work import known_workers
from reelwright.web.asking import inquiries
from reelwright.web.live import part

#: What workers say of themselves that is shown in a place of its own, or is of use to nobody but them.
SHOWN = frozenset({"lock", "version", "warnings", "says", "queue"})
#: What a worker does, by its queue; the one of `serve` has none.
ROLES = {"files": "leads films", "encode": "encodes chunks"}
ALONE = "this machine's films"


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
        one["version"] = str(about.get("version", ""))
        one["role"] = ROLES.get(str(about.get("queue", "")), ALONE)
        one["warnings"] = [*lines_of(about.get("says")), *lines_of(about.get("warnings"))]
        one["more"] = {str(name): value for name, value in about.items() if name not in SHOWN}
        one["has"] = has_words(one["labels"])
        one["works"] = [work_words(row) for row in one["rows"]]
        one["free"] = max(0, one["slots"] - len(one["works"]))
    return {"workers": found, "alive": sum(one["alive"] for one in found), "skews": skews_of(found)}


def lines_of(value: object) -> list[str]:
    """Sentences, of whatever a row holds."""
    return [str(line) for line in value] if isinstance(value, list | tuple) else []


def has_words(labels: list[str]) -> dict[str, str]:
    """A worker's labels for people: what begins alike together."""
    found: dict[str, list[str]] = {}
    for label in labels:
        kind, colon, name = label.partition(":")
        found.setdefault(kind if colon else "labels", []).append(name if colon else kind)
    return {kind: ", ".join(names) for kind, names in found.items()}


def skews_of(workers: list[dict[str, Any]]) -> list[str]:
    """What workers that are alive do not have in common, where they should."""
    alive = [one for one in workers if one["alive"]]
    said = []
    versions = sorted({one["version"] for one in alive if one["version"]})
    if len(versions) > 1:
        said.append(f"Workers of Reelwright {' and '.join(versions)} are at work at once.")
    builds = {builds for one in alive if (builds := one["has"].get("build"))}
    if len(builds) > 1:
        said.append(
            f"Workers have {len(builds)} builds of FFmpeg and encoder, or processors: the chunks of one film are made "
            "by workers of the leader's build alone."
        )
    return said


def work_words(row: WorkRow) -> dict[str, Any]:
    """What a worker does, for people."""
    payload = row.work.payload
    path = payload.get("path") or payload.get("film") or row.work.id
    owner = row.work.owner.removesuffix(OWNER.format(""))
    part = ""
    if row.work.kind == TRIAL:
        kind = "sample of chunk" if payload.get("windows") else "chunk"
        part = f"{kind} {payload.get('chunk', '?')} at CRF {payload.get('crf', '?')}"
    return {"what": str(path), "kind": row.work.kind, "library": owner, "attempt": row.attempts, "part": part}
