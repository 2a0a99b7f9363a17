"""A running child: what it writes, whether it gets on, and how it ends.

Children are reaped here and not by asyncio, because its child watchers throw away the resource usage
that `wait4` tells per child. The end of a child is seen through a pidfd in the event loop, which
leaves it a zombie; only after its group was killed, its pipes were emptied and the guard was told is
it reaped, all in one callback. So a process number is never signalled after it may have become
somebody else's, there is no thread per child, and a cancelled task cannot lose a child.
"""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, Protocol

import psutil

from reelwright.errors import ToolError
from reelwright.tools.failures import MemoryCause, OutOfMemoryError, StalledError, program
from reelwright.tools.output import Lines, News, Tail

_STDOUT_LINE_LIMIT = 1024 * 1024
_PIPE_BYTES = 64 * 1024  # what a pipe holds, see pipe(7)
_TICK_SECONDS = 1.0
_MEMORY_SECONDS = 0.25  # how often memory is looked at where it has a limit
_POLL_SECONDS = 0.05
# Allocated memory counts against this limit whether it is used or not: SVT-AV1 has up to four times as much as it uses,
# and two gigabytes more is the stacks of many threads. It only stops what grows faster than it is looked at.
_ALLOCATED_TIMES, _ALLOCATED_MORE = 4, 2 << 30
_VERY_NICE = 10
_OOM_SCORE = 500  # where memory runs out an encoder goes, not the one that keeps the books


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a child ended, what it said, and what it took."""

    argv: tuple[str, ...]
    #: Exit status; negative for the signal that killed it.
    returncode: int
    #: Empty unless it was asked for.
    stdout: bytes
    #: The last 256 KiB, each line cut at 4 KiB.
    stderr: str
    wall_seconds: float
    #: Of the child and of those of its own children that it waited for.
    cpu_seconds: float
    peak_rss_bytes: int


class Spawned(Protocol):
    """What is used here of a subprocess.Popen."""

    pid: int
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    returncode: Any


class Child:
    """A spawned process, until it is reaped.

    Args:
        process: The process, which leads a group of its own.
        argv: Its command line.
        what: What it does, as the beginning of a sentence.
        release: Called with its number when its group is gone, just before it is reaped.
    """

    def __init__(self, process: Spawned, *, argv: tuple[str, ...], what: str, release: Callable[[int], None]) -> None:
        self.number = process.pid
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._process, self._argv, self._what, self._release = process, argv, what, release
        self._returncode: int | None = None
        self._begun, self._wall = time.monotonic(), 0.0
        self._failure: Exception | None = None
        self._usage: resource.struct_rusage | None = None
        self._own_peak = _peak_rss("self")
        self._sampled_peak = 0
        self._memory_limit: int | None = None
        self._stdout, self._stdout_lines, self._news = bytearray(), Lines(_STDOUT_LINE_LIMIT), News()
        self._stderr, self._stderr_lines = Tail(), Lines(returns=True)
        self._on_line: Callable[[str], None] | None = None
        self._max_stdout: int | None = None
        self._heard = True
        self._pipes: list[_Pipe] = []

    def listen(self, on_line: Callable[[str], None] | None, max_stdout: int | None) -> None:
        """Begins to watch for its end and to read what it writes, of which `max_stdout` bytes are kept."""
        self._on_line, self._max_stdout = on_line, max_stdout
        when_ended(self.number, self._ended)
        for file, take in (
            (self._process.stdout, self._take_stdout),
            (self._process.stderr, self._take_stderr),
        ):
            if file is not None:
                self._pipes.append(_Pipe(file, take))

    def restrain(self, nice: int, file_size_limit: int | None, memory_limit: int | None = None) -> None:
        """Lowers its priority and limits, from outside: code between fork and exec is not safe."""
        with suppress(OSError):
            # The group, because on Linux a process's number reaches only its first thread.
            os.setpriority(os.PRIO_PGRP, self.number, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        if nice > 0:
            _yield_disk(self.number, idle=nice >= _VERY_NICE)
        self._memory_limit = memory_limit
        limits = {resource.RLIMIT_CORE: 0}
        if memory_limit is not None:
            limits[resource.RLIMIT_DATA] = _ALLOCATED_TIMES * memory_limit + _ALLOCATED_MORE
        if file_size_limit is not None:
            limits[resource.RLIMIT_FSIZE] = file_size_limit
        for limit, value in limits.items():
            with suppress(OSError, AttributeError):  # it has ended, or this is not Linux
                resource.prlimit(self.number, limit, (value, value))
        with suppress(OSError):
            Path(f"/proc/{self.number}/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")

    async def watch(self, stall: float | None, timeout: float | None) -> None:  # noqa: ASYNC109 - ends a child too
        """Waits for its end; raises where it stalls or takes too long."""
        loop = asyncio.get_running_loop()
        tick = min([_TICK_SECONDS, *(limit / 4 for limit in (stall, timeout) if limit)])
        if self._memory_limit is not None:
            tick = min(tick, _MEMORY_SECONDS)
        quiet = spent = 0.0
        while not self.over.done():
            before, self._heard = loop.time(), False
            await asyncio.wait({self.over}, timeout=tick)
            # No more than two ticks: while this process itself was stopped, the child may have been too.
            passed = min(loop.time() - before, 2 * tick)
            spent += passed
            quiet = 0.0 if self._heard else quiet + passed
            self._sampled_peak = max(self._sampled_peak, _peak_rss(str(self.number)))
            if self.over.done():
                return
            if self._memory_limit is not None and self._sampled_peak > self._memory_limit:
                raise self._too_large(self._memory_limit)
            if stall is not None and quiet >= stall:
                self._give_up(f"made no progress for {stall:g} seconds and was ended", StalledError)
            if timeout is not None and spent >= timeout:
                self._give_up(f"was not done after {timeout:g} seconds and was ended", StalledError)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to its whole group; until it is reaped the group's number is its own."""
        if not self.over.done():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.number, number)

    def finished(self) -> Finished:
        """Its end as a value, or the error that ended it."""
        if self._failure is not None:
            raise self._failure
        if self._returncode is None or self._usage is None:
            self._give_up("ended, but how is not known")
        peak = self._usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        if peak <= self._own_peak and self._sampled_peak:
            # Linux counts the memory of the one that spawned it as the child's up to its exec.
            peak = self._sampled_peak
        return Finished(
            argv=self._argv,
            returncode=self._returncode,
            stdout=bytes(self._stdout),
            stderr=self._stderr.text(),
            wall_seconds=self._wall,
            cpu_seconds=self._usage.ru_utime + self._usage.ru_stime,
            peak_rss_bytes=peak,
        )

    def _take_stdout(self, data: bytes) -> None:
        if self._max_stdout is not None:
            self._stdout += data
            if len(self._stdout) > self._max_stdout:
                self._fail(self._error(f"wrote more than {self._max_stdout} bytes and was ended"))
        lines = self._stdout_lines.feed(data)
        # What holds no whole line is no progress report: ffmpeg writes these at one go.
        self._heard = self._heard or not lines
        self._tell(lines)

    def _tell(self, lines: list[bytes]) -> None:
        for line in lines:
            text = line.decode(errors="replace").removesuffix("\r")
            self._heard = self._news.in_line(text) or self._heard
            if self._on_line is None or self._failure is not None:
                continue
            try:
                self._on_line(text)
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller of run()
                self._fail(error)

    def _take_stderr(self, data: bytes) -> None:
        self._stderr.add(self._stderr_lines.feed(data))

    def _fail(self, error: Exception) -> None:
        """Ends the child because of an error that `finished` will raise."""
        self._failure = self._failure or error
        self.signal(signal.SIGKILL)

    def _error(self, how: str, kind: type[ToolError] = ToolError) -> ToolError:
        message = f"{self._what} failed: {program(self._argv)} {how}."
        return kind(message, argv=self._argv, stderr=self._stderr.text())

    def _too_large(self, limit: int) -> OutOfMemoryError:
        message = (
            f"{self._what} failed: {program(self._argv)} took more than the {limit >> 20} MiB of memory it may have."
        )
        return OutOfMemoryError(message, hint="Let it have more.", cause=MemoryCause.CAP)

    def _give_up(self, how: str, kind: type[ToolError] = ToolError) -> NoReturn:
        raise self._error(how, kind)

    def _ended(self) -> None:
        """Ends what it left behind, takes what it still said, and reaps it."""
        self._wall = time.monotonic() - self._begun
        self.signal(signal.SIGKILL)
        for pipe in self._pipes:
            pipe.drain()
        self._tell(self._stdout_lines.rest())
        self._stderr.add(self._stderr_lines.rest())
        with suppress(ChildProcessError):
            self._release(self.number)
            _, status, self._usage = os.wait4(self.number, 0)
            self._returncode = os.waitstatus_to_exitcode(status)
        # Whoever reaped it, Popen must not try to.
        self._process.returncode = -1 if self._returncode is None else self._returncode
        self.over.set_result(None)


