"""`oiiotool` on scratch pictures: the rendering child writes one, a process changes it, the child reads it back."""

import asyncio
import importlib.util
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reelwright.errors import ReelwrightError, ToolError
from reelwright.sequences.oiiotool_line import parse_line
from reelwright.tools.process import Runner

#: Longer than any picture takes.
TIMEOUT_SECONDS = 600.0
#: What stands beside the awaited file where there is none, as the rendering child knows it.
FAILED = ".failed"


def oiiotool_path() -> Path:
    """The program that ships with OpenImageIO.

    Raises:
        ToolError: it is not there.
    """
    found = importlib.util.find_spec("OpenImageIO")
    program = Path(found.origin).parent / "bin" / "oiiotool" if found and found.origin else Path()
    if not program.is_file():
        raise ToolError("OpenImageIO's program oiiotool is missing.", hint="`pip install OpenImageIO` brings it.")
    return program


def oiiotool_args(program: Path, line: str, source: str, target: str) -> list[str]:
    """The command line for one picture. The line is looked at once more: only commands that are taken get here."""
    return [os.fspath(program), "--threads", "1", "-i", source, *parse_line(line), "-d", "float", "-o", target]


class Scratches:
    """Runs the oiiotool steps of a rendering.

    Args:
        runner: spawns it.
        lines: command lines, by the step's place in the list.
        config: the colour configuration that its names are of; None: the program's own.
        at_once: how many run at the same time.

    Raises:
        ToolError: there are steps for it, and it is missing.
    """

    def __init__(self, runner: Runner, lines: Mapping[int, str], *, config: str | None, at_once: int) -> None:
        self._runner, self._lines = runner, lines
        self._program = oiiotool_path() if lines else Path()
        self._env = {"OCIO": config} if config else {}
        self._gate = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self.cpu_seconds = 0.0

    def start(self, asked: Mapping[str, Any]) -> None:
        """Begin with a picture: "step", "from" and "to"."""
        task = asyncio.create_task(self._change(int(asked["step"]), str(asked["from"]), str(asked["to"])))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _change(self, step: int, source: str, target: str) -> None:
        draft = os.path.join(os.path.dirname(target), f"draft-{os.path.basename(target)}")  # noqa: PTH118, PTH119, PTH120
        try:
            async with self._gate:
                argv = oiiotool_args(self._program, self._lines[step], source, draft)
                done = await self._runner.run(
                    argv, what="oiiotool", env=self._env, timeout_seconds=TIMEOUT_SECONDS, check=False
                )
            self.cpu_seconds += done.cpu_seconds
            trouble = "" if done.returncode == 0 else " ".join(done.stderr.split()) or f"status {done.returncode}"
        except ReelwrightError as error:
            trouble = error.message
        await asyncio.to_thread(put, source, draft, target, trouble)

    async def end(self) -> None:
        """End what is still running."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def put(source: str, draft: str, target: str, trouble: str) -> None:
    """Give a changed picture the name that is waited for, or say beside it what went wrong."""
    with suppress(OSError):
        os.unlink(source)  # noqa: PTH108
    if trouble:
        said = trouble.replace(draft, "the picture").replace(source, "the picture")
        Path(draft).write_text(f"the step oiiotool failed: {said}", encoding="utf-8")
        target += FAILED
    os.replace(draft, target)  # noqa: PTH105
