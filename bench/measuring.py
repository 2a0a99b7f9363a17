"""What every benchmark needs: commands with their time, whether others used the machine meanwhile, VMAF of a film."""

import json
import os
import resource
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
QUIET = (FFMPEG, "-nostdin", "-v", "error", "-y")
#: Others took more than this share of the CPU while something was timed: its times are marked.
BUSY = 0.05
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A finished command: wall seconds, CPU seconds of it and all its children, largest process."""

    wall: float
    cpu: float
    peak_bytes: int
    stdout: str
    #: Load average before it began, and the share of all CPU time that others took meanwhile.
    load_before: float
    others: float

    @property
    def busy(self) -> bool:
        """Whether others used the machine meanwhile."""
        return self.others > BUSY

    def row(self) -> dict[str, Any]:
        """As plain values, without what it printed."""
        values = {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items() if k != "stdout"}
        return {**values, "busy": self.busy}


def used_by_all() -> float:
    """CPU seconds that the whole machine has used."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def timed(command: list[str], **options: Any) -> Timed:
    """Run a command to its end and count everything it used, and what others used meanwhile."""
    load, everyone = os.getloadavg()[0], used_by_all()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    others = max(0.0, used_by_all() - everyone - cpu) / (max(wall, 0.01) * (psutil.cpu_count() or 1))
    peak = after.ru_maxrss * 1024
    return Timed(wall=wall, cpu=cpu, peak_bytes=peak, stdout=done.stdout, load_before=load, others=others)


def whole_film_scores(
    source: Path, distorted: Path, log: Path, *, scale: str | None = None, model: str | None = None
) -> list[float]:
    """VMAF of each frame of the whole film, paired by number, with every frame scored.

    Args:
        source: the film as it was.
        distorted: the film encoded.
        log: a file for libvmaf's log; removed again.
        scale: WxH both are scaled to; None: as they are.
        model: libvmaf's name of the model; None: its own default.
    """
    scaled = [f"scale={scale.replace('x', ':')}:flags=bicubic"] if scale else []
    chain = ",".join(["format=yuv420p10le", *scaled, "settb=1/1000", "setpts=N*40"])
    named = f":model=version={model}" if model else ""
    vmaf = f"libvmaf=n_threads={CORES}:log_fmt=json:log_path={log.name}{named}"
    graph = f"[0:v:0]{chain}[d];[1:v:0]{chain}[r];[d][r]{vmaf}"
    command = [*QUIET, "-i", str(distorted.resolve()), "-i", str(source.resolve()), "-filter_complex", graph]
    subprocess.run(
        [*command, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"],
        check=True,
        cwd=log.parent,
    )
    rows = json.loads(log.read_text())["frames"]
    log.unlink()
    return [row["metrics"]["vmaf"] for row in sorted(rows, key=lambda r: r["frameNum"])]


def mean(values: list[float]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)


def write(path: Path, row: Any) -> None:
    """Write a result so that a stop leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
