"""What an owner says of a library's files, and what is known of one of them."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from reelwright.app.library_queue import AT_WORK, Queue
from reelwright.app.library_terms import REPLACE, may_replace, read_rules, settings_of
from reelwright.cli.library_commands import About, Answered
from reelwright.config import Settings
from reelwright.engine.leases import FILM, LeaseStore, WorkRow
from reelwright.errors import ConflictError, UsageError
from reelwright.library.catalog import Catalog, FileState, Library, LibraryFile
from reelwright.library.deciding import choice_for, facts_of
from reelwright.library.rules import REFUSED, Action, trace

#: The owner's word that takes the owner's word back.
RULES = "rules"


def find_in(catalog: Catalog, path: Path) -> tuple[Library, LibraryFile] | None:
    """The library and the row of a file; None where it is in none. A link to a file is the file it leads to."""
    asked = os.path.abspath(path)  # noqa: PTH100 - keeps symbolic links
    for whole in dict.fromkeys((asked, os.path.realpath(asked))):
        for library in catalog.libraries():
            if whole.startswith(f"{library.root.rstrip('/')}/"):
                file = catalog.find_file(library.id, os.path.relpath(whole, library.root))
                if file is not None:
                    return library, file
    return None


def answer(settings: Settings, catalog: Catalog, queue: Queue, path: Path, word: str) -> Answered:
    """Take the owner's word on a file; where its library works on its own, the file is queued at once.

    Raises:
        UsageError: it is in no library, or was not looked into yet.
        ConflictError: it is being worked on.
    """
    found = find_in(catalog, path)
    if found is None:
        raise UsageError(f"{path} is in no library.", hint="`reelwright library scan` finds new files.")
    library, file = found
    if file.state is FileState.RUNNING:
        raise ConflictError(f"{path} is being worked on.", hint="`reelwright jobs cancel` ends that.")
    if file.facts is None:
        raise UsageError(f"{path} was not looked into yet.", hint=f"`reelwright library scan {library.name}` does.")
    owner = None if word == RULES else Action(word)
    told = replace(file, owner=owner)
    choice = choice_for(told, read_rules(settings_of(library, settings).rules, settings), time.time())
    queue.withdraw(file)
    catalog.answer(file.id, owner, choice)
    if choice.action in AT_WORK and file.fingerprint is not None and queue.may_queue(library):
        # What was withdrawn or has failed before is begun anew: somebody wants it.
        queue.approve(library, {file.id: replace(told, choice=choice)}, {file.id: choice})
    return Answered(file=catalog.file(file.id) or told, before=file.state)


def about(settings: Settings, catalog: Catalog, leases: LeaseStore, path: Path) -> About | None:
    """What a library knows of a file; None where it is in none."""
    found = find_in(catalog, path)
    if found is None:
        return None
    library, file = found
    facts = facts_of(file, time.time())
    rules = read_rules(settings_of(library, settings).rules, settings)
    work = leases.work(file.work_id) if file.work_id is not None else None
    paused = leases.paused()
    return About(
        library=library, file=file, facts=facts, rules=trace(rules, facts) if file.facts is not None else [], work=work,
        history=catalog.outcomes_at(os.path.join(library.root, file.path)),  # noqa: PTH118
        paused=bool({"", library.name} & paused),
        changes=tuple(_changes(settings, library, file, held=bool({"", library.name} & paused))),
    )  # fmt: skip


def _changes(settings: Settings, library: Library, file: LibraryFile, *, held: bool) -> Iterator[str]:
    """What would change what becomes of a file, as sentences."""
    if held:
        yield f"`reelwright library resume {library.name}` lets its films be begun again."
    yield from filter(None, [_next_step(settings, library, file)])
    if file.owner is not None:
        yield "`reelwright library answer FILE rules` lets the rules decide again."


def _next_step(settings: Settings, library: Library, file: LibraryFile) -> str:
    own, choice = settings_of(library, settings), file.choice
    unapproved = library.approved is None or (own.policy == REPLACE and not may_replace(library))
    was_tried = file.work_id is not None and choice is not None and choice.action in AT_WORK
    if file.state is FileState.FAILED or (file.state is FileState.SKIPPED and was_tried):
        return "It is tried again when the file or its settings change, or by `reelwright jobs retry`."
    if file.state is FileState.PLANNED and unapproved:
        return f"`reelwright library plan {library.name} -o plan.json` and `library apply plan.json` approve it."
    if file.state is FileState.SKIPPED and choice is not None and choice.rule == REFUSED:
        return ""
    return {
        FileState.MET: f"`reelwright library scan {library.name}` looks into it.",
        FileState.ASKED: "`reelwright library answer FILE encode` or `… skip` says what is to become of it.",
        FileState.PLANNED: f"The next scan of {library.name} queues it.",
        FileState.QUEUED: f"It is begun in the hours {own.hours} only." if own.hours else "",
        FileState.SKIPPED: "Other rules (`library add --rules`), or `reelwright library answer FILE encode`.",
    }.get(file.state, "")


def export(catalog: Catalog, leases: LeaseStore, journal: list[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything there is of libraries, row by row with its table's name; each table begins with an empty row."""
    libraries = catalog.libraries()
    yield "libraries", {}
    for library in libraries:
        yield "libraries", asdict(library)
    yield "files", {}
    for library in libraries:
        last = 0
        while files := catalog.files(library.id, after=last, limit=2000):
            last = files[-1].id
            for file in files:
                yield "files", asdict(file)
    yield "work", {}
    for row in leases.works(kinds=[FILM], limit=10**7):
        yield "work", plain_work(row)
    yield "outcomes", {}
    last = 0
    while outcomes := catalog.outcomes_after(last, 2000):
        last = outcomes[-1][0]
        for _, outcome in outcomes:
            yield "outcomes", asdict(outcome)
    yield "replacements", {}
    for entry in journal:
        yield "replacements", asdict(entry)


def plain_work(row: WorkRow) -> dict[str, Any]:
    """A piece of work as plain values."""
    work = row.work
    return {
        "id": work.id, "kind": work.kind, "library": work.owner, "path": work.payload.get("path"),
        "state": row.state.value, "attempts": row.attempts, "priority": work.priority, "worker": row.worker,
        "not_before": row.not_before, "cancel_asked": row.cancel_asked, "result": dict(row.result),
        "remedy": work.payload.get("remedy") or {}, "created": row.created, "updated": row.updated,
    }  # fmt: skip
