"""Libraries: what is in them, why each file stands where it does, and the owner's word."""

import os
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from reelwright.library.catalog import Counts, FileState, Library, LibraryFile
from reelwright.library.rules import shown_value
from reelwright.web.acts import act
from reelwright.web.desk import Known, desk
from reelwright.web.listing import CHOICES, FIGURES, Wanted, choices, page_of, states, wanted_of
from reelwright.words import printable_path, size

#: The owner's words a page offers.
WORDS = ("encode", "skip", "rules")


def found_library(name: str) -> Library:
    """The library of a name.

    Raises:
        Http404: there is none.
    """
    found = next((one for one in desk().libraries.libraries() if one.name == name), None)
    if found is None:
        raise Http404
    return found


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """All libraries."""
    here = desk()
    counts = FIGURES.get("counts", here.libraries.counts)
    paused = here.work.paused()
    rows = [
        {
            "library": one, "bytes": counts.get(one.name, Counts()), "states": states_of(known := states(one.id)),
            "paused": bool({"", one.name} & paused), "files": sum(known.values()),
            "asked": known.get(FileState.ASKED, 0), "planned": known.get(FileState.PLANNED, 0),
        }
        for one in here.libraries.libraries()
    ]  # fmt: skip
    return render(request, "web/libraries.html", {"rows": rows})


def states_of(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Numbers by state, in the order files pass through them."""
    return [(state.value, counts[state]) for state in FileState if counts.get(state)]


@require_GET
def files(request: HttpRequest, name: str) -> HttpResponse:
    """The files of one."""
    library = found_library(name)
    wanted = wanted_of(library.id, request.GET)
    rows, more = page_of(wanted)
    context = {
        "library": library, "wanted": wanted, "rows": [row_of(file) for file in rows],
        "choices": CHOICES.get(library.id, lambda: choices(library.id)),
        "sorts": (("name", "name"), ("size", "size"), ("saves", "predicted saving")),
        "next": query_of(wanted, rows[-1].id) if more and rows else "", "first": query_of(wanted, 0),
    }  # fmt: skip
    return render(
        request, "web/parts/files.html" if request.headers.get("HX-Target") == "files" else "web/files.html", context
    )


def query_of(wanted: Wanted, after: int) -> str:
    """The query that asks for this, from a row on."""
    names = ("state", "rule", "codec", "text", "sort")
    values = {name: getattr(wanted, name) for name in names if getattr(wanted, name) not in {"", "name"}}
    return urlencode({**values, **({"after": after} if after else {})})


def row_of(file: LibraryFile) -> dict[str, Any]:
    """A file as the list shows it."""
    facts = file.facts or {}
    width, height = facts.get("width"), facts.get("height")
    return {
        "id": file.id, "path": file.path, "size": file.size, "state": file.state.value, "saves": file.saves,
        "rule": file.choice.rule if file.choice else "", "codec": facts.get("codec") or "",
        "picture": f"{width} × {height}" if width and height else "", "duration": facts.get("duration"),
        "hdr": facts.get("hdr") if facts.get("hdr") not in {None, "none"} else "", "job": file.job_id,
        "before": file.bytes_before, "after": file.bytes_after,
    }  # fmt: skip


def known_file(number: int) -> Known:
    """What is known of a file.

    Raises:
        Http404: there is no such row.
    """
    known = desk().deeds.about(number)
    if known is None:
        raise Http404
    return known


@require_GET
def why(request: HttpRequest, number: int) -> HttpResponse:
    """Why a file stands where it does."""
    known = known_file(number)
    facts = [(name.replace("_", " "), fact_words(name, value)) for name, value in known.facts.items()]
    busy = known.file.state is FileState.RUNNING
    may = [word for word in WORDS if not busy and known.file.facts is not None]
    owner = known.file.owner
    context = {
        "known": known, "file": known.file, "row": row_of(known.file),
        "facts": [fact for fact in facts if fact[1]],
        "reasons": [*(known.file.choice.reasons if known.file.choice else ()), *known.file.note],
        "words": [w for w in may if (w != "rules" or owner is not None) and (owner is None or w != owner.value)],
    }  # fmt: skip
    return render(request, "web/why.html", context)


def fact_words(name: str, value: object) -> str:
    """A fact for people; empty where it is not known."""
    if value in {None, "", ()}:
        return ""
    if name == "size" and isinstance(value, int):
        return size(value)
    return printable_path(shown_value(name, value))


@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Take the owner's word."""
    word = request.POST.get("word", "")
    if word not in WORDS:
        raise Http404
    known = known_file(number)
    path = os.path.join(known.library.root, known.file.path)  # noqa: PTH118 - keeps odd bytes
    done = act(request, f"answer {word}", printable_path(path), lambda: desk().deeds.answer(number, word))
    CHOICES.forget()
    FIGURES.forget()
    return done
