"""The sounds of a film that become Opus: one step each, beside the trials, kept under a key of its own."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from reelwright.engine.film import Film, usage_of
from reelwright.engine.jobs import JobStore, StepKind, StepRecord, Usage
from reelwright.engine.offload import Offload
from reelwright.engine.progress import Watch
from reelwright.events import Emitter, EventName
from reelwright.planning.excerpt import window_of
from reelwright.planning.sound import OpusPlan
from reelwright.tools.sound import Encoded, SoundJob, encode_sound, plain, recall_sound, sound_key


def planned_sounds(film: Film) -> dict[int, OpusPlan]:
    """The streams that become Opus, by index."""
    return {s.index: s.opus for s in film.plan.streams if s.opus is not None}


def sound_job(film: Film, index: int, plan: OpusPlan) -> SoundJob:
    """What encoding a sound needs, and where it lies then."""
    window = None if film.is_whole else window_of(film.part)
    key = sound_key(film.index.source_id, index, plan, window)
    folder = film.workspace.segments
    return SoundJob(source=film.source, index=index, plan=plan, window=window, key=key, folder=folder)


def sound_jobs(film: Film) -> dict[int, SoundJob]:
    """The same for every sound that becomes Opus."""
    return {index: sound_job(film, index, plan) for index, plan in planned_sounds(film).items()}


class Sounds:
    """Encodes a film's sounds and commits each; what was encoded before is found again.

    Args:
        film: the film.
        store: remembers; spoken to through `offload` alone.
        offload: the store's thread.
        emit: takes the film's events.
        watch: is told how far each is.
    """

    def __init__(self, film: Film, store: JobStore, offload: Offload, emit: Emitter, watch: Watch) -> None:
        self._film, self._store, self._offload, self._emit, self._watch = film, store, offload, emit, watch
        self.jobs = sound_jobs(film)
        self.done: dict[int, Encoded] = {}
        self._usage: dict[int, Usage] = {}
        self.running: dict[asyncio.Task[tuple[Encoded, Usage]], int] = {}

    @property
    def busy(self) -> frozenset[int]:
        """Streams that are being encoded."""
        return frozenset(self.running.values())

    def left(self) -> tuple[int, ...]:
        """Streams whose sound is still to be encoded."""
        return tuple(index for index in self.jobs if index not in self.done)

    async def recall(self) -> None:
        """Find what was encoded before, each file checked against what was written down of it."""
        for job in self.jobs.values():
            found = await asyncio.to_thread(recall_sound, job)
            if found is not None:
                await self._commit(found, None)

    def start(self, index: int) -> None:
        """Begin to encode a stream beside whatever runs."""
        job = self.jobs[index]
        begin, end = job.window or self._whole()
        note = self._watch.sound(index, float(end - begin))

        def tell(seconds: float) -> None:
            note(seconds - float(begin))

        self.running[asyncio.create_task(self._encode(job, tell))] = index

    def _whole(self) -> tuple[Fraction, Fraction]:
        return window_of(self._film.index)

    async def _encode(self, job: SoundJob, tell: Any) -> tuple[Encoded, Usage]:
        film = self._film
        encoded, finished = await encode_sound(film.runner, job, tell, film.memory_limit)
        film.check_source()
        return encoded, usage_of(finished)

    async def collect(self, ended: Iterable[asyncio.Task[Any]]) -> None:
        """Commit the sounds whose encodes have ended.

        Raises:
            ReelwrightError: one failed for good.
        """
        for task in [t for t in ended if t in self.running]:
            index = self.running.pop(task)
            self._watch.sound_over(index)
            encoded, usage = task.result()
            await self._commit(encoded, usage)

    async def _commit(self, encoded: Encoded, usage: Usage | None) -> None:
        self.done[encoded.index] = encoded
        self._usage[encoded.index] = usage or Usage()
        rows = {str(index): self._row(found) for index, found in sorted(self.done.items())}
        record = StepRecord(kind=StepKind.AUDIO, result={"sounds": rows}, usage=summed(self._usage.values()))
        if usage is None:
            record = replace(record, usage=await self._former_usage(record.usage))
        await self._offload(self._store.commit_step, self._film.job_id, record)
        plan = self.jobs[encoded.index].plan
        self._emit(
            EventName.SOUND_COMPLETE, "encoding", stream=encoded.index, codec="opus", kbps=plan.kbps,
            layout=plan.layout, bytes=encoded.size_bytes, seconds=round(usage.wall_seconds, 2) if usage else 0.0,
            holes=len(encoded.holes), reused=usage is None,
        )  # fmt: skip

    def _row(self, found: Encoded) -> dict[str, Any]:
        plan = self.jobs[found.index].plan
        return {**plain(found), "kbps": plan.kbps, "layout": plan.layout}

    async def _former_usage(self, used: Usage) -> Usage:
        """What encoding took when it was done, where this run found everything."""
        former = (await self._offload(self._store.steps, self._film.job_id)).get(StepKind.AUDIO)
        return former.usage if former is not None and not used.wall_seconds else used

    def bytes(self) -> int:
        """Bytes of the sounds, those not encoded yet guessed on the safe side."""
        length = self._film.part.duration
        return sum(
            self.done[index].size_bytes if index in self.done else job.plan.least_bytes(length)
            for index, job in self.jobs.items()
        )

    async def stop(self) -> None:
        """End what is under way."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.running.clear()


def summed(usages: Iterable[Usage]) -> Usage:
    """Several uses as one."""
    rows = list(usages)
    return Usage(
        wall_seconds=sum(u.wall_seconds for u in rows),
        cpu_seconds=sum(u.cpu_seconds for u in rows),
        peak_rss_bytes=max((u.peak_rss_bytes for u in rows), default=0),
    )


def hole_notes(sounds: Mapping[int, Encoded]) -> tuple[str, ...]:
    """Sentences on holes that are silent now, and on what the source had twice."""
    said = []
    for index, found in sorted(sounds.items()):
        for what, spans in (
            ("has no sound for {0:.3f} s in all, {1}; it is silent there", found.holes),
            ("has {0:.3f} s of sound twice, {1}; it is heard once", found.cuts),
        ):
            if spans:
                places = f"first at {spans[0][0]:.3f} s" + (f" of {len(spans)} places" if len(spans) > 1 else "")
                said.append(f"Stream {index} (audio): {what.format(sum(n for _, n in spans), places)}.")
    return tuple(said)
