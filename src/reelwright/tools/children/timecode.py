"""Child process: the timecode of a movie's first frame, from its timecode track or its tags.

Request: "path".
"""

import sys
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer


def read(asked: dict[str, Any]) -> dict[str, Any]:
    """The timecode; None where there is none. Matroska's tags come in capitals."""
    with av.open(file_url(asked["path"]), options=INPUT_OPTIONS) as container:
        said = [container.metadata, *(stream.metadata for stream in container.streams)]
    found = (value for tags in said for name, value in tags.items() if name.lower() == "timecode")
    return {"timecode": next(found, None)}


if __name__ == "__main__":
    sys.exit(answer(read))
