"""Small pictures of the frames of image sequences, made in a child process: a file that ends it costs only itself."""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from reelwright.errors import ToolError
from reelwright.tools.ask import child_args, scarce
from reelwright.tools.failures import OutOfMemoryError
from reelwright.tools.process import Runner

WHAT = "Making small pictures"
STALL_SECONDS = 300.0
#: Told the place of a frame in what was asked, and why there is no picture of it; empty: there is one.
Tell = Callable[[int, str], None]


async def make_thumbnails(
    runner: Runner, files: Sequence[tuple[str, str]], folder: Path, tell: Tell, *, width: int
) -> None:
    """Make small pictures, one after the other.

    Args:
        runner: spawns the child.
        files: of each frame its path, and the name of its picture.
        folder: where the pictures go.
        tell: called once for each of them, in order.
        width: of a picture in pixels, at the most.

    Raises:
        ToolError: the child does not start.
        ResourceError: disk or descriptors have run out.
    """
    done = 0

    def passed_on(_: int, trouble: str) -> None:
        nonlocal done
        tell(done, trouble)
        done += 1

    while done < len(files):
        if why := await _attempt(runner, files[done:], folder, passed_on, width):
            passed_on(done, why)


async def _attempt(runner: Runner, files: Sequence[tuple[str, str]], folder: Path, tell: Tell, width: int) -> str:
    """Why the child ended before all were told; empty: it did not."""
    last: dict[str, Any] = {}
    told = 0

    def line(text: str) -> None:
        nonlocal last, told
        if text.startswith("{"):
            last = json.loads(text)
            if "place" in last:
                tell(told, str(last["trouble"]))
                told += 1

    with runner.scratch("reelwright-thumbnails-") as scratch:
        place = Path(tempfile.mkdtemp(dir=scratch))
        asked = {"files": files, "folder": str(folder), "width": width, "scratch": str(place)}
        try:
            finished = await runner.run(
                child_args("thumbnails", asked, place), what=WHAT, on_line=line, check=False,
                stall_seconds=STALL_SECONDS, memory_limit=psutil.virtual_memory().total // 2,
            )  # fmt: skip
        except OutOfMemoryError:
            return "it takes more memory than there is"
    if "errno" in last:
        raise scarce(WHAT, str(last["error"]), folder)
    if told == len(files):
        return ""
    if finished.returncode > 0 and not last:
        hint = "Is OpenImageIO installed? It comes with Reelwright: install it again."
        raise ToolError(
            f"{WHAT} failed: the reader did not start.", argv=finished.argv, stderr=finished.stderr,
            returncode=finished.returncode, hint=hint,
        )  # fmt: skip
    return "the reader was ended by this file"
