"""The only place that spawns processes: bounded output, a stall watch, and nobody left behind."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from reelwright.errors import ResourceError
from reelwright.tools import guard
from reelwright.tools.child import Child, Finished, when_ended
from reelwright.tools.failures import bad_end, no_start, printable

__all__ = ["Finished", "Runner", "printable", "sweep"]

_MIB = 1024 * 1024
_KILL_SECONDS = 10.0  # a killed process that hangs in the kernel longer than this is not waited for
_GUARD_SECONDS = 30.0


def sweep(token: str) -> int:
    """Kills every process, except this one, that carries the run's token; returns how many there were."""
    return guard.sweep(token)


class Runner:
    """Spawns children in groups of their own and ends them with their parent.

    Args:
        run_token: Marks the children, in their environment as REELWRIGHT_RUN; a random one if None.
        nice: How much the children yield to others, 0 to 19.
        grace_seconds: How long a child may take to end itself before it is killed.
    """

    def __init__(self, *, run_token: str | None = None, nice: int = 0, grace_seconds: float = 2.0) -> None:
        self.token = run_token or secrets.token_hex(16)
        self._nice = nice
        self._grace = grace_seconds
        self._children: dict[int, Child] = {}
        self._folders: set[str] = set()
        self._guard: _Guard | None = None
        self._guarding = asyncio.Lock()
        self._closed = False
        _RUNNERS.add(self)

    async def start(self) -> None:
        """Starts the guard, or a new one where it is gone, and tells it which groups live."""
        async with self._guarding:
            if self._closed:
                raise RuntimeError("this runner is closed")
            if self._guard is not None and self._guard.alive():
                return
            if self._guard is not None:
                await self._guard.end(orderly=False)
                self._guard = None
            fresh = _Guard(self.token)
            try:
                await fresh.ready()
            except BaseException:
                await fresh.end(orderly=False)
                raise
            self._guard = fresh
            for number in self._children:
                fresh.tell(f"+{number}\n")
            for folder in self._folders:
                fresh.tell(f"/{os.fsencode(folder).hex()}\n")

    async def close(self) -> None:
        """Ends every child that is left, then the guard, and waits for all of them."""
        self._closed = True
        try:
            await asyncio.gather(*[self._end(child) for child in self._children.values()])
        finally:
            if self._guard is not None:
                await self._guard.end(orderly=True)
                self._guard = None

    @contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:
        """A folder for scratch files, which goes with this process however that ends; links in it are not followed."""
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            name = os.fsencode(folder).hex()
            self._folders.add(folder)
            if self._guard is not None:
                self._guard.tell(f"/{name}\n")
            try:
                yield Path(folder)
            finally:
                self._folders.discard(folder)
                if self._guard is not None:
                    self._guard.tell(f".{name}\n")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def run(
        self,
        argv: Sequence[str],
        *,
        what: str,
        keep_stdout: bool = False,
        max_stdout: int = 256 * _MIB,
        on_line: Callable[[str], None] | None = None,
        stall_seconds: float | None = None,
        timeout_seconds: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        file_size_limit: int | None = None,
        memory_limit: int | None = None,
        check: bool = True,
    ) -> Finished:
        """Runs a program to its end; cancelling this ends the program's whole process group.

        Args:
            argv: The program and its arguments; no shell reads them.
            what: What it does, as the beginning of a sentence: "Encoding chunk 12".
            keep_stdout: Whether to give back what it writes to standard output.
            max_stdout: How many bytes of that to take before it is ended as a failure.
            on_line: Called with each line of standard output as it comes, cut at 1 MiB.
            stall_seconds: It is ended when it says nothing new on standard output for so long.
            timeout_seconds: It is ended when it takes longer.
            env: Variables to set on top of this process's environment.
            cwd: The folder to start it in.
            file_size_limit: The most bytes any file it writes may have.
            memory_limit: The most bytes of memory it may use; it is looked at four times a second.
            check: Whether a status other than zero is an error.

        Raises:
            ToolError: it could not be started, failed, stalled or took too long.
            ResourceError: there was no disk space or memory for it.
        """
        await self.start()
        command = tuple(argv)
        variables = {**os.environ, **(env or {}), guard.TOKEN_NAME: self.token}
        child = self._spawn(command, what, variables, cwd)
        try:
            child.listen(on_line, max_stdout if keep_stdout else None)
            child.restrain(self._nice, file_size_limit, memory_limit)
            if self._guard is None or not self._guard.tell(f"+{child.number}\n"):
                await self.start()
            await child.watch(stall_seconds, timeout_seconds)
        finally:
            await self._end(child)
        finished = child.finished()
        if check and finished.returncode:
            raise bad_end(what, command, finished.returncode, finished.stderr)
        return finished

    def _spawn(self, argv: tuple[str, ...], what: str, env: dict[str, str], cwd: str | None) -> Child:
        """Starts the child in the loop's thread: in another one a cancelled task could lose it."""
        try:
            process = subprocess.Popen(
                argv,
                bufsize=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=env,
                cwd=cwd,
            )
        except OSError as error:
            raise no_start(what, argv, error) from error
        child = Child(process, argv=argv, what=what, release=self._release)
        self._children[child.number] = child
        return child

    def _release(self, number: int) -> None:
        """Forgets a child whose group is gone, before its number can be given to another."""
        self._children.pop(number, None)
        if self._guard is not None:
            self._guard.tell(f"-{number}\n")

    async def _end(self, child: Child) -> None:
        """Ends a child's group and waits for it; a second cancellation shortens only the grace."""
        if child.over.done():
            return
        child.signal(signal.SIGTERM)
        try:
            await asyncio.wait({child.over}, timeout=self._grace)
        finally:
            child.signal(signal.SIGKILL)
            await _wait_stubbornly(child.over, _KILL_SECONDS)

    def disown(self) -> None:
        """In a fork of this process: gives up the guard's pipe, which would tell it that we live on."""
        self._children.clear()
        if self._guard is not None:
            self._guard.hang_up()
            self._guard = None


