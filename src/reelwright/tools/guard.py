"""A process of its own that outlives the one that spawns, to end what that one leaves behind.

It is started by file path with nothing but the standard library and reads from a pipe whose only
write end its parent holds. The lines "+12" and "-12" register and release process group 12, "/2f74"
and ".2f74" the scratch folder whose path has these bytes, "q" says that the end is an orderly one.
The end of the pipe means that the parent is gone, however it went: then every registered group is
killed, after that every process whose environment holds the run's token, which also finds a child
that was spawned but not registered yet and one that left its group, and last the folders are
removed. PR_SET_PDEATHSIG cannot do this: it follows the spawning thread and is not passed on to
grandchildren (https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html).
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

TOKEN_NAME = "REELWRIGHT_RUN"  # noqa: S105 - a label on processes, not a secret
READY = b"ready\n"
# A child that the parent was just spawning shows its environment only once its exec is through.
_LINGER_SECONDS = 2.0
_PAUSE_SECONDS = 0.05


def main(token: str) -> None:
    """Waits for the parent's end and ends what is left of the run."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # it goes when its parent does, and not before
    with suppress(OSError):
        os.write(1, READY)
    folders: set[str] = set()
    groups, orderly = _listen(0, folders)
    for group in groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    # A parent that lives may itself carry the token, handed down to it from an outer run.
    sweep(token, spared=frozenset({os.getppid()}), linger=0.0 if orderly else _LINGER_SECONDS)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)  # follows no links


def _listen(pipe: int, folders: set[str]) -> tuple[set[int], bool]:
    """Keeps the lists of live groups and of folders until the pipe ends."""
    groups: set[int] = set()
    orderly = False
    begun = b""
    while data := os.read(pipe, 65536):
        *messages, begun = (begun + data).split(b"\n")
        for message in messages:
            if message == b"q":
                orderly = True
            elif message.startswith(b"/"):
                folders.add(os.fsdecode(bytes.fromhex(message[1:].decode())))
            elif message.startswith(b"."):
                folders.discard(os.fsdecode(bytes.fromhex(message[1:].decode())))
            elif message.startswith(b"+"):
                groups.add(int(message[1:]))
            else:
                groups.discard(int(message[1:]))
    return groups, orderly


def sweep(token: str, *, spared: frozenset[int] = frozenset(), linger: float = 0.0) -> int:
    """Kills every process with the token in its environment, again and again until none is left.

    Args:
        token: The run's token.
        spared: Process numbers to leave alone, besides the caller's own.
        linger: For how many seconds nobody must have been found before it is over.

    Returns:
        How many processes were found.
    """
    mark = f"{TOKEN_NAME}={token}".encode()
    found: set[int] = set()
    until = time.monotonic() + linger
    while True:
        marked = _marked(mark) - spared - {os.getpid()}
        for process in marked:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        found |= marked
        if marked:
            until = time.monotonic() + linger
        elif time.monotonic() >= until:
            return len(found)
        time.sleep(_PAUSE_SECONDS)


def _marked(mark: bytes) -> set[int]:
    """Finds the processes with the mark in their environment; that of a zombie is empty."""
    marked = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended, or is another user's
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    marked.add(int(entry.name))
    return marked


if __name__ == "__main__":
    main(sys.argv[1])
