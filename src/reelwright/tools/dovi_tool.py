"""`dovi_tool`, where somebody has installed it: it makes profile 8.1 of profile 7's Dolby Vision metadata."""

import json
import os
import re
import shutil
from pathlib import Path

from reelwright.errors import SourceError, ToolError
from reelwright.media.model import MediaInfo
from reelwright.planning.dolby_vision import converted, is_convertible
from reelwright.tools.process import Finished, Runner

PROGRAM = "dovi_tool"
#: Profile 8.1 without the mapping that the enhancement layer needs: what `dovi_tool -m 2 convert` does.
MODE = 2
VERSION_SECONDS, CONVERT_SECONDS = 20, 600
#: A film of three hours has 40 bytes to some hundred of metadata a frame; it is read into memory whole.
MEMORY_BYTES = 4 << 30
KIND = re.compile(r"Profile: 7 \((FEL|MEL)\)")


def find_dovi_tool() -> str | None:
    """The program on the path; None where there is none."""
    found = shutil.which(PROGRAM)
    return os.path.abspath(found) if found else None  # noqa: PTH100 - keeps symbolic links


async def version_of(runner: Runner, program: str) -> str:
    """Its name and version, as it says them.

    Raises:
        ToolError: it does not run, or is something else.
    """
    done = await runner.run(
        [program, "--version"], what="Asking dovi_tool for its version", keep_stdout=True,
        timeout_seconds=VERSION_SECONDS,
    )  # fmt: skip
    said = done.stdout.decode("utf-8", "replace").strip()
    if not re.fullmatch(rf"{PROGRAM} [\w.+-]{{1,60}}", said):
        raise ToolError(f"The program {program} does not answer like dovi_tool.", hint="Take it off the path.")
    return said


async def with_conversion(runner: Runner, info: MediaInfo) -> MediaInfo:
    """The facts of a film as they will be once `dovi_tool` has converted it, where it can and has to.

    Raises:
        ToolError: there is such a program, and it does not work.
    """
    if not is_convertible(info) or (program := find_dovi_tool()) is None:
        return info
    return converted(info, await version_of(runner, program))


async def convert_metadata(runner: Runner, rpus: Path, out: Path) -> tuple[Finished, str]:
    """Convert metadata that lie one after another in a file; returns what the enhancement layer was: FEL, MEL or "".

    Raises:
        SourceError: they are not what `dovi_tool` can read.
        ToolError: it has gone, or failed in another way.
    """
    program = find_dovi_tool()
    if program is None:
        raise ToolError("dovi_tool is not on the path any more.", hint="Bring it back and run the same command.")
    told = await runner.run(
        [program, "info", "--summary", "--input", os.fspath(rpus)], what="Looking at Dolby Vision metadata",
        keep_stdout=True, check=False, timeout_seconds=CONVERT_SECONDS, memory_limit=MEMORY_BYTES,
    )  # fmt: skip
    kind = KIND.search(told.stdout.decode("utf-8", "replace"))
    edit = out.with_suffix(".json")
    edit.write_text(json.dumps({"mode": MODE}), encoding="ascii")
    try:
        done = await runner.run(
            [program, "editor", "--input", os.fspath(rpus), "--json", os.fspath(edit), "--rpu-out", os.fspath(out)],
            what="Converting Dolby Vision metadata", check=False, timeout_seconds=CONVERT_SECONDS,
            memory_limit=MEMORY_BYTES,
        )  # fmt: skip
    finally:
        edit.unlink(missing_ok=True)
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.startswith("Error: ")), "")
        raise SourceError(
            f"dovi_tool cannot convert the Dolby Vision metadata: {said.removeprefix('Error: ') or 'it failed'}.",
            hint="The source was left as it is.",
        )
    return done, kind[1] if kind else ""
