"""Bring what is known of a library up to date: walk, compare, read what stat data cannot tell, commit; then probe."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright.engine.offload import Offload
from reelwright.errors import SourceError
from reelwright.library.catalog import Catalog, Library, Probed
from reelwright.library.comparison import Changes, Remembered, Seen, settle, sort_out
from reelwright.library.facts import film_facts, problem_facts
from reelwright.library.marker import HINT, check_marker
from reelwright.library.walk import Walked, Wanted, walk
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.plan import Request
from reelwright.tools.fingerprint import fingerprint
from reelwright.tools.probing import ProbedFile, probe_many
from reelwright.tools.process import Runner

#: Told what is being done, how much of it is done, and of how much; None: nobody knows.
Tell = Callable[[str, int, int | None], None]
#: Files whose probes are committed together.
BATCH = 256

REASONS = {
    "empty": "The file is empty.",
    "closed": "The file cannot be read: permission denied.",
    "gone": "The file was gone when it was to be read.",
    "unreadable": "It cannot be read as a film",
    "crashes": "The reader crashed at it; it is damaged in a way that no decoder should meet.",
    "hangs": "The reader did not come to an end with it.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a scan found."""

    library: str
    #: Files that are there.
    files: int
    new: int
    #: Other content under a known name, and the same content under another name or with other stat data.
    changed: int
    moved: int
    gone: int
    unchanged: int
    #: Paths left for the next scan because they were written just now.
    unsettled: tuple[str, ...]
    #: Paths that could not be looked at, with the reason.
    closed: tuple[tuple[str, str], ...]
    #: Files that were looked into.
    probed: int = 0


def scan(catalog: Catalog, library: Library, wanted: Wanted, tell: Tell) -> Scanned:
    """Compare a library's files with what is known of them, and commit what changed.

    Raises:
        SourceError: the root is missing, empty, or not the library; nothing was changed.
        BusyError: another machine's scan was committed meanwhile; nothing was changed.
    """
    since = catalog.scanned(library.id)
    root = Path(library.root)
    check_marker(root, library.marker)
    try:
        found = walk(library.root, wanted, lambda met: tell("looking for films", met, None))
    except OSError as error:
        raise SourceError(f"The root {root} cannot be listed ({error.strerror}).", hint=HINT) from error
    known = catalog.remembered(library.id)
    present = [row for row in known if not row.gone]
    if present and not found.files and not found.unsettled:
        raise SourceError(
            f"The root {root} has no film any more, where {len(present):,} were known.",
            hint=f"{HINT} If it is really empty now, use `reelwright library remove {library.name}`.",
        )
    check_marker(root, library.marker)  # a disk that went away during the walk looks like films that were deleted
    kept = _out_of_sight(known, found)
    sorted_out = sort_out([row for row in known if row.id not in kept], found.files)
    changes = settle(sorted_out, _read(library.root, sorted_out.to_read, tell))
    catalog.write_scan(library.id, changes, since=since)
    return _report(library.name, found, changes)


def _out_of_sight(known: Iterable[Remembered], found: Walked) -> set[int]:
    """Rows nothing can be said of: written just now, or below a folder that could not be listed."""
    paths = {*found.unsettled, *(path for path, _ in found.closed)}
    folders = tuple(f"{path}/" for path, _ in found.closed)
    return {row.id for row in known if row.path in paths or (folders and row.path.startswith(folders))}


def _read(root: str, files: Sequence[Seen], tell: Tell) -> dict[str, str]:
    found = {}
    for number, file in enumerate(files, start=1):
        tell("comparing contents", number, len(files))
        with suppress(OSError):
            found[file.path] = fingerprint(os.path.join(root, file.path), file.size)  # noqa: PTH118
    return found


def _report(name: str, found: Walked, changes: Changes) -> Scanned:
    return Scanned(
        library=name,
        files=len(found.files),
        new=len(changes.new),
        changed=len(changes.changed),
        moved=len(changes.same),
        gone=len(changes.gone),
        unchanged=changes.unchanged,
        unsettled=tuple(found.unsettled),
        closed=tuple(found.closed),
    )


async def look_into(  # noqa: PLR0917 - what it works with, then what it works on
    runner: Runner, offload: Offload, catalog: Catalog, library: Library, request: Request, tell: Tell, *, workers: int
) -> int:
    """Probe the files of a library that were not looked into yet; returns how many were.

    Args:
        runner: spawns the readers.
        offload: the thread that speaks to the catalog.
        catalog: what is found is committed there, some hundred files at a time: a scan that is interrupted goes on.
        library: whose files.
        request: what an encode would be asked for: the engine's refusals depend on it.
        tell: told how it goes.
        workers: readers at once.

    Raises:
        ToolError: the reader does not start.
    """
    files = await offload(catalog.unprobed, library.id)
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        found: dict[int, ProbedFile] = {}

        def note(place: int, file: ProbedFile, found: dict[int, ProbedFile] = found, before: int = start) -> None:
            found[place] = file
            tell("reading films", before + len(found), len(files))

        paths = [os.path.join(library.root, file.path) for file in part]  # noqa: PTH118
        await probe_many(runner, paths, note, workers=workers)
        probes = [_probed(part[place].id, looked, request) for place, looked in sorted(found.items())]
        await offload(catalog.write_probes, probes)
    return len(files)


def _probed(key: int, looked: ProbedFile, request: Request) -> Probed:
    if looked.info is None:
        said = REASONS.get(looked.problem, looked.problem)
        refusal = said if said.endswith(".") else f"{said}: {looked.reason or 'nobody knows why'}."
        return Probed(id=key, fingerprint=looked.fingerprint, facts=problem_facts(looked.problem), refusal=(refusal,))
    decision = decide(looked.info, request)
    refused = decision.verdict in {Verdict.REFUSE, Verdict.UNUSABLE}
    hint = (decision.hint,) if decision.hint else ()
    return Probed(
        id=key, fingerprint=looked.fingerprint, facts=film_facts(looked.info, decision),
        refusal=(*decision.reasons, *hint) if refused else (),
    )  # fmt: skip
