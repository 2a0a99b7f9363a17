"""Libraries: their files and plans, approving and answering."""

from typing import Annotated, Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from ninja import Query, Router

from reelwright.errors import UsageError
from reelwright.library.catalog import Counts, FileState, Library, LibraryFile
from reelwright.store import models
from reelwright.store.library_rows import file_value
from reelwright.web.api.jobs import PROBLEMS, readable, whole
from reelwright.web.api.paging import part
from reelwright.web.api.schemas import (
    USUAL,
    Answer,
    Approve,
    ApprovedOut,
    Cursor,
    FileId,
    FileOut,
    LibraryName,
    LibraryOut,
    Limit,
    PlannedOut,
    PlanOut,
    Said,
    Slice,
)
from reelwright.web.audit import note
from reelwright.web.desk import Proposal, desk

router = Router(tags=["libraries"])


@router.get("", response={200: list[LibraryOut], **PROBLEMS})
def list_libraries(request: HttpRequest) -> Any:
    """All libraries with their figures, by name."""
    del request
    counts, paused = desk().libraries.counts(), desk().work.paused()
    return [
        library_out(one, counts.get(one.name, Counts()), held=bool({"", one.name} & paused))
        for one in desk().libraries.libraries()
    ]


@router.get("/{name}", response={200: LibraryOut, **PROBLEMS})
def show_library(request: HttpRequest, name: LibraryName) -> Any:
    """One library."""
    del request
    held = bool({"", name} & desk().work.paused())
    return library_out(the_library(name), desk().libraries.counts().get(name, Counts()), held=held)


@router.get("/{name}/files", response={200: Slice[FileOut], **PROBLEMS})
def list_files(  # noqa: PLR0917 -- parameters of an address
    request: HttpRequest,
    name: LibraryName,
    state: Annotated[list[FileState] | None, Query(description="Files in one of these states.")] = None,
    rule: Annotated[str | None, Query(max_length=128, description="Files that this rule decided.")] = None,
    text: Annotated[str, Query(max_length=200, description="Part of the path, in any case of letters.")] = "",
    limit: Limit = USUAL,
    after: Cursor = "",
) -> Any:
    """Files that are there, by id."""
    del request
    wanted = Q(library_id=the_library(name).id, gone=False, pk__gt=whole(after))
    if state:
        wanted &= Q(state__in=[one.value for one in state])
    if rule is not None:
        wanted &= Q(rule=safe(rule))
    if text:
        wanted &= Q(path__icontains=safe(text))
    found = models.LibraryFile.objects.filter(wanted).select_related("library").order_by("pk")
    files, more = part(found, file_value, limit)
    return Slice[FileOut](items=[file_out(file) for file in files], next=str(files[-1].id) if more and files else None)


@router.get("/{name}/files/{file_id}", response={200: FileOut, **PROBLEMS})
def show_file(request: HttpRequest, name: LibraryName, file_id: FileId) -> Any:
    """One file."""
    del request
    return file_out(the_file(name, file_id))


@router.post("/{name}/files/{file_id}/answer", response={200: Said, **PROBLEMS})
def answer(request: HttpRequest, name: LibraryName, file_id: FileId, body: Answer) -> Any:
    """Say what is to become of a file."""
    the_file(name, file_id)
    said = desk().deeds.answer(file_id, body.word)
    note(request, "answer", f"file {file_id} of {name}: {body.word}", said)
    return Said(detail=said)


@router.get("/{name}/plan", response={200: PlanOut, **PROBLEMS})
def show_plan(request: HttpRequest, name: LibraryName) -> Any:
    """The plan that was made last."""
    del request
    the_library(name)
    found = desk().deeds.plan(name)
    if found is None:
        raise Http404(f"No plan of {name} was made yet.")
    return plan_out(found)


@router.post("/{name}/plan", response={200: PlanOut, **PROBLEMS})
def make_plan(request: HttpRequest, name: LibraryName) -> Any:
    """Make a plan anew. Nothing is queued by that."""
    del request
    the_library(name)
    return plan_out(desk().deeds.make_plan(name))