class _Pipe:
    """Reads a pipe in the event loop: a thread could not be called back from one that never ends."""

    def __init__(self, file: IO[bytes], take: Callable[[bytes], None]) -> None:
        self._file, self._take = file, take
        os.set_blocking(file.fileno(), False)
        asyncio.get_running_loop().add_reader(file.fileno(), self._read)

    def _read(self) -> int:
        """Takes what is there; how much that was."""
        try:
            data = os.read(self._file.fileno(), _PIPE_BYTES)
        except BlockingIOError:
            return 0
        if data:
            self._take(data)
        else:
            self._close()
        return len(data)

    def drain(self) -> None:
        """Takes what its ended writer left in it; somebody who escaped may still hold the other end."""
        left = _PIPE_BYTES
        while not self._file.closed and left > 0 and (size := self._read()):
            left -= size
        self._close()

    def _close(self) -> None:
        if not self._file.closed:
            asyncio.get_running_loop().remove_reader(self._file.fileno())
            self._file.close()


def when_ended(number: int, then: Callable[[], None]) -> None:
    """Calls back when a child has ended, and leaves it to be reaped."""
    loop = asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(number)
    except (AttributeError, OSError):  # kernels before 5.3, and sandboxes that forbid it
        _poll_end(number, then)
        return

    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        then()

    loop.add_reader(descriptor, ended)


def _poll_end(number: int, then: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ChildProcessError):
        if os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            loop.call_later(_POLL_SECONDS, _poll_end, number, then)
            return
    loop.call_soon(then)


def _yield_disk(number: int, *, idle: bool) -> None:
    """Lets others go first at the disk; threads made later take after the first one."""
    with suppress(psutil.Error, OSError, AttributeError):  # it has ended, or this is not Linux
        if idle:
            psutil.Process(number).ionice(psutil.IOPRIO_CLASS_IDLE)
        else:
            psutil.Process(number).ionice(psutil.IOPRIO_CLASS_BE, 7)


def memory_is_known() -> bool:
    """Whether this system tells how much memory a running child has taken."""
    return _peak_rss("self") > 0


def _peak_rss(process: str) -> int:
    """The most memory a process has had, in bytes; 0 where that cannot be read."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
