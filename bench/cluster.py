"""Wall time of a film's trials on one and on two one-slot workers, encoders held to one thread each; taken in turns.

    python bench/cluster.py --build build/bench --rounds 3

Prints the ratio of the medians. Redis carries the hints; the ledger is a file, for all of it runs on one machine.
"""

import argparse
import datetime as dt
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import imageio_ffmpeg

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from brokers import redis  # noqa: E402 - of the tests, which start it the same way

REELWRIGHT = [sys.executable, "-P", "-m", "reelwright"]
SCENES = 24
RULES = '[[rule]]\nname = "all"\nunless = { verdict = "unusable" }\nthen = "encode"\n'
LONGEST_SECONDS = 1800.0


def make_film(path: Path) -> None:
    """A film of many scenes of two seconds, so that there is something to share."""
    if path.exists():
        return
    inputs: list[str] = []
    for k in range(SCENES):
        look = f"testsrc2=s=640x360:r=24:d=2,hue=h={k * 15}" if k % 2 else "mandelbrot=s=640x360:r=24"
        inputs += ["-f", "lavfi", "-t", "2", "-i", f"{look},noise=alls={4 + k % 9}:allf=t:all_seed={k}"]
    graph = "".join(f"[{k}:v]format=yuv420p,setsar=1[v{k}];" for k in range(SCENES))
    graph += "".join(f"[v{k}]" for k in range(SCENES)) + f"concat=n={SCENES}[v]"
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs, "-filter_complex", graph, "-map", "[v]"]
    subprocess.run([*argv, "-c:v", "libx264", "-crf", "8", str(path)], check=True)


def trials_seconds(film: Path, place: Path, workers: int, broker: str) -> tuple[float, int]:
    """From the film's first encode to its assembly, and how many trials that were."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "films").mkdir(parents=True)
    shutil.copyfile(film, place / "films" / "film.mkv")
    os.utime(place / "films" / "film.mkv", (time.time() - 7200,) * 2)
    (place / "rules.toml").write_text(RULES)
    cluster = {"SLOTS": "1", "THREADS": "1", "BROKER": broker, "POLL": "1", "BEAT": "1", "LEASE": "20"}
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REELWRIGHT_")},
        "HOME": str(place), "REELWRIGHT_DATABASE__PATH": str(place / "ledger.sqlite3"),
        "REELWRIGHT_PROCESSING__TEMP_DIR": str(place / "work"), "REELWRIGHT_PROCESSING__CHUNK_SIZE": "2",
        "REELWRIGHT_PROCESSING__DETERMINISTIC": "true", "REELWRIGHT_ENCODING__PRESET": "6",
        "REELWRIGHT_PLACEMENT__MAX_ENCODED_PERCENT": "1000", "REELWRIGHT_ENCODING__LEARN": "false",
        **{f"REELWRIGHT_CLUSTER__{name}": value for name, value in cluster.items()},
    }  # fmt: skip
    for words in (
        ["library", "add", "films", "films", "--rules", "rules.toml", "--output-dir", str(place / "out")],
        ["library", "scan", "films"], ["library", "plan", "films", "-o", "plan.json", "--no-samples"],
        ["library", "apply", "plan.json"],
    ):  # fmt: skip
        subprocess.run([*REELWRIGHT, *words], check=True, cwd=place, env=env, stdout=subprocess.DEVNULL)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(workers):
            started.append(begin(["worker", "--queues", "encode"], place, env, f"encode-{len(started)}"))
        time.sleep(5)  # all are there before the film begins: what is measured is the work, not the start
        started.append(begin(["worker", "--queues", "files", "--json"], place, env, "files"))
        return measured(place)
    finally:
        for one in started:
            one.send_signal(signal.SIGTERM)
        for one in started:
            one.wait(120)


def begin(words: list[str], place: Path, env: dict[str, str], name: str) -> "subprocess.Popen[bytes]":
    """Start a worker whose log lies in the place."""
    with (place / f"{name}.log").open("wb") as log:
        return subprocess.Popen([*REELWRIGHT, *words], cwd=place, env=env, stdout=log, stderr=log)


def measured(place: Path) -> tuple[float, int]:
    """By the leader's own events."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        lines = [json.loads(line) for line in (place / "files.log").read_text().splitlines() if line.endswith("}")]
        at = {line["event"]: line["timestamp"] for line in lines}
        if "result" in at:
            with closing(sqlite3.connect(place / "ledger.sqlite3")) as ledger:
                (trials,) = ledger.execute("SELECT count(*) FROM store_trial").fetchone()
            return seconds(at["encoding_complete"]) - seconds(at["encoding_started"]), trials
        time.sleep(0.5)
    raise SystemExit(f"the film was not through in {LONGEST_SECONDS:.0f} s; see {place}")


def seconds(stamp: str) -> float:
    """Of a time as events have it."""
    return dt.datetime.fromisoformat(stamp).timestamp()


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    folder = args.build.resolve() / "cluster"
    folder.mkdir(parents=True, exist_ok=True)
    film = folder / "film.mkv"
    make_film(film)
    walls: dict[int, list[float]] = {1: [], 2: []}
    with redis() as broker:
        for _ in range(args.rounds):
            for workers, found in walls.items():
                wall, trials = trials_seconds(film, folder / f"workers-{workers}", workers, broker.url)
                found.append(wall)
                print(f"{workers} one-slot worker(s): {trials} trials in {wall:.1f} s", flush=True)
    one, two = (statistics.median(walls[workers]) for workers in (1, 2))
    print(json.dumps({"one": one, "two": two, "ratio": round(two / one, 3), "walls": walls}))


if __name__ == "__main__":
    main()
