"""What was saved, the settings, doctor's findings, and image sequences."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router

from reelwright.sequences import ranges
from reelwright.sequences.check import SequenceCheck
from reelwright.web.api.jobs import PROBLEMS, readable
from reelwright.web.api.schemas import (
    DayOut,
    DoctorOut,
    HealthOut,
    Said,
    SavedOut,
    SequenceOut,
    SettingOut,
    SheetId,
    SheetOut,
)
from reelwright.web.asking import Checkup, Sheet, SheetLook, inquiries
from reelwright.web.audit import note
from reelwright.web.savings import SAVINGS

router = Router(tags=["house"])
sequences = Router(tags=["sequences"])
#: So many near misses and problems of a sequence are told.
MOST_TOLD = 200


@router.get("/savings", response={200: SavedOut, **PROBLEMS})
def saved(request: HttpRequest) -> Any:
    """What encodes have saved, in all and each day."""
    del request
    found = SAVINGS.now()
    days = [
        DayOut(day=day, films=d.films, before=d.before, after=d.after, cpu_seconds=d.cpu_seconds)
        for day, d in found.days.items()
    ]
    return SavedOut(
        films=found.films, before=found.before, after=found.after, saved=found.saved, share=found.share, days=days
    )


@router.get("/settings", response={200: list[SettingOut], **PROBLEMS})
def settings(request: HttpRequest) -> Any:
    """Every setting in effect, and where it comes from."""
    del request
    return [
        SettingOut(
            key=f"{origin.section}.{origin.key}".lstrip("."), value=origin.value, changed=origin.changed,
            kind=origin.kind, name=origin.name, line=origin.line,
        )
        for origin in inquiries().settings().origins
    ]  # fmt: skip


@router.get("/doctor", response={200: DoctorOut, **PROBLEMS})
def doctor(request: HttpRequest) -> Any:
    """What doctor found last; where it was never asked it begins now, and answers a few seconds later."""
    del request
    return checkup_out(inquiries().checkup(anew=False))


@router.post("/doctor", response={200: DoctorOut, **PROBLEMS})
def doctor_anew(request: HttpRequest) -> Any:
    """Ask doctor anew."""
    del request
    return checkup_out(inquiries().checkup(anew=True))


def checkup_out(found: Checkup) -> DoctorOut:
    """A checkup as the API has it."""
    rows = [
        HealthOut(
            name=row.name, works=row.works, found=row.found, advice=row.advice, kind=row.kind, optional=row.optional
        )
        for row in found.rows
    ]
    return DoctorOut(running=found.running, at=found.at, rows=rows)


@sequences.get("", response={200: list[SheetOut], **PROBLEMS})
def sheets(request: HttpRequest) -> Any:
    """Sheets and folders of frames that may be looked at."""
    del request
    return [sheet_out(one) for one in inquiries().sheets()]


@sequences.get("/{sheet_id}", response={200: list[SequenceOut], **PROBLEMS})
def check(request: HttpRequest, sheet_id: SheetId) -> Any:
    """Check the names of a sheet's sequences."""
    del request
    look = the_look(sheet_id)
    return [sequence_out(one) for one in look.report.checks] if look.report else []


@sequences.post("/{sheet_id}/look", response={200: Said, **PROBLEMS})
def look_at(request: HttpRequest, sheet_id: SheetId) -> Any:
    """Look at every picture, in the background."""
    the_look(sheet_id)
    said = inquiries().look(sheet_id)
    note(request, "look", f"sheet {sheet_id}", said)
    return Said(detail=said)


@sequences.post("/{sheet_id}/render", response={200: Said, **PROBLEMS})
def render_sheet(request: HttpRequest, sheet_id: SheetId) -> Any:
    """Render every sequence, in the background."""
    the_look(sheet_id)
    said = inquiries().render(sheet_id)
    note(request, "render", f"sheet {sheet_id}", said)
    return Said(detail=said)


def the_look(sheet_id: str) -> SheetLook:
    """A look at a sheet.

    Raises:
        Http404: it is not among those that may be looked at.
    """
    found = inquiries().sheet(sheet_id)
    if found is None:
        raise Http404(f"There is no sheet or folder {sheet_id}.")
    return found


def sheet_out(sheet: Sheet) -> SheetOut:
    """A sheet as the API has it."""
    return SheetOut(id=sheet.id, name=readable(sheet.path), kind=sheet.kind, origin=sheet.origin)


def sequence_out(check: SequenceCheck) -> SequenceOut:
    """A sequence as the API has it."""
    return SequenceOut(
        name=readable(check.row.wanted.name), folder=readable(check.folder), frames=ranges.text(check.frames),
        missing=ranges.text(check.missing), outside=ranges.text(check.outside), failure=check.failure,
        rejects={str(rule): len(names) for rule, names in enumerate(check.harvest.rejected, 1)},
        near_misses=[{"name": readable(m.name), "advice": readable(m.advice)} for m in check.near_misses[:MOST_TOLD]],
        problems=[{"frame": p.frame, "kind": p.kind, "what": readable(p.what)} for p in check.problems[:MOST_TOLD]],
    )  # fmt: skip
