"""Scan a made library of many small files: first scan, rescan, rename, touch, remount, other case; then ask its ledger.

    python bench/scan_library.py [--files 100000] [--films 400]

Prints wall and CPU seconds, the largest resident set of the process, and films probed in a second: on a busy machine
CPU seconds are what counts. The files are made first, and are a few bytes each; films are copies of one short clip that
FFmpeg makes. Every file is decided and queued before names, times, inodes and cases change, so that one that was queued
twice would be seen; the questions to that ledger are timed by themselves, without the start of the process.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import imageio_ffmpeg

# A process starts out with the peak of the one that forked it: what fills much memory has a process of its own.
ALONE = multiprocessing.get_context("spawn")
COMMAND = [sys.executable, "-P", "-m", "reelwright", "library"]


Measured = tuple[float, float, float, str]
Answer = TypeVar("Answer")


def run(folder: Path, *words: str) -> Measured:
    """Wall seconds, CPU seconds and MiB of a command, and what it said."""
    places = {"REELWRIGHT_DATABASE__PATH": str(folder / "ledger.sqlite3"), "XDG_STATE_HOME": str(folder / "state")}
    environment = {**os.environ, **places}
    began = time.monotonic()
    process = subprocess.Popen([*COMMAND, *words], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words} ended with {status}: {out}")
    said = out.strip().splitlines()[0] if out else ""
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


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
        queued = apart(queue_all, folder)
        print(f"queued: {queued:,}", flush=True)
        tell("unchanged rescan, with decisions", run(folder, "scan", "files"))
        for part in list(root.iterdir()):
            if part.is_dir():
                part.rename(root / f"renamed {part.name}")
        tell("every folder renamed", run(folder, "scan", "files", "--no-probe"))
        for path in root.rglob("*.mkv"):
            os.utime(path, (time.time() - 1800,) * 2)
        tell("every file touched", run(folder, "scan", "files", "--no-probe"))
        for path in root.rglob("*.mkv"):
            path.rename(path.with_name(path.name.upper()))
        tell("every name in another case", run(folder, "scan", "files", "--no-probe"))
        shutil.copytree(root, folder / "remounted", copy_function=shutil.copyfile)
        root.rename(folder / "unmounted")
        (folder / "remounted").rename(root)
        for path in root.rglob("*.MKV"):
            os.utime(path, (time.time() - 900,) * 2)
        tell("other inodes and times", run(folder, "scan", "files", "--no-probe"))
        print(f"queued twice: {apart(queue_all, folder) - queued:,} (of {queued:,})", flush=True)
        tell("library status", run(folder, "status"))
        tell("a page of files", run(folder, "files", "files"))
        tell("nothing: the command's own start", run(folder, "rules"))
        for what, seconds in apart(ask, folder):
            print(f"{what:<40} {1000 * seconds:6.0f} ms of CPU, without the process's start", flush=True)
        make_films(folder / "films", wanted.films)
        run(folder, "add", "films", str(folder / "films"))
        seconds, busy, memory, said = run(folder, "scan", "films")
        with_children = f"probed, {wanted.films / seconds:.0f} films a second"
        tell(with_children, (seconds, busy, memory, said))
    print(f"largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def apart(work: Callable[[Path], Answer], folder: Path) -> Answer:
    """The answer of a function that is called in a process of its own."""
    with ALONE.Pool(1) as pool:
        return pool.apply(work, (folder,))


def queue_all(folder: Path) -> int:
    """Give each file facts, a fingerprint and a decision, queue it as an approved plan does; how much work there is."""
    os.environ["REELWRIGHT_DATABASE__PATH"] = str(folder / "ledger.sqlite3")
    from reelwright.app.library import Libraries  # noqa: PLC0415 -- after the variable is set
    from reelwright.app.library_queue import Queue  # noqa: PLC0415
    from reelwright.library.catalog import FileState, Probed  # noqa: PLC0415
    from reelwright.library.deciding import decide_all  # noqa: PLC0415
    from reelwright.library.rules import Action, Rule  # noqa: PLC0415
    from reelwright.tools.fingerprint import fingerprint  # noqa: PLC0415

    found = Libraries()
    catalog, leases = found.catalog(), found.leases()
    (library,) = [library for library in catalog.libraries() if library.name == "files"]
    unprobed = catalog.unprobed(library.id)
    facts = {"codec": "h264", "width": 1920, "height": 1080, "fps": 24.0, "duration": 60.0}
    for start in range(0, len(unprobed), 5000):
        part = unprobed[start : start + 5000]
        read = {file.id: fingerprint(f"{library.root}/{file.path}", file.size) for file in part}
        catalog.write_probes([Probed(id=key, fingerprint=value, facts=facts) for key, value in read.items()])
    decide_all(catalog, library, [Rule(name="all", then=Action.ENCODE)], time.time())
    files = {file.id: file for file in catalog.files(library.id, [FileState.PLANNED]) if file.choice is not None}
    queue = Queue(found.settings, catalog, leases)
    queue.approve(library, files, {key: file.choice for key, file in files.items() if file.choice is not None})
    catalog.approve(library.id, "tree")
    queue.refresh(library)
    return sum(leases.count_work().values())


def ask(folder: Path) -> list[tuple[str, float]]:
    """CPU seconds of the questions behind `library status`, `jobs` and a page of files."""
    os.environ["REELWRIGHT_DATABASE__PATH"] = str(folder / "ledger.sqlite3")
    from reelwright.app.jobs import listed  # noqa: PLC0415
    from reelwright.app.library import Libraries  # noqa: PLC0415
    from reelwright.app.queued import shown  # noqa: PLC0415

    libraries = Libraries()
    questions = {
        "the query of `library status`": libraries.listed,
        "the queries of `jobs`": lambda: (listed(None, 50), shown(None, queued=False, limit=50)),
        "the query of a page of files": lambda: libraries.files("files", None, 50),
    }
    answers = []
    for what, question in questions.items():
        question()
        began = time.process_time()
        for _ in range(5):
            question()
        answers.append((what, (time.process_time() - began) / 5))
    return answers


def tell(what: str, measured: Measured) -> None:
    """One line."""
    seconds, busy, memory, said = measured
    print(f"{what:<40} {seconds:6.2f} s {busy:6.2f} s CPU {memory:6.0f} MiB  {said}", flush=True)


if __name__ == "__main__":
    main()
