"""Scan a made library of many small files: first scan, unchanged rescan, rename and touch; memory and probing.

    python bench/scan_library.py [--files 100000] [--films 400]

Prints wall seconds, the largest resident set of the process, and films probed in a second. The files are made first,
and are a few bytes each; films are copies of one short clip that FFmpeg makes.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

COMMAND = [sys.executable, "-P", "-m", "reelwright", "library"]


def run(folder: Path, *words: str) -> tuple[float, float, str]:
    """Wall seconds and MiB of a command, and what it said."""
    environment = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(folder / "ledger.sqlite3")}
    began = time.monotonic()
    process = subprocess.Popen([*COMMAND, *words], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words} ended with {status}: {out}")
    return time.monotonic() - began, usage.ru_maxrss / 1024, out.strip().splitlines()[0] if out else ""


def make_files(root: Path, count: int) -> None:
    """Small files in folders of a hundred, written an hour ago."""
    then = time.time() - 3600
    for number in range(count):
        if number % 100 == 0:
            (root / f"show {number // 100}").mkdir()
        path = root / f"show {number // 100}" / f"episode {number}.mkv"
        path.write_text(f"{number}" * 3)
        os.utime(path, (then, then + number / count))


def make_films(root: Path, count: int) -> None:
    """Films of a second, all alike."""
    root.mkdir()
    first = root / "film 0.mkv"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24", "-t", "1"]
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-v", "error", *picture, "-c:v", "libx264", first], check=True)
    for number in range(1, count):
        shutil.copyfile(first, root / f"film {number}.mkv")
    for path in root.iterdir():
        os.utime(path, (time.time() - 3600,) * 2)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--films", type=int, default=400)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelwright-library-") as scratch:
        folder = Path(scratch)
        root = folder / "files"
        root.mkdir()
        make_files(root, wanted.files)
        run(folder, "add", "files", str(root))
        tell("first scan, nothing opened", run(folder, "scan", "files", "--no-probe"))
        tell("unchanged rescan", run(folder, "scan", "files", "--no-probe"))
        root.rename(folder / "other")
        root.mkdir()
        for part in (folder / "other").iterdir():
            part.rename(root / (f"renamed {part.name}" if part.is_dir() else part.name))
        tell("every file renamed", run(folder, "scan", "files", "--no-probe"))
        for path in root.rglob("*.mkv"):
            os.utime(path)
        tell("every file touched, all left alone", run(folder, "scan", "files", "--no-probe"))
        tell("status", run(folder, "status"))
        tell("a page of files", run(folder, "files", "files"))
        tell("nothing: the command's own start", run(folder, "list"))
        make_films(folder / "films", wanted.films)
        run(folder, "add", "films", str(folder / "films"))
        seconds, memory, said = run(folder, "scan", "films")
        tell(f"probed, {wanted.films / seconds:.0f} films a second", (seconds, memory, said))
    print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def tell(what: str, measured: tuple[float, float, str]) -> None:
    """One line."""
    seconds, memory, said = measured
    print(f"{what:<40} {seconds:6.2f} s {memory:6.0f} MiB  {said}", flush=True)


if __name__ == "__main__":
    main()
