"""Imports the whole program, then forks a process for each run it is asked for. See `warm`."""

import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import reelwright
from reelwright.__main__ import main
from reelwright.store import connection

#: Modules that are children's own, Django's own, or need another Django.
OWN_WAYS = ("reelwright.tools.children.", "reelwright.store.migrations.", "reelwright.web.")


def import_everything() -> None:
    """All that runs import sooner or later; Django is set up, but speaks to no ledger."""
    connection.set_up(Path("/nowhere"))
    import_module("av")
    for module in pkgutil.walk_packages(reelwright.__path__, "reelwright."):
        if not module.name.startswith(
            ("reelwright.tools.children.", "reelwright.store.migrations.", "reelwright.web.")
        ):
            import_module(module.name)
    gc.collect()
    gc.freeze()


def born(line: socket.socket, asked: dict[str, object], streams: list[int]) -> int:
    """Be the program, in the process that was forked for it; returns its exit code."""
    line.close()
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    tempfile.tempdir = None  # should anything have asked for it: TMPDIR may be another one now
    os.chdir(asked["cwd"])  # type: ignore[arg-type]
    sys.argv = ["reelwright", *asked["words"]]  # type: ignore[misc]
    return main()


def wait_for(number: int, line: socket.socket) -> int:
    """How a run ended, a signal as a negative number; a run that nobody waits for any more is killed."""
    descriptor = os.pidfd_open(number)
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        waiting.register(line, selectors.EVENT_READ)
        if not any(key.fd == descriptor for key, _ in waiting.select()):
            os.kill(number, signal.SIGKILL)
    os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def serve(line: socket.socket) -> int:
    """Fork a run whenever one is asked for, until nobody asks any more."""
    while True:
        length, streams, _, _ = socket.recv_fds(line, 4, 2)
        if not length:
            return 0
        asked = b""
        while len(asked) < int.from_bytes(length, "big"):
            asked += line.recv(1 << 20)
        number = os.fork()
        if not number:
            return born(line, json.loads(asked), streams)
        for stream in streams:
            os.close(stream)
        code = wait_for(number, line)
        try:
            line.sendall(code.to_bytes(8, "big", signed=True))
        except BrokenPipeError:
            return 0


if __name__ == "__main__":
    import_everything()
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
