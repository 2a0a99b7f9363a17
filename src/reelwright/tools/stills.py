"""Frames of image sequences, read in child processes: several at once, and a file that ends its reader is told."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from reelwright.errors import ToolError
from reelwright.sequences.pictures import FrameFacts, Look
from reelwright.tools.ask import child_args, scarce
from reelwright.tools.failures import OutOfMemoryError
from reelwright.tools.process import Runner

WHAT = "Reading the frames"
#: Files for one child: starting it costs as much as reading a few, and its list must not grow with the sequence.
FEWEST, MOST = 32, 500
STALL_SECONDS = 300.0

#: A folder and a name in it.
Still = tuple[str, str]
#: Told the place of a file in what was asked, and its facts.
Tell = Callable[[int, FrameFacts], None]


async def read_stills(runner: Runner, stills: Sequence[Still], tell: Tell, *, workers: int) -> None:
    """Read files to their end; what is found in each is told as it comes, in no order.

    Args:
        runner: spawns the readers.
        stills: the files.
        tell: called once for each of them.
        workers: how many readers at once.

    Raises:
        ToolError: the reader does not start.
        ResourceError: disk or descriptors have run out.
    """
    size = min(max(-(-len(stills) // workers), FEWEST), MOST)
    batches = iter([range(at, min(at + size, len(stills))) for at in range(0, len(stills), size)])
    reader = _Reader(runner, stills, tell, psutil.virtual_memory().total // (workers + 1))
    with runner.scratch("reelwright-frames-") as scratch:

        async def work() -> None:
            for batch in batches:
                await reader.read(batch, Path(tempfile.mkdtemp(dir=scratch)))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors


class _Reader:
    """Reads batches of files, each in a child; a child that is ended by a file is followed by another."""

    def __init__(self, runner: Runner, stills: Sequence[Still], tell: Tell, memory_limit: int) -> None:
        self._runner, self._stills, self._tell, self._memory_limit = runner, stills, tell, memory_limit
        self._facts = Facts()

    async def read(self, batch: range, scratch: Path) -> None:
        """Read a batch to its end."""
        while batch:
            told, why = await self._attempt(batch, scratch)
            batch = batch[told:]
            if batch and why:
                self._tell(batch[0], FrameFacts(damage="unreadable", reason=why))
                batch = batch[1:]

    async def _attempt(self, batch: range, scratch: Path) -> tuple[int, str]:
        """How many files were told, and what ended the child at the next one; empty: nothing did."""
        last: dict[str, Any] = {}
        told = 0

        def line(text: str) -> None:
            nonlocal last, told
            if text.startswith("{"):
                last = json.loads(text)
                if "place" in last:
                    self._tell(batch[told], self._facts.of(last))
                    told += 1

        try:
            finished = await self._runner.run(
                child_args("stills", self._request(batch, scratch), scratch), what=WHAT, on_line=line, check=False,
                stall_seconds=STALL_SECONDS, memory_limit=self._memory_limit,
            )  # fmt: skip
        except OutOfMemoryError:
            return told, "it takes more memory than there is"
        except ToolError:
            if not last:
                raise
            return told, f"it was not read within {STALL_SECONDS:.0f} seconds"
        if "errno" in last:
            raise scarce(WHAT, str(last["error"]), None)
        if not last:
            hint = "Is OpenImageIO installed? It comes with Reelwright: install it again."
            raise ToolError(f"{WHAT} failed: the reader did not start.", argv=finished.argv, stderr=finished.stderr,
                            returncode=finished.returncode, hint=hint)  # fmt: skip
        how = f"signal {-finished.returncode}" if finished.returncode < 0 else f"status {finished.returncode}"
        return told, "" if "result" in last else f"the reader ended with {how} at this file"

    def _request(self, batch: range, scratch: Path) -> dict[str, Any]:
        folders: dict[str, int] = {}
        files = []
        for place in batch:
            folder, name = self._stills[place]
            files.append((folders.setdefault(folder, len(folders)), name))
        return {"folders": [*folders], "files": files, "scratch": str(scratch)}


class Facts:
    """What children say of files, as values; one look for all frames that are made alike: there may be a million."""

    def __init__(self) -> None:
        self._looks: dict[Look, Look] = {}

    def of(self, said: dict[str, Any]) -> FrameFacts:
        """What a child said of a file."""
        known = {key: value for key, value in said.items() if key not in {"place", "look"}}
        return FrameFacts(look=self._look(said["look"]) if said.get("look") else None, **known)

    def _look(self, said: dict[str, Any]) -> Look:
        listed = {key: tuple(said[key]) for key in ("display_window", "channels", "types")}
        look = Look(**{**said, **listed})
        return self._looks.setdefault(look, look)
