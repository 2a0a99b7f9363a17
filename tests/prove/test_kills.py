"""SIGKILL of everything, again and again, while trials are being committed: nothing is lost, nothing is made twice."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import psutil
import pytest

KILLS = 20
SEED = 20_261_120
SCENES = 18
#: Longest wait after a committed trial before the kill: about as long as a trial takes.
LONGEST_WAIT = 1.5


def make_film(path: Path) -> None:
    """A film of many scenes, each of another look, so that searches take several trials."""
    rng = random.Random(SEED)
    inputs: list[str] = []
    for k in range(SCENES):
        noise = rng.choice([2, 6, 12, 20])
        look = rng.choice(
            [f"testsrc2=s=320x180:r=24:d=1.5,hue=h={k * 20}", f"mandelbrot=s=320x180:r=24:start_scale={0.3 + k / 9}"]
        )
        inputs += ["-f", "lavfi", "-t", "1.5", "-i", f"{look},noise=alls={noise}:allf=t:all_seed={k}"]
    graph = "".join(f"[{k}:v]format=yuv420p,setsar=1[v{k}];" for k in range(SCENES))
    graph += "".join(f"[v{k}]" for k in range(SCENES)) + f"concat=n={SCENES}[v]"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *inputs]
    subprocess.run(
        [*command, "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-crf", "8", str(path)], check=True
    )


def command(film: Path, out: Path, work: Path) -> list[str]:
    """The job. It is the same job every time."""
    encode = [sys.executable, "-m", "reelwright", "encode", str(film), "-o", str(out)]
    return [*encode, "--work-dir", str(work), "--preset", "8", "--band", "0.3", "--deterministic", "--json"]


def kill_tree(process: subprocess.Popen[str]) -> None:
    """SIGKILL every process of a run at once, its guard too."""
    try:
        # Stopped first: a run that sees one child die would start another while we look.
        process.send_signal(signal.SIGSTOP)
        tree = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        tree = []
    for victim in tree:
        try:
            victim.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    process.wait()
    psutil.wait_procs(tree, timeout=300)  # a killed process with many threads takes a moment to be gone


def strays(work: Path) -> list[str]:
    """Command lines of living processes that name the work folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(work) in word for word in words):
            found.append(" ".join(words)[:200])
    return found


def packets(path: Path) -> str:
    """Hash of every packet and its time."""
    state = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux():
            state.update(f"{packet.stream.index},{packet.pts},{packet.size};".encode())
            state.update(bytes(packet))
    return state.hexdigest()


def events_of(line: str) -> dict[str, Any]:
    """One event."""
    event: dict[str, Any] = json.loads(line)
    return event


@pytest.mark.prove
def test_twenty_kills_of_the_whole_tree_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    make_film(film)

    def environment(name: str) -> dict[str, str]:
        return {**os.environ, "REELWRIGHT_DATABASE__PATH": str(tmp_path / f"{name}.sqlite3")}

    calm = command(film, tmp_path / "calm.mkv", tmp_path / "calm-work")
    done = subprocess.run(calm, env=environment("calm"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    undisturbed = [e for e in map(events_of, done.stdout.splitlines()) if e["event"] == "trial_complete"]

    rng = random.Random(SEED)
    work = tmp_path / "work"
    again = command(film, tmp_path / "out.mkv", work)
    made: Counter[tuple[int, float]] = Counter()
    kills = runs = 0
    per_kill = max(1, len(undisturbed) // (KILLS + 2))
    while True:
        runs += 1
        assert runs < KILLS * 4, "the job does not get on"
        process = subprocess.Popen(
            again, env=environment("stormy"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stderr is not None
        landed, wanted, killed = 0, rng.randint(1, per_kill), False
        for line in process.stdout:
            event = events_of(line)
            if event["event"] == "trial_complete" and not event["data"]["reused"]:
                made[event["data"]["chunk"], event["data"]["crf"]] += 1
                landed += 1
            if landed >= wanted and kills < KILLS:
                time.sleep(rng.uniform(0, LONGEST_WAIT))
                kill_tree(process)
                kills, killed = kills + 1, True
                break
        # What was written before the kill still counts as made.
        for line in process.stdout:
            if '"trial_complete"' in line and line.endswith("\n"):
                event = events_of(line)
                if not event["data"]["reused"]:
                    made[event["data"]["chunk"], event["data"]["crf"]] += 1
        errors = process.stderr.read()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        left = strays(work)
        assert not left, left
        if not killed:
            assert process.returncode == 0, errors
            break
    print(f"\n{kills} kills, {runs} runs, {sum(made.values())} trials made; undisturbed: {len(undisturbed)}")
    assert kills == KILLS
    assert [key for key, count in made.items() if count > 1] == []
    assert packets(tmp_path / "out.mkv") == packets(tmp_path / "calm.mkv")
    assert strays(tmp_path) == []
