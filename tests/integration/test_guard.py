import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from reelwright.tools.process import Runner, sweep

DEADLINE = 300.0
#: The processes that the running test knows of.
HEARD: set[int] = set()

#: Says its own number, that of its guard, and then whatever its children say.
BEGIN = """
import asyncio, os, signal, sys
from reelwright.tools.process import Runner

def say(*words):
    print(*words, flush=True)

# One that no sweep finds, so that only its registered group ends it.
HIDDEN = ["sh", "-c", "env -i sleep 600 & echo hidden $!; wait"]
# One that left the group, so that only the sweep ends it.
ESCAPED = ["sh", "-c", "setsid sh -c 'echo escaped $$; exec sleep 600' & wait"]

async def main():
    runner = Runner(run_token=sys.argv[1])
    await runner.start()
    guard = runner._guard._process.pid
    say("guard", guard)
    def sleep(argv):
        return asyncio.create_task(runner.run(argv, what="Sleeping", on_line=say))
"""
END = """
    await asyncio.sleep(600)

asyncio.run(main())
"""


def poll(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + DEADLINE
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def ended(number: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(number).status() == psutil.STATUS_ZOMBIE)
    return True


class Parent:
    """A process with a runner, which says on its standard output whom it started."""

    def __init__(self, token: str, body: str) -> None:
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN + lines + END, token], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        HEARD.add(self.process.pid)
        self.unheard: dict[str, list[int]] = {}

    def hear(self, word: str) -> int:
        """The next number that is said with a word; who is first among several does not matter."""
        assert self.process.stdout is not None
        while not self.unheard.get(word):
            line = self.process.stdout.readline().split()
            assert line, f"{word} was never said"
            HEARD.add(int(line[1]))
            self.unheard.setdefault(line[0], []).append(int(line[1]))
        return self.unheard[word].pop(0)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def token() -> Iterator[str]:
    token = uuid4().hex
    yield token
    for number in HEARD:  # what a failed test left running
        if not ended(number):
            os.kill(number, signal.SIGKILL)
    HEARD.clear()
    sweep(token)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_nobody_outlives_a_parent_that_was_killed(token: str, number: signal.Signals) -> None:
    parent = Parent(token, "sleep(HIDDEN)\nawait asyncio.sleep(0.5)\nsleep(ESCAPED)")
    guard, hidden, escaped = parent.hear("guard"), parent.hear("hidden"), parent.hear("escaped")
    assert not any(map(ended, (guard, hidden, escaped)))
    parent.process.send_signal(number)
    assert poll(lambda: all(map(ended, (guard, hidden, escaped))))
    parent.kill()
    assert sweep(token) == 0


def test_a_child_that_was_not_registered_yet_is_found(token: str) -> None:
    body = """
import subprocess
subprocess.Popen(["sleep", "600"], env={"REELWRIGHT_RUN": sys.argv[1], **os.environ}, start_new_session=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    parent = Parent(token, body)
    guard = parent.hear("guard")
    parent.process.wait()
    assert poll(lambda: ended(guard))
    assert sweep(token) == 0
    parent.kill()


def test_a_guard_that_was_killed_is_replaced_with_all_it_knew(token: str) -> None:
    body = """
sleep(HIDDEN)
await asyncio.sleep(0.5)
os.kill(guard, signal.SIGKILL)
await asyncio.sleep(0.5)
sleep(HIDDEN)
while runner._guard is None or runner._guard._process.pid == guard:
    await asyncio.sleep(0.05)
say("guard", runner._guard._process.pid)
"""
    parent = Parent(token, body)
    first = parent.hear("guard")
    old, new = parent.hear("hidden"), parent.hear("hidden")
    second = parent.hear("guard")
    assert ended(first)
    assert second != first
    parent.kill()
    assert poll(lambda: all(map(ended, (old, new, second))))


def test_a_guard_that_no_longer_reads_is_replaced(token: str) -> None:
    body = """
os.kill(guard, signal.SIGSTOP)
with_pipe_full = runner._guard
while with_pipe_full._pipe >= 0:
    with_pipe_full.tell("-1\\n" * 1000)
sleep(HIDDEN)
while runner._guard is None or runner._guard._process.pid == guard:
    await asyncio.sleep(0.05)
say("guard", runner._guard._process.pid)
"""
    parent = Parent(token, body)
    first, hidden, second = parent.hear("guard"), parent.hear("hidden"), parent.hear("guard")
    assert ended(first)
    assert not ended(hidden)
    parent.kill()
    assert poll(lambda: ended(hidden) and ended(second))


def test_a_guard_cannot_be_talked_out_of_its_work(token: str) -> None:
    parent = Parent(token, "sleep(HIDDEN)")
    guard, hidden = parent.hear("guard"), parent.hear("hidden")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(guard, number)
    time.sleep(0.3)
    assert not ended(guard)
    assert not ended(hidden)
    parent.kill()
    assert poll(lambda: ended(guard) and ended(hidden))


def test_a_fork_of_the_parent_does_not_hold_the_guard_back(token: str) -> None:
    body = """
