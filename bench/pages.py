"""What the pages cost: 50 watchers while two films are encoded, and lists of 100,000 files.

    .venv/bin/python bench/pages.py [--watchers 50] [--seconds 20] [--rows 100000]

Run it on a machine that does nothing else; it takes about four minutes on two cores. Two encodes of a film that is made
for it run three times without anybody watching and three times with 50 watchers of the living parts while pages are
asked for all the time; in turns, so that a machine that warms up favours neither. Figures go to build/bench/pages.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests"))

from browsing import Served, filled, served  # noqa: E402

PAGES = ("/", "/jobs", "/library", "/library/of/films", "/quarantine")
LISTS = (
    "", "?sort=size", "?sort=saves", "?state=asked", "?state=planned&sort=size", "?rule=dolby-vision&sort=saves",
    "?codec=vc1", "?text=%D0%A1%D1%82%D0%B0%D0%BB", "?text=nothing-like-it", "?sort=size&after=60000",
)  # fmt: skip
ROUNDS = 3


def get(url: str) -> float:
    """Seconds a page takes."""
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 -- of our own server
        answer.read()
    return time.perf_counter() - began


def watch(url: str, stop: threading.Event) -> None:
    """Be one who watches."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=60) as stream:  # noqa: S310 -- as above
        while not stop.is_set() and stream.readline():
            pass


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


def watched(site: Served, source: Path, folder: Path, mark: str, watchers: int) -> tuple[float, list[float]]:
    """The same while many watch; also how long pages took meanwhile."""
    stop, took = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            for path in PAGES:
                took.append(get(site.url(path)))
                time.sleep(0.2)

    threads = [
        threading.Thread(target=watch, args=(site.url("/live/now+figures"), stop), daemon=True) for _ in range(watchers)
    ]
    threads.append(threading.Thread(target=ask, daemon=True))
    for thread in threads:
        thread.start()
    seconds = encodes(site, source, folder, mark)
    stop.set()
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
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--lists-only", action="store_true")
    parser.add_argument("--build", type=Path, default=HERE / "build" / "bench")
    args = parser.parse_args()
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="reelwright-pages-") as name:
        folder = Path(name)
        filled(folder / "state", folder / "films", args.rows)
        with served(folder / "state") as site:
            found["lists_ms"] = lists(site)
            if not args.lists_only:
                found |= compared(site, film(folder, args.seconds), folder, args.watchers)
    args.build.mkdir(parents=True, exist_ok=True)
    (args.build / "pages.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def compared(site: Served, source: Path, folder: Path, watchers: int) -> dict[str, object]:
    """Encodes without and with watchers, in turns."""
    alone, beside, took = [], [], []
    for k in range(ROUNDS):
        alone.append(encodes(site, source, folder, f"alone{k}"))
        seconds, pages = watched(site, source, folder, f"beside{k}", watchers)
        beside.append(seconds)
        took += pages
    return {
        "watchers": watchers, "encodes_alone_s": alone, "encodes_watched_s": beside,
        "slower_percent": round(100 * (statistics.median(beside) / statistics.median(alone) - 1), 2),
        "pages": len(took), "page_p95_ms": round(1000 * statistics.quantiles(took, n=20)[-1]),
        "page_median_ms": round(1000 * statistics.median(took)),
    }  # fmt: skip


if __name__ == "__main__":
    main()
