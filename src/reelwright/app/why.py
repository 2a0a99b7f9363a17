"""Explain what would be done with a film: everything `encode` would find out before its first encode, and no more."""

import os
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from reelwright.app.encode import limits_for, made_of, request_for
from reelwright.app.wiring import load
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings
from reelwright.encoders import DEFAULT, find
from reelwright.engine.analysis import recall_index
from reelwright.engine.discover import outputs_for
from reelwright.engine.jobs import UsageSample
from reelwright.engine.offload import Offload
from reelwright.engine.pace import samples_for, spread_by
from reelwright.engine.resources import Parallel
from reelwright.engine.workspace import take_stamp, workspace_for
from reelwright.errors import ToolError
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning import identity
from reelwright.planning.containers import container_of
from reelwright.planning.decision import Verdict, decide, refused_after_reading
from reelwright.planning.division import divide
from reelwright.planning.estimate import Estimate, TrialFact, estimate
from reelwright.planning.explanation import Explanation, Known, changes
from reelwright.planning.once_read import plan_once_read
from reelwright.planning.plan import EncodePlan, make_plan
from reelwright.planning.remuxing import is_remux
from reelwright.store.database import open_ledger
from reelwright.tools.capabilities import ask_ffmpeg, find_ffmpeg
from reelwright.tools.devices import try_encoder, unusable, with_encoder
from reelwright.tools.dovi_tool import with_conversion
from reelwright.tools.probe import check_folder, probe
from reelwright.tools.process import Runner


async def explain(job: EncodeJob) -> Explanation:
    """Explain what would be done with the job's source. Nothing is written, and no ledger is made.

    Raises:
        SourceError: the file cannot be read.
        UsageError: a setting, or the ledger, cannot be used.
    """
    settings = load(job.flags)
    (source,) = job.sources
    check_folder(source)
    placement = settings.placement
    ((source, output),) = outputs_for(
        job.sources,
        job.output,
        settings.input,
        placement.output_dir,
        container=placement.container,
        made=made_of(settings),
    )
    output = output.absolute()
    async with Runner() as runner:
        info = await with_conversion(runner, await probe(runner, find_ffmpeg(settings.tools.ffmpeg), source))
        request = replace(request_for(settings, job), container=container_of(output.suffix))
        decision = decide(info, request)
        said = Explanation(
            source=os.fspath(source), output=os.fspath(output), info=info, decision=decision,
            changes=changes(info, decision, None, output_exists=False, job=None),
        )  # fmt: skip
        if decision.verdict not in {Verdict.ENCODE, Verdict.REMUX}:
            return said
        plan = await with_doubts(runner, settings, make_plan(info, request))
        known, facts, seen, index = await look_up(runner, settings, said, plan)
        if index is not None:
            if (refusal := refused_after_reading(info, request, index)) is not None:
                told = changes(info, refusal, None, output_exists=False, job=None)
                return replace(said, decision=refusal, changes=told)
            plan = await with_doubts(runner, settings, plan_once_read(info, request, index))
    parallel = spread_by(seen, plan, (plan.width, plan.height), limits_for(settings))
    return Explanation(
        source=said.source,
        output=said.output,
        info=info,
        decision=decision,
        plan=plan,
        profile=settings.profile,
        parallel=parallel.encodes,
        parallel_why=parallel.why,
        cost=cost_of(info, plan, known, facts, parallel),
        known=known,
        changes=changes(info, decision, plan, output_exists=is_taken(output), job=known.job),
    )


async def with_doubts(runner: Runner, settings: Settings, plan: EncodePlan) -> EncodePlan:
    """The plan, with a note where its encoder does not work here; SVT-AV1 is not tried, for it needs nothing."""
    name = plan.request.encoder
    if name == DEFAULT:
        return plan
    tried = await try_encoder(runner, find_ffmpeg(settings.tools.ffmpeg), name)
    notes = () if tried.works else (str(unusable(find(name), tried.reason)),)
    return replace(plan, notes=(*plan.notes, *notes))


def is_taken(output: Path) -> bool:
    """Whether something lies there, be it a dead link."""
    return os.path.lexists(output)


def cost_of(
    info: MediaInfo, plan: EncodePlan, known: Known, facts: list[TrialFact], parallel: Parallel
) -> Estimate | None:
    """What the encode would cost; None where the film does not say how long it is."""
    video = info.film.video if info.film else None
    frames = known.frames or (video.declared_frames if video else None)
    if not frames and info.duration and video and video.average_rate:
        frames = round(info.duration * video.average_rate)
    if not frames or is_remux(plan.request):  # a copy takes as long as reading does, and saves nothing
        return None
    request = plan.request
    return estimate(
        facts, width=plan.width, height=plan.height, frames=frames, preset=request.preset,
        target=request.target_vmaf, parallel=parallel.encodes, search=request.crf is None,
    )  # fmt: skip


async def look_up(
    runner: Runner, settings: Settings, said: Explanation, plan: EncodePlan
) -> tuple[Known, list[TrialFact], list[UsageSample], FrameIndex | None]:
    """What the ledger holds of this film, this work, and of films like it; nothing where there is no ledger yet."""
    if not settings.ledger.exists():
        return Known(), [], [], None
    async with AsyncExitStack() as stack:
        offload = stack.enter_context(Offload())
        store = await offload(open_ledger, settings.ledger)
        stack.push_async_callback(offload, store.close)
        from reelwright.store.seen import trials_seen  # models can only be loaded once Django is set up

        facts = await offload(trials_seen, store, encoder=plan.encoder, preset=plan.request.preset)
        seen = await offload(samples_for, store, plan)
        source = await offload(store.find_source, take_stamp(Path(said.source)))
        if source is None:
            return Known(), facts, seen, None
        index = recall_index(workspace_for(settings.work_dir, source.source_id), source)
        plan = plan if index is None else plan_once_read(said.info, plan.request, index)
        job = await offload(store.find_job, identity.job_id(source.source_id, plan.request_identity(), said.output))
        status = job.status.value if job else None
        if index is None:
            return Known(job=status, frames=source.frames), facts, seen, None
        chunks = divide(index, plan.request)
        tools = await ask_ffmpeg(runner, settings.tools.ffmpeg)
        with suppress(ToolError):  # of an encoder that does not work here there are no trials, and that is told
            tools = await with_encoder(runner, tools, plan.request.encoder)
        encode = {**plan.encode_identity(), "build": tools.encode_build(plan.request.encoder)}
        curves = [identity.curve_key(source.source_id, chunk.start, chunk.end, encode) for chunk in chunks]
        trials = await offload(store.trials, curves)
        known = Known(
            job=status, frames=index.frames, chunks=len(chunks), trials=len(trials),
            chunks_with_trials=len({trial.curve_key for trial in trials}),
        )  # fmt: skip
        return known, facts, seen, index
