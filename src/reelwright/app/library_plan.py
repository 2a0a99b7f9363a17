"""Plans of libraries: made with samples and forecasts, written, and applied."""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from reelwright.app.encode import encode_with
from reelwright.app.forecasts import foretell, trials_of
from reelwright.app.library_queue import Queue
from reelwright.app.library_terms import settings_of
from reelwright.app.wiring import run_to_end, utc_now
from reelwright.cli.commands import EncodeJob
from reelwright.cli.library_commands import Applied, PlanDone
from reelwright.config import Settings, settings_from
from reelwright.errors import ConflictError, UsageError
from reelwright.events import EventSink
from reelwright.library.catalog import Catalog, FileState, Library, LibraryFile
from reelwright.library.forecast import Forecast, unlike_any
from reelwright.library.marker import check_marker
from reelwright.library.plans import Current, Plan, PlannedFile, Refused, changed_since, plain_plan, read_plan
from reelwright.library.rule_text import SETTABLE
from reelwright.library.rules import Choice
from reelwright.tools.fingerprint import fingerprint

#: Seconds of a film that are encoded to learn what films like it come to, and where they begin.
SAMPLE_SECONDS, SAMPLE_AT = 8, 0.4
#: Samples of a plan at the most: each is a small encode.
MOST_SAMPLES = 6


def make_plan(
    settings: Settings, catalog: Catalog, library: Library, output: Path | None, sink: EventSink, *, samples: bool
) -> PlanDone:
    """Say what would be done with a library's files.

    Raises:
        SourceError: its root is away.
        UsageError: the plan cannot be written.
    """
    check_marker(Path(library.root), library.marker)
    if output is not None:
        _check_place(output)
    files = [file for file in catalog.files(library.id, [FileState.PLANNED]) if file.facts is not None]
    sampled, failed = _take_samples(settings, library, files, sink) if samples else ([], [])
    told = foretell(settings, catalog, files)
    counts = catalog.counts()[library.name]
    others = {state.value: count for state, count in counts.states.items() if state is not FileState.PLANNED}
    plan = Plan(
        library=library.name, root=library.root, marker=library.marker, made=utc_now(),
        files=tuple(_planned(file, told.get(file.id)) for file in files if file.fingerprint is not None),
        others=others, policy=settings_of(library, settings).policy, rough=any(one.rough for one in told.values()),
    )  # fmt: skip
    if output is not None:
        write_plan(output, plan)
    return PlanDone(plan=plan, path=output, sampled=sampled, not_sampled=failed)


def _planned(file: LibraryFile, told: Forecast | None) -> PlannedFile:
    assert file.choice is not None  # noqa: S101 - it was decided, or it would not be planned
    assert file.fingerprint is not None  # noqa: S101
    return PlannedFile(
        path=file.path, size=file.size, mtime_ns=file.mtime_ns, fingerprint=file.fingerprint,
        action=file.choice.action, rule=file.choice.rule, reasons=file.choice.reasons, settings=file.choice.settings,
        saves=None if told is None else (told.saves.likely, told.saves.low, told.saves.high),
        seconds=None if told is None else told.seconds.likely,
    )  # fmt: skip


def _take_samples(
    settings: Settings, library: Library, files: list[LibraryFile], sink: EventSink
) -> tuple[list[str], list[tuple[str, str]]]:
    """Encode a few seconds of films nothing like which is known; their trials stay in the ledger."""
    by_id = {file.id: file for file in files}
    chosen = unlike_any([(file.id, file.facts or {}) for file in files], trials_of(settings))[:MOST_SAMPLES]
    sampled, failed = [], []
    with tempfile.TemporaryDirectory(prefix="reelwright-samples-") as scratch:
        for key in chosen:
            file = by_id[key]
            job = EncodeJob(
                sources=(Path(library.root, file.path),), output=os.fspath(Path(scratch, f"{key}.mkv")),
                **_excerpt(file),
            )  # fmt: skip
            (outcome,) = run_to_end(lambda job=job: encode_with(settings, job, sink))  # type: ignore[misc]
            if outcome.exit_code == 0:
                sampled.append(file.path)
            else:
                failed.append((file.path, " ".join(outcome.reasons)))
    return sampled, failed


