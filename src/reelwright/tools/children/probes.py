"""Child process: read the facts of many files nobody here made, one after the other; a line of JSON for each.

Starting an interpreter with its libraries costs as much as reading dozens of files; a file that ends this process, or
hangs it, is followed by another child that goes on after it.
"""

import os
import signal
import sys
from typing import Any

import av

from reelwright.tools.children.answer import SCARCE, answer, reason, say
from reelwright.tools.children.probe import probe
from reelwright.tools.fingerprint import fingerprint


def one(path: str, seconds: int) -> dict[str, Any]:
    """A file's facts and fingerprint, or why it has none; after so many seconds this process ends."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - the path may not be UTF-8
        found: dict[str, Any] = {"fingerprint": fingerprint(path, size)}
        if size == 0:
            return {**found, "problem": "empty"}
        return {**found, "info": probe({"path": path, "seconds": seconds})}
    except PermissionError:
        return {"problem": "closed", "reason": "permission denied"}
    except FileNotFoundError:
        return {"problem": "gone"}
    except (av.FFmpegError, OSError, ValueError) as error:
        if getattr(error, "errno", None) in SCARCE:
            raise
        return {**found_until_now(path), "problem": "unreadable", "reason": reason(error)}


def found_until_now(path: str) -> dict[str, Any]:
    """The fingerprint of a file that is no film: its bytes can be read all the same."""
    try:
        return {"fingerprint": fingerprint(path, os.stat(path).st_size)}  # noqa: PTH116
    except OSError:
        return {}


def work(request: dict[str, Any]) -> dict[str, Any]:
    """Tell of each file."""
    for place, path in enumerate(request["paths"]):
        signal.alarm(request["seconds"])
        say({"place": place, **one(path, request["seconds"])})
    signal.alarm(0)
    return {}


if __name__ == "__main__":
    sys.exit(answer(work))
