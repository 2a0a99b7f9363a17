"""What a measured encode costs against a plain one, and whether its numbers hold.

    python bench/encode.py --build DIR [--source FILM ...] [--rounds N] [--preset P] [--target V]

Each round encodes the film with Reelwright (fresh ledger, fresh work folder), then with one plain FFmpeg command at
the one CRF that gives the same mean VMAF, in turns, in one run. The scores come from an independent FFmpeg run over
the whole film. Prints a table and writes `films/NAME.json` into DIR.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
QUIET = (FFMPEG, "-nostdin", "-v", "error", "-y")
#: The plain encode's mean may differ from ours by this much.
SAME_MEAN = 0.05


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A finished command: wall seconds, CPU seconds of it and all its children, largest process."""

    wall: float
    cpu: float
    peak_bytes: int
    stdout: str


def timed(command: list[str], **options: Any) -> Timed:
    """Run a command to its end and count everything it used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Timed(wall=wall, cpu=cpu, peak_bytes=after.ru_maxrss * 1024, stdout=done.stdout)


def make_film(path: Path) -> None:
    """A film of its own where none is given: the demo's scenes."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
    from demo import make_clip  # noqa: PLC0415

    make_clip(path)


def film_times(path: Path) -> list[Fraction]:
    """When each frame of a film is shown, counted from the first, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [f.pts for f in container.decode(stream)]
        base = stream.time_base or Fraction(1)
    if any(p is None for p in shown):
        return [Fraction(k, 25) for k in range(len(shown))]
    return [(p - shown[0]) * base for p in shown]


def whole_film_scores(source: Path, distorted: Path, scale: str | None, log: Path) -> list[float]:
    """VMAF of each frame of the whole film, paired by number, with every frame scored."""
    scaled = [f"scale={scale.replace('x', ':')}:flags=bicubic"] if scale else []
    chain = ",".join(["format=yuv420p10le", *scaled, "settb=1/1000", "setpts=N*40"])
    graph = f"[0:v:0]{chain}[d];[1:v:0]{chain}[r];[d][r]libvmaf=n_threads=2:log_fmt=json:log_path={log.name}"
    command = [*QUIET, "-i", str(distorted.resolve()), "-i", str(source.resolve()), "-filter_complex", graph]
    subprocess.run(
        [*command, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"],
        check=True,
        cwd=log.parent,
    )
    rows = json.loads(log.read_text())["frames"]
    return [row["metrics"]["vmaf"] for row in sorted(rows, key=lambda r: r["frameNum"])]


def mean(values: list[float]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)


class Bench:
    """One film and everything measured of it."""

    def __init__(self, args: argparse.Namespace, source: Path) -> None:
        self.args = args
        self.source = source
        self.build: Path = args.build
        #: Plain encodes that were timed while the matching CRF was looked for.
        self.timings: dict[float, Timed] = {}

    def ours(self, number: int) -> tuple[Timed, list[dict[str, Any]], Path]:
        """Encode with Reelwright, cold."""
        output = self.build / f"ours-{number}.mkv"
        work, ledger = self.build / "work", self.build / "ledger.sqlite3"
        shutil.rmtree(work, ignore_errors=True)
        for stale in (output, *self.build.glob("ledger.sqlite3*")):
            stale.unlink(missing_ok=True)
        command = [sys.executable, "-m", "reelwright", "encode", str(self.source), "-o", str(output), "--json"]
        command += ["--work-dir", str(work), "--preset", str(self.args.preset), "--target-vmaf", str(self.args.target)]
        done = timed(command, env={**os.environ, "REELWRIGHT_DATABASE__PATH": str(ledger)})
        return done, [json.loads(line) for line in done.stdout.splitlines()], output

    def plain(self, crf: float) -> tuple[Timed, Path]:
        """Encode the film in one go at one CRF."""
        output = self.build / "plain.mkv"
        command = [*QUIET, "-i", str(self.source), "-map", "0:v:0", "-an", "-pix_fmt", "yuv420p10le"]
        command += ["-c:v", "libsvtav1", "-preset", str(self.args.preset), "-svtav1-params", f"crf={crf:g}"]
        return timed([*command, "-fps_mode", "passthrough", str(output)], env={**os.environ, "SVT_LOG": "1"}), output

    def matching_crf(self, wanted: float, start: float, scale: str | None) -> tuple[float, list[float], int]:
        """The CRF (in quarter steps) at which a plain encode has the wanted mean; its scores and its bytes."""
        tried: dict[float, tuple[float, int]] = {}
        scores: dict[float, list[float]] = {}
        crf = start
        while crf not in tried:
            self.timings[crf], output = self.plain(crf)
            scores[crf] = whole_film_scores(self.source, output, scale, self.build / "plain.json")
            got = mean(scores[crf])
            tried[crf] = (got, output.stat().st_size)
            print(f"  plain at CRF {crf:g}: mean {got:.3f}", flush=True)
            if abs(got - wanted) <= SAME_MEAN:
                break
            crf = self.next_crf(tried, wanted)
        best = min(tried, key=lambda c: abs(tried[c][0] - wanted))
        return best, scores[best], tried[best][1]

    @staticmethod
    def next_crf(tried: dict[float, tuple[float, int]], wanted: float) -> float:
        """Where a straight line through the two nearest trials has the wanted mean."""
        near = sorted(tried, key=lambda c: abs(tried[c][0] - wanted))[:2]
        if len(near) == 1:
            guess = near[0] + (tried[near[0]][0] - wanted) / 0.4
        else:
            (a, (va, _)), (b, (vb, _)) = ((c, tried[c]) for c in near)
            guess = a + (wanted - va) * (b - a) / (vb - va) if va != vb else a
        return min(63.0, max(1.0, round(guess * 4) / 4))

    def measure(self) -> dict[str, Any]:
        """Everything, as one row."""
        rounds = []
        done, events, output = self.ours(0)
        result = next(e for e in events if e["event"] == "result")["data"]
        trials = [e["data"] for e in events if e["event"] == "trial_complete"]
        chosen = {e["data"]["chunk"]: e["data"] for e in events if e["event"] == "segment_complete"}
        scale = result["vmaf"]["scaled_to"]
        whole = whole_film_scores(self.source, output, scale, self.build / "ours.json")
        crfs = sorted(c["crf"] for c in chosen.values())
        crf, plain, plain_bytes = self.matching_crf(mean(whole), median(crfs), scale)
        rounds.append((done, self.timings[crf]))
        for number in range(1, self.args.rounds):
            rounds += [(self.ours(number)[0], self.plain(crf)[0])]
        want, got = film_times(self.source), film_times(output)
        chunks = self.chunk_scores(trials, chosen, whole, plain)
        target = self.args.target
        misses = [c["independent"] - target for c in chunks if c["answered"]]
        video_bytes = sum(t["bytes"] for t in trials if chosen[t["chunk"]]["crf"] == t["crf"])
        outside = [(a.cpu - result["trial_cpu_seconds"]) / a.cpu for a, _ in rounds[:1]]
        return {
            "film": self.source.name,
            "preset": self.args.preset,
            "target": target,
            "frames": [len(want), len(got)],
            "frames_equal": len(want) == len(got),
            "worst_time_error_ms": float(max(abs(a - b) for a, b in zip(want, got, strict=False)) * 1000),
            "chunks": len(chosen),
            "chunks_with_an_answer": len(misses),
            "worst_miss_of_a_chunk_with_an_answer": max(map(abs, misses), default=0.0),
            "mean_own": result["vmaf"]["mean"],
            "mean_independent": mean(whole),
            "encodes_per_chunk_by_frames": sum(t["frames"] for t in trials) / len(want),
            "wall_over_plain": median(a.wall / b.wall for a, b in rounds),
            "wall_seconds": [[round(a.wall, 1), round(b.wall, 1)] for a, b in rounds],
            "cpu_over_plain": median(a.cpu / b.cpu for a, b in rounds),
            "cpu_share_outside_trials": outside[0],
            "largest_process_MiB": max(a.peak_bytes for a, _ in rounds) >> 20,
            "plain_crf": crf,
            "plain_mean": mean(plain),
            "bytes_over_plain": video_bytes / plain_bytes,
            "chunk_rows": chunks,
        }

    @staticmethod
    def chunk_scores(
        trials: list[dict[str, Any]], chosen: dict[int, Any], whole: list[float], plain: list[float]
    ) -> list[dict[str, Any]]:
        """Each chunk's own score beside the independent run's and the plain encode's over the same frames."""
        rows, start = [], 0
        accepted = {t["chunk"]: t for t in trials if chosen[t["chunk"]]["crf"] == t["crf"]}
        for chunk in sorted(accepted):
            trial = accepted[chunk]
            part = whole[start : start + trial["frames"]]
            beside = plain[start : start + trial["frames"]]
            start += trial["frames"]
            rows.append(
                {
                    "chunk": chunk,
                    "frames": trial["frames"],
                    "crf": trial["crf"],
                    "own": trial["score"],
                    "independent": round(mean(part), 3),
                    "plain": round(mean(beside), 3),
                    "answered": chosen[chunk]["within_band"],
                    "trials": sum(t["chunk"] == chunk for t in trials),
                    "why": chosen[chunk]["why"],
                }
            )
        return rows


def main() -> None:
    """Measure one film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--source", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--preset", type=int, default=6)
    parser.add_argument("--target", type=float, default=93)
    args = parser.parse_args()
    args.build.mkdir(parents=True, exist_ok=True)
    sources: list[Path] = args.source or [args.build / "film.mkv"]
    if not args.source and not sources[0].exists():
        make_film(sources[0])
    for source in sources:
        row = Bench(args, source).measure()
        results = args.build / "films"
        results.mkdir(exist_ok=True)
        (results / f"{source.stem}.json").write_text(json.dumps(row, indent=1))
        show(row)


def show(row: dict[str, Any]) -> None:
    """Print what was measured of one film."""
    print(f"\n{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python {platform.python_version()}\n")
    for name, value in row.items():
        if name != "chunk_rows":
            print(f"{name:<40} {value:.4g}" if isinstance(value, float) else f"{name:<40} {value}")
    print()
    for line in row["chunk_rows"]:
        print("  ".join(f"{k} {v}" for k, v in line.items()))


if __name__ == "__main__":
    main()