def _excerpt(file: LibraryFile) -> dict[str, Any]:
    duration = (file.facts or {}).get("duration")
    if not isinstance(duration, int | float) or duration <= 2 * SAMPLE_SECONDS:
        return {}
    return {"start": f"{duration * SAMPLE_AT:.3f}", "duration": str(SAMPLE_SECONDS)}


def _check_place(output: Path) -> None:
    if output.is_dir():
        raise UsageError(f"The plan cannot be written to {output}: it is a folder.")
    if not output.parent.is_dir():
        raise UsageError(f"The plan cannot be written to {output}: there is no folder {output.parent}.")
    if output.exists() and not _is_plan(output):
        raise ConflictError(f"{output} exists, and is no plan.", hint="Name another file.")


def _is_plan(path: Path) -> bool:
    with suppress(OSError, ValueError):
        tree = json.loads(path.read_text("ascii"))
        return isinstance(tree, dict) and "reelwright_plan" in tree
    return False


def write_plan(output: Path, plan: Plan) -> None:
    """Write a plan in one step. ASCII: names that are no UTF-8 are written with escapes, and read back as they were."""
    part = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        part.write_text(json.dumps(plain_plan(plan), indent=1) + "\n", "ascii")
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"The plan {output} cannot be written ({error.strerror}).") from error


def read_plan_file(path: Path) -> Plan:
    """A plan that was written before.

    Raises:
        UsageError: it is none, or its settings cannot be.
    """
    try:
        tree = json.loads(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise UsageError(f"The plan {path} cannot be read: {error}.") from error
    plan = read_plan(tree, str(path))
    for file in plan.files:
        if strange := set(file.settings) - SETTABLE:
            raise UsageError(f"{path}: {file.path}: {', '.join(sorted(strange))} cannot be set by a plan.")
        settings_from(None, file.settings)
    return plan


def apply_plan(
    settings: Settings, catalog: Catalog, queue: Queue, library: Library, plan: Plan, *, whole: bool = True
) -> Applied:
    """Queue what a plan says, but for files that are not what they were.

    A whole plan approves the library: from then on it works on its own. A part of one does not.

    Raises:
        SourceError: the root is away.
        ConflictError: the plan is of another library of this name, or outputs went elsewhere when it was made.
    """
    own = settings_of(library, settings)
    if plan.marker != library.marker:
        raise ConflictError(
            f"The plan was made for another library {library.name}: its marker is not the same.",
            hint=f"`reelwright library plan {library.name}` makes a new one.",
        )
    if plan.policy != own.policy:
        raise ConflictError(
            f"When the plan was made, the policy of {library.name} was {plan.policy}; it is {own.policy} now.",
            hint=f"`reelwright library plan {library.name}` makes a new one.",
        )
    check_marker(Path(library.root), library.marker)
    queued: dict[int, Choice] = {}
    files: dict[int, LibraryFile] = {}
    refused: list[Refused] = []
    for file in plan.files:
        row = catalog.find_file(library.id, file.path)
        why = changed_since(file, _current(library, file.path, row))
        if row is None and not why:
            why = "the ledger does not know it; scan the library first"
        if why or row is None:
            refused.append(Refused(path=file.path, why=why))
            continue
        choice = Choice(action=file.action, rule=file.rule, reasons=file.reasons, settings=file.settings)
        queued[row.id], files[row.id] = choice, replace(row, choice=choice)
    queue.approve(library, files, queued)
    if whole:
        catalog.approve(library.id, own.policy)
    return Applied(library=library.name, queued=len(queued), refused=refused)


def _current(library: Library, path: str, row: LibraryFile | None) -> Current | None:
    whole = os.path.join(library.root, path)  # noqa: PTH118 - keeps odd bytes
    try:
        status = os.stat(whole)  # noqa: PTH116
    except OSError:
        return None
    read = None
    with suppress(OSError):
        read = fingerprint(whole, status.st_size)
    busy = row.state.value if row is not None and row.state in {FileState.QUEUED, FileState.RUNNING} else ""
    return Current(
        size=status.st_size, mtime_ns=status.st_mtime_ns, fingerprint=read,
        refusal=row.refusal if row is not None else (), at_work=busy,
    )  # fmt: skip
