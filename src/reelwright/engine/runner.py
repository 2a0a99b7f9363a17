"""The local runner: carries out ready steps, several trials at once, and commits each before it counts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from reelwright.engine.filling import told_by
from reelwright.engine.film import Film
from reelwright.engine.finish import assemble, put_in_place, still_assembled, still_validated, validate
from reelwright.engine.job_state import FilmStep, JobState, SoundStep, TrialStep
from reelwright.engine.jobs import JobStore, StepKind, StepRecord, TrialRecord
from reelwright.engine.known_trials import Trials, is_clear, with_trial
from reelwright.engine.learning import facts_of, foresee
from reelwright.engine.offload import Offload
from reelwright.engine.pace import Pace
from reelwright.engine.progress import Lane, Watch
from reelwright.engine.scheduler import accept_waiting, next_steps
from reelwright.engine.seekable import with_copy
from reelwright.engine.sounds import Sounds
from reelwright.engine.trial_place import HERE, TrialPlace
from reelwright.engine.trials import still_holds
from reelwright.engine.worth import Worth
from reelwright.events import Emitter, EventName
from reelwright.quality.moves import Accept
from reelwright.tools.failures import OutOfMemoryError
from reelwright.version import VERSION


class LocalRunner:
    """Runs one film's job on this machine.

    Args:
        film: the film, read and planned.
        store: remembers; spoken to through `offload` alone.
        offload: the store's thread.
        emit: takes the film's events.
        pace: how many trials run at once.
        overwrite: whether an existing output may be replaced.
        learns: whether the trials of other films say where to begin.
        place: where trials run.
    """

    def __init__(
        self, film: Film, store: JobStore, offload: Offload, emit: Emitter,
        *, pace: Pace, overwrite: bool, learns: bool = True, place: TrialPlace = HERE,
    ) -> None:  # fmt: skip
        self.film = film
        self.store = store
        self.offload = offload
        self.emit = emit
        self.pace = pace
        self.overwrite = overwrite
        self.learns = learns
        self.place = place
        self.learning: dict[str, object] = {}
        self.trials = Trials()
        self.made = 0
        #: CPU seconds of the trials made in this run.
        self.cpu_seconds = 0.0
        self.steps: dict[StepKind, StepRecord] = {}
        #: From here on the job can only be finished: a name that is being given cannot be taken back.
        self.placing = False
        self.worth = Worth(film)
        self.watch = Watch(emit, film.frames, film.source_bytes, film.copied_bytes)
        self.sounds = Sounds(film, store, offload, emit, self.watch)
        self._running: dict[asyncio.Task[TrialRecord], TrialStep] = {}

    async def run(self) -> JobState:
        """Carry out steps until none is left; returns the final state.

        Raises:
            ReelwrightError: a step failed for good; what was committed stays committed.
        """
        state = await self.made_ready()
        facts = {"chunks": len(state.chunks), **self.pace.facts(), **self.learning}
        self.emit(EventName.ENCODING_STARTED, "encoding", **facts)
        try:
            while True:
                state = self.accept(state)
                self.watch.settled(state, self.trials.by_chunk)
                sounds = self.sounds.bytes()
                if self.worth.objects(self.trials.chosen(state), sounds) or self.worth.foresees(state, sounds):
                    return state
                busy = {step.chunk.index for step in self._running.values()}
                room = self.pace.most - len(self._running) - len(self.sounds.running)
                steps = next_steps(state, busy, room, self.sounds.busy)
                alone = None if len(steps) == room else len(self._running) + len(steps) + len(self.sounds.running)
                for step in steps:
                    if isinstance(step, TrialStep):
                        self.start_trial(step, alone)
                    elif isinstance(step, SoundStep):
                        self.sounds.start(step.index)
                    else:
                        state = await self.film_step(state, step)
                if self.worth.objection:
                    return state
                if self._running or self.sounds.running:
                    state = await self.collect(state)
                elif not steps:
                    return state
                elif isinstance(steps[0], TrialStep):
                    await self.pace.wait_for_disk()
        finally:
            await self.stop()

    async def made_ready(self) -> JobState:
        """The job's state by now, with the film's pictures ready to be decoded where any still have to be."""
        state = await self.recall()
        if self.film.plan.converter or not all(chunk.accepted for chunk in state.chunks):
            self.film = await with_copy(self.film, self.store, self.offload, self.emit)
        return state

    def accept(self, state: JobState) -> JobState:
        """Accept flat chunks that need no other trial, or all that were weighed together, and announce them."""
        after = accept_waiting(state, {step.chunk.index for step in self._running.values()})
        for known, settled in zip(state.chunks, after.chunks, strict=True):
            if settled.accepted and not known.accepted:
                self.tell_accepted(settled.chunk.index, settled.accepted)
        return after

    async def recall(self) -> JobState:
        """The job's state from what was committed earlier, each trial's file checked against its record."""
        film = self.film
        curves = {film.curve_key(chunk): chunk for chunk in film.chunks}
        curves |= {key: chunk for chunk in film.chunks if (key := film.sample_key(chunk)) is not None}
        known = await self.offload(self.store.trials, list(curves))
        for trial in known:
            usable = trial.score_key == film.score_key(trial.trial_key, trial.parameters, trial.score.n_subsample)
            kept = trial.windows is not None  # of a sample there is nothing but its score
            if usable and (kept or await asyncio.to_thread(still_holds, film, trial)):
                chunk = curves[trial.curve_key]
                if not is_clear(trial, film.plan.request, chunk):
                    self.trials.unclear.setdefault(chunk.index, {})[trial.crf] = trial
                    continue
                self.trials.add(chunk.index, trial)
                self.tell_trial(chunk.index, trial, reused=True)
            elif not kept and (film.workspace.segments / trial.file_name).exists():
                await self.offload(self.store.drop_trial, trial.trial_key)
            # One whose file was cleaned up stays in the ledger, as history, until it is made again.
        self.steps = await self.offload(self.store.steps, film.job_id)
        await self.sounds.recall()
        learned, self.trials.foreseen = await foresee(film, self.store, self.offload, learns=self.learns)
        self.learning = facts_of(learned)
        state = replace(self.trials.state(film), sounds=self.sounds.left())
        for settled in state.chunks:
            if settled.accepted:
                self.tell_accepted(settled.chunk.index, settled.accepted)
        return state

    def start_trial(self, step: TrialStep, alone: int | None = None) -> None:
        """Begin a trial beside those under way, unless the work disk is nearly full.

        Args:
            step: the trial.
            alone: how many run then, where nothing is left to start beside them; None: there is enough.
        """
        if self.pace.disk_is_full(len(self._running)):
            return
        known = self.trials.unclear[step.chunk.index][step.crf] if step.again else None
        lane = Lane(chunk=step.chunk.index, frames=step.frames, crf=step.crf, doing="score" if step.again else "encode")
        self.watch.open(lane)
        film = replace(self.film, threads=self.pace.threads_for(step.chunk.index, alone))
        task = asyncio.create_task(self.place.run(film, step, lane.tell(self.watch), known))
        self._running[task] = step

    async def collect(self, state: JobState) -> JobState:
        """Wait for a trial or a sound to end and commit it. With `deterministic`, the order of ends changes nothing.

        Raises:
            ReelwrightError: it failed for good.
        """
        under_way: list[asyncio.Task[Any]] = [*self._running, *self.sounds.running]
        ended, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED, timeout=0.5)
        self.watch.beat()
        await self.sounds.collect(ended)
        state = replace(state, sounds=self.sounds.left())
        done = {task for task in ended if task in self._running}
        at_once = len(self._running)
        if self.pace.look(at_once - len(done)):
            next(task for task in reversed(self._running) if task not in done).cancel()
        if self.film.held and self.pace.is_short:
            self.film.held.keep_only({step.chunk.index for step in self._running.values()})
        for task in sorted(done, key=lambda t: self._running[t].chunk.index):
            step = self._running.pop(task)
            self.watch.close(step.chunk.index)
            trial = self.landed(task, step, at_once)
            if trial is None:
                continue
            await self.offload(self.store.commit_trial, trial)
            whole = trial.windows is None and not step.again
            idle = told_by(trial.cpu_idle, trial.encode_usage, trial.score_usage) if whole else None
            self.pace.landed(step.chunk.index, idle, at_once)
            self.count(step, trial)
            self.trials.add(step.chunk.index, trial)
            state = with_trial(state, step.chunk.index, trial)
            self.tell_trial(step.chunk.index, trial, reused=step.again, state=state)
        return state

    def count(self, step: TrialStep, trial: TrialRecord) -> None:
        """Count what a trial took; one that was only scored again is no other encode."""
        if step.again:
            known = self.trials.unclear[step.chunk.index].pop(step.crf)
            self.cpu_seconds += trial.score_usage.cpu_seconds - known.score_usage.cpu_seconds
            return
        self.made += 1
        self.cpu_seconds += trial.encode_usage.cpu_seconds + trial.score_usage.cpu_seconds

    def landed(self, task: asyncio.Task[TrialRecord], step: TrialStep, at_once: int) -> TrialRecord | None:
        """What a trial has come to; None where it made room for others or had none: it is begun again.

        Raises:
            ReelwrightError: the trial failed for good.
        """
        if task.cancelled():
            return None
        try:
            return task.result()
        except OutOfMemoryError as error:
            self.pace.out_of_memory(error, step.chunk.index, at_once)
            return None

    def tell_trial(self, chunk: int, trial: TrialRecord, *, reused: bool, state: JobState | None = None) -> None:
        """Announce a committed trial, and its chunk where that ends the search."""
        accepted = state.chunks[chunk].accepted if state else None
        self.emit(
            EventName.TRIAL_COMPLETE,
            "encoding",
            chunk=chunk,
            kind="trial" if trial.windows is None else "sample",
            frames=trial.frames,
            crf=trial.crf,
            score=round(trial.score.mean, 3),
            n_subsample=trial.score.n_subsample,
            bytes=trial.size_bytes,
            seconds=round(trial.encode_usage.wall_seconds + trial.score_usage.wall_seconds, 2),
            predicted=trial.predicted,
            unsure=trial.unsure,
            next=f"accepted: {accepted.why}" if accepted else trial.why if reused else "another CRF is tried",
            reused=reused,
        )
        if accepted:
            self.tell_accepted(chunk, accepted)

    def tell_accepted(self, chunk: int, accepted: Accept) -> None:
        """Announce that a chunk's search has ended; its frames are not needed any more."""
        if self.film.held:
            self.film.held.drop(chunk)
        self.emit(
            EventName.SEGMENT_COMPLETE,
            "encoding",
            chunk=chunk,
            crf=accepted.crf,
            within_band=accepted.within_band,
            why=accepted.why,
        )

    async def film_step(self, state: JobState, step: FilmStep) -> JobState:
        """Carry out a step on the whole film, unless its result still holds, and commit it."""
        work = {
            StepKind.ASSEMBLE: self._assemble,
            StepKind.VALIDATE: self._validate,
            StepKind.PLACE: self._place,
        }[step.kind]
        record = await self.known_or(step.kind, state, work)
        self.steps[step.kind] = record
        if step.kind is StepKind.ASSEMBLE:
            self.worth.judge_file(record)
        return replace(state, committed=state.committed | {step.kind})

    async def known_or(
        self, kind: StepKind, state: JobState, work: Callable[[JobState], Awaitable[StepRecord]]
    ) -> StepRecord:
        """The step's committed result if it still holds, else do the work and commit it."""
        known = self.steps.get(kind)
        if known is not None and await self.still_holds(kind, known, state):
            return known
        started = time.monotonic()
        self.watch.phase(kind.value)
        record = await work(state)
        if not record.usage.wall_seconds:
            record = replace(record, usage=replace(record.usage, wall_seconds=time.monotonic() - started))
        await self.offload(self.store.commit_step, self.film.job_id, record)
        return record

    async def still_holds(self, kind: StepKind, known: StepRecord, state: JobState) -> bool:
        """Whether a committed step need not be done again. Placing always is: it may have been undone."""
        assembled = self.steps.get(StepKind.ASSEMBLE)
        if kind is StepKind.PLACE or assembled is None:
            return False
        if not still_assembled(self.film, assembled, self.trials.chosen(state), self.sounds.done):
            return False
        # The size says little after a power cut: what was validated is known by its bytes.
        return kind is StepKind.ASSEMBLE or await still_validated(self.film, known)

    async def _assemble(self, state: JobState) -> StepRecord:
        # What was validated before belongs to another assembly.
        await self.offload(self.store.drop_steps, self.film.job_id, [StepKind.VALIDATE, StepKind.PLACE])
        self.steps.pop(StepKind.VALIDATE, None)
        chosen = self.trials.chosen(state)
        self.emit(EventName.ENCODING_COMPLETE, "assembling", trials=len(self.trials), chunks=len(chosen))
        record = await assemble(self.film, chosen, self.sounds.done)
        return replace(record, result={**record.result, "version": VERSION, "chunks": self.trials.account(state)})

    async def _validate(self, _: JobState) -> StepRecord:
        record = await validate(self.film, self.steps[StepKind.ASSEMBLE], self.sounds.done, self.watch.checked)
        self.emit(EventName.VALIDATION_COMPLETE, "validated", checks=list(record.result["checks"]))
        return record

    async def _place(self, _: JobState) -> StepRecord:
        self.placing = True
        record = await put_in_place(self.film, self.steps[StepKind.VALIDATE], overwrite=self.overwrite)
        self.emit(EventName.PLACED, "placed", output=record.result["output"], bytes=record.result["size_bytes"])
        return record

    async def stop(self) -> None:
        """End what is still under way; its work is lost, everything committed stays."""
        await self.sounds.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        if self.film.held:
            self.film.held.close()
