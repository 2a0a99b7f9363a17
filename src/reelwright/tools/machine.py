"""What this machine has: cores, memory and disk, and how much of it is free, within the limits of our control group."""

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")
_OURS = Path("/proc/self/cgroup")


def free_memory(root: Path = _CGROUPS, ours: Path = _OURS) -> int:
    """Bytes that can be taken without swapping: of the machine, or of the tightest control group we are in."""
    free = [psutil.virtual_memory().available]
    for folder, names in _memory_groups(root, ours):
        limit, used = _number(folder / names[0]), _number(folder / names[1])
        if limit is not None and used is not None:
            free.append(max(0, limit - used + _cache(folder / "memory.stat")))
    return min(free)


def total_memory(root: Path = _CGROUPS, ours: Path = _OURS) -> int:
    """Bytes there are."""
    limits = [_number(folder / names[0]) for folder, names in _memory_groups(root, ours)]
    return min([psutil.virtual_memory().total, *(limit for limit in limits if limit is not None)])


def cores(root: Path = _CGROUPS, ours: Path = _OURS) -> int:
    """Cores this process may use; a part of one counts as one."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for folder in _groups(root, ours, ""):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
            if quota != "max":
                found = min(found, max(1, math.ceil(int(quota) / int(period))))
    return found


def free_disk(place: Path) -> int:
    """Bytes free on the disk of a folder, which need not exist yet.

    Raises:
        OSError: it cannot be told.
    """
    absolute = place.absolute()
    return shutil.disk_usage(next(folder for folder in (absolute, *absolute.parents) if folder.exists())).free


class IdleMeter:
    """Measures the share of CPU time that nobody used, from its making on."""

    def __init__(self) -> None:
        self._idle, self._all = _cpu_times()

    def share(self) -> float | None:
        """Share of the CPU time that nobody used; None where too little has passed."""
        idle, every = _cpu_times()
        return round((idle - self._idle) / (every - self._all), 3) if every > self._all else None


def _cpu_times() -> tuple[float, float]:
    """Seconds the cores we may use were idle, and all their seconds."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    # guest time is a part of user time.
    rows = [
        (
            row.idle + getattr(row, "iowait", 0.0),
            sum(row) - getattr(row, "guest", 0.0) - getattr(row, "guest_nice", 0.0),
        )
        for number, row in enumerate(psutil.cpu_times(percpu=True))
        if allowed is None or number in allowed
    ]
    return sum(idle for idle, _ in rows), sum(every for _, every in rows)


def _memory_groups(root: Path, ours: Path) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Folders of our memory control groups, with the names of their limit and their use, of both versions."""
    for folder in _groups(root, ours, ""):
        yield folder, ("memory.max", "memory.current")
    for folder in _groups(root / "memory", ours, "memory"):
        yield folder, ("memory.limit_in_bytes", "memory.usage_in_bytes")


def _groups(root: Path, ours: Path, controller: str) -> Iterator[Path]:
    """Our control group's folder and those above it; in a container its own may be the only one that is seen."""
    with suppress(OSError, ValueError):
        for line in ours.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                folder = root / path.lstrip("/")
                yield from (f for f in (folder, *folder.parents) if f.is_relative_to(root) and f.is_dir())


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, such as "max"."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _cache(stat: Path) -> int:
    """Bytes of a control group's use that the system gives back when they are needed: file contents not used lately."""
    with suppress(OSError, ValueError):
        fields = dict(line.split(" ", 1) for line in stat.read_text(encoding="ascii").splitlines())
        return int(fields.get("total_inactive_file", fields.get("inactive_file", "0")))
    return 0
