"""The program, started warm: forked from a process that has imported it already.

To import the program costs more processor time than a short encode computes, and the tests start it more than a
thousand times. A warm start is a process of its own all the same, with its own arguments, environment, folder and
output, and children it starts itself; only the importing was done before it was born. A run is started cold, as users
start it, where its environment changes Python itself, where something stands before it on the command line, where
another run of the same tests is under way, while coverage is measured, and with REELWRIGHT_TEST_STARTS=cold.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

#: How a run of the program begins, cold.
PROGRAM = [sys.executable, "-P", "-m", "reelwright"]
#: Variables that nothing has read while it was imported.
READ_LATE = ("REELWRIGHT_", "XDG_", "HOME")
COLD = os.environ.get("REELWRIGHT_TEST_STARTS") == "cold" or bool(
    {"COV_CORE_DATAFILE", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"} & {*os.environ}
)


class Nursery:
    """The process that runs are forked from, seen from here."""

    def __init__(self) -> None:
        self.free = threading.Lock()
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("warm_starts.py")), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        atexit.register(self.close)

    def run(self, asked: Mapping[str, object], streams: Sequence[IO[bytes]], timeout: float) -> int:
        """Run the program to its end; returns how it ended, a signal as a negative number."""
        self._line.settimeout(timeout)
        text = json.dumps(asked).encode()
        try:
            socket.send_fds(self._line, [len(text).to_bytes(4, "big")], [stream.fileno() for stream in streams])
            self._line.sendall(text)
            told = self._line.recv(8)
        except TimeoutError:
            self._line.close()  # which ends the run, and whoever has begun it
            raise subprocess.TimeoutExpired(str(asked), timeout) from None
        assert len(told) == 8, "the process that runs are forked from is gone"
        return int.from_bytes(told, "big", signed=True)

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait(timeout=30)


@cache
def nursery() -> Nursery:
    """This process's own."""
    return Nursery()


def may_be_warm(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a command line is the program's alone, in an environment that makes no other Python of it."""
    changed = {name for name, _ in {*os.environ.items()} ^ {*env.items()}}
    late = all(name.startswith(READ_LATE) for name in changed)
    return not COLD and late and list(argv[: len(PROGRAM)]) == PROGRAM


def run_program(
    argv: Sequence[str | bytes | Path], *, cwd: str | Path, env: Mapping[str, str], timeout: float = 300
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end, warm where that makes no difference to it; it reads from nobody."""
    words = [os.fsdecode(word) for word in argv]
    if not may_be_warm(words, env) or not nursery().free.acquire(blocking=False):
        return subprocess.run(
            words, cwd=cwd, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False
        )
    try:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            asked = {"words": words[len(PROGRAM) :], "cwd": os.fspath(cwd), "env": dict(env)}
            code = nursery().run(asked, (out, err), timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())
    finally:
        nursery().free.release()
