"""A run that stands still at its second encode until it is let go: long enough for whatever is done to it meanwhile.

It waits and computes nothing, so no test needs a film that takes long, and none depends on how fast a machine is.
"""

import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg
from command import Command, read_until

if TYPE_CHECKING:
    import subprocess

SHORT_CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}
PATIENCE = 300.0
#: FFmpeg, but encodes after the first few wait; they go on by themselves before anybody takes them for stalled.
SCRIPT = """#!{python} -IS
import os, sys, time

folder, passing, ffmpeg = {folder!r}, {passing}, {ffmpeg!r}


def passes():
    for number in range(passing):
        try:
            os.mkdir(f"{{folder}}/passed{{number}}")
            return True
        except FileExistsError:
            pass
    return False


if "-svtav1-params" in sys.argv and not passes():
    open(f"{{folder}}/standing", "w").close()
    deadline = time.monotonic() + 250
    while os.path.exists(f"{{folder}}/hold") and time.monotonic() < deadline:
        time.sleep(0.05)
os.execv(ffmpeg, [ffmpeg, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Brake:
    """Holds the encodes of runs that have its variables."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """What the run is to be given."""
        return {"REELWRIGHT_TOOLS__FFMPEG": str(self.folder / "ffmpeg")}

    def wait(self) -> None:
        """Wait until an encode stands still."""
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / "standing").exists():
            assert time.monotonic() < deadline, "no encode was begun"
            time.sleep(0.02)

    def release(self) -> None:
        """Let every encode go on."""
        (self.folder / "hold").unlink()


def brake(encode: Command, *, passing: int = 1) -> Brake:
    """A brake that is on, and lets the first encodes pass."""
    folder = encode.state.parent / "brake"
    folder.mkdir()
    (folder / "hold").touch()
    program = folder / "ffmpeg"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    words = {"python": sys.executable, "folder": str(folder), "passing": passing, "ffmpeg": ffmpeg}
    program.write_text(SCRIPT.format(**words), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Brake(folder)


def standing(
    encode: Command, *args: str | Path, env: Mapping[str, str] = SHORT_CHUNKS
) -> tuple["subprocess.Popen[bytes]", str, Brake]:
    """A run that has made its first trial and stands still; what it said until then, and what holds it."""
    held = brake(encode)
    run = encode.begin(*args, env={**env, **held.env})
    return run, read_until(run, "trial_complete"), held
