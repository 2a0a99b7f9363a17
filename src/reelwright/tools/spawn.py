"""A child whose words are heard, without asyncio, subprocess and a guard: for answers within milliseconds.

The child stays in this process's group, so that Ctrl-C ends both; it is killed when it takes too long or says too
much. Only what ends by itself soon is started here: should this process be killed, nothing else ends it.
"""

import os
import select
import time

TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from typing import Self

SIGKILL = 9  # as in `signal`, which takes longer to import than all of this


class Heard:
    """A running child.

    Args:
        argv: the program's path and its arguments; no shell reads them.
        stream: which of its streams is heard: 1, standard output, or 2, standard error; the other one is not.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, argv: list[str], *, stream: int = 2) -> None:
        self._pipe, writes = os.pipe()  # both ends close on exec (PEP 446)
        try:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 3 - stream, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, writes, stream),
            ]
            self._ended = False
            self._number = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(writes)

    def read(self, *, limit: int, seconds: float) -> bytes | None:
        """What it said until it ended; None where it failed, took too long, or said more than `limit` bytes."""
        said, until = bytearray(), time.monotonic() + seconds
        while len(said) <= limit and select.select([self._pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            data = os.read(self._pipe, 1 << 16)
            said += data
            if not data:
                return bytes(said) if self._reap() == 0 else None
        return None

    def _reap(self) -> int:
        self._ended = True
        os.close(self._pipe)
        return os.waitpid(self._number, 0)[1]

    def end(self) -> None:
        """Kill it, unless it has ended."""
        if not self._ended:
            os.kill(self._number, SIGKILL)  # not reaped yet, so the number is its own
            self._reap()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
