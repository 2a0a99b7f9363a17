"""The straight line one film takes: probe, decide, plan, analyse, trials, assemble, validate, place, record."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from reelwright.engine import cancelling
from reelwright.engine.analysis import Reader, recall_index
from reelwright.engine.decoding import Decoding
from reelwright.engine.film import Film, source_size
from reelwright.engine.finish import bytes_before
from reelwright.engine.held import HeldFrames
from reelwright.engine.job_state import JobState
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, SourceStamp, StepKind, StepRecord, Usage
from reelwright.engine.outcome import (
    MADE,
    analysis_of,
    best_efforts,
    film_score,
    outcome_of_error,
    plain_ledger,
    plain_plan,
    result_data,
)
from reelwright.engine.pace import Limits, spread, tell_scarce_disk
from reelwright.engine.placement import FULL, check_destination, refuse_existing, temporary_path
from reelwright.engine.published import ProgressFile
from reelwright.engine.runner import LocalRunner
from reelwright.engine.scenes import save_scenes
from reelwright.engine.seekable import remove_copy
from reelwright.engine.services import Services
from reelwright.engine.sounds import hole_notes
from reelwright.engine.workspace import Locks, Workspace, take_stamp, work_dir_error, workspace_for
from reelwright.errors import CancelledJobError, ConflictError, InterruptedRunError, ReelwrightError
from reelwright.events import Emitter, EventName, Tee
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning import identity
from reelwright.planning.chunking import Chunk
from reelwright.planning.containers import container_of
from reelwright.planning.crop import AUTO, is_known
from reelwright.planning.decision import Decision, Verdict, decide, refused_after_reading
from reelwright.planning.division import divide
from reelwright.planning.once_read import plan_once_read
from reelwright.planning.plan import EncodePlan, Request, make_plan
from reelwright.tools.dovi_tool import with_conversion
from reelwright.tools.hashing import content_hash
from reelwright.tools.probe import check_folder, check_readable, probe
from reelwright.tools.process import sweep


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a run is carried out; none of it changes the output's bytes."""

    work_dir: Path
    limits: Limits = field(default_factory=Limits)
    overwrite: bool = False
    dry_run: bool = False
    #: Where the cuts are written; None: nowhere.
    export_scenes: Path | None = None
    #: The trials of other films say where the search begins.
    learns: bool = True


LARGER = "The output is larger than the source; a {} would make it smaller."


async def encode_film(
    source: Path, output: Path, request: Request, options: Options, services: Services, *,
    heard: Callable[[ReelwrightError], None] = lambda _: None,
) -> OutcomeRecord:  # fmt: skip
    """Encode one film. However it ends, the ending is an outcome, recorded and told.

    Args:
        source: the film.
        output: where it goes.
        request: what is wanted of it.
        options: how it is done.
        services: with what.
        heard: told the error it ended with, where it did: what is tried next depends on it.
    """
    emit = Emitter(services.sink, os.fspath(source), services.now)
    line = Line(source=source, output=output, request=request, options=options, services=services, emit=emit)
    started = time.monotonic()
    try:
        outcome = await line.run()
    except ReelwrightError as error:
        heard(error)
        outcome = outcome_of_error(error, line.so_far())
        emit(EventName.ERROR_OCCURRED, "failed", message=error.message, hint=error.hint, exit_code=error.exit_code)
    except OSError as error:
        # Wherever it happens, a full disk is no defect; every other error of the system's here is one.
        if error.errno not in FULL:
            raise
        full = work_dir_error(options.work_dir, error)
        heard(full)
        outcome = outcome_of_error(full, line.so_far())
    except asyncio.CancelledError:
        interrupted = InterruptedRunError("Interrupted.", hint="Run the same command to go on.")
        await line.record(replace(outcome_of_error(interrupted, line.so_far()), seconds=time.monotonic() - started))
        raise
    outcome = replace(outcome, seconds=round(time.monotonic() - started, 2), finished=services.now())
    await line.record(outcome)
    return outcome


