import asyncio
import os
import shutil
import signal
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil
import pytest

from reelwright.errors import ReelwrightError, ResourceError, ToolError
from reelwright.tools.child import Child
from reelwright.tools.failures import MemoryCause, OutOfMemoryError
from reelwright.tools.process import Finished, Runner, printable

FLOOD = 50 * 1024 * 1024
DEADLINE = 300.0


def run(argv: list[str], *, nice: int = 0, **options: Any) -> Finished:
    async def once() -> Finished:
        async with Runner(nice=nice, grace_seconds=0.5) as runner:
            return await runner.run(argv, **{"what": "Testing", **options})

    return asyncio.run(once())


def shell(script: str, **options: Any) -> Finished:
    return run(["sh", "-c", script], **options)


def python(script: str, *arguments: str, **options: Any) -> Finished:
    return run([sys.executable, "-I", "-S", "-c", script, *arguments], **options)


def with_token(token: str) -> list[psutil.Process]:
    found = psutil.process_iter(["environ"])
    return [process for process in found if (process.info["environ"] or {}).get("REELWRIGHT_RUN") == token]


async def started(token: str) -> psutil.Process:
    while not with_token(token):  # noqa: ASYNC110 - another process tells no event
        await asyncio.sleep(0.05)
    return with_token(token)[0]


def gone(token: str) -> bool:
    until = time.monotonic() + DEADLINE
    while with_token(token) and time.monotonic() < until:
        time.sleep(0.05)
    return not with_token(token)


def test_output_status_and_use_come_back() -> None:
    finished = python("import sys; print('out'); print('err', file=sys.stderr)", keep_stdout=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"out\n", "err\n")
    assert finished.argv[0] == sys.executable
    assert finished.cpu_seconds > 0
    assert finished.wall_seconds > 0


def test_standard_output_is_not_kept_unless_asked_for() -> None:
    assert shell("echo out").stdout == b""


def test_standard_input_is_empty() -> None:
    assert shell("cat", keep_stdout=True).stdout == b""


def test_lines_come_one_by_one_and_the_last_needs_no_end() -> None:
    lines: list[str] = []
    shell(r"printf 'one\r\ntwo\nthree'", on_line=lines.append)
    assert lines == ["one", "two", "three"]


def test_lines_come_while_the_child_runs(tmp_path: Path) -> None:
    go = tmp_path / "go"
    script = 'echo ready; until [ -e "$1" ]; do sleep 0.05; done; echo went'
    lines: list[str] = []

    def answer(line: str) -> None:
        lines.append(line)
        go.touch()

    run(["sh", "-c", script, "sh", str(go)], on_line=answer, timeout_seconds=DEADLINE)
    assert lines == ["ready", "went"]


def test_an_error_in_the_callback_ends_the_child_and_comes_out() -> None:
    def refuse(line: str) -> None:
        raise LookupError(line)

    with pytest.raises(LookupError, match="first"):
        shell("echo first; sleep 600", on_line=refuse)


def test_a_status_other_than_zero_is_an_error_with_command_and_tail() -> None:
    with pytest.raises(ToolError) as caught:
        shell("echo before >&2; echo no such codec >&2; exit 9", what="Encoding chunk 3")
    error = caught.value
    assert error.message == "Encoding chunk 3 failed: sh ended with status 9: no such codec"
    assert (error.argv[0], error.returncode, error.stderr) == ("sh", 9, "before\nno such codec\n")


def test_a_status_other_than_zero_may_be_wanted() -> None:
    assert shell("exit 9", check=False).returncode == 9


def test_a_missing_program_is_an_error_with_a_hint() -> None:
    with pytest.raises(ToolError, match="no-such-program could not be started") as caught:
        run(["/nowhere/no-such-program"])
    assert caught.value.returncode is None
    assert "Install" in caught.value.hint


