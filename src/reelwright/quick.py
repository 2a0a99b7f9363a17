"""`probe FILE` of a plain film, answered before everything else is imported.

FFmpeg is started first, and what reads its answer is imported while it runs. Whatever is not plain (other words on the
command line, other settings, a file that is no film, HDR, fields) is left to the whole program, which knows every case.
"""

import os
import stat
import sys

from reelwright.places import FILE_NAMES, user_config_dir
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.bundled import bundled_ffmpeg
from reelwright.tools.spawn import Heard

#: Packets whose headers are looked at: as many as the whole program looks at frames.
PACKETS = 16
MOST_BYTES = 4 << 20
SECONDS = 20.0


def configured() -> bool:
    """Whether settings may name another FFmpeg."""
    if any(name.startswith(("REELWRIGHT_TOOLS", "REELWRIGHT_CONFIG")) for name in os.environ):
        return True
    folders = ("", user_config_dir())
    return any(os.path.exists(os.path.join(folder, name)) for folder in folders for name in FILE_NAMES)  # noqa: PTH110, PTH118


def glance_args(ffmpeg: str, path: str) -> list[str]:
    """Have FFmpeg print a file's banner and the coded headers of its first packets; nothing is decoded for it."""
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "verbose", *input_flags(), "-i", file_url(path)),
        *("-map", "0:v:0", "-c", "copy", "-frames:v", str(PACKETS), "-bsf:v", "trace_headers", "-f", "null", "-"),
        # The filter passes over HEVC's units of Dolby Vision; what comes out here is nothing else.
        *("-map", "0:v:0", "-c", "copy", "-t", "0.5", "-bsf:v", "filter_units=pass_types=62-63", "-f", "null", "-"),
    ]


def plain_probe(path: str) -> list[str] | None:
    """The lines `probe` prints of a plain film; None where the whole program has to look."""
    try:
        facts = os.stat(path)  # noqa: PTH116
        # A name that FFmpeg's banner would carry into a line of its own is not plain either.
        if not stat.S_ISREG(facts.st_mode) or not facts.st_size or not path.isprintable() or configured():
            return None
        ffmpeg = bundled_ffmpeg()
        if ffmpeg is None:
            return None
        child = Heard(glance_args(ffmpeg, path))
    except (OSError, ValueError):
        return None
    with child:
        from reelwright.cli.glance import glance

        said = child.read(limit=MOST_BYTES, seconds=SECONDS)
    return None if said is None else glance(said, path, facts.st_size)


def answer(argv: list[str]) -> bool:
    """Answer a command line if that can be done quickly; tells whether it was."""
    if len(argv) != 2 or argv[0] != "probe" or argv[1].startswith("-") or sys.stdout is None:  # noqa: PLR2004
        return False
    lines = plain_probe(argv[1])
    if lines is None:
        return False
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()
    return True
