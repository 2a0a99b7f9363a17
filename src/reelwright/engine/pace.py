"""How many trials run at once while they run: fewer when memory gets short, none while the work disk is full."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.engine.filling import Setting, idle_of, next_setting, threads_at_the_end
from reelwright.engine.jobs import JobStore, UsageSample
from reelwright.engine.resources import (
    DISK_RESERVE_BYTES,
    SAMPLES,
    Machine,
    Parallel,
    Pressure,
    count,
    decide_parallel,
    disk_needed,
    gib,
    pressure,
    room_for_one_more,
)
from reelwright.errors import DiskFullError, ResourceError
from reelwright.events import Emitter, EventName
from reelwright.planning.plan import EncodePlan, Strategy
from reelwright.tools import machine
from reelwright.tools.child import memory_is_known
from reelwright.tools.failures import MemoryCause, OutOfMemoryError

if TYPE_CHECKING:
    from reelwright.engine.services import Services

#: Free memory is looked at this often, the full disk this often, and waiting is told this often, in seconds.
LOOK_SECONDS = 1.0
DISK_SECONDS = 2.0
TELL_SECONDS = 60.0
#: How often a lone trial that was killed is begun again: it may not have been for want of memory.
MOST_KILLS = 3
SMALLER = "Use a faster --preset or a smaller picture, or give it more memory."


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a run may take; none of it changes the output's bytes."""

    #: Trials at once; 0 decides.
    workers: int = 0
    nice: int = 0
    #: Memory of one encode or scoring; None: any.
    memory_per_encode: int | None = None
    #: Seconds to wait for space on the work disk; 0: not at all.
    disk_wait: float = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauges:
    """Where free memory, free disk and time are read."""

    free_memory: Callable[[], int] = machine.free_memory
    free_disk: Callable[[Path], int] = machine.free_disk
    clock: Callable[[], float] = time.monotonic


async def spread(plan: EncodePlan, source: tuple[int, int], limits: Limits, services: "Services") -> Parallel:
    """How the work is spread at the start, from what the ledger has seen.

    Args:
        plan: what is encoded.
        source: width and height of the source: a film that is scaled down is decoded and scored at its own size.
        limits: what the user asked for.
        services: with what.
    """
    return spread_by(await services.offload(samples_for, services.store, plan), plan, source, limits)


def samples_for(store: JobStore, plan: EncodePlan) -> list[UsageSample]:
    """What encodes like those of the plan were seen to need."""
    preset = plan.request.preset
    return store.usage_of(plan.width, plan.height, encoder=plan.encoder, preset=preset, limit=SAMPLES)


def spread_by(samples: Sequence[UsageSample], plan: EncodePlan, source: tuple[int, int], limits: Limits) -> Parallel:
    """How the work is spread on this machine as it is now; see `spread`."""
    return decide_parallel(
        this_machine(),
        samples,
        width=max(plan.width, source[0]),
        height=max(plan.height, source[1]),
        requested=limits.workers,
        nice=limits.nice,
        cap_bytes=limits.memory_per_encode,
        one_piece=plan.strategy is Strategy.DIRECT,
    )


def this_machine() -> Machine:
    """What this machine has now."""
    return Machine(cores=machine.cores(), free_bytes=machine.free_memory(), total_bytes=machine.total_memory())


def tell_scarce_disk(work_dir: Path, source_bytes: int, emit: Emitter, gauges: Gauges | None = None) -> None:
    """Say before any work that the work disk may be too small; that is no failure, for trials come and go."""
    needed = disk_needed(source_bytes)
    with suppress(OSError):  # whatever is wrong with the folder is told when it is made
        free = (gauges or Gauges()).free_disk(work_dir)
        if free < needed:
            why = f"the work disk has {gib(free)} free, and {gib(needed)} may be needed: it may have to wait for space"
            emit(EventName.RESOURCES_CHANGED, "found", workers=None, why=why)


