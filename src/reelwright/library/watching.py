"""A library's root, watched: whoever scans is told that something changed, and never of our own files.

A change is a hint and nothing more: what is there is found out by the scan. inotify sees what this machine does; what
another one does on a network mount only polling sees.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

logger = logging.getLogger(__name__)

#: Changes are gathered for so long before they are told.
DEBOUNCE_MS = 2_000
#: Between two looks at everything below a root on a network mount.
POLL_MS = 60_000
#: How often a watch that ended, because its root went away or the system has no room for it, is begun again.
AGAIN_SECONDS = 60.0


def is_ours(root: str, path: str, excluded: frozenset[str] = frozenset()) -> bool:
    """Whether a scan would not look at a path, because a part of it begins with a period or lies in our own folders.

    Args:
        root: the library's.
        path: what changed.
        excluded: paths below the root that are ours.
    """
    below = os.path.relpath(path, root)
    parts = Path(below).parts
    if below == os.curdir or ".." in parts:
        return False
    return any(part.startswith(".") for part in parts) or any(
        below == place or below.startswith(f"{place}/") for place in excluded
    )


async def watch(root: str, changed: Callable[[], None], *, polling: bool, excluded: frozenset[str]) -> None:
    """Tell of changes below a root, until this is cancelled.

    Args:
        root: absolute path.
        changed: called after changes, at most every few seconds.
        polling: look at everything now and then instead of being told by the system.
        excluded: paths below the root that are ours.
    """

    def wanted(_: Change, path: str) -> bool:
        return not is_ours(root, path, excluded)

    while True:
        try:
            async for _ in awatch(
                root, watch_filter=wanted, debounce=DEBOUNCE_MS, force_polling=polling, poll_delay_ms=POLL_MS,
                ignore_permission_denied=True, rust_timeout=1_000,
            ):  # fmt: skip
                changed()
        except (OSError, RuntimeError) as error:  # the root is away, or inotify has no watches left
            logger.warning("%s cannot be watched now: %s", root, error)
        await asyncio.sleep(AGAIN_SECONDS)