def test_a_missing_folder_is_named_and_not_taken_for_the_program() -> None:
    with pytest.raises(ToolError, match="/no/such/folder"):
        run(["true"], cwd="/no/such/folder")


def test_the_signal_that_killed_it_is_named() -> None:
    with pytest.raises(ToolError, match="was killed by SIGSEGV") as caught:
        shell("kill -SEGV $$")
    assert caught.value.returncode == -signal.SIGSEGV


def test_death_by_sigkill_hints_at_memory() -> None:
    with pytest.raises(ToolError) as caught:
        shell("kill -KILL $$")
    assert "memory" in caught.value.hint


def test_a_flood_of_errors_is_read_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        finished = python(
            "import os, sys\n"
            "block = b'a line of some length that says very little\\n' * 1000\n"
            "for _ in range(int(sys.argv[1]) // len(block)): os.write(2, block)\n"
            "os.write(2, b'the end\\n')",
            str(FLOOD),
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert finished.stderr.endswith("little\nthe end\n")
    assert 200 * 1024 < len(finished.stderr) <= 256 * 1024
    assert peak < FLOOD / 4


def test_errors_without_a_line_end_are_read_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        finished = python(
            "import os, sys\nfor _ in range(int(sys.argv[1]) // 65536): os.write(2, b'x' * 65536)", str(FLOOD)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert finished.stderr == "x" * 4096 + "\n"
    assert peak < FLOOD / 4


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert shell(r"printf 'a\377b' >&2").stderr == "a\N{REPLACEMENT CHARACTER}b\n"


def test_output_that_is_kept_has_a_limit() -> None:
    with pytest.raises(ToolError, match="more than 1000 bytes"):
        run(["yes"], keep_stdout=True, max_stdout=1000)


def test_a_hang_is_ended_as_a_stall() -> None:
    with pytest.raises(ToolError, match=r"sleep made no progress for 0\.5 seconds and was ended"):
        run(["sleep", "600"], stall_seconds=0.5)


def test_a_hang_that_ignores_the_polite_signal_is_killed() -> None:
    with pytest.raises(ToolError, match="no progress"):
        shell("trap '' TERM; while :; do sleep 1; done", stall_seconds=0.5)


def test_progress_that_repeats_itself_is_a_stall() -> None:
    script = "while :; do i=$((i+1)); echo frame=5; echo fps=$i; echo progress=continue; sleep 0.1; done"
    with pytest.raises(ToolError, match="no progress"):
        shell(script, stall_seconds=1)


def test_a_hang_after_the_last_progress_is_a_stall() -> None:
    with pytest.raises(ToolError, match="no progress"):
        shell("echo frame=5; echo progress=end; sleep 600", stall_seconds=0.5)


def test_progress_that_advances_is_no_stall() -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo frame=$i; echo progress=continue; sleep 0.5; done"
    assert shell(script, stall_seconds=5).returncode == 0


def test_time_in_which_this_process_itself_was_held_up_is_no_stall() -> None:
    async def held_up() -> Finished:
        async with Runner() as runner:
            child = asyncio.create_task(runner.run(["sleep", "4.3"], what="Sleeping", stall_seconds=3))
            await asyncio.sleep(0.1)
            time.sleep(4)  # noqa: ASYNC251 - holding up the loop is the point
            return await child

    assert asyncio.run(held_up()).returncode == 0


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(ToolError, match=r"not done after 0\.5 seconds"):
        shell("while :; do echo busy; sleep 0.1; done", stall_seconds=DEADLINE, timeout_seconds=0.5)


TREE = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
script, depth = sys.argv[1], int(sys.argv[2])
if depth:
    subprocess.Popen([sys.executable, '-I', '-S', '-c', script, script, str(depth - 1)])
print('up', flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("times", [1, 3])
def test_cancelling_ends_the_whole_tree(times: int) -> None:
    async def cancelled() -> str:
        async with Runner(grace_seconds=1) as runner:
            lines: asyncio.Queue[str] = asyncio.Queue()
            argv = [sys.executable, "-I", "-S", "-c", TREE, TREE, "2"]
            task = asyncio.create_task(runner.run(argv, what="Growing", on_line=lines.put_nowait))
            for _ in range(3):
                await asyncio.wait_for(lines.get(), DEADLINE)
            assert len(with_token(runner.token)) == 3
            for _ in range(times):
                task.cancel()
                await asyncio.sleep(0.05)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(gone, runner.token)
            return runner.token

    asyncio.run(cancelled())


def test_a_child_may_end_itself_politely_when_it_is_cancelled(tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"

    async def cancelled() -> None:
        async with Runner(grace_seconds=DEADLINE) as runner:
            up = asyncio.Event()
            script = "trap \"touch '$1'; exit 0\" TERM; echo up; while :; do sleep 0.05; done"
            argv = ["sh", "-c", script, "sh", str(farewell)]
            task = asyncio.create_task(runner.run(argv, what="Waiting", on_line=lambda _: up.set()))
            await asyncio.wait_for(up.wait(), DEADLINE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled())
    assert farewell.exists()


def test_what_a_child_leaves_running_ends_with_it() -> None:
    async def leave() -> None:
        async with Runner() as runner:
            finished = await runner.run(["sh", "-c", "sleep 600 & echo left"], what="Leaving", keep_stdout=True)
            assert finished.stdout == b"left\n"
            assert await asyncio.to_thread(gone, runner.token)

    asyncio.run(leave())


def test_closing_ends_what_still_runs() -> None:
    async def close() -> str:
        runner = Runner(grace_seconds=0.5)
        task = asyncio.create_task(runner.run(["sleep", "600"], what="Sleeping"))
        await started(runner.token)
        await runner.close()
        with pytest.raises(ToolError, match="SIGTERM"):
            await task
        with pytest.raises(RuntimeError, match="closed"):
            await runner.run(["true"], what="Testing")
        return runner.token

    assert not with_token(asyncio.run(close()))


def test_many_children_at_once_leave_nothing_behind() -> None:
    async def many() -> list[Finished]:
        async with Runner() as runner:
            before = psutil.Process().num_fds()
            calls = [runner.run(["sh", "-c", f"exit {i % 7}"], what="Testing", check=False) for i in range(200)]
            finished = await asyncio.gather(*calls)
            assert psutil.Process().num_fds() == before
            assert len(psutil.Process().children()) == 1  # the guard
            return finished

    assert [child.returncode for child in asyncio.run(many())] == [i % 7 for i in range(200)]
    assert not psutil.Process().children()


def test_without_pidfds_the_end_is_seen_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert shell("sleep 0.2; exit 4", check=False).returncode == 4


def test_a_status_that_somebody_else_took_is_not_success() -> None:
    async def stolen() -> Finished:
        async with Runner() as runner:
            task = asyncio.create_task(runner.run(["sleep", "600"], what="Sleeping"))
            child = await started(runner.token)
            child.kill()
            os.waitpid(child.pid, 0)  # noqa: ASYNC222 - stealing it before the loop looks is the point
            return await task

    with pytest.raises(ToolError, match="how is not known"):
        asyncio.run(stolen())


def ffmpeg(*arguments: str, **options: Any) -> Finished:
    source = ["-f", "lavfi", "-i", "testsrc=duration=2"]
    start = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-y"]
    return run([*start, *source, *arguments], what="Encoding", **options)


def test_a_full_disk_is_a_lack_of_resources() -> None:
    with pytest.raises(ResourceError, match="no space left"):
        ffmpeg("-f", "rawvideo", "/dev/full")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No space left on device", "no space"),
        ("Cannot allocate memory", "out of memory"),
        ("[error] pthread_create() failed: Resource temporarily unavailable", "out of memory"),
        ("SvtMalloc[fatal]: allocate memory failed, at pcs.c:1558", "out of memory"),
    ],
)
def test_a_lack_of_resources_is_known_by_what_is_said(text: str, words: str) -> None:
    with pytest.raises(ResourceError, match=words):
        shell(f"echo 'out.mkv: {text}' >&2; exit 1")


@pytest.mark.parametrize(("status", "kind"), [(228, ResourceError), (244, ResourceError), (234, ToolError)])
def test_ffmpegs_statuses_are_known(tmp_path: Path, status: int, kind: type[ReelwrightError]) -> None:
    stub = tmp_path / "ffmpeg-v9"
    stub.write_text(f"#!/bin/sh\nexit {status}\n")
    stub.chmod(0o755)
    with pytest.raises(kind):
        run([str(stub)])


def test_another_programs_status_is_not_taken_for_ffmpegs() -> None:
    with pytest.raises(ToolError, match="status 228"):
        shell("exit 228")


def test_ffmpegs_error_names_the_cause_without_addresses() -> None:
    with pytest.raises(ToolError, match="ffmpeg ended with status") as caught:
        ffmpeg("-c:v", "no_such_encoder", "-f", "null", "-")
    assert "0x" not in caught.value.message


def test_ffmpegs_progress_comes_as_lines() -> None:
    lines: list[str] = []
    ffmpeg("-progress", "pipe:1", "-f", "null", "-", on_line=lines.append, stall_seconds=DEADLINE)
    assert "frame=50" in lines
    assert lines[-1] == "progress=end"


def test_a_file_cannot_grow_past_its_limit(tmp_path: Path) -> None:
    target = tmp_path / "big"
    # Waits for the limit, which is set from outside just after the start.
    script = 'until [ "$(ulimit -f)" != unlimited ]; do :; done; exec head -c 10000000 /dev/zero > "$1"'
    with pytest.raises(ToolError, match="SIGXFSZ") as caught:
        run(["sh", "-c", script, "sh", str(target)], file_size_limit=1_000_000, timeout_seconds=DEADLINE)
    assert target.stat().st_size == 1_000_000
    assert "size" in caught.value.hint


def test_children_are_nice_leave_no_core_and_go_first_when_memory_runs_out() -> None:
    script = (
        "import os, resource, time\n"
        "adjusted = lambda: open('/proc/self/oom_score_adj').read()\n"
        "while not adjusted().startswith('500'): time.sleep(0.01)\n"
        "print((os.nice(0), resource.getrlimit(resource.RLIMIT_CORE), adjusted()))"
    )
    finished = python(script, nice=5, keep_stdout=True, timeout_seconds=DEADLINE)
    assert finished.stdout.decode() == f"({os.nice(0) + 5}, (0, 0), '500\\n')\n"


@pytest.mark.parametrize(
    ("nice", "kind", "value"),
    [(0, psutil.IOPRIO_CLASS_NONE, 0), (5, psutil.IOPRIO_CLASS_BE, 7), (10, psutil.IOPRIO_CLASS_IDLE, 0)],
)
def test_a_nice_child_lets_others_go_first_at_the_disk(nice: int, kind: int, value: int) -> None:
    async def look() -> tuple[int, int]:
        async with Runner(nice=nice, grace_seconds=0.5) as runner:
            task = asyncio.create_task(runner.run(["sleep", "60"], what="Testing"))
            child = await started(runner.token)
            found = child.ionice()
            until = time.monotonic() + DEADLINE
            while nice and found != (kind, value) and time.monotonic() < until:
                await asyncio.sleep(0.02)
                found = child.ionice()
            task.cancel()
            return found

    assert asyncio.run(look()) == (kind, value)


def test_a_child_that_takes_more_memory_than_it_may_is_ended_and_says_so() -> None:
    script = "import time\nhold = bytearray(80 << 20)\ntime.sleep(60)"
    with pytest.raises(OutOfMemoryError, match="more than the 50 MiB of memory it may have") as caught:
        python(script, memory_limit=50 << 20, timeout_seconds=DEADLINE)
    assert caught.value.cause is MemoryCause.CAP
    assert caught.value.exit_code == 7


def test_memory_that_is_set_aside_and_not_used_counts_for_little() -> None:
    script = "import mmap, time\nhold = mmap.mmap(-1, 300 << 20, mmap.MAP_PRIVATE)\ntime.sleep(2.5)\nprint('done')"
    finished = python(script, memory_limit=50 << 20, keep_stdout=True, timeout_seconds=DEADLINE)
    assert finished.stdout == b"done\n"


def test_what_grows_too_fast_to_be_looked_at_is_refused_memory() -> None:
    script = (
        "import resource, time\n"
        "while resource.getrlimit(resource.RLIMIT_DATA)[0] < 0: time.sleep(0.01)\n"
        "try: bytearray(4 << 30)\n"
        "except MemoryError: print('refused')"
    )
    finished = python(script, memory_limit=50 << 20, keep_stdout=True, timeout_seconds=DEADLINE)
    assert finished.stdout == b"refused\n"


def test_niceness_reaches_threads_that_run_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    up, restrain = tmp_path / "up", Child.restrain
    script = (
        "import os, sys, threading, time\n"
        "def wait():\n"
        "    me = threading.get_native_id()\n"
        "    open(sys.argv[2], 'w').close()\n"
        "    while os.getpriority(os.PRIO_PROCESS, me) == int(sys.argv[1]): time.sleep(0.01)\n"
        "thread = threading.Thread(target=wait); thread.start(); thread.join()"
    )

    def restrain_late(child: Child, *arguments: Any) -> None:
        until = time.monotonic() + DEADLINE
        while not up.exists() and time.monotonic() < until:
            time.sleep(0.01)
        restrain(child, *arguments)

    monkeypatch.setattr(Child, "restrain", restrain_late)
    assert python(script, str(os.nice(0)), str(up), nice=5, timeout_seconds=DEADLINE).returncode == 0


def test_variables_are_added_and_the_token_is_ours() -> None:
    async def both() -> tuple[str, bytes]:
        async with Runner() as runner:
            env = {"REELWRIGHT_TEST": "yes", "REELWRIGHT_RUN": "forged"}
            script = "echo $REELWRIGHT_TEST $REELWRIGHT_RUN $HOME"
            finished = await runner.run(["sh", "-c", script], what="Testing", env=env, keep_stdout=True)
            return runner.token, finished.stdout

    token, said = asyncio.run(both())
    assert said.decode().split() == ["yes", token, os.environ["HOME"]]


def test_a_large_child_is_charged_with_its_memory() -> None:
    size = 300 * 1024 * 1024
    assert python("import sys; bytearray(int(sys.argv[1]))", str(size)).peak_rss_bytes > size


def test_a_small_child_is_not_charged_with_its_parents_memory() -> None:
    assert run(["sleep", "2.5"]).peak_rss_bytes < psutil.Process().memory_info().rss / 2


def test_a_name_that_is_not_utf8_arrives_as_it_is() -> None:
    name = b"\xff\xfe \n film.mkv"
    script = "import os, sys; sys.stdout.buffer.write(os.fsencode(sys.argv[1]))"
    assert python(script, os.fsdecode(name), keep_stdout=True).stdout == name


def test_a_command_is_printed_without_surprises() -> None:
    argv = ["ffmpeg", "-i", os.fsdecode(b"a b\xff"), "x\x1b[31m\n\u202e", "plain", ""]
    shown = printable(argv)
    assert shown == r"ffmpeg -i 'a b\xff' 'x\x1b[31m\n\u202e' plain ''"
    assert shown.isprintable()


def test_the_programs_that_the_tests_start_are_there() -> None:
    assert all(shutil.which(name) for name in ("sh", "sleep", "yes", "head", "setsid", "env"))
