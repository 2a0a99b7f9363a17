"""Ending a run from outside: asked first, then by signal, its whole tree, and nothing else."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import psutil

from reelwright.engine import cancelling
from reelwright.engine.holder import Holder, holder_of
from reelwright.engine.workspace import Workspace
from reelwright.errors import ConflictError

PAUSE_SECONDS = 0.1
#: A run that has just begun names its job within so long.
NAMING_SECONDS = 5.0


class How(StrEnum):
    """What it took to end a run."""

    #: It did so itself when asked; other films of its command go on.
    ASKED = "asked"
    #: SIGTERM ended its whole command.
    TERMINATED = "terminated"
    #: SIGKILL ended it and its children.
    KILLED = "killed"
    #: Nothing ran.
    IDLE = "idle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A run that does not work on the job any more."""

    how: How
    pid: int | None
    #: Processes of the run that have ended: number and name.
    processes: tuple[tuple[int, str], ...]


def end_run(
    workspace: Workspace, job_id: str, *, grace: float, sweep: Callable[[str], int], tell: Callable[[str], None]
) -> Ended:
    """End the run of a job and everything it started.

    Args:
        workspace: the film's work folder.
        job_id: the job that is given up; a run that works on another one is left alone.
        grace: seconds each of asking, SIGTERM and SIGKILL is given.
        sweep: kills whatever carries a run's token.
        tell: takes one sentence on each thing that is waited for.

    Raises:
        ConflictError: its process cannot be seen or ended from here.
    """
    holder = named_holder(workspace)
    if holder is None or holder.job != job_id:
        return Ended(how=How.IDLE, pid=None, processes=())
    family = processes_of(holder.pid)
    try:
        cancelling.ask(workspace, job_id)
        tell(f"Process {holder.pid or '?'} is asked to give it up.")
        if waited(lambda: not works_on(workspace, job_id), grace):
            return Ended(how=How.ASKED, pid=holder.pid, processes=gone(family))
    except OSError:
        tell("Its work folder cannot be written, so it cannot be asked.")
    finally:
        cancelling.withdraw(workspace)
    pid = seen(holder)
    tell(f"Process {pid} does not answer; it is told to end (SIGTERM), and with it the rest of its command.")
    send(pid, signal.SIGTERM)
    if waited(lambda: not works_on(workspace, job_id) and is_gone(pid), grace):
        end_rest(family, holder, sweep)
        return Ended(how=How.TERMINATED, pid=pid, processes=gone(family))
    tell(f"Process {pid} is still there; it is killed with all it started.")
    send(pid, signal.SIGKILL)
    end_rest(family, holder, sweep)
    if not waited(lambda: not works_on(workspace, job_id), grace):
        raise ConflictError(
            f"Process {pid} cannot be ended.", hint="It may hang in the kernel, on a disk that is gone."
        )
    return Ended(how=How.KILLED, pid=pid, processes=gone(family))


def named_holder(workspace: Workspace) -> Holder | None:
    """Who holds the folder; a run that has just begun is given the time to name its job."""
    waited(lambda: (found := holder_of(workspace.lock)) is None or found.job is not None, NAMING_SECONDS)
    return holder_of(workspace.lock)


def works_on(workspace: Workspace, job_id: str) -> bool:
    """Whether a run holds the folder for this job."""
    holder = holder_of(workspace.lock)
    return holder is not None and holder.job == job_id


def waited(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is true; whether it has become so in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def seen(holder: Holder) -> int:
    """The holder's process, which was shown to have the lock.

    Raises:
        ConflictError: it could not be seen.
    """
    if holder.pid is None:
        raise ConflictError(
            "The run is another user's or in another container: its process cannot be seen from here.",
            hint="Cancel it there.",
        )
    return holder.pid


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; one that has ended needs none.

    Raises:
        ConflictError: it is another user's.
    """
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise ConflictError(f"Process {pid} is another user's.", hint="Cancel it as that user.") from error


def processes_of(pid: int | None) -> list[tuple[psutil.Process, str]]:
    """A run's children and theirs, with their names. psutil tells a number that was given away again."""
    with suppress(psutil.Error):
        if pid is not None:
            return [(child, child.name()) for child in psutil.Process(pid).children(recursive=True)]
    return []


def end_rest(family: list[tuple[psutil.Process, str]], holder: Holder, sweep: Callable[[str], int]) -> None:
    """Kill what is left of a run whose coordinator is gone; its guard does the same a moment later."""
    for process, _ in family:
        with suppress(psutil.Error):
            process.kill()
    if holder.token:
        sweep(holder.token)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has reaped yet has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def gone(family: list[tuple[psutil.Process, str]]) -> tuple[tuple[int, str], ...]:
    """Those of a run's processes that have ended."""
    return tuple((process.pid, name) for process, name in family if not process.is_running() or is_gone(process.pid))