class Pace:
    """How many trials run at once, now.

    Args:
        parallel: what was decided at the start.
        limits: what the run may take.
        emit: takes the film's events.
        disk: a folder on the work disk.
        gauges: where it reads what is free.
    """

    def __init__(
        self, parallel: Parallel, limits: Limits, emit: Emitter, disk: Path, *, gauges: Gauges | None = None
    ) -> None:
        self.parallel = parallel
        self.most = parallel.encodes
        self.threads = parallel.threads
        self.limits = limits
        self._emit = emit
        self._disk = disk
        self._gauges = gauges or Gauges()
        self._looked = self._changed = float("-inf")
        self._plenty_since: float | None = None
        self._lowered = 0
        self._kills: Counter[int] = Counter()
        self._given: dict[int, int] = {}
        #: The setting each chunk's trial was begun with, and what was idle beside trials with each.
        self._begun: dict[int, Setting] = {}
        self._seen = {setting: list(shares) for setting, shares in parallel.seen.items()}
        self._short_since: float | None = None
        self._told_short = 0.0
        self._waiting_since: float | None = None
        if limits.memory_per_encode is not None and not memory_is_known():
            self._tell(
                "the memory of one encode cannot be watched on this system, so processing.memory_per_encode is not kept"
            )

    def facts(self) -> dict[str, object]:
        """What `encoding_started` says of it."""
        return {"workers": self.parallel.encodes, "threads": self.parallel.threads, "why": self.parallel.why}

    def threads_for(self, chunk: int, running: int | None = None) -> int:
        """How many threads a trial of a chunk gets that is begun now.

        Args:
            chunk: its number.
            running: how many run then, where nothing is left to start beside them; None: there is enough.
        """
        threads = self.threads
        bounds = self.parallel.bounds
        unlimited = bounds is not None and self.limits.memory_per_encode is None
        if bounds is not None and unlimited and running is not None and self._as_decided():
            threads = threads_at_the_end(self.parallel.setting, running, bounds.threads)
        self._given[chunk] = threads
        self._begun[chunk] = Setting(encodes=self.most, threads=threads)
        return threads

    def landed(self, chunk: int, idle: float | None, running: int) -> None:
        """Note what a trial left of the CPU, and try a setting that fills it better where that was much.

        Args:
            chunk: whose trial.
            idle: share of the CPU's time that nobody used meanwhile.
            running: how many ran at its end, itself included.
        """
        now, bounds = self.parallel.setting, self.parallel.bounds
        # A trial that ran beside others of another setting tells nothing, nor one that had less company.
        alike = running >= self.most and self._as_decided() and set(self._begun.values()) == {now}
        begun = self._begun.pop(chunk, None)
        if idle is None or bounds is None or begun != now or not alike or self.limits.memory_per_encode is not None:
            return
        self._seen.setdefault(now, []).append(idle)
        wanted = next_setting(now, self._seen, most=bounds)
        if wanted != now and self._fits(wanted):
            self._change_to(wanted, idle_of(self._seen, now) or idle)

    def _as_decided(self) -> bool:
        """Whether nothing has been lowered for want of memory."""
        return self.parallel.setting == Setting(encodes=self.most, threads=self.threads)

    def _fits(self, wanted: Setting) -> bool:
        """Whether memory allows a setting, the trials of now having taken theirs already."""
        now = self.parallel
        other = now.with_setting(wanted, now.why)
        more = wanted.encodes * other.need_bytes - now.encodes * now.need_bytes
        return self._gauges.free_memory() >= now.reserve_bytes + more

    def _change_to(self, wanted: Setting, idle: float) -> None:
        spread = f"{count(wanted.encodes, 'encode')} at once, {count(wanted.threads, 'thread')} each"
        self.parallel = self.parallel.with_setting(wanted, f"{spread}: measured on this machine")
        self.threads = wanted.threads
        self.most = wanted.encodes
        self._changed = self._gauges.clock()
        self._tell(f"{idle:.0%} of the CPU was idle; {spread} from now on")

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may be taken, and all trials begun anew would still have theirs."""
        taken = self.parallel.reserve_bytes + self.parallel.encodes * self.parallel.need_bytes
        return not self.is_short and self._gauges.free_memory() - size >= taken

    @property
    def is_short(self) -> bool:
        """Whether fewer run at once than could, for want of memory."""
        return self.most < self.parallel.encodes

    def look(self, running: int) -> bool:
        """Look at the free memory, about once a second; True: the youngest trial must give way at once."""
        now = self._gauges.clock()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        free = self._gauges.free_memory()
        if not room_for_one_more(free, self.parallel):
            self._plenty_since = None
        elif self._plenty_since is None:
            self._plenty_since = now
        asked = pressure(
            free_bytes=free,
            parallel=self.parallel,
            most=self.most,
            running=running,
            since_change=now - self._changed,
            plenty_for=0.0 if self._plenty_since is None else now - max(self._plenty_since, self._changed),
            lowered=self._lowered,
        )
        self._act(asked, free, running)
        return asked is Pressure.URGENT

    def _act(self, asked: Pressure, free: int, running: int) -> None:
        if asked is Pressure.MORE:
            self._set(self.most + 1, f"{gib(free)} memory is free again")
        elif asked is Pressure.FEWER:
            self._fewer(running, f"only {gib(free)} memory is free")
        elif asked is Pressure.URGENT:
            self._fewer(running, f"only {gib(free)} memory is free: the youngest encode is put off")

    def _fewer(self, running: int, why: str) -> None:
        self._lowered += 1
        self._set(max(1, min(self.most, running) - 1), why)

    def _set(self, most: int, why: str) -> None:
        self._changed = self._gauges.clock()
        self.most = most
        self._tell(f"{why}; {count(most, 'encode')} at once from now on")

    def _tell(self, why: str) -> None:
        self._emit(EventName.RESOURCES_CHANGED, "encoding", workers=self.most, why=why)

    def out_of_memory(self, error: OutOfMemoryError, chunk: int, running: int) -> None:
        """A trial ran out of memory: decide what makes it possible. It is begun again by whoever calls.

        Args:
            error: how it ended.
            chunk: whose trial.
            running: how many ran at once, this one included.

        Raises:
            ResourceError: nothing is left to try.
        """
        killed = error.cause is MemoryCause.KILLED
        said = "An encode was killed, as happens where memory runs out" if killed else error.message.rstrip(".")
        if running > 1 and error.cause is not MemoryCause.CAP:
            self._fewer(running, said)
            return
        self._kills[chunk] += 1
        if killed and self._kills[chunk] < MOST_KILLS:
            self._tell(f"{said}; it is begun again")
        elif self._given.get(chunk, self.threads) > 1:
            # Others that were begun with more threads may come to the same end after it.
            self.threads = 1
            self._tell(f"{said}; 1 thread for each encode from now on")
        else:
            raise ResourceError(f"{said}, with one thread.", hint=self._advice(error)) from error

    def _advice(self, error: OutOfMemoryError) -> str:
        if error.cause is MemoryCause.CAP:
            return f"Raise processing.memory_per_encode. {SMALLER}"
        return SMALLER

    def disk_is_full(self, running: int) -> bool:
        """Whether no trial may be started for want of space on the work disk; says so when that changes."""
        free = self._gauges.free_disk(self._disk)
        if running or free >= DISK_RESERVE_BYTES:
            self._waiting_since = None
        if free >= DISK_RESERVE_BYTES:
            if self._short_since is not None:
                self._short_since = None
                self._tell(f"the work disk has {gib(free)} free again; it goes on")
            return False
        self._tell_short(free, running)
        return True

    def _tell_short(self, free: int, running: int) -> None:
        now = self._gauges.clock()
        if self._short_since is not None and now - self._told_short < TELL_SECONDS:
            return
        first = self._short_since is None
        self._short_since = now if first else self._short_since
        self._told_short = now
        if not first or running or self.limits.disk_wait:
            waits = "no encode is started until there is more" if running else "waiting for more"
            self._tell(f"the work disk has {gib(free)} left, and {gib(DISK_RESERVE_BYTES)} are kept free; {waits}")

    async def wait_for_disk(self) -> None:
        """Wait a little for space on the work disk, while nothing under way can free any.

        Raises:
            DiskFullError: it has been waited for long enough.
        """
        now = self._gauges.clock()
        self._waiting_since = now if self._waiting_since is None else self._waiting_since
        if now - self._waiting_since >= self.limits.disk_wait:
            free = self._gauges.free_disk(self._disk)
            raise DiskFullError(
                f"The work disk has {free >> 20} MiB left; {DISK_RESERVE_BYTES >> 20} MiB are kept free.",
                hint="Free space, or set --work-dir to another disk.",
            )
        await asyncio.sleep(min(DISK_SECONDS, self.limits.disk_wait))
