"""A sequence's line: open the job, render, check every output, place all of them, write the manifest, record."""

import asyncio
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import (
    Wanted,
    checked,
    count_files,
    hidden_folder,
    manifest_of,
    notes_of,
    preview_notes,
    size_of,
    write_manifest,
)
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, StepKind, StepRecord, Usage
from reelwright.engine.outcome import outcome_of_error, result_data
from reelwright.engine.placement import FULL, check_destination, place, refuse_existing, temporary_path
from reelwright.engine.rendering import render
from reelwright.engine.services import Services
from reelwright.engine.workspace import Locks, work_dir_error, workspace_for
from reelwright.errors import (
    InterruptedRunError,
    ReelwrightError,
    SourceError,
    UsageError,
    ValidationFailedError,
)
from reelwright.events import Emitter, EventName
from reelwright.sequences.delivery import Kind
from reelwright.sequences.rendering import Rendering
from reelwright.tools.delivery import Output
from reelwright.tools.hashing import content_hash
from reelwright.tools.process import sweep


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """How a rendering is carried out."""

    work_dir: Path
    threads: int
    overwrite: bool = False
    dry_run: bool = False


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
        stamps = stamps_of(self.rendering)
        self.bytes_before = sum(
            stamps[c.path][0] for p in self.rendering.places for c in p.tried[:1] if c.path in stamps
        )
        outputs = {os.fspath(w.path): w.profile.name for w in self.wanted}
        identity = self.rendering.identity(stamps, outputs)
        job = Job(
            id=identity,
            source_id=identity,
            source_path=os.fspath(self.source),
            output_path=os.fspath(self.wanted[0].path),
            plan={"strategy": "deliver", "outputs": outputs, **self.rendering.plain()},
        )
        self.emit(EventName.FILE_DISCOVERED, "found", bytes=self.bytes_before)
        if self.options.dry_run:
            return replace(self.so_far(), outcome="planned", exit_code=0, reasons=notes_of(self.rendering, ()))
        self.check_outputs()
        workspace = workspace_for(self.options.work_dir, f"render-{identity}")
        with Locks(token=self.services.runner.token, what=f"The sequence {self.rendering.name}", sweep=sweep) as locks:
            locks.hold(workspace)
            self.emit.job = job.id
            self.job_id = job.id
            opened = await self.services.offload(self.services.store.open_job, job)
            if opened.status is JobStatus.DONE and (known := await self.already_done()):
                return known
            for w in self.wanted:
                if w.profile.kind is not Kind.FRAMES or count_files(w.path):
                    refuse_existing(w.path, overwrite=self.options.overwrite)
            self.remove_leftovers()
            try:
                outcome = await self.carry_out(workspace.working)
            except BaseException:
                self.remove_leftovers()
                raise
            finally:
                shutil.rmtree(workspace.root, ignore_errors=True)
            await self.services.offload(self.services.store.finish_job, job.id, JobStatus.DONE)
        return outcome

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

    async def carry_out(self, working: Path) -> OutcomeRecord:
        """Render, check, place."""
        outputs = [self.output(w) for w in self.wanted]
        for out in outputs:
            if out.profile.kind is Kind.FRAMES:
                out.path.parent.mkdir(parents=True, exist_ok=True)
        total = self.rendering.frames - self.rendering.slate_frames
        self.emit(
            EventName.ENCODING_STARTED, "rendering", frames=total, outputs=[os.fspath(w.path) for w in self.wanted]
        )
        begun = time.monotonic()

        def tell(count: int) -> None:
            left = (total - count) * (time.monotonic() - begun) / count
            facts = {"phase": "render", "frame": count, "done": count, "total": total, "eta_seconds": round(left, 1)}
            self.emit(EventName.PROGRESS, "rendering", **facts)

        done = await render(
            *(self.services.runner, self.services.tools.ffmpeg, self.rendering, outputs, working),
            threads=self.options.threads,
            tell=tell,
        )
        self.emit(EventName.ENCODING_COMPLETE, "rendered", frames=len(done.said))
        usage = Usage(
            wall_seconds=time.monotonic() - begun, cpu_seconds=done.cpu_seconds, peak_rss_bytes=done.peak_rss_bytes
        )
        await self.commit(StepKind.ASSEMBLE, {"frames": list(done.said)}, usage)
        checks = [
            check
            for w, out in zip(self.wanted, outputs, strict=True)
            for check in await checked(w, out, self.rendering, self.services)
        ]
        failed = [check for check in checks if not check["passed"]]
        if failed:
            said = "; ".join(f"{check['name']}: {check['detail']}" for check in failed)
            raise ValidationFailedError(f"The movie failed its checks ({said}).", checks=tuple(checks))
        self.emit(EventName.VALIDATION_COMPLETE, "validated", checks=checks)
        contents = {}
        for w, out in zip(self.wanted, outputs, strict=True):
            contents[os.fspath(w.path)] = await asyncio.to_thread(self.place, w, out)
        manifest = manifest_of(self.rendering, done, checks, contents)
        for w in self.wanted:
            await asyncio.to_thread(write_manifest, w.path, manifest)
        await self.commit(StepKind.VALIDATE, {"checks": checks, "contents": contents}, Usage())
        size = sum(size_of(w.path) for w in self.wanted)
        self.emit(EventName.PLACED, "placed", output=os.fspath(self.wanted[0].path), bytes=size)
        return replace(
            self.so_far(),
            outcome="encoded",
            exit_code=0,
            reasons=(*notes_of(self.rendering, done.said), *preview_notes(done)),
            bytes_after=size,
            cpu_seconds=round(done.cpu_seconds, 2),
            checks=tuple(checks),
        )

    def output(self, w: Wanted) -> Output:
        """An output under its temporary name."""
        rendering, hidden = self.rendering, temporary_path(w.path, f"{self.job_id}{w.profile.name}"[-16:])
        if w.profile.kind is Kind.FRAMES:
            # FFmpeg's pattern: a percent sign of the name itself is doubled.
            pattern = f"{rendering.name}.%0{rendering.padding}d{w.profile.suffix}"
            plain = rendering.name.replace("%", "%%")
            path = Path(os.fspath(hidden).replace("%", "%%")) / pattern.replace(rendering.name, plain, 1)
        else:
            path = hidden.with_name(f"{hidden.name}{w.profile.suffix}")
        return Output(
            profile=w.profile,
            path=path,
            frames=rendering.frames,
            timecode=rendering.first_timecode,
            first=rendering.first - rendering.slate_frames,
            tags=rendering.tags(),
            alpha=rendering.alpha == "keep" and w.profile.alpha,
        )

    def place(self, w: Wanted, out: Output) -> str:
        """Give an output its name; returns the hash of its bytes, of frames of their folder's listing."""
        if w.profile.kind is not Kind.FRAMES:
            content = content_hash(out.path)
            place(out.path, w.path, overwrite=self.options.overwrite)
            return content
        hidden = hidden_folder(out)
        w.path.mkdir(parents=True, exist_ok=True)
        for picture in sorted(hidden.iterdir()):
            place(picture, w.path / picture.name, overwrite=self.options.overwrite)
        hidden.rmdir()
        return str(out.frames)

    def remove_leftovers(self) -> None:
        """Remove what was written under temporary names."""
        for w in self.wanted:
            hidden = self.output(w).path
            if w.profile.kind is Kind.FRAMES:
                shutil.rmtree(hidden_folder(self.output(w)), ignore_errors=True)
            else:
                hidden.unlink(missing_ok=True)

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
        return replace(
            self.so_far(),
            outcome="already_done",
            exit_code=0,
            reasons=("It was rendered before from the same frames, and the output is still exactly what was placed.",),
            bytes_after=sum(size_of(w.path) for w in self.wanted),
            checks=tuple(validated.result["checks"]) if validated else (),
        )

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
            if outcome.exit_code and self.job_id:
                await self.services.offload(self.services.store.finish_job, self.job_id, JobStatus.FAILED)
            await self.services.offload(self.services.store.record_outcome, outcome)
        self.emit(EventName.RESULT, outcome.outcome, **result_data(outcome))


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
