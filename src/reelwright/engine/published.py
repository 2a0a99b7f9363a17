"""How far a run is, published beside its work for other terminals: progress events are in no ledger."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reelwright.engine.workspace import Workspace
from reelwright.events import Event, EventName

#: Written at most this often.
SECONDS = 1.0


class ProgressFile:
    """A sink that keeps a small file at the last progress of a job, replaced in one step each time.

    It is never forced to the disk: after a power cut nobody wants it. A failure to write it stops nothing.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.progress
        self._written = -SECONDS

    def emit(self, event: Event) -> None:
        """Take one event; what is no progress is not for this file."""
        now = time.monotonic()
        if event.event is not EventName.PROGRESS or now - self._written < SECONDS:
            return
        self._written = now
        draft = self._path.with_name(f"{self._path.name}.part")
        with suppress(OSError):
            draft.write_text(event.to_json(), encoding="ascii")
            os.replace(draft, self._path)  # noqa: PTH105

    def remove(self) -> None:
        """The run has ended: there is nothing to tell any more."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_progress(folder: Path, job_id: str) -> Mapping[str, Any] | None:
    """What a job's run last said of its progress; None where it has said nothing. Ask only while it runs."""
    try:
        said = json.loads(Workspace(root=folder).progress.read_bytes())
        data = said["data"] if said["job"] == job_id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return data if isinstance(data, dict) and {"phase", "done", "total"} <= data.keys() else None
