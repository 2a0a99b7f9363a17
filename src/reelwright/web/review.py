"""A library's plan, looked at before anything is done: predicted savings and hours; all, some, or by rule approved."""

from collections.abc import Collection, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from reelwright.errors import ReelwrightError
from reelwright.library.plans import Plan, PlannedFile
from reelwright.web.acts import act
from reelwright.web.desk import Approved, Proposal, desk
from reelwright.web.jobs import page_number
from reelwright.web.library import found_library
from reelwright.web.listing import CHOICES, FIGURES
from reelwright.words import printable_path

PAGE = 100
#: Files that are named where they were refused; of more the number is told.
NAMED = 3
ALL, RULE, CHOSEN = "all", "rule", "chosen"
POLICIES = {
    "tree": "Outputs go into another folder; the films stay as they are.",
    "beside": "Outputs go beside their films, which stay as they are.",
    "replace": "Outputs take the places of their films; the originals are kept in quarantine for a while.",
}


@require_GET
def show(request: HttpRequest, name: str) -> HttpResponse:
    """The page."""
    library = found_library(name)
    context: dict[str, Any] = {"library": library, "made": None}
    try:
        found = desk().deeds.plan(name)
    except ReelwrightError as error:
        context["wrong"] = str(error)
        found = None
    if found is not None:
        context |= shown(found, page_number(request))
    return render(request, "web/plan.html", context)


def shown(found: Proposal, number: int) -> dict[str, Any]:
    """A plan as the page shows it: its sums, its rules, and a page of its files."""
    plan = found.plan
    order = sorted(range(len(plan.files)), key=lambda k: -_likely(plan.files[k]))
    some = order[(number - 1) * PAGE : number * PAGE]
    likely, low, high = plan.saves
    return {
        "made": plan.made, "plan_id": found.id, "count": len(plan.files), "bytes": plan.bytes, "saves": likely,
        "low": max(0.0, low), "high": high, "seconds": plan.seconds,
        "share": likely / plan.bytes if plan.bytes else None,
        "unknown": sum(file.saves is None for file in plan.files), "policy": POLICIES.get(plan.policy, plan.policy),
        "replaces": plan.policy == "replace", "rules": by_rule(plan), "number": number,
        "more": len(order) > number * PAGE, "rows": [row(k, plan.files[k]) for k in some],
        "others": [(state, count) for state, count in plan.others.items() if count],
    }  # fmt: skip


def _likely(file: PlannedFile) -> float:
    return file.saves[0] if file.saves is not None else 0.0


def row(number: int, file: PlannedFile) -> dict[str, Any]:
    """A planned file as the page shows it."""
    return {
        "number": number, "path": file.path, "size": file.size, "rule": file.rule, "action": file.action.value,
        "saves": file.saves, "seconds": file.seconds, "why": " ".join(file.reasons),
    }  # fmt: skip


def by_rule(plan: Plan) -> list[dict[str, Any]]:
    """Sums of each rule's files, the largest saving first."""
    groups: dict[tuple[str, str], list[PlannedFile]] = {}
    for file in plan.files:
        groups.setdefault((file.rule, file.action.value), []).append(file)
    found = [
        {
            "rule": rule, "action": action, "count": len(files), "bytes": sum(file.size for file in files),
            "saves": sum(map(_likely, files)), "seconds": sum(file.seconds or 0.0 for file in files),
        }
        for (rule, action), files in groups.items()
    ]  # fmt: skip
    found.sort(key=lambda group: -float(group["saves"]))
    return [{**group, "id": f"ask-rule-{k}"} for k, group in enumerate(found)]


@require_POST
def make(request: HttpRequest, name: str) -> HttpResponse:
    """Make the plan anew."""
    library = found_library(name)

    def do() -> str:
        plan = desk().deeds.make_plan(library.name).plan
        return f"The plan is made: {len(plan.files):,} file{'s' if len(plan.files) != 1 else ''}."

    return act(request, "plan", library.name, do)


@require_POST
def approve(request: HttpRequest, name: str) -> HttpResponse:
    """Queue all of it, or what was chosen."""
    library = found_library(name)
    what, rule, plan_id = (request.POST.get(key, "") for key in ("what", "rule", "plan"))

    def do() -> str:
        found = desk().deeds.plan(library.name)
        files = found.plan.files if found is not None else ()
        paths = None if what == ALL else chosen(files, what, rule, request.POST.getlist("file"))
        if paths is not None and not paths:
            return "Nothing was chosen, and nothing was queued."
        return words_of(desk().deeds.approve(library.name, plan_id, paths))

    done = act(request, f"approve {what}".strip(), f"{library.name} {rule}".strip(), do)
    CHOICES.forget()
    FIGURES.forget()
    return done


def chosen(files: Sequence[PlannedFile], what: str, rule: str, numbers: Collection[str]) -> frozenset[str]:
    """Paths of the files that are meant."""
    if what == RULE:
        return frozenset(file.path for file in files if file.rule == rule)
    wanted = {int(text) for text in numbers if text.isascii() and text.isdigit() and len(text) < 9}  # noqa: PLR2004
    return frozenset(files[k].path for k in wanted if k < len(files))


def words_of(done: Approved) -> str:
    """What approving came to, as sentences."""
    said = [f"{done.queued:,} file{'s are' if done.queued != 1 else ' is'} in the queue."]
    if done.refused:
        named = "; ".join(f"{one.path}: {one.why}" for one in done.refused[:NAMED])
        more = f"; and {len(done.refused) - NAMED} more" if len(done.refused) > NAMED else ""
        said.append(f"{len(done.refused):,} {'are' if len(done.refused) != 1 else 'is'} left out: {named}{more}.")
    return printable_path(" ".join(said))