class _Guard:
    """The process that ends what this one leaves behind, seen from here."""

    def __init__(self, token: str) -> None:
        # Both ends close on exec (PEP 446), so no child holds the write end open after this process.
        read_end, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(guard.__file__).resolve()), token],
                bufsize=0,
                stdin=read_end,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # what a terminal sends to this group must not reach it
                cwd="/",
                env={name: value for name, value in os.environ.items() if name != guard.TOKEN_NAME},
            )
        except OSError as error:
            os.close(self._pipe)
            raise no_start("Guarding the run", (sys.executable,), error) from error
        finally:
            os.close(read_end)

    async def ready(self) -> None:
        """Waits until it has begun its work."""
        loop, said = asyncio.get_running_loop(), self._process.stdout
        if said is None:
            return
        heard = asyncio.Event()
        loop.add_reader(said.fileno(), heard.set)
        try:
            async with asyncio.timeout(_GUARD_SECONDS):
                await heard.wait()
            answer = said.read(len(guard.READY))
        except TimeoutError:
            answer = b""
        finally:
            loop.remove_reader(said.fileno())
            said.close()
        if answer != guard.READY:
            raise ResourceError("The guard that ends encodes with their run could not be started.")

    def alive(self) -> bool:
        """Whether it still runs and listens."""
        return self._pipe >= 0 and self._process.poll() is None

    def tell(self, message: str) -> bool:
        """Sends it a message; one that does not take it is of no use and is killed."""
        try:
            os.write(self._pipe, message.encode())
        except OSError:
            self._process.kill()  # before the pipe ends: it must not take that for this process's end
            self.hang_up()
            return False
        return True

    def hang_up(self) -> None:
        """Closes the pipe, which lets it do its work and go."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    async def end(self, *, orderly: bool) -> None:
        """Lets it sweep and go, or kills it where it is to be replaced; waits for it."""
        if orderly:
            self.tell("q\n")
        else:
            self._process.kill()
        self.hang_up()
        gone = asyncio.Event()
        when_ended(self._process.pid, gone.set)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GUARD_SECONDS):
                await gone.wait()
        self._process.poll()


async def _wait_stubbornly(over: asyncio.Future[None], seconds: float) -> None:
    """Waits even while it is cancelled, and passes the cancellation on afterwards."""
    loop = asyncio.get_running_loop()
    deadline, cancelled = loop.time() + seconds, False
    while not over.done() and loop.time() < deadline:
        try:
            await asyncio.wait({over}, timeout=deadline - loop.time())
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def _disown_all() -> None:
    for runner in list(_RUNNERS):
        runner.disown()


_RUNNERS: weakref.WeakSet[Runner] = weakref.WeakSet()
# A fork without an exec, such as that of multiprocessing, does copy the write end of the guard's pipe.
os.register_at_fork(after_in_child=_disown_all)
