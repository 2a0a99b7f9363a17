"""Giving a job up from another terminal: the run is asked, and told by a signal only where it does not hear.

A run may have more films before it than this one, so a signal, which ends all of it, comes second.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from reelwright.engine.workspace import Workspace
from reelwright.errors import CancelledJobError

Result = TypeVar("Result")

#: How often a run looks whether it is asked to give its job up.
LOOK_SECONDS = 0.5


def ask(workspace: Workspace, job_id: str) -> None:
    """Ask the run that holds a work folder to give a job up."""
    draft = workspace.cancel.with_name(f"cancel-{os.getpid()}.part")
    draft.write_text(job_id, encoding="ascii")
    os.replace(draft, workspace.cancel)  # noqa: PTH105 - whoever reads it finds all of it


def is_asked(workspace: Workspace, job_id: str) -> bool:
    """Whether the run is asked to give this job up."""
    try:
        return workspace.cancel.read_text(encoding="ascii") == job_id
    except (OSError, ValueError):
        return False


def withdraw(workspace: Workspace) -> None:
    """Forget a request: nobody waits for it any more."""
    with suppress(OSError):
        workspace.cancel.unlink(missing_ok=True)


async def unless_cancelled(
    work: Coroutine[Any, Any, Result], workspace: Workspace, job_id: str, *, too_late: Callable[[], bool]
) -> Result:
    """Do the work, but end it in good order once somebody asks for that.

    Args:
        work: what is done, safe to be cancelled.
        workspace: where the request is looked for.
        job_id: which job it must name.
        too_late: whether the work is past the point where it can be given up.

    Raises:
        CancelledJobError: it was given up.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            if is_asked(workspace, job_id) and not too_late():
                break
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # where this is itself being cancelled, nobody else asks for it
    if task.cancelled():
        raise CancelledJobError("Cancelled from another terminal.", hint="The same command takes it up again.")
    return task.result()
