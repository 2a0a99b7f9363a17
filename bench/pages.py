"""What the pages cost: 50 watchers while two films are encoded, and lists of 100,000 files.

    .venv/bin/python bench/pages.py [--watchers 50] [--seconds 20] [--rows 100000] [--cost-only | --lists-only]

Run it on a machine that does nothing else; it takes about four minutes on two cores. Two encodes of a film that is made
for it run three times without anybody watching and three times with 50 watchers of the living parts, who together open
a page a second; in turns, so that a machine that warms up favours neither. The processor time that the server takes
with and without watchers is the same on a busy machine: --cost-only measures that alone, in a minute. Who watches is a
process of its own, and what it takes is no cost of the pages: on real days it is on other machines. Figures go to
build/bench/pages.json.
"""

import argparse
import json
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg
import psutil

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests"))

from browsing import Served, filled, served  # noqa: E402

PAGES = ("/", "/jobs", "/library", "/library/of/films", "/quarantine")
LISTS = (
    "", "?sort=size", "?sort=saves", "?state=asked", "?state=planned&sort=size", "?rule=dolby-vision&sort=saves",
    "?codec=vc1", "?text=%D0%A1%D1%82%D0%B0%D0%BB", "?text=nothing-like-it", "?sort=size&after=60000",
)  # fmt: skip


def get(url: str) -> float:
    """Seconds a page takes."""
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 -- of our own server
        answer.read()
    return time.perf_counter() - began


def watch(address: str, count: int) -> None:
    """Be so many who watch, until killed: all in one process, which looks at nothing it reads."""
    place = urlsplit(address)
    ready = selectors.DefaultSelector()
    for _ in range(count):
        line = socket.create_connection((place.hostname, place.port))
        line.sendall(f"GET /live/now+figures HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        ready.register(line, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if isinstance(key.fileobj, socket.socket) and not key.fileobj.recv(1 << 16):
                ready.unregister(key.fileobj)


@contextmanager
def watchers(site: Served, count: int) -> Iterator[None]:
    """So many who watch, while the block lasts."""
    command = [sys.executable, __file__, "--be-watchers", str(count), "--address", site.address]
    process = subprocess.Popen(command)
    try:
        time.sleep(1)
        yield
    finally:
        process.kill()
        process.wait()


def server_seconds(site: Served) -> float:
    """Processor seconds the server took so far; encodes are processes of their own and not in it."""
    took = psutil.Process(site.process.pid).cpu_times()
    return took.user + took.system


def cost(site: Served, count: int, seconds: float = 20.0) -> dict[str, float]:
    """Processor seconds a second that the server takes: idle, watched, and watched while a page a second is opened."""

    def rate(pages: float) -> float:
        began, before = time.monotonic(), server_seconds(site)
        while (now := time.monotonic() - began) < seconds:
            if pages:
                get(site.url(PAGES[int(now) % len(PAGES)]))
            time.sleep(1)
        return round((server_seconds(site) - before) / now, 4)

    found = {"idle": rate(0)}
    with watchers(site, count):
        found["watched"] = rate(0)
        found["watched_and_opened"] = rate(1)
    return found


def film(folder: Path, seconds: int) -> Path:
    """Something to encode."""
    path = folder / "film.mkv"
    look = f"testsrc2=s=1280x720:r=24:d={seconds},noise=alls=8:allf=t"
    argv = ["-v", "error", "-y", "-f", "lavfi", "-i", look, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *argv, str(path)], check=True)
    return path


def encodes(site: Served, source: Path, folder: Path, mark: str) -> float:
    """Seconds that two encodes beside each other take."""
    began = time.perf_counter()
    runs = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "reelwright", "encode", str(source), "-o", str(folder / f"{mark}-{k}.mkv"),
             "--preset", "10", "--crf", str(40 + k), "--work-dir", str(folder / f"{mark}-{k}"), "--workers", "1"],
            env=dict(site.env), stdout=subprocess.DEVNULL,
        )
        for k in range(2)
    ]  # fmt: skip
    codes = [run.wait() for run in runs]
    if any(codes):
        raise SystemExit(f"an encode failed: {codes}")
    return time.perf_counter() - began


def watched(site: Served, source: Path, folder: Path, mark: str, count: int) -> tuple[float, list[float]]:
    """The same while many watch; also how long pages took meanwhile."""
    stop, took = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            took.append(get(site.url(PAGES[len(took) % len(PAGES)])))
            stop.wait(1)

    asking = threading.Thread(target=ask, daemon=True)
    with watchers(site, count):
        asking.start()
        seconds = encodes(site, source, folder, mark)
        stop.set()
        asking.join()
    return seconds, took


def lists(site: Served) -> dict[str, float]:
    """Milliseconds of the lists of a large library, the median of five."""
    get(site.url("/library/of/archive"))
    found = {}
    for query in LISTS:
        took = [get(site.url(f"/library/of/archive{query}")) for _ in range(5)]
        found[query or "(all)"] = round(1000 * statistics.median(took))
    return found


def main() -> None:
    """Measure, print, and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watchers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=20, help="length of the film")
    parser.add_argument("--rounds", type=int, default=3, help="of encodes without and with watchers")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--lists-only", action="store_true")
    parser.add_argument("--cost-only", action="store_true")
    parser.add_argument("--be-watchers", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    parser.add_argument("--build", type=Path, default=HERE / "build" / "bench")
    args = parser.parse_args()
    if args.be_watchers:
        watch(args.address, args.be_watchers)
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="reelwright-pages-") as name:
        folder = Path(name)
        filled(folder / "state", folder / "films", args.rows)
        with served(folder / "state") as site:
            if not args.cost_only:
                found["lists_ms"] = lists(site)
            if not args.lists_only:
                found["server_cpu_per_second"] = cost(site, args.watchers)
            if not args.lists_only and not args.cost_only:
                found |= compared(site, film(folder, args.seconds), folder, args.watchers, args.rounds)
    args.build.mkdir(parents=True, exist_ok=True)
    (args.build / "pages.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def compared(site: Served, source: Path, folder: Path, count: int, rounds: int) -> dict[str, object]:
    """Encodes without and with watchers, in turns; with what the server's own processor time was meanwhile."""
    alone, beside, took, spent = [], [], [], {"alone": 0.0, "watched": 0.0}
    for k in range(rounds):
        before = server_seconds(site)
        alone.append(encodes(site, source, folder, f"alone{k}"))
        between = server_seconds(site)
        seconds, pages = watched(site, source, folder, f"beside{k}", count)
        spent["alone"] += between - before
        spent["watched"] += server_seconds(site) - between
        beside.append(seconds)
        took += pages
    return {
        "watchers": count, "encodes_alone_s": alone, "encodes_watched_s": beside,
        "slower_percent": round(100 * (statistics.median(beside) / statistics.median(alone) - 1), 2),
        "server_cpu_per_second_beside_encodes": {
            "alone": round(spent["alone"] / sum(alone), 4), "watched": round(spent["watched"] / sum(beside), 4),
        },
        "pages": len(took), "page_p95_ms": round(1000 * statistics.quantiles(took, n=20)[-1]),
        "page_median_ms": round(1000 * statistics.median(took)),
    }  # fmt: skip


if __name__ == "__main__":
    main()
