"""A child whose standard error is heard, without asyncio, subprocess and a guard: for answers within milliseconds.

The child stays in this process's group, so that Ctrl-C ends both; it is killed when it takes too long or says too
much. Only a program that ends by itself at once is started here: should this process be killed, nothing else ends it.
"""

import os
import select
import time

SIGKILL = 9  # as in `signal`, which takes longer to import than all of this


class Heard:
    """A running child.

    Args:
        argv: the program's path and its arguments; no shell reads them.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, argv: list[str]) -> None:
        self._pipe, writes = os.pipe()  # both ends close on exec (PEP 446)
        try:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, writes, 2),
            ]
            self._number = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(writes)

    def read(self, *, limit: int, seconds: float) -> bytes | None:
        """What it said until it ended; None where it failed, took too long, or said more than `limit` bytes."""
        said, until, whole = bytearray(), time.monotonic() + seconds, False
        try:
            while len(said) <= limit and select.select([self._pipe], [], [], max(0.0, until - time.monotonic()))[0]:
                data = os.read(self._pipe, 1 << 16)
                said += data
                if not data:
                    whole = True
                    break
        finally:
            if not whole:
                os.kill(self._number, SIGKILL)  # not reaped yet, so the number is its own
            os.close(self._pipe)
            _, status = os.waitpid(self._number, 0)
        return bytes(said) if whole and status == 0 else None
