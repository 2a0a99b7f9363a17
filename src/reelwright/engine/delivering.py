"""A sequence's line: open the job, render, check every output, place all of them, write the manifest, record."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reelwright.engine import cancelling
from reelwright.engine.contact import Stills, make_stills
from reelwright.engine.delivered import place_all
from reelwright.engine.delivery_proof import (
    Wanted,
    count_files,
    manifest_of,
    notes_of,
    preview_notes,
    size_of,
)
from reelwright.engine.delivery_record import carry_through
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, StepKind, StepRecord, Usage
from reelwright.engine.making import Making, foretold, journal_of, update_notes
from reelwright.engine.outcome import outcome_of_error, result_data
from reelwright.engine.parts import RECORD
from reelwright.engine.placement import FULL, check_destination, refuse_existing
from reelwright.engine.published import ProgressFile
from reelwright.engine.reels import Target, pooled
from reelwright.engine.services import Services
from reelwright.engine.standing import (
    Stamps,
    digests_of,
    files_of,
    find_standing,
    made_with,
    now_ns,
)
from reelwright.engine.workspace import Locks, Workspace, work_dir_error, workspace_for
from reelwright.errors import (
    CancelledJobError,
    ConflictError,
    InterruptedRunError,
    ReelwrightError,
    SourceError,
    UsageError,
    ValidationFailedError,
)
from reelwright.events import Emitter, EventName, Tee
from reelwright.sequences.delivery import Kind
from reelwright.sequences.parts import changed, date_of, dated, recipe, slate_identity
from reelwright.sequences.rendering import Rendering
from reelwright.tools.hashing import content_hash
from reelwright.tools.process import sweep

#: The strategy of a sequence's plan.
DELIVER = "deliver"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """How a rendering is carried out."""

    work_dir: Path
    threads: int
    overwrite: bool = False
    dry_run: bool = False
    #: How the quality engine encodes; None: nothing goes through it.
    target: Target | None = None
    #: Pictures beside the movies.
    stills: Stills = field(default_factory=Stills)
    #: What the job's plan holds besides, to be asked for again.
    kept: Mapping[str, Any] = field(default_factory=dict)


async def deliver(
    rendering: Rendering, source: Path, wanted: Sequence[Wanted], options: Delivered, services: Services
) -> OutcomeRecord:
    """Render one sequence into all its outputs. However it ends, the ending is an outcome, recorded and told.

    Args:
        rendering: what is rendered.
        source: the sequence's folder and name, for people and the ledger.
        wanted: the outputs.
        options: how it is done.
        services: with what.
    """
    emit = Emitter(services.sink, os.fspath(source), services.now)
    line = Line(rendering=rendering, source=source, wanted=wanted, options=options, services=services, emit=emit)
    started = time.monotonic()
    try:
        outcome = await line.run()
    except ReelwrightError as error:
        outcome = outcome_of_error(error, line.so_far())
        emit(EventName.ERROR_OCCURRED, "failed", message=error.message, hint=error.hint, exit_code=error.exit_code)
    except OSError as error:
        if error.errno not in FULL:
            raise
        outcome = outcome_of_error(work_dir_error(options.work_dir, error), line.so_far())
    except asyncio.CancelledError:
        interrupted = InterruptedRunError("Interrupted.", hint="Run the same command again.")
        await line.record(outcome_of_error(interrupted, line.so_far()))
        raise
    outcome = replace(outcome, seconds=round(time.monotonic() - started, 2), finished=services.now())
    await line.record(outcome)
    return outcome


class Line:
    """The line of one sequence."""

    def __init__(
        self,
        *,
        rendering: Rendering,
        source: Path,
        wanted: Sequence[Wanted],
        options: Delivered,
        services: Services,
        emit: Emitter,
    ) -> None:
        self.rendering = rendering
        self.source = source
        self.wanted = tuple(wanted)
        self.options = options
        self.services = services
        self.emit = emit
        self.job_id: str | None = None
        self.bytes_before = 0

    async def run(self) -> OutcomeRecord:
        """Take the sequence through every step."""
        looked, stamps = now_ns(), stamps_of(self.rendering)
        self.bytes_before = sum(
            stamps[c.path][0] for p in self.rendering.places for c in p.tried[:1] if c.path in stamps
        )
        outputs = {os.fspath(w.path): w.profile.name for w in self.wanted}
        identity = dated(self.rendering, "").identity(stamps, {**outputs, "": self.asked_of_the_engine()})
        workspace = workspace_for(self.options.work_dir, identity)
        job = Job(
            id=identity,
            source_id=identity,
            source_path=os.fspath(self.source.absolute()),
            output_path=os.fspath(self.wanted[0].path),
            plan={"strategy": DELIVER, "outputs": outputs, **self.rendering.plain(), **self.options.kept},
            work_folder=os.fspath(workspace.root.absolute()),
        )
        self.emit(EventName.FILE_DISCOVERED, "found", bytes=self.bytes_before)
        if self.options.dry_run:
            return await self.planned(self.making(workspace, stamps))
        self.check_outputs()
        what = f"The sequence {self.rendering.name}"
        with leaving_nothing(workspace), Locks(token=self.services.runner.token, what=what, sweep=sweep) as locks:
            locks.hold(workspace)
            locks.note(workspace, job=job.id)
            cancelling.withdraw(workspace)
            self.emit.job = self.job_id = job.id
            for w in self.wanted:
                await asyncio.to_thread(carry_through, w)
            opened = await self.services.offload(self.services.store.open_job, job)
            done = await self.already_done() if opened.status is JobStatus.DONE else None
            if done is None:
                done = await self.done(await self.against_what_stands(self.making(workspace, stamps)), looked)
            for w in self.wanted:
                again = done.outcome == "encoded"
                await make_stills(self.options.stills, w, self.services, workspace.working, anew=again)
            await self.services.offload(self.services.store.finish_job, job.id, JobStatus.DONE)
            shutil.rmtree(workspace.root, ignore_errors=True)
        return done

    def asked_of_the_engine(self) -> str:
        """What the quality engine is asked for; empty where nothing goes through it."""
        wanted = any(w.profile.kind is Kind.TARGET for w in self.wanted)
        return repr(self.options.target.request) if wanted and self.options.target else ""

    async def planned(self, making: Making) -> OutcomeRecord:
        """What would be done; nothing is written."""
        try:
            found = await self.against_what_stands(making)
            stands = foretold(found)
        except ConflictError as error:
            stands = f"{error.message} {error.hint}"
        said = (self.rendering.summary(), *(w.profile.summary for w in self.wanted), stands)
        return replace(self.so_far(), outcome="planned", exit_code=0, reasons=(*said, *notes_of(self.rendering, ())))

    async def done(self, making: Making, looked: int) -> OutcomeRecord:
        """Carry the work out, unless the earlier movie is what would come out of it."""
        if making.standing is not None and not making.stale:
            return self.unchanged()
        if making.standing is None:
            for w in self.wanted:
                self.options.stills.refuse(w, overwrite=self.options.overwrite)
        return await self.carry_out(making, looked)

    def making(self, workspace: Workspace, stamps: Stamps) -> Making:
        """How the outputs are made, where nothing stands yet."""
        asked = self.asked_of_the_engine()
        known = made_with(self.rendering, self.wanted, stamps, self.services.tools.version)
        return Making(
            rendering=self.rendering,
            wanted=self.wanted,
            job_id=self.job_id or "",
            services=self.services,
            emit=self.emit,
            workspace=workspace,
            threads=self.options.threads,
            stamps=stamps,
            recipe=recipe(self.rendering, [*known, asked]),
            target=self.options.target if asked else None,
        )

    async def against_what_stands(self, making: Making) -> Making:
        """The making as it is where an earlier movie of ours, untouched and of the same recipe, stands already.

        Raises:
            ConflictError: something else does, and nobody asked to overwrite it.
        """
        standing = await asyncio.to_thread(find_standing, self.wanted)
        shrunk = standing is not None and making.rendering.frames < standing.earlier.frames
        pictures = any(w.profile.kind is Kind.FRAMES for w in self.wanted)
        if standing is None or standing.earlier.recipe != making.recipe or (shrunk and pictures):
            for w in self.wanted:
                if w.profile.kind is not Kind.FRAMES or count_files(w.path):
                    refuse_existing(w.path, overwrite=self.options.overwrite)
            return making
        self.rendering = dated(self.rendering, standing.earlier.date)
        digests = await digests_of(self.rendering, making.stamps, standing.earlier.stamps)
        stale = changed(self.rendering, standing.earlier, digests)
        return replace(making, rendering=self.rendering, standing=standing, stale=stale)

    def check_outputs(self) -> None:
        """Make sure, before any work, that each output can be written, and that none lies among the frames."""
        for w in self.wanted:
            folder, raster, least = self.source.parent, self.rendering.raster, w.profile.smallest
            if raster.out_width < least[0] or raster.out_height < least[1]:
                raise UsageError(
                    f"{w.profile.name} takes no picture of {raster.out_width}x{raster.out_height}.",
                    hint=f"Its smallest is {least[0]}x{least[1]}; use --size.",
                )
            if w.profile.kind is Kind.FRAMES and os.path.abspath(w.path) == os.path.abspath(folder):  # noqa: PTH100
                raise SourceError(f"{w.path} is the frames' own folder.", hint="Choose another one with -o.")
            check_destination(folder, w.path / "frame" if w.profile.kind is Kind.FRAMES else w.path)

    async def carry_out(self, making: Making, looked: int) -> OutcomeRecord:
        """Render, check, place; `looked`: when the frames' sizes and times were taken."""
        making.remove_leftovers()
        store, offload, placing = self.services.store, self.services.offload, Flag()
        published = ProgressFile(making.workspace)
        emit = Emitter(Tee([self.services.sink, published]), self.emit.file, self.services.now)
        emit.job = making.job_id
        work = self.made_and_placed(replace(making, emit=emit), looked, placing)
        try:
            return await cancelling.unless_cancelled(work, making.workspace, making.job_id, too_late=lambda: placing.up)
        except CancelledJobError:
            await offload(store.cancel_job, making.job_id)
            raise
        finally:
            making.remove_leftovers()
            for w in self.wanted:
                carry_through(w)
            published.remove()
            cancelling.withdraw(making.workspace)

    async def made_and_placed(self, making: Making, looked: int, placing: "Flag") -> OutcomeRecord:
        """Make the outputs, and place them once every check is passed."""
        made = await making.make()
        for kind, result, usage in journal_of(self.rendering, self.job_id or "", made):
            await self.commit(kind, result, usage)
        failed = [check for check in made.checks if not check["passed"]]
        if failed:
            said = "; ".join(f"{check['name']}: {check['detail']}" for check in failed)
            raise ValidationFailedError(f"The movie failed its checks ({said}).", checks=tuple(made.checks))
        self.emit(EventName.VALIDATION_COMPLETE, "validated", checks=list(made.checks))
        placing.up = True

        def manifest(written: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
            return {
                **manifest_of(self.rendering, made.said, made.checks, written),
                "recipe": making.recipe,
                "slate": slate_identity(self.rendering, digests_said(made.said)),
                "date": date_of(self.rendering),
                "encoded_now": made.encoded,
                "preview_error": made.preview,
                "chunks": made.chunks,
                "files": files_of(made.said, making.stamps, looked),
            }

        written = await asyncio.to_thread(place_all, making, manifest, overwrite=self.options.overwrite)
        contents = {said["path"]: said["content"] for said in written}
        size = sum(size_of(w.path) for w in self.wanted)
        facts = {"checks": list(made.checks), "contents": contents, "size_bytes": size}
        await self.commit(StepKind.VALIDATE, facts, Usage())
        await self.commit(StepKind.PLACE, {**facts, "output": os.fspath(self.wanted[0].path)}, Usage())
        self.emit(EventName.PLACED, "placed", output=os.fspath(self.wanted[0].path), bytes=size)
        scored = [chunk for chunks in made.chunks.values() for chunk in chunks]
        return replace(
            self.so_far(),
            outcome="encoded",
            exit_code=0,
            reasons=(
                *update_notes(making, made),
                *made.notes,
                *notes_of(self.rendering, made.said),
                *preview_notes(made.preview),
            ),
            bytes_after=size,
            cpu_seconds=round(made.usage.cpu_seconds, 2),
            checks=tuple(made.checks),
            vmaf=pooled(scored),
            trials=made.trials,
        )

    def unchanged(self) -> OutcomeRecord:
        """The outcome where the earlier movie is what these frames give."""
        reason = "No frame has changed since it was rendered, and the output is still exactly what was placed."
        return replace(
            self.so_far(),
            outcome="already_done",
            exit_code=0,
            reasons=(reason,),
            bytes_after=sum(size_of(w.path) for w in self.wanted),
        )

    async def commit(self, kind: StepKind, result: Mapping[str, Any], usage: Usage) -> None:
        """Commit a step."""
        record = StepRecord(kind=kind, result=result, usage=usage)
        await self.services.offload(self.services.store.commit_step, self.job_id or "", record)

    async def already_done(self) -> OutcomeRecord | None:
        """The outcome of a rendering that was done before, where each movie is still what was placed."""
        steps = await self.services.offload(self.services.store.steps, self.job_id or "")
        validated = steps.get(StepKind.VALIDATE)
        contents = dict(validated.result["contents"]) if validated else {}
        for w in self.wanted:
            if w.profile.kind is Kind.FRAMES or not w.path.is_file():
                return None
            if await asyncio.to_thread(content_hash, w.path) != contents.get(os.fspath(w.path)):
                return None
        reason = "It was rendered before from the same frames, and the output is still exactly what was placed."
        checks = tuple(validated.result["checks"]) if validated else ()
        return replace(self.unchanged(), reasons=(reason,), checks=checks)

    def so_far(self) -> OutcomeRecord:
        """An outcome with what is known by now."""
        return OutcomeRecord(
            source_path=os.fspath(self.source),
            output_path=os.fspath(self.wanted[0].path),
            job_id=self.job_id,
            decision="deliver",
            outcome="failed",
            exit_code=0,
            reasons=(),
            bytes_before=self.bytes_before,
        )

    async def record(self, outcome: OutcomeRecord) -> None:
        """Write the outcome into the ledger and tell it; a dry run leaves no row."""
        if not self.options.dry_run:
            if outcome.exit_code and self.job_id and outcome.outcome != "cancelled":
                await self.services.offload(self.services.store.finish_job, self.job_id, JobStatus.FAILED)
            await self.services.offload(self.services.store.record_outcome, outcome)
        self.emit(EventName.RESULT, outcome.outcome, **result_data(outcome))


@contextmanager
def leaving_nothing(workspace: Workspace) -> Iterator[None]:
    """Remove a work folder in which no part was committed when the work in it ends with an error."""
    try:
        yield
    except ConflictError:  # another run may have it
        raise
    except BaseException:
        if not any(workspace.root.glob(f"encoded/*/{RECORD}")):
            shutil.rmtree(workspace.root, ignore_errors=True)
        raise


class Flag:
    """Whether the outputs are being placed: then it is too late to give them up."""

    up = False


def digests_said(said: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Hashes of the files that stand in a movie's places, by path."""
    return {str(s["from"]["path"]): s["digest"] for s in said if s["from"] is not None}


def stamps_of(rendering: Rendering) -> dict[str, tuple[int, int]]:
    """Size and time of every file that may be read; one that is gone is left out."""
    stamps = {}
    for path in {c.path for p in rendering.places for c in p.tried} | {*rendering.also_read}:
        try:
            facts = os.stat(path)  # noqa: PTH116
        except OSError:
            continue
        stamps[path] = (facts.st_size, facts.st_mtime_ns)
    return stamps