sleep(HIDDEN)
await asyncio.sleep(0.5)
fork = os.fork()
if fork == 0:
    import time
    time.sleep(600)
say("fork", fork)
"""
    parent = Parent(token, body)
    guard, hidden, fork = parent.hear("guard"), parent.hear("hidden"), parent.hear("fork")
    try:
        parent.kill()
        assert poll(lambda: ended(guard) and ended(hidden))
        assert not ended(fork)
    finally:
        os.kill(fork, signal.SIGKILL)


def test_a_run_within_a_run_ends_with_the_outer_one(token: str) -> None:
    inner = f"{token}-inner"
    script = BEGIN + "    sleep(HIDDEN)\n    sleep(ESCAPED)\n" + END

    async def outer() -> set[int]:
        async with Runner(run_token=token, grace_seconds=0.5) as runner:
            lines: asyncio.Queue[str] = asyncio.Queue()
            argv = [sys.executable, "-c", script, inner]
            task = asyncio.create_task(runner.run(argv, what="Nesting", on_line=lines.put_nowait))
            heard = [await asyncio.wait_for(lines.get(), DEADLINE) for _ in range(3)]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return {int(line.split()[1]) for line in heard}

    numbers = asyncio.run(outer())
    assert poll(lambda: all(map(ended, numbers)))


def test_closing_sweeps_up_who_left_the_group_and_ends_the_guard(token: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = "setsid sh -c 'echo $$ > $0; exec sleep 600' $0 & until [ -s $0 ]; do sleep 0.05; done"

    async def leave() -> tuple[int, int]:
        async with Runner(run_token=token) as runner:
            assert runner._guard is not None
            await runner.run(["sh", "-c", script, str(started)], what="Leaving")
            escaped = int(started.read_text())
            assert not ended(escaped)
            return runner._guard._process.pid, escaped

    guard, escaped = asyncio.run(leave())
    assert ended(guard)
    assert ended(escaped)


def descriptors(number: int) -> dict[str, str]:
    found = {}
    for entry in Path(f"/proc/{number}/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found[entry.name] = str(entry.readlink())
    return found


def test_children_inherit_nothing_that_keeps_the_guard_waiting(token: str) -> None:
    async def look() -> tuple[dict[str, str], dict[str, str], str, bool]:
        async with Runner(run_token=token, grace_seconds=0.5) as runner:
            held = runner._guard
            assert held is not None
            lines: asyncio.Queue[str] = asyncio.Queue()
            argv = ["sh", "-c", "echo $$; exec sleep 600"]
            task = asyncio.create_task(runner.run(argv, what="Sleeping", on_line=lines.put_nowait))
            child = int(await asyncio.wait_for(lines.get(), DEADLINE))
            seen = descriptors(child), descriptors(held._process.pid)
            pipe = descriptors(os.getpid())[str(held._pipe)]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return *seen, pipe, os.get_inheritable(held._pipe)

    child, guard, pipe, inheritable = asyncio.run(look())
    assert set(child) == set(guard) == {"0", "1", "2"}
    assert pipe not in child.values()
    assert guard["0"] == pipe
    assert not inheritable


def test_a_guard_that_cannot_start_is_an_error(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    before = psutil.Process().children()  # a server or a nursery of other tests may be ours
    runner = Runner(run_token=token)
    with pytest.raises(Exception, match="guard that ends encodes"):
        asyncio.run(runner.start())
    assert psutil.Process().children() == before


def test_sweeping_ends_who_carries_the_token_and_nobody_else(token: str) -> None:
    def start(mark: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "600"], env={**os.environ, "REELWRIGHT_RUN": mark}, start_new_session=True)

    marked = [start(token) for _ in range(3)]
    other = start(token + "0")
    try:
        assert sweep(token) == 3
        assert [process.wait(DEADLINE) for process in marked] == [-signal.SIGKILL] * 3
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_sweeping_spares_the_one_that_sweeps(token: str) -> None:
    script = """
import subprocess, sys
from reelwright.tools.process import sweep
child = subprocess.Popen(["sleep", "600"])
print(sweep(sys.argv[1]), child.wait())
"""
    env = {**os.environ, "REELWRIGHT_RUN": token}
    done = subprocess.run([sys.executable, "-c", script, token], env=env, capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["1", "-9"]
