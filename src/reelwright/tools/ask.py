"""Run one of our own child processes and read its answer. Files nobody here made are opened only there."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelwright.errors import DiskFullError, ResourceError, SourceError, ToolError
from reelwright.tools.process import Finished, Runner

#: Requests longer than this go through a file: one argument may hold 128 KiB.
LONGEST_ARGUMENT = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a child said."""

    result: dict[str, Any]
    finished: Finished


def child_args(name: str, request: Mapping[str, Any], folder: Path | None = None) -> list[str]:
    """Command line of a child. `-P` keeps the working directory out of its imports."""
    text = json.dumps(request)
    if folder is not None and len(text) > LONGEST_ARGUMENT:
        path = folder / f"{name}-request.json"
        path.write_text(text, encoding="ascii")
        text = f"@{path}"
    return [sys.executable, "-P", "-m", f"reelwright.tools.children.{name}", text]


async def ask(
    runner: Runner,
    name: str,
    request: Mapping[str, Any],
    *,
    what: str,
    folder: Path | None = None,
    writes: Path | None = None,
    tell: Callable[[dict[str, Any]], None] | None = None,
    memory_limit: int | None = None,
) -> Answer:
    """Run a child and wait for its result.

    Args:
        runner: spawns it.
        name: module below `reelwright.tools.children`.
        request: what it is asked; plain values.
        what: what it does, for error messages.
        folder: where a long request may be written.
        writes: what it writes, for the sentence about a full disk.
        tell: called with each message before the last.
        memory_limit: the most bytes of memory it may use.

    Raises:
        SourceError: the child could not use the file, and said why.
        ResourceError: it ran out of disk, memory or descriptors.
        ToolError: the child crashed.
    """
    last: dict[str, Any] = {}

    def line(text: str) -> None:
        nonlocal last
        if not text.startswith("{"):
            return
        last = json.loads(text)
        if tell is not None and not last.keys() & {"result", "error"}:
            tell(last)

    finished = await runner.run(
        child_args(name, request, folder), what=what, on_line=line, check=False, memory_limit=memory_limit
    )
    if "errno" in last:
        raise scarce(what, str(last["error"]), writes)
    if "error" in last:
        raise SourceError(str(last["error"]), hint=str(last.get("hint", "")))
    if finished.returncode != 0 or "result" not in last:
        raise crashed(what, finished)
    return Answer(result=last["result"], finished=finished)


def scarce(what: str, reason: str, writes: Path | None) -> ResourceError:
    """The error for a child that ran out of something."""
    if reason.startswith(("No space", "Disk quota")):
        where = f" of {writes.parent}" if writes is not None else ""
        return DiskFullError(f"The disk{where} is full.", hint="Free space there and run the same command.")
    return ResourceError(f"{what} failed: {reason[0].lower()}{reason[1:]}.", hint="Run fewer encodes at once.")


def crashed(what: str, finished: Finished) -> ToolError:
    """The error for a child that ended without an answer."""
    how = f"signal {-finished.returncode}" if finished.returncode < 0 else f"status {finished.returncode}"
    return ToolError(
        f"{what} failed: the reader ended with {how}.",
        argv=finished.argv,
        returncode=finished.returncode,
        stderr=finished.stderr,
        hint="The file may be damaged in a way that crashes the decoder.",
    )
