"""Make a report: find the job, gather what the ledger and the files tell, and write the page."""

import os
import secrets
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, replace
from pathlib import Path

from reelwright.app.named_job import find_named
from reelwright.app.report_pictures import (
    Tell,
    fetch_pairs,
    files_of,
    output_complaint,
    read_index,
    source_complaint,
)
from reelwright.app.wiring import load, utc_now
from reelwright.cli.commands import ReportDone, ReportOrder
from reelwright.config import Settings
from reelwright.engine.delivering import DELIVER
from reelwright.engine.jobs import Job, JobStore, StepKind
from reelwright.engine.offload import Offload
from reelwright.errors import ConflictError, ReelwrightError, ResourceError, UsageError
from reelwright.media.model import MediaInfo
from reelwright.report.dossier import Dossier
from reelwright.report.gather import recorded
from reelwright.report.headline import figures_of
from reelwright.report.page import MARKER, MARKER_WITHIN, render
from reelwright.report.story import chunk_stories, shots
from reelwright.store.database import open_ledger
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner
from reelwright.words import printable_path

SUFFIX = ".report.html"
#: Bytes a file name may have on the file systems there are.
LONGEST_NAME = 255


async def make_report(order: ReportOrder, tell: Tell) -> ReportDone:
    """Write the report of a job.

    Raises:
        UsageError: there is no such job, or the page cannot be written there.
        SourceError: there is no such file.
        ConflictError: another file lies where the page should go.
    """
    settings = load({})
    if not settings.ledger.exists():
        raise UsageError(f"There is no ledger at {settings.ledger} yet.", hint="Encode a film first.")
    async with AsyncExitStack() as stack:
        offload = stack.enter_context(Offload())
        store: JobStore = await offload(open_ledger, settings.ledger)
        stack.push_async_callback(offload, store.close)  # type: ignore[attr-defined]
        job = await offload(find_named, store, order.what)
        path = destination(job, order.out)
        check_page(path, job, overwrite=order.overwrite)
        tell(f"gathering what is known of job {job.id[:12]}")
        dossier = await offload(recorded, store, job, utc_now())
        runner = await stack.enter_async_context(Runner())
        dossier = await with_pictures(dossier, store, offload, runner, settings=settings, tell=tell)
    chunks = chunk_stories(dossier)
    figures = figures_of(dossier, chunks)
    tell("writing the page")
    write_page(path, render(dossier, chunks, figures))
    facts = {**asdict(figures), "finished": figures.finished.isoformat() if figures.finished else None}
    return ReportDone(
        path=path,
        job=job.id,
        source=job.source_path,
        figures=facts,
        pictures=len(dossier.pairs),
        missing=dossier.missing,
    )


async def with_pictures(
    dossier: Dossier, store: JobStore, offload: Offload, runner: Runner, *, settings: Settings, tell: Tell
) -> Dossier:
    """The dossier with the files' facts and pictures, or with why there are none."""
    job, steps = dossier.job, dict(dossier.steps)
    if job.plan.get("strategy") == DELIVER:
        said = "There are no pictures: this is a sequence, and the manifest beside the movie says what each frame is."
        return replace(dossier, missing=(said,))
    try:
        ffmpeg = find_ffmpeg(settings.tools.ffmpeg)
    except ReelwrightError as error:
        return replace(dossier, missing=(f"There are no pictures: {error.message}",))
    changed = await source_complaint(job, store, offload, tell)
    if changed is None:
        dossier = replace(dossier, source=await facts(runner, ffmpeg, Path(job.source_path)))
    wrong = [w for w in (changed, await output_complaint(job, steps.get(StepKind.PLACE), tell)) if w]
    if wrong or StepKind.ASSEMBLE not in steps:
        return replace(dossier, missing=tuple(wrong))
    try:
        output = await probe(runner, ffmpeg, Path(job.output_path))
        index = dossier.index or await read_index(runner, job, tell)
        files, wanted = files_of(job, steps, output, index), shots(chunk_stories(dossier))
        pairs, missing = await fetch_pairs(runner, ffmpeg, job, files, shots=wanted, tell=tell)
    except ResourceError:
        raise
    except ReelwrightError as error:
        return replace(dossier, missing=(f"There are no pictures: {error.message}",))
    return replace(dossier, output=output, index=index, pairs=pairs, missing=missing)


async def facts(runner: Runner, ffmpeg: str, path: Path) -> MediaInfo | None:
    """The source's facts, for its title and its streams' names; None where they cannot be read now."""
    with suppress(ReelwrightError):
        return await probe(runner, ffmpeg, path)
    return None


def destination(job: Job, out: Path | None) -> Path:
    """Where the page goes: as asked, else beside the output, else into the current folder.

    Raises:
        UsageError: there is no such folder.
    """
    name = page_name(job)
    if out is None:
        beside = Path(job.output_path).parent
        return (beside if beside.is_dir() and os.access(beside, os.W_OK | os.X_OK) else Path.cwd()) / name
    path = Path(os.path.abspath(out))  # noqa: PTH100 - keeps symbolic links
    if path.is_dir():
        return path / name
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {printable_path(path.parent)}.", hint="Make it, or give another -o.")
    return path


def page_name(job: Job) -> str:
    """Name of the page: the output's, or the job's id where that would be too long."""
    name = os.path.splitext(os.path.basename(job.output_path))[0] + SUFFIX  # noqa: PTH119, PTH122 - odd bytes
    return name if len(os.fsencode(name)) <= LONGEST_NAME else f"{job.id}{SUFFIX}"


def check_page(path: Path, job: Job, *, overwrite: bool) -> None:
    """Make sure that nothing but an earlier report is replaced.

    Raises:
        UsageError: the page would replace the job's own source or output, or something that is no file.
        ConflictError: another file lies there.
    """
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise UsageError(f"{printable_path(path)} is not a plain file.", hint="Give another -o.")
    for film in (job.source_path, job.output_path):
        if os.path.exists(film) and os.path.samefile(path, film):  # noqa: PTH110, PTH121 - odd bytes
            raise UsageError(f"The report would replace the film {printable_path(film)}.", hint="Give another -o.")
    if not overwrite and not is_report(path):
        raise ConflictError(
            f"{printable_path(path)} exists and is no report of ours.", hint="Give another -o, or say --overwrite."
        )


def is_report(path: Path) -> bool:
    """Whether a file is an earlier report."""
    try:
        with path.open("rb") as file:
            return MARKER.encode() in file.read(MARKER_WITHIN)
    except OSError:
        return False


def write_page(path: Path, text: str) -> None:
    """Write the page under a temporary name and give it its own in one step.

    Raises:
        UsageError: the folder cannot be written.
        ResourceError: the disk is full.
    """
    draft = path.with_name(f".reelwright-{secrets.token_hex(8)}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    except OSError as error:
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise ResourceError(
                f"The disk of {printable_path(path)} is full.", hint="Free space, or give -o."
            ) from error
        raise UsageError(
            f"The report {printable_path(path)} cannot be written: {error.strerror}.", hint="Give another -o."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
