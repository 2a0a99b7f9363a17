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
#: Beginnings of variables that nothing reads while it is imported; the last three are the tests' own stand-ins'.
READ_LATE = ("REELWRIGHT_", "XDG_", "HOME", "TMPDIR", "FAULT", "MOOD", "DEVICE_LOG")
#: Commands that set Django up their own way, which a process can do once.
OWN_DJANGO = {"serve", "db", "user"}
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
            raise subprocess.TimeoutExpired(str(asked), timeout) from None
        if len(told) != 8:
            raise ChildProcessError("the process that runs are forked from is gone")
        return int.from_bytes(told, "big", signed=True)

    def close(self) -> None:
        """End it, and the run that is under way."""
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
    own_django = {*argv[len(PROGRAM) :][:1]} <= OWN_DJANGO and len(argv) > len(PROGRAM)
    return not COLD and late and not own_django and list(argv[: len(PROGRAM)]) == PROGRAM


def run_program(
    argv: Sequence[str | bytes | Path], *, cwd: str | Path, env: Mapping[str, str], timeout: float = 300
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end, warm where that makes no difference to it; it reads from nobody."""
    words = [os.fsdecode(word) for word in argv]
    if not may_be_warm(words, env) or not (here := nursery()).free.acquire(blocking=False):
        return subprocess.run(
            words, cwd=cwd, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False
        )
    asked = {"words": words[len(PROGRAM) :], "cwd": os.fspath(cwd), "env": dict(env)}
    try:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = here.run(asked, (out, err), timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())
    except BaseException:
        nursery.cache_clear()  # what came of the run is not known: the next one has a nursery of its own
        here.close()
        raise
    finally:
        here.free.release()