class Line:
    """The straight line, with what it has found so far for the outcome."""

    def __init__(
        self, *, source: Path, output: Path, request: Request, options: Options, services: Services, emit: Emitter
    ) -> None:
        self.source = source
        self.output = Path(os.path.abspath(output))  # noqa: PTH100 - keeps symbolic links
        self.request = replace(request, container=container_of(self.output.suffix))
        self.options = options
        self.services = services
        self.emit = emit
        self.job_id: str | None = None
        self.info: MediaInfo | None = None
        self.decision: Decision | None = None

    async def run(self) -> OutcomeRecord:
        """Take the film through every step."""
        check_folder(self.source)
        check_readable(self.source)
        stamp = take_stamp(self.source)
        self.emit(EventName.FILE_DISCOVERED, "found", bytes=stamp.size_bytes)
        self.info = await probe(self.services.runner, self.services.tools.ffmpeg, self.source)
        self.info = await with_conversion(self.services.runner, self.info)
        self.decision = decide(self.info, self.request)
        if self.decision.verdict is Verdict.SKIP:
            return replace(self.so_far(), outcome="skipped", reasons=self.decision.reasons)
        if (error := self.decision.error()) is not None:
            raise error
        plan = make_plan(self.info, self.request)
        if self.options.dry_run and self.options.export_scenes is None:
            return await self.dry_outcome(plan, stamp)
        if not self.options.dry_run:
            await self.check_output()
            tell_scarce_disk(self.options.work_dir, stamp.size_bytes, self.emit)
        runner = self.services.runner
        with Locks(token=runner.token, what=self.source.name, sweep=sweep) as locks:
            reader = Reader(
                source=self.source,
                stamp=stamp,
                info=self.info,
                work_dir=self.options.work_dir,
                services=self.services,
                emit=self.emit,
                locks=locks,
                look=self.request.crop == AUTO,
            )
            index, workspace = await reader.analyse(plan.video_index)
            plan = self.plan_again(index)
            chunks = divide(index, plan.request)  # what does not fit the film is told before anything is written
            self.save_scenes(index)
            if self.options.dry_run:
                return await self.dry_outcome(plan, stamp)
            cancelling.withdraw(workspace)  # what was asked of an earlier run
            self.job_id = self.emit.job = self.job_key(plan, index.source_id)
            locks.note(workspace, job=self.job_id)
            return await self.encode(plan, stamp, index, workspace, chunks=chunks, read=reader.usage)

    def plan_again(self, index: FrameIndex) -> EncodePlan:
        """The plan with what only the analysis could tell: black borders, fields, metadata that frames lack.

        Raises:
            RefusedError: some frames are interlaced, and nobody asked for them to be deinterlaced; or metadata lack.
        """
        info = self.info_or_fail()
        if (found := refused_after_reading(info, self.request, index)) is not None:
            self.decision = found
            raise found.error() or ReelwrightError("A refusal has no error.")
        return plan_once_read(info, self.request, index)

    def save_scenes(self, index: FrameIndex) -> None:
        """Write the cuts into the file asked for."""
        if (path := self.options.export_scenes) is not None:
            save_scenes(path, self.source, self.output, self.request, index, overwrite=self.options.overwrite)

    async def check_output(self) -> None:
        """Find out before any work whether the output may be written."""
        check_destination(self.source, self.output)
        known = await self.services.offload(self.services.store.jobs_for_output, os.fspath(self.output))
        if not known:
            refuse_existing(self.output, overwrite=self.options.overwrite)

    async def dry_outcome(self, plan: EncodePlan, stamp: SourceStamp) -> OutcomeRecord:
        """What would be done, without doing it: the plan, and the keys that are known already."""
        known = await self.services.offload(self.services.store.find_source, stamp)
        source = known.source_id if known else None
        index = recall_index(workspace_for(self.options.work_dir, known.source_id), known) if known else None
        plan = plan if index is None else self.plan_again(index)
        settled = is_known(self.request.crop, index) and (index is not None or self.request.deinterlace is None)
        self.emit(
            EventName.ANALYSIS_COMPLETE,
            "planned",
            plan={**plain_plan(plan), "ledger": plain_ledger(plan.ledger)},
            source_id=source,
            job_id=self.job_key(plan, source) if source and settled else None,
        )
        reasons = (*self.reasons(), "Dry run: nothing was encoded.", *plan.notes)
        return replace(self.so_far(), outcome="planned", reasons=reasons)

    def job_key(self, plan: EncodePlan, source_id: str) -> str:
        """Identity of this work."""
        return identity.job_id(source_id, plan.request_identity(), os.fspath(self.output))

    async def encode(
        self,
        plan: EncodePlan,
        stamp: SourceStamp,
        index: FrameIndex,
        workspace: Workspace,
        *,
        chunks: tuple[Chunk, ...],
        read: Usage,
    ) -> OutcomeRecord:
        """Everything after the analysis, which used `read`."""
        services = self.services
        job = Job(
            id=self.job_key(plan, index.source_id),
            source_id=index.source_id,
            source_path=stamp.path,
            output_path=os.fspath(self.output),
            plan=plain_plan(plan),
            work_folder=os.fspath(workspace.root.absolute()),
        )
        known = await services.offload(services.store.open_job, job)
        await services.offload(services.store.commit_fates, job.id, plan.ledger)
        limits, info = self.options.limits, self.info_or_fail()
        parallel = await spread(plan, source_size(info), limits, services)
        pace = services.place.pace(parallel, limits, self.emit, workspace.root)
        film = Film(
            runner=services.runner, tools=services.tools, source=self.source, stamp=stamp, info=info,
            plan=plan, index=index, chunks=chunks, workspace=workspace,
            output=self.output, job_id=job.id, threads=pace.threads,
            memory_limit=limits.memory_per_encode,
            decoding=Decoding.of(info, services.device, self.emit), held=HeldFrames(pace.has_room),
        )  # fmt: skip
        await self.commit_analysis(film, read)
        if done := await self.already_done(known):
            return done
        await film.decoding.look(services.runner, services.tools.ffmpeg, film.pictures)
        published = ProgressFile(workspace)
        emit = Emitter(Tee([services.sink, published]), os.fspath(self.source), services.now)
        emit.job = self.job_id
        runner = LocalRunner(
            film, services.store, services.offload, emit,
            pace=pace, overwrite=self.options.overwrite, learns=self.options.learns, place=services.place,
        )  # fmt: skip
        try:
            state = await self.carry_out(runner)
        finally:
            published.remove()
        given_up = runner.worth.objection
        return self.given_up(runner, given_up) if given_up else self.finished(runner, state)

    async def commit_analysis(self, film: Film, read: Usage) -> None:
        """Commit what the job's chunks are. Where the index was recalled, what reading it once took is kept."""
        services = self.services
        steps = await services.offload(services.store.steps, film.job_id)
        former = steps.get(StepKind.ANALYSE)
        used = former.usage if former is not None and not read.wall_seconds else read
        record = StepRecord(kind=StepKind.ANALYSE, result=analysis_of(film), usage=used)
        await services.offload(services.store.commit_step, film.job_id, record)

    async def carry_out(self, runner: LocalRunner) -> JobState:
        """Run the job to its end and note in the ledger where it stands then; an interruption leaves it open.

        Raises:
            CancelledJobError: it was given up from another terminal.
        """
        store, offload, film = self.services.store, self.services.offload, runner.film
        try:
            state = await cancelling.unless_cancelled(
                runner.run(), film.workspace, film.job_id, too_late=lambda: runner.placing
            )
        except CancelledJobError:
            temporary_path(film.output, film.job_id).unlink(missing_ok=True)
            await offload(store.cancel_job, film.job_id)
            raise
        except ReelwrightError:
            await offload(store.finish_job, film.job_id, JobStatus.FAILED)
            raise
        finally:
            cancelling.withdraw(film.workspace)
        status = JobStatus.SKIPPED if runner.worth.objection else JobStatus.DONE
        await offload(store.finish_job, film.job_id, status)
        await asyncio.to_thread(remove_copy, runner.film)
        return state

    def info_or_fail(self) -> MediaInfo:
        """The probe's facts."""
        if self.info is None:
            raise ReelwrightError("A film was encoded before it was probed.")
        return self.info

    async def already_done(self, job: Job) -> OutcomeRecord | None:
        """The outcome of a job that was done before, if its output is still what was placed.

        Raises:
            ConflictError: something else lies there now.
        """
        steps = await self.services.offload(self.services.store.steps, job.id)
        validated = steps.get(StepKind.VALIDATE)
        content = await asyncio.to_thread(content_hash, self.output) if self.output.is_file() else None
        if validated is None or content != validated.result["content"]:
            try:
                refuse_existing(self.output, overwrite=self.options.overwrite)
            except ConflictError:
                if job.status is not JobStatus.DONE:
                    await self.services.offload(self.services.store.finish_job, job.id, JobStatus.FAILED)
                raise
            return None
        if job.status is not JobStatus.DONE:
            await self.services.offload(self.services.store.finish_job, job.id, JobStatus.DONE)
        # A kill between link and unlink leaves the file's other name.
        temporary_path(self.output, job.id).unlink(missing_ok=True)
        former = await self.services.offload(self.services.store.outcomes, job.id)
        best = next((o for o in reversed(former) if o.outcome in MADE), None)
        made = best.outcome if best else "encoded"
        return replace(
            best or self.so_far(),
            outcome="already_done",
            exit_code=0,
            reasons=(f"It was {made} before, and the output is still exactly what was placed.",),
            bytes_after=validated.result["size_bytes"],
            checks=tuple(validated.result["checks"]),
            job_id=job.id,
            cpu_seconds=0.0,
        )

    def finished(self, runner: LocalRunner, state: JobState) -> OutcomeRecord:
        """The outcome of a job that was carried out."""
        chosen = runner.trials.chosen(state)
        placed = runner.steps[StepKind.PLACE].result
        before = bytes_before(runner.film, runner.steps[StepKind.ASSEMBLE])
        film = runner.film
        aim = "higher CRF" if film.plan.request.crf is not None else "lower target"
        larger = (LARGER.format(aim),) if placed["size_bytes"] > before and film.chunks else ()
        return replace(
            self.so_far(),
            outcome="encoded" if film.chunks else "remuxed",
            bytes_before=before,
            reasons=(
                *self.reasons(),
                *film.notes,
                *hole_notes(runner.sounds.done),
                *best_efforts(state),
                *larger,
            ),
            bytes_after=placed["size_bytes"],
            vmaf=film_score(chosen),
            trials=runner.made,
            cpu_seconds=round(runner.cpu_seconds, 2),
            checks=tuple(placed["checks"]),
        )

    def given_up(self, runner: LocalRunner, objection: str) -> OutcomeRecord:
        """The outcome of a job whose output was not worth it."""
        return replace(
            self.so_far(),
            decision=Verdict.SKIP.value,
            outcome="skipped",
            reasons=(objection, "Nothing was placed; the trials are kept."),
            trials=runner.made,
            cpu_seconds=round(runner.cpu_seconds, 2),
        )

    def reasons(self) -> tuple[str, ...]:
        """Why it was decided so."""
        return self.decision.reasons if self.decision else ()

    def so_far(self) -> OutcomeRecord:
        """An outcome with what is known by now."""
        return OutcomeRecord(
            source_path=os.path.abspath(self.source),  # noqa: PTH100
            output_path=os.fspath(self.output),
            job_id=self.job_id,
            decision=self.decision.verdict.value if self.decision else None,
            outcome="failed",
            exit_code=0,
            reasons=(),
            bytes_before=self.info.size_bytes if self.info else None,
        )

    async def record(self, outcome: OutcomeRecord) -> None:
        """Write the outcome into the ledger and tell it; a dry run leaves no row."""
        if not self.options.dry_run:
            await self.services.offload(self.services.store.record_outcome, outcome)
        self.emit(EventName.RESULT, outcome.outcome, **result_data(outcome))
