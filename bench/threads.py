"""Encodes at once against threads of each: what the built-in numbers of `engine/resources.py` rest on.

    python bench/threads.py --build DIR [--source FILM] [--preset P] [--frames N] [--encodes 1 2 3] [--threads 1 2 3 4]

So many copies of one encode run at once, each of the same frames of the film with the same CRF. Prints frames a second
of all together, the share of the CPU that was used, and CPU seconds a frame: the work is the same with any number of
threads, so that the share used is what tells settings apart. Writes DIR/threads.json.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
from made_film import MADE
from measuring import CORES, QUIET, used_by_all, write


def run(film: Path, *, encodes: int, threads: int, preset: int, frames: int) -> dict[str, Any]:
    """One setting."""
    command = [*QUIET, "-i", str(film), "-map", "0:v:0", "-an", "-frames:v", str(frames), "-pix_fmt", "yuv420p10le"]
    command += ["-c:v", "libsvtav1", "-preset", str(preset)]
    command += ["-svtav1-params", f"crf=32:lp={threads}:keyint=-1:scd=0", "-f", "null", "-"]
    before, started = used_by_all(), time.monotonic()
    copies = [subprocess.Popen(command, env={**os.environ, "SVT_LOG": "1"}) for _ in range(encodes)]
    for copy in copies:
        copy.wait()
    wall, cpu = time.monotonic() - started, used_by_all() - before
    return {
        "encodes": encodes,
        "threads": threads,
        "frames_a_second": encodes * frames / wall,
        "share_used": cpu / wall / (psutil.cpu_count() or 1),
        "cpu_seconds_a_frame": cpu / (encodes * frames),
    }


def main() -> None:
    """Measure the grid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", type=Path, required=True)
    add("--source", type=Path, help=f"default: DIR/{MADE}.mkv, which bench/encode.py makes")
    add("--preset", type=int, default=6)
    add("--frames", type=int, default=72)
    add("--encodes", type=int, nargs="*", default=[1, CORES, CORES + 1])
    add("--threads", type=int, nargs="*", default=[1, 2, 3, 4])
    args = parser.parse_args()
    film = args.source or args.build / f"{MADE}.mkv"
    rows = []
    print(f"{CORES} cores, {film.name}, preset {args.preset}")
    for encodes in args.encodes:
        for threads in args.threads:
            rows.append(run(film, encodes=encodes, threads=threads, preset=args.preset, frames=args.frames))
            print("  ".join(f"{k} {v:.3g}" for k, v in rows[-1].items()), flush=True)
    write(args.build / "threads.json", {"film": film.name, "preset": args.preset, "cores": CORES, "rows": rows})


if __name__ == "__main__":
    main()
