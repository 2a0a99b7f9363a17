"""Read the facts of many files, in child processes that are kept warm; a file that ends its reader is told."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from pydantic import TypeAdapter, ValidationError

from reelwright.errors import ToolError
from reelwright.media.model import MediaInfo
from reelwright.tools.ask import child_args, scarce
from reelwright.tools.failures import OutOfMemoryError
from reelwright.tools.process import Runner

WHAT = "Reading the files' facts"
#: Files for one child.
FEWEST, MOST = 16, 256
#: The longest a file may take; a disk that has to start counts as well.
SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbedFile:
    """What was found in a file."""

    #: None where its bytes could not be read.
    fingerprint: str | None = None
    #: None where it is no film that could be read.
    info: MediaInfo | None = None
    #: "empty", "closed", "gone", "unreadable", "crashes" or "hangs"; empty: nothing.
    problem: str = ""
    #: The reader's words.
    reason: str = ""


#: Told the place of a file in what was asked, and what was found.
Tell = Callable[[int, ProbedFile], None]


@cache
def _adapter() -> TypeAdapter[MediaInfo]:
    return TypeAdapter(MediaInfo)


async def probe_many(runner: Runner, paths: Sequence[str], tell: Tell, *, workers: int) -> None:
    """Read the facts of files; each is told as it comes, in no order.

    What only FFmpeg's banner says (where chroma lies, Dolby Vision's record) is not read: the encode looks again.

    Args:
        runner: spawns the readers.
        paths: the files.
        tell: called once for each of them.
        workers: how many readers at once.

    Raises:
        ToolError: the reader does not start.
        ResourceError: memory or descriptors have run out.
    """
    size = min(max(-(-len(paths) // (4 * workers)), FEWEST), MOST)
    batches = iter([range(at, min(at + size, len(paths))) for at in range(0, len(paths), size)])
    limit = psutil.virtual_memory().total // (workers + 1)
    with tempfile.TemporaryDirectory(prefix="reelwright-probes-") as scratch:
        reader = _Reader(runner, paths, tell, limit)

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
    """Reads batches, each in a child; one that is ended by a file is followed by another."""

    def __init__(self, runner: Runner, paths: Sequence[str], tell: Tell, memory_limit: int) -> None:
        self._runner, self._paths, self._tell, self._memory_limit = runner, paths, tell, memory_limit

    async def read(self, batch: range, scratch: Path) -> None:
        """Read a batch to its end."""
        while batch:
            told, problem = await self._attempt(batch, scratch)
            batch = batch[told:]
            if batch and problem:
                self._tell(batch[0], ProbedFile(problem=problem))
                batch = batch[1:]

    async def _attempt(self, batch: range, scratch: Path) -> tuple[int, str]:
        """How many files were told, and what the next one did to the child; empty: nothing."""
        last: dict[str, Any] = {}
        told = 0

        def line(text: str) -> None:
            nonlocal last, told
            if text.startswith("{"):
                last = json.loads(text)
                if "place" in last:
                    self._tell(batch[told], _probed(last))
                    told += 1

        request = {"paths": [self._paths[place] for place in batch], "seconds": SECONDS}
        try:
            finished = await self._runner.run(
                child_args("probes", request, scratch), what=WHAT, on_line=line, check=False,
                stall_seconds=SECONDS + 60, memory_limit=self._memory_limit,
            )  # fmt: skip
        except OutOfMemoryError:
            return told, "crashes"
        except ToolError:
            return told, "hangs"
        if "errno" in last:
            raise scarce(WHAT, str(last["error"]), None)
        if "result" in last:
            return told, ""
        if finished.returncode > 0 and not told:
            raise ToolError(
                f"{WHAT} failed: the reader did not start.", argv=finished.argv, stderr=finished.stderr,
                returncode=finished.returncode, hint="Is PyAV installed? It comes with Reelwright: install it again.",
            )  # fmt: skip
        return told, "crashes"


def _probed(said: dict[str, Any]) -> ProbedFile:
    info, problem, reason = None, said.get("problem", ""), said.get("reason", "")
    if said.get("info") is not None:
        try:
            info = _adapter().validate_python(said["info"])
        except ValidationError:
            problem, reason = "unreadable", "its facts make no sense"
    return ProbedFile(fingerprint=said.get("fingerprint"), info=info, problem=problem, reason=reason)
