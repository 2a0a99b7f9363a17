"""A library's film as a piece of leased work: its id for ever, and what carries it out needs to know."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reelwright.engine.leases import FILM, LIBRARY_LABEL, Work, WorkRow, WorkState
from reelwright.library.catalog import FileState, Library, LibraryFile
from reelwright.library.order import Candidate, Order, priority
from reelwright.library.retrying import MOST_ATTEMPTS
from reelwright.library.rules import Action


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmWork:
    """What is to be done with one file."""

    library: str
    #: The file's row in the ledger; its path there is where the film is now.
    file: int
    fingerprint: str
    action: Action
    #: Of the rule or the plan, as a tree of sections.
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: What failures taught: goes over everything else.
    remedy: Mapping[str, Any] = field(default_factory=dict)
    #: Where the film was when it was queued: for people; may hold surrogate escapes.
    path: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a library's films are queued by."""

    order: Order = Order.SAVING
    weight: float = 1.0
    #: Everything that decides what comes out, as plain values: another value is another work.
    policy: Mapping[str, Any] = field(default_factory=dict)


def work_for(library: Library, file: LibraryFile, terms: Terms, effective: Mapping[str, Any]) -> Work:
    """The work that a decided file asks for.

    Its id is made of the library, the file's row, its content and all that decides what comes out of it: a name, a time
    or a mount changes nothing, so that it is never queued twice; other content or other settings are other work.

    Args:
        library: whose file.
        file: probed and decided.
        terms: of the library.
        effective: settings that are in effect for this file, as plain values.
    """
    assert file.choice is not None  # noqa: S101 - it was decided, or it would not be queued
    film = FilmWork(
        library=library.name, file=file.id, fingerprint=file.fingerprint or "", action=file.choice.action,
        settings=file.choice.settings, path=f"{library.root}/{file.path}",
    )  # fmt: skip
    made_of = [library.marker, file.id, film.fingerprint, film.action.value, terms.policy, effective]
    text = json.dumps(made_of, sort_keys=True, default=str)
    candidate = Candidate(size=file.size, mtime_ns=file.mtime_ns, saves=file.saves, costs=file.costs)
    return Work(
        id=hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(), kind=FILM,
        owner=library.name, payload=plain_film(film), needs=frozenset({LIBRARY_LABEL.format(library.name)}),
        priority=priority(terms.order, candidate, weight=terms.weight), attempts_allowed=MOST_ATTEMPTS,
    )  # fmt: skip


def plain_film(film: FilmWork) -> dict[str, Any]:
    """A film's work as plain values."""
    return {
        "library": film.library, "file": film.file, "fingerprint": film.fingerprint, "action": film.action.value,
        "settings": dict(film.settings), "remedy": dict(film.remedy), "path": film.path,
    }  # fmt: skip


def film_from(payload: Mapping[str, Any]) -> FilmWork:
    """The work again.

    Raises:
        ValueError: it is none.
    """
    try:
        return FilmWork(
            library=str(payload["library"]), file=int(payload["file"]), fingerprint=str(payload["fingerprint"]),
            action=Action(payload["action"]), settings=dict(payload.get("settings") or {}),
            remedy=dict(payload.get("remedy") or {}), path=str(payload.get("path", "")),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no film's work: {error}") from error


def with_remedy(film: FilmWork, settings: Mapping[str, Any]) -> FilmWork:
    """The same film with what a failure taught; sections are laid over each other."""
    merged = {name: dict(table) for name, table in film.remedy.items()}
    for name, table in settings.items():
        merged[name] = {**merged.get(name, {}), **table}
    return replace(film, remedy=merged)


def standing_of(row: WorkRow | None) -> tuple[FileState, tuple[str, ...]] | None:
    """Where a queued or running file stands by its work, with what is to be said of it; None: as it is.

    A file whose work nobody knows is planned again: whoever forgot the queue did not forget the film.
    """
    if row is None:
        return FileState.PLANNED, ()
    said = tuple(str(line) for line in row.result.get("reasons", ()))
    match row.state:
        case WorkState.READY:
            return FileState.QUEUED, ()
        case WorkState.DONE:
            return FileState(row.result.get("state", FileState.DONE.value)), said
        case WorkState.FAILED:
            return FileState.FAILED, said or tuple(filter(None, [str(row.result.get("message", ""))]))
        case WorkState.CANCELLED:
            return FileState.SKIPPED, ("You cancelled it; `reelwright jobs retry` takes it up again.",)
    return None
