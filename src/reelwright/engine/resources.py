"""How many encodes run at once, and with how many threads: from CPU, memory, disk, and what encodes were seen to need.

Pure: what the machine has and what the ledger holds are arguments.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from statistics import median

from reelwright.engine.filling import MOST_THREADS, Setting, best_of, most_threads_of, seen_before
from reelwright.engine.jobs import UsageSample

#: Memory expected of one encode and its scoring before any was seen: a fixed part, and bytes a pixel of the picture
#: (preset 6, 10 bit, two threads; small pictures are scored at 1920x1080, which takes 380 MiB).
FIXED_BYTES = 450 << 20
BYTES_PER_PIXEL = 700
#: Memory left to everything else; with `nice` at least this share of all of it, so that others do not start to swap.
RESERVE_BYTES = 1 << 30
NICE_RESERVE = 0.2
#: From this `nice` on a core is left alone where there are more than two.
VERY_NICE = 10
#: One encoder keeps about this many cores busy at these chunk sizes, and is given as many threads.
CORES_PER_ENCODE = 2
#: Memory of an encode by its threads, of two: measured at 1080p, preset 10, it is 0.75 with one, 1.4, 1.7, 2.0 and
#: 2.24 with three to six.
MEMORY_BY_THREADS = {1: 0.75, 2: 1.0, 3: 1.41, 4: 1.71, 5: 2.0, 6: 2.25}
#: Free space kept on the work disk; a trial is not started below it.
DISK_RESERVE_BYTES = 512 << 20

#: The newest trials looked at.
SAMPLES = 64
#: With fewer samples the built-in figure still counts where it is the higher one.
FEW = 8
#: Seen memory is taken at this percentile, times a margin for chunks that need more than those seen.
PERCENTILE = 0.95
MARGIN = 1.25
#: A trial tells how many cores it can keep busy only where at least this share of the CPU had nothing to do meanwhile.
IDLE = 0.05
#: So many of those say how many there should be at once, up to so many times the built-in number.
FEW_UNHINDERED = 4
MOST_TIMES = 2

#: Seconds until a change shows; in an emergency one waits less.
SETTLE_SECONDS = 5.0
URGENT_SECONDS = 2.0
#: Free memory below this share of the reserve is an emergency.
CRITICAL = 0.25
#: Seconds with enough memory for one more before there is one more; doubled by each time that it was too many.
RECOVER_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What one trial needs."""

    #: Memory of the larger of encode and scoring, two threads each.
    memory_bytes: int
    #: Cores it keeps busy where nothing hinders it; None where that was not seen often enough.
    cores: float | None
    #: How many trials say so.
    samples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Parallel:
    """How the work is spread."""

    #: Trials at once.
    encodes: int
    #: SVT-AV1's `lp`, and VMAF's threads.
    threads: int
    #: What decided it, for people.
    why: str
    #: Memory one trial is expected to take with these threads, and memory left alone.
    need_bytes: int
    reserve_bytes: int
    #: What both may become where the CPU is not full; None: nothing else is tried.
    bounds: Setting | None = None
    #: What was idle beside earlier trials.
    seen: Mapping[Setting, Sequence[float]] = field(default_factory=dict)

    @property
    def setting(self) -> Setting:
        """Trials at once, and threads of each."""
        return Setting(encodes=self.encodes, threads=self.threads)

    def with_setting(self, setting: Setting, why: str) -> "Parallel":
        """The same work spread otherwise."""
        taken = math.ceil(self.need_bytes * by_threads(setting.threads) / by_threads(self.threads))
        return replace(self, encodes=setting.encodes, threads=setting.threads, need_bytes=taken, why=why)


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What there is to spread it over."""

    cores: int
    #: Memory that is free now, and all there is; the tightest limit counts.
    free_bytes: int
    total_bytes: int


def encode_bytes(width: int, height: int) -> int:
    """Memory one trial is expected to need before any was seen."""
    return FIXED_BYTES + width * height * BYTES_PER_PIXEL


def by_threads(threads: int | None) -> float:
    """Memory of an encode with so many threads, of one with two."""
    return MEMORY_BY_THREADS[min(max(threads or CORES_PER_ENCODE, 1), MOST_THREADS)]


def learn(samples: Sequence[UsageSample], *, width: int, height: int, threads: int) -> Need:
    """What trials of this size were seen to need.

    CPU time over wall time tells what an encode can use only while the CPU has time to spare: on a full machine it
    tells what was left for it, and learning from that would start ever more encodes. So only trials with idle CPU
    beside them count, and only with the same number of threads.

    Args:
        samples: the newest trials of the encoder and preset at about this size.
        width: of the picture.
        height: of the picture.
        threads: that each is to have.
    """
    expected = encode_bytes(width, height)
    peaks = sorted(filter(None, (peak_of(sample, width * height) for sample in samples)))
    busy = [cores for s in samples if s.threads == threads and (cores := unhindered_cores(s)) is not None]
    cores = median(busy) if len(busy) >= FEW_UNHINDERED else None
    if not peaks:
        return Need(memory_bytes=expected, cores=cores, samples=0)
    seen = math.ceil(MARGIN * peaks[math.ceil(PERCENTILE * len(peaks)) - 1])
    return Need(memory_bytes=seen if len(peaks) >= FEW else max(seen, expected), cores=cores, samples=len(peaks))


def peak_of(sample: UsageSample, pixels: int) -> float:
    """The most memory of a trial's two processes, as if it had this size and two threads; 0: unknown."""
    peak = max(sample.encode.peak_rss_bytes, sample.score.peak_rss_bytes)
    return max(0.0, peak * max(1.0, pixels / max(1, sample.width * sample.height)) / by_threads(sample.threads))


