"""Read a file's facts for somebody who waits: without an event loop, a guard and pydantic, which take longer to start.

Only what goes well is answered here; everything else is left to the full way, which knows every error.
"""

import json
import os
import sys
from pathlib import Path

from reelwright.media.model import MediaInfo
from reelwright.media.plain import info_from
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.facts import check_readable, with_banner
from reelwright.tools.spawn import Heard

#: The reader ends itself after so long, should this process be gone by then.
SECONDS = 60
MOST_BYTES = 16 << 20


def look(ffmpeg: str, path: Path) -> MediaInfo | None:
    """Facts of a media file, read by two children at once; None where anything went wrong.

    Raises:
        SourceError: the path cannot be a film.
    """
    check_readable(path)
    request = json.dumps({"path": os.fspath(path), "seconds": SECONDS})
    reader_args = [sys.executable, "-P", "-m", "reelwright.tools.children.probe", request]
    # One packet is copied to nowhere, so that FFmpeg ends with success.
    nothing = ("-map", "0:v:0", "-c", "copy", "-frames:v", "1", "-f", "null", "-")
    teller_args = [
        ffmpeg,
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "verbose",
        *input_flags(),
        "-i",
        file_url(path),
        *nothing,
    ]
    try:
        with Heard(reader_args, stream=1) as reader, Heard(teller_args) as teller:
            said = reader.read(limit=MOST_BYTES, seconds=SECONDS)
            banner = teller.read(limit=MOST_BYTES, seconds=SECONDS) if said else None
    except OSError:
        return None
    if said is None or banner is None:
        return None
    try:
        info = info_from(json.loads(said)["result"])
    except (ValueError, TypeError, KeyError):
        return None
    return with_banner(info, banner.decode(errors="replace"))