@router.post("/{name}/approve", response={200: ApprovedOut, **PROBLEMS})
def approve(request: HttpRequest, name: LibraryName, body: Approve) -> Any:
    """Queue a plan: all of it, or the files that are named, or what one rule decided."""
    the_library(name)
    found = desk().deeds.plan(name)
    if found is None:
        raise Http404(f"No plan of {name} was made yet.")
    done = desk().deeds.approve(name, body.plan, chosen(name, body, found))
    what = "a part" if body.files is not None or body.rule is not None else "all"
    note(request, "approve", f"library {name}: {what} of plan {body.plan}", f"{done.queued} queued")
    refused = [{"path": readable(one.path), "why": one.why} for one in done.refused]
    return ApprovedOut(queued=done.queued, refused=refused)


def chosen(name: str, body: Approve, found: Proposal) -> frozenset[str] | None:
    """Paths of what is approved; None: all.

    Raises:
        UsageError: files and a rule are named, or what is named is not in the plan.
    """
    if body.files is None and body.rule is None:
        return None
    if body.files is not None and body.rule is not None:
        raise UsageError("Name files or a rule, not both.")
    planned = {file.path: file.rule for file in found.plan.files}
    if body.rule is not None:
        paths = frozenset(path for path, rule in planned.items() if rule == body.rule)
    else:
        files = (desk().libraries.file(key) for key in body.files or ())
        paths = frozenset(one.path for one in files if one is not None and one.library == name and one.path in planned)
    if not paths:
        raise UsageError("Nothing that was named is in the plan.")
    return paths


def safe(text: str) -> str:
    """A text a database takes: PostgreSQL has no zero bytes, and lone surrogates are none of Unicode's.

    Raises:
        UsageError: it is none.
    """
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UsageError("A text to look for has no zero bytes and no halves of characters.")
    return text


def the_library(name: str) -> Library:
    """The library of that name.

    Raises:
        Http404: there is none.
    """
    found = next((one for one in desk().libraries.libraries() if one.name == name), None)
    if found is None:
        raise Http404(f"There is no library {name}.")
    return found


def the_file(name: str, file_id: int) -> LibraryFile:
    """A library's file that is there.

    Raises:
        Http404: there is none.
    """
    found = desk().libraries.file(file_id)
    if found is None or found.gone or found.library != name:
        raise Http404(f"The library {name} has no file {file_id}.")
    return found


def library_out(library: Library, counts: Counts, *, held: bool) -> LibraryOut:
    """A library as the API has it."""
    policy = library.settings.get("policy")
    return LibraryOut(
        name=library.name, root=readable(library.root), policy=policy if isinstance(policy, str) else None,
        scanned=library.scanned, approved=library.approved, paused=held, sources=counts.sources,
        states={state.value: count for state, count in counts.states.items()}, bytes_before=counts.bytes_before,
        bytes_after=counts.bytes_after, bytes_saved=counts.bytes_saved,
    )  # fmt: skip


def file_out(file: LibraryFile) -> FileOut:
    """A file as the API has it."""
    choice = file.choice
    return FileOut(
        id=file.id, library=file.library, path=readable(file.path), size=file.size, state=file.state.value,
        action=choice.action.value if choice else None, rule=choice.rule if choice else None,
        reasons=list(choice.reasons) if choice else [], refusal=list(file.refusal),
        owner=file.owner.value if file.owner else None, saves=file.saves, costs=file.costs, job=file.job_id,
        work=file.work_id, note=list(file.note), facts=None if file.facts is None else dict(file.facts),
    )  # fmt: skip


def plan_out(found: Proposal) -> PlanOut:
    """A plan as the API has it."""
    plan = found.plan
    likely, low, high = plan.saves
    return PlanOut(
        id=found.id, library=plan.library, policy=plan.policy, made=plan.made, files=len(plan.files), bytes=plan.bytes,
        saves=likely, saves_low=low, saves_high=high, seconds=plan.seconds, rough=plan.rough, others=dict(plan.others),
        planned=[
            PlannedOut(
                path=readable(file.path), size=file.size, action=file.action.value, rule=file.rule,
                reasons=list(file.reasons), saves=file.saves, seconds=file.seconds,
            )
            for file in plan.files
        ],
    )  # fmt: skip