def unhindered_cores(sample: UsageSample) -> float | None:
    """Cores a trial kept busy; None where others may have hindered it."""
    wall = sample.encode.wall_seconds + sample.score.wall_seconds
    cpu = sample.encode.cpu_seconds + sample.score.cpu_seconds
    if sample.cpu_idle is None or sample.cpu_idle < IDLE or wall <= 0 or cpu <= 0:
        return None
    return cpu / wall


def reserve_bytes(total_bytes: int, nice: int) -> int:
    """Memory left to everything else."""
    return max(RESERVE_BYTES, int(total_bytes * NICE_RESERVE)) if nice > 0 else RESERVE_BYTES


def usable_cores(cores: int, nice: int) -> int:
    """Cores that encodes may fill."""
    return cores - 1 if nice >= VERY_NICE and cores > 2 else cores  # noqa: PLR2004 - of two, both are needed


def decide_parallel(
    machine: Machine,
    samples: Sequence[UsageSample],
    *,
    width: int,
    height: int,
    requested: int = 0,
    nice: int = 0,
    cap_bytes: int | None = None,
    one_piece: bool = False,
) -> Parallel:
    """Decide how many trials run at once, and with how many threads each.

    With few cores, one trial a core at `lp=2` keeps them busy while others score: measured on two cores, two
    encoders of lp=2 beat two of lp=1 by a fifth. With many cores an encoder fills about two, unless trials of this
    size were seen to do otherwise; the threads are then those that left least of the CPU idle. Where memory allows
    too few to fill the CPU, each gets more threads.

    Args:
        machine: what there is.
        samples: what the newest trials of this encoder, preset and size needed.
        width: of the picture.
        height: of the picture.
        requested: what the user asked for; 0 decides.
        nice: how much is left to others.
        cap_bytes: memory one encode may take; None: any.
        one_piece: there is one trial for all the film.
    """
    cores = usable_cores(machine.cores, nice)
    threads = usual_threads(cores, samples)
    need = learn(samples, width=width, height=height, threads=threads)
    each = need.memory_bytes if cap_bytes is None else min(need.memory_bytes, cap_bytes)
    reserve = reserve_bytes(machine.total_bytes, nice)
    budget = max(0, machine.free_bytes - reserve)
    by_memory = max(1, int(budget // max(1.0, each * by_threads(threads))))
    encodes = 1 if one_piece else requested or min(by_cpu(cores, need.cores), by_memory)
    if one_piece or (not requested and by_memory <= encodes):
        threads = most_threads(threads, cores=cores, encodes=encodes, each=each, budget=budget)
    taken = math.ceil(each * by_threads(threads))
    what = (
        "the film is one piece" if one_piece else "as asked for" if requested else because(need, machine, cores, taken)
    )
    why = f"{count(encodes, 'encode')} at once, {count(threads, 'thread')} each: {what}"
    most = encodes if requested else max(encodes, min(by_memory, MOST_TIMES * by_cpu(cores, None)))
    return Parallel(
        encodes=encodes,
        threads=threads,
        why=why,
        need_bytes=taken,
        reserve_bytes=reserve,
        bounds=None if one_piece else Setting(encodes=most, threads=most_threads_of(cores)),
        seen=seen_before(samples, encodes),
    )


def usual_threads(cores: int, samples: Sequence[UsageSample]) -> int:
    """Threads of each encode: those that were seen to fill the CPU at this size, else the built-in number."""
    built_in = max(1, min(CORES_PER_ENCODE, cores))
    seen = best_of(seen_before(samples, 1), Setting(encodes=1, threads=built_in)).threads
    return max(1, min(seen, most_threads_of(cores)))


def by_cpu(cores: int, each: float | None) -> int:
    """How many trials fill the CPU: the built-in number, or what was seen, within bounds."""
    usual = max(2, cores // CORES_PER_ENCODE + 1) if cores > 1 else 1
    if each is None:
        return usual
    return max(1, min(MOST_TIMES * usual, math.ceil(cores / each)))


def most_threads(threads: int, *, cores: int, encodes: int, each: int, budget: int) -> int:
    """Threads of each encode where memory allows no more encodes: as many as fill the CPU and fit."""
    while threads < MOST_THREADS and encodes * threads < cores:
        if encodes * each * by_threads(threads + 1) > budget:
            break
        threads += 1
    return threads


def because(need: Need, machine: Machine, cores: int, each: int) -> str:
    """What decided, for people."""
    free = f"{gib(machine.free_bytes)} free"
    if not need.samples:
        return f"{count(cores, 'core')}, {free}, {gib(each)} expected of each"
    if need.samples < FEW:
        return f"only {need.samples} seen at this size, {gib(each)} expected of each; {count(cores, 'core')}, {free}"
    busy = f" and {need.cores:.1f} cores" if need.cores is not None else ""
    return f"{need.samples} seen at this size need {gib(each)}{busy} each; {count(cores, 'core')}, {free}"


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def gib(number: int) -> str:
    """Bytes, for people."""
    return f"{number / (1 << 30):.1f} GiB" if number >= 1 << 30 else f"{number >> 20} MiB"


def disk_needed(source_bytes: int) -> int:
    """Free space on the work disk that a film's trials are expected to need: half the film, and the reserve."""
    return DISK_RESERVE_BYTES + source_bytes // 2


class Pressure(Enum):
    """What free memory asks for."""

    #: All is well, or nothing can be done.
    NONE = "none"
    #: One fewer at once, from the next trial on.
    FEWER = "fewer"
    #: The youngest trial gives way.
    URGENT = "urgent"
    #: There is room for one more.
    MORE = "more"


def pressure(
    *,
    free_bytes: int,
    parallel: Parallel,
    most: int,
    running: int,
    since_change: float,
    plenty_for: float,
    lowered: int,
) -> Pressure:
    """What is to be done about the memory that is free now.

    Args:
        free_bytes: memory that is free.
        parallel: what was decided at the start; never more than that.
        most: trials at once now.
        running: trials under way.
        since_change: seconds since `most` was last changed or a trial gave way.
        plenty_for: seconds for which there has been room for one more.
        lowered: how often it was too many.
    """
    if running > 1 and free_bytes < CRITICAL * parallel.reserve_bytes:
        return Pressure.URGENT if since_change >= URGENT_SECONDS else Pressure.NONE
    if running > 1 and most > 1 and free_bytes < parallel.reserve_bytes:
        return Pressure.FEWER if since_change >= SETTLE_SECONDS else Pressure.NONE
    if most < parallel.encodes and plenty_for >= RECOVER_SECONDS * 2 ** min(max(lowered - 1, 0), 10):
        return Pressure.MORE
    return Pressure.NONE


def room_for_one_more(free_bytes: int, parallel: Parallel) -> bool:
    """Whether one more trial would leave the reserve alone."""
    return free_bytes >= parallel.reserve_bytes + parallel.need_bytes
