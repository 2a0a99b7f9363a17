"""Which threads for each encode and how many encodes at once fill this machine: measured on the film's own trials.

SVT-AV1 does the same work with any number of threads, so what tells two settings apart is how much of the CPU each
leaves idle. That costs nothing to measure, and does not depend on what the pictures show. A setting that leaves little
is kept; else the next larger one is tried for a few trials. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from reelwright.engine.jobs import Usage, UsageSample

#: SVT-AV1's highest level of parallelism.
MOST_THREADS = 6
#: A setting that leaves no more of the CPU idle than this is as good as any.
FULL = 0.05
#: A larger setting has to leave so much less idle to be worth its memory.
WORTH = 0.02
#: A trial shorter than this, in seconds, is mostly start-up, and tells nothing.
SHORTEST_SECONDS = 2.0
#: Trials with a setting, all slots filled, before it is judged.
ENOUGH = 4


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Setting:
    """How the work is spread."""

    encodes: int
    #: Of each.
    threads: int


#: Shares of the CPU that were idle beside the trials with each setting.
Seen = Mapping[Setting, Sequence[float]]


def told_by(idle: float | None, *parts: Usage) -> float | None:
    """The idle share beside a trial of these parts where it tells how encodes fill the CPU; else None."""
    return idle if sum(part.wall_seconds for part in parts) >= SHORTEST_SECONDS else None


def idle_of(seen: Seen, setting: Setting) -> float | None:
    """What a setting leaves idle; None where too few trials tell."""
    shares = seen.get(setting, ())
    return median(shares) if len(shares) >= ENOUGH else None


def best_of(seen: Seen, fallback: Setting) -> Setting:
    """The smallest setting that leaves hardly more idle than the one that leaves least; the fallback unmeasured."""
    judged = {setting: idle for setting in seen if (idle := idle_of(seen, setting)) is not None}
    if not judged:
        return fallback
    bound = max(FULL, min(judged.values()) + WORTH)
    return min((s for s, idle in judged.items() if idle <= bound), key=lambda s: (s.encodes * s.threads, s.encodes))


def next_setting(now: Setting, seen: Seen, *, most: Setting) -> Setting:
    """The setting for the trials to come.

    Args:
        now: that of the trials under way.
        seen: what was idle beside earlier ones.
        most: bounds.
    """
    if idle_of(seen, now) is None:
        return now
    best = best_of(seen, now)
    if (idle_of(seen, best) or 0.0) <= FULL:
        return best
    # Threads first: they take less memory than another encode, and leave a shorter tail.
    for larger in (
        Setting(encodes=best.encodes, threads=best.threads + 1),
        Setting(encodes=best.encodes + 1, threads=best.threads),
    ):
        fits = larger.encodes <= most.encodes and larger.threads <= most.threads
        if fits and idle_of(seen, larger) is None:
            return larger
    return best


def most_threads_of(cores: int) -> int:
    """Threads that are tried at the most: a level of SVT-AV1's parallelism fills less than a core at times."""
    return max(1, min(MOST_THREADS, 2 * cores))


def threads_at_the_end(setting: Setting, running: int, most: int = MOST_THREADS) -> int:
    """Threads for a trial where only so many run because nothing else is left to start: they share what is free."""
    if running >= setting.encodes:
        return setting.threads
    return max(setting.threads, min(most, -(-setting.encodes * setting.threads // max(1, running))))


def seen_before(samples: Sequence[UsageSample], encodes: int) -> dict[Setting, list[float]]:
    """What the ledger's trials at about this picture size tell, as if so many had run at once."""
    found: dict[Setting, list[float]] = {}
    for sample in samples:
        idle = told_by(sample.cpu_idle, sample.encode, sample.score)
        if sample.threads is not None and idle is not None:
            found.setdefault(Setting(encodes=encodes, threads=sample.threads), []).append(idle)
    return found
