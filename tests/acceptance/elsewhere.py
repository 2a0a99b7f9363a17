"""The other commands, given in another terminal than the encode's but with its ledger."""

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psutil
from command import Command, Run

from warm import PROGRAM, run_program

PATIENCE = 300.0


def argv(words: tuple[str, ...]) -> list[str]:
    """The command line."""
    return [*PROGRAM, *words]


def elsewhere(encode: Command, *words: str) -> Run:
    """Give a command and wait for its end."""
    done = run_program(
        argv(words),
        cwd=encode.folder,
        env=encode.variables(),
    )
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def begin_elsewhere(encode: Command, *words: str) -> "subprocess.Popen[bytes]":
    """Give a command and leave it running."""
    return subprocess.Popen(
        argv(words),
        cwd=encode.folder,
        env=encode.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def answer(encode: Command, *words: str, code: int = 0) -> dict[str, Any]:
    """The data of a command's result."""
    run = elsewhere(encode, *words, "--json")
    assert run.code == code, (run.code, run.out[-2000:], run.err)
    last = json.loads(run.out.splitlines()[-1])
    assert last["event"] == "result"
    return dict(last["data"])


def jobs(encode: Command, *words: str) -> list[dict[str, Any]]:
    """The jobs a list shows, newest first."""
    return list(answer(encode, "jobs", "list", *words)["jobs"])


def wait_for(true: Callable[[], Any]) -> Any:
    """Wait until something is so, and give it back."""
    deadline = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return found


def freeze(encode: Command, run: "subprocess.Popen[bytes]") -> None:
    """Stop a run where it stands, but not in the middle of writing to the ledger, which would lock everybody out."""
    while True:
        run.send_signal(signal.SIGSTOP)
        wait_for(lambda: psutil.Process(run.pid).status() == psutil.STATUS_STOPPED)
        time.sleep(0.2)  # its other threads stop a moment after the first
        try:
            with closing(sqlite3.connect(encode.state / "ledger.sqlite3", timeout=0.2)) as ledger:
                ledger.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            run.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        else:
            return
