"""What the tool itself costs beside the programs it calls, as ratios taken in turns.

    python bench/tool_speed.py --build DIR [--rounds N]

- `jobs list` with 10,000 jobs in the ledger over the same with 10;
- `reelwright --help` over `python -c pass`;
- `reelwright probe` over `ffmpeg -i` of the same film, a small one and one of 1080p, as text and as JSON.

Every command is run in turns with the one it is compared to; of each the fastest run counts, because a shared machine
only ever makes a run slower. Prints a table and writes `tool.json` into DIR.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord
from reelwright.store.database import open_ledger

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
#: The command as people have it.
REELWRIGHT = (str(Path(sys.executable).with_name("reelwright")),)


def seconds(command: Sequence[str | Path], environment: Mapping[str, str]) -> float:
    """Wall time of a command, which may end as it likes."""
    started = time.monotonic()
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return time.monotonic() - started


def in_turns(ours: Callable[[], float], other: Callable[[], float], rounds: int) -> dict[str, Any]:
    """Both, again and again, in turns; their fastest runs and the ratio of these."""
    pairs = [(ours(), other()) for _ in range(rounds + 1)][1:]  # the first reads everything from the disk
    fast, base = (min(times) for times in zip(*pairs, strict=True))
    return {"seconds": round(fast, 4), "of": round(base, 4), "ratio": round(fast / base, 2), "rounds": rounds}


def fill_ledger(path: Path, count: int) -> None:
    """A ledger with so many finished jobs, each with its outcome, made as the store makes them."""
    path.unlink(missing_ok=True)
    plan = {"request": {"target_vmaf": 93.0}, "streams": [{"index": k, "fate": "copy"} for k in range(6)]}
    store = open_ledger(path)
    store.open_job(
        Job(id="0" * 32, source_id="s", source_path="/films/0.mkv", output_path="/films/0.av1.mkv", plan=plan)
    )
    store.finish_job("0" * 32, JobStatus.DONE)
    store.record_outcome(
        OutcomeRecord(
            source_path="/films/0.mkv", output_path="/films/0.av1.mkv", job_id="0" * 32, decision="encode",
            outcome="encoded", exit_code=0, reasons=("It is h264.",), bytes_before=1000, bytes_after=500,
            vmaf={"mean": 93.0}, checks=tuple({"name": f"check {k}", "passed": True} for k in range(11)),
        )
    )  # fmt: skip
    store.close()
    with closing(sqlite3.connect(path)) as ledger, ledger:
        numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count - 1})"  # noqa: S608
        for table, changed in (
            ("store_job", {"id": "printf('%032x', n)", "updated": "printf('2026-01-01 00:00:00.%06d', n)"}),
            ("store_outcome", {"id": "n + 1", "job_id": "printf('%032x', n)"}),
        ):
            columns = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")]
            row = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            ledger.execute(f"INSERT INTO {table} {numbers} SELECT {row} FROM (SELECT * FROM {table} LIMIT 1), c")  # noqa: S608


def jobs_list(build: Path, rounds: int) -> dict[str, Any]:
    """`jobs list` with many jobs over the same with few."""
    sizes = {}
    for count in (10_000, 10):
        sizes[count] = build / f"jobs-{count}.sqlite3"
        fill_ledger(sizes[count], count)

    def run(count: int) -> Callable[[], float]:
        environment = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(sizes[count])}
        return lambda: seconds([*REELWRIGHT, "jobs", "list"], environment)

    return in_turns(run(10_000), run(10), rounds)


def start(words: Sequence[str]) -> Callable[[Path, int], dict[str, Any]]:
    """A command that only says something over an interpreter that does nothing."""

    def measure(_: Path, rounds: int) -> dict[str, Any]:
        return in_turns(
            lambda: seconds([*REELWRIGHT, *words], os.environ),
            lambda: seconds([sys.executable, "-c", "pass"], os.environ),
            rounds,
        )

    return measure


def probe(size: str, *flags: str) -> Callable[[Path, int], dict[str, Any]]:
    """`probe` over FFmpeg's own look at the same film."""

    def measure(build: Path, rounds: int) -> dict[str, Any]:
        film = build / f"film-{size}.mkv"
        made = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=24", "-frames:v", "240", "-c:v", "libx264", film]
        if not film.exists():
            subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-y", *made], check=True)
        return in_turns(
            lambda: seconds([*REELWRIGHT, "probe", film, *flags], os.environ),
            lambda: seconds([FFMPEG, "-nostdin", "-hide_banner", "-i", film], os.environ),
            rounds,
        )

    return measure


#: What is measured: the command, what it is compared to, how, and the most the ratio is meant to be.
MEASURES: tuple[tuple[str, str, Callable[[Path, int], dict[str, Any]], float | None], ...] = (
    ("jobs list, 10,000 jobs", "the same with 10", jobs_list, 2),
    ("--help", "python -c pass", start(["--help"]), 4),
    ("encode --help", "python -c pass", start(["encode", "--help"]), None),
    ("probe, 360p", "ffmpeg -i", probe("640x360"), 3),
    ("probe, 1080p", "ffmpeg -i", probe("1920x1080"), 3),
    ("probe --json, 360p", "ffmpeg -i", probe("640x360", "--json"), None),
    ("probe --json, 1080p", "ffmpeg -i", probe("1920x1080", "--json"), None),
)


def main() -> None:
    """Measure everything, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    args.build.mkdir(parents=True, exist_ok=True)
    rows = []
    for what, against, measure, bound in MEASURES:
        row = {"what": what, "against": against, "bound": bound, **measure(args.build, args.rounds)}
        held = "" if bound is None else f", at most {bound:g} wanted: {'held' if row['ratio'] <= bound else 'MISSED'}"
        print(
            f"{what:24} {row['seconds']:.3f} s over {row['of']:.3f} s of {against}: {row['ratio']:.2f}{held}",
            flush=True,
        )
        rows.append(row)
    (args.build / "tool.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
