"""What is tried after a film failed, by the cause: one table, without a clock and without a file.

| cause | what is done | goes at it |
| --- | --- | --- |
| memory | half as many encodes at once | 4 |
| decode | software decodes | 3 |
| crash | fewer threads first (half as many encodes at once), then the neighbouring preset; the target stays | 4 |
| stall | the same again; then half as many encodes at once | 3 |
| disk | nothing is changed; it waits, longer each time | 12 |
| busy | nothing is changed; it waits for the other run | 12 |
| lost | the machine or its worker went away: the same again | 3 |
| tool | the same again, once | 2 |
| checks | software decodes, where a device did; else it stops: the same bytes would come out | 2 |
| source, refused, usage, conflict, defect | it stops: only a changed file or other settings help | 1 |
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reelwright.errors import (
    BusyError,
    ConflictError,
    DiskFullError,
    ReelwrightError,
    RefusedError,
    ResourceError,
    SourceError,
    ToolError,
    UsageError,
    ValidationFailedError,
)
from reelwright.tools.failures import OutOfMemoryError, StalledError


class Cause(StrEnum):
    """Why a film failed, in a word."""

    MEMORY = "memory"
    DECODE = "decode"
    CRASH = "crash"
    STALL = "stall"
    DISK = "disk"
    BUSY = "busy"
    LOST = "lost"
    TOOL = "tool"
    CHECKS = "checks"
    SOURCE = "source"
    REFUSED = "refused"
    USAGE = "usage"
    CONFLICT = "conflict"
    DEFECT = "defect"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """How a film was encoded when it failed."""

    #: Encodes at once.
    parallel: int
    preset: int
    #: The slowest and the fastest preset there is.
    presets: tuple[int, int]
    #: What decodes the source; "none": software.
    hwaccel: str
    #: Which go at it failed, from 1.
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """It is tried again."""

    delay: dt.timedelta
    #: Settings that go over the film's own, as a tree of sections.
    settings: Mapping[str, Any]
    #: What is changed, for people.
    said: str


#: How often a film is gone at, by the cause of its last failure.
ATTEMPTS: Mapping[Cause, int] = {
    Cause.MEMORY: 4,
    Cause.DECODE: 3,
    Cause.CRASH: 4,
    Cause.STALL: 3,
    Cause.DISK: 12,
    Cause.BUSY: 12,
    Cause.LOST: 3,
    Cause.TOOL: 2,
    Cause.CHECKS: 2,
}
MOST_ATTEMPTS = max(ATTEMPTS.values())
#: Before the second go; it doubles with each further one, up to the longest.
FIRST = dt.timedelta(seconds=30)
LONGEST = dt.timedelta(hours=1)
#: Exit codes of errors, the more special ones first.
_CAUSES: tuple[tuple[type[ReelwrightError], Cause], ...] = (
    (OutOfMemoryError, Cause.MEMORY),
    (DiskFullError, Cause.DISK),
    (ResourceError, Cause.MEMORY),
    (BusyError, Cause.BUSY),
    (ConflictError, Cause.CONFLICT),
    (StalledError, Cause.STALL),
    (SourceError, Cause.SOURCE),
    (RefusedError, Cause.REFUSED),
    (UsageError, Cause.USAGE),
    (ValidationFailedError, Cause.CHECKS),
)


def cause_of(error: ReelwrightError, *, hwaccel: str = "none") -> Cause:
    """Why it failed, from the error's place in the tree and, of a tool, from how it ended."""
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            return cause
    if not isinstance(error, ToolError):
        return Cause.DEFECT
    said = f"{error.message} {error.stderr}".lower()
    if hwaccel != "none" and any(word in said for word in ("hwaccel", "decod", hwaccel.lower())):
        return Cause.DECODE
    if error.returncode is None:
        return Cause.TOOL
    return Cause.CRASH if "encod" in error.message.lower() or error.returncode < 0 else Cause.TOOL


def after(cause: Cause, how: Conditions, first: dt.timedelta = FIRST) -> Again | None:
    """What is tried next; None: nothing, it stops.

    Args:
        cause: why it failed.
        how: how it was encoded.
        first: wait before the second go; it doubles with each further one.
    """
    if how.attempt >= ATTEMPTS.get(cause, 1):
        return None
    if cause is Cause.CHECKS and how.hwaccel == "none":
        return None
    settings, said = _remedy(cause, how)
    return Again(delay=min(LONGEST, first * 2 ** (how.attempt - 1)), settings=settings, said=said)


def _remedy(cause: Cause, how: Conditions) -> tuple[Mapping[str, Any], str]:
    fewer = max(1, how.parallel // 2)
    halved = {"processing": {"parallel_jobs": fewer}}, f"with {fewer} encode{'s' if fewer > 1 else ''} at once"
    software = {"encoding": {"hwaccel": "none"}}, "with software decoding"
    if cause is Cause.MEMORY or (cause is Cause.STALL and how.attempt > 1):
        return halved
    if cause in {Cause.DECODE, Cause.CHECKS}:
        return software
    if cause is Cause.CRASH:
        if how.attempt == 1:
            return halved
        preset = how.preset + 1 if how.preset < how.presets[1] else how.preset - 1
        return {"encoding": {"preset": preset}}, f"with preset {preset}"
    return {}, "as before"
