"""What encoder settings cost and give, each against the default at the same VMAF: the numbers behind the profiles.

    python bench/profiles.py --build DIR CLIP... [--target V] [--frames N] [--only NAME ...]

Each clip is encoded in one go at several CRFs with each set of parameters; bytes and CPU time at the target come from
a straight line through the two nearest points (score against the logarithm of bytes). Besides VMAF it measures how
much of the source's finest texture is left: the standard deviation of what a 5x5 blur takes away, output over source.
VMAF hardly sees film grain go; this does. Results are kept in DIR/profiles.json, so that a run can be gone on with.
"""

import argparse
import json
import math
import resource
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
QUIET = (FFMPEG, "-nostdin", "-v", "error", "-y")
DEFAULT = "preset 6"
#: Preset and SVT-AV1 parameters.
SETS: dict[str, tuple[int, dict[str, str]]] = {
    DEFAULT: (6, {}),
    "preset 3": (3, {}),
    "preset 4": (4, {}),
    "preset 5": (5, {}),
    "preset 8": (8, {}),
    "preset 10": (10, {}),
    "tune 0": (6, {"tune": "0"}),
    "no temporal filter": (6, {"enable-tf": "0"}),
    "adaptive temporal filter": (6, {"enable-tf": "2"}),
    "variance boost": (6, {"enable-variance-boost": "1"}),
    "quantisation matrices": (6, {"enable-qm": "1", "qm-min": "0"}),
    "ac-bias 4": (6, {"ac-bias": "4.0"}),
    "sharpness 1": (6, {"sharpness": "1"}),
    "grain": (6, {"tune": "0", "enable-tf": "0", "ac-bias": "4.0"}),
}
CRFS = (12, 18, 24, 32, 42)


def encode(clip: Path, out: Path, *, name: str, crf: int, frames: int) -> float:
    """Encode a clip; returns CPU seconds."""
    preset, parameters = SETS[name]
    text = ":".join(f"{k}={v}" for k, v in {"crf": str(crf), "lp": "2", **parameters}.items())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*QUIET, "-i", str(clip), "-map", "0:v:0", "-frames:v", str(frames), "-pix_fmt", "yuv420p10le"]
    command += ["-c:v", "libsvtav1", "-preset", str(preset), "-svtav1-params", text, "-fps_mode", "passthrough"]
    subprocess.run([*command, str(out)], check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def vmaf(clip: Path, out: Path, frames: int, folder: Path) -> float:
    """Mean VMAF of every frame, small pictures fitted into 1080p as Reelwright does."""
    from reelwright.quality.score import scoring_size  # noqa: PLC0415

    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        size = scoring_size(video.width, video.height)
    scale = [f"scale={size[0]}:{size[1]}:flags=bicubic"] if size else []
    chain = ",".join([f"trim=end_frame={frames}", "format=yuv420p10le", *scale, "settb=1/1000", "setpts=N*40"])
    graph = f"[0:v:0]{chain}[d];[1:v:0]{chain}[r];[d][r]libvmaf=n_threads=2:log_fmt=json:log_path=profiles.vmaf.json"
    command = [*QUIET, "-i", str(out.resolve()), "-i", str(clip.resolve()), "-filter_complex", graph]
    command += ["-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"]
    subprocess.run(command, check=True, cwd=folder)
    found: float = json.loads((folder / "profiles.vmaf.json").read_text())["pooled_metrics"]["vmaf"]["mean"]
    return found


def texture(path: Path, frames: int) -> float:
    """Standard deviation of what a 5x5 blur takes away from the luma, mean over frames, 8-bit levels."""
    values = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= frames:
                break
            luma = frame.reformat(format="gray").to_ndarray().astype(np.float32)
            padded = np.pad(luma, 2, mode="edge")
            total = sum(padded[y : y + luma.shape[0], x : x + luma.shape[1]] for y in range(5) for x in range(5))
            values.append(float(np.std(luma - total / 25)))
    return float(np.mean(values))


def measure(clip: Path, name: str, crf: int, frames: int, build: Path) -> dict[str, float]:
    """One encode with everything measured of it."""
    out = build / "profile.mkv"
    cpu = encode(clip, out, name=name, crf=crf, frames=frames)
    return {
        "crf": crf,
        "bytes": out.stat().st_size,
        "cpu": cpu,
        "vmaf": vmaf(clip, out, frames, build),
        "texture": texture(out, frames) / texture(clip, frames),
    }


def at_target(points: list[dict[str, float]], target: float) -> dict[str, float] | None:
    """Bytes, CPU and texture where a line through the nearest two points has the target; None outside of them."""
    ordered = sorted(points, key=lambda p: p["vmaf"])
    for low, high in pairwise(ordered):
        if low["vmaf"] <= target <= high["vmaf"] and high["vmaf"] > low["vmaf"]:
            part = (target - low["vmaf"]) / (high["vmaf"] - low["vmaf"])

            def between(a: float, b: float, part: float = part) -> float:
                return a + part * (b - a)

            return {
                "crf": between(low["crf"], high["crf"]),
                "bytes": math.exp(between(math.log(low["bytes"]), math.log(high["bytes"]))),
                "cpu": between(low["cpu"], high["cpu"]),
                "texture": between(low["texture"], high["texture"]),
            }
    return None


def table(results: dict[str, Any], target: float) -> list[str]:
    """A Markdown table: each set against the default on each clip."""
    clips = list(results)
    lines = [f"| at VMAF {target:g} | {' | '.join(clips)} |", f"| --- |{' --- |' * len(clips)}"]
    for name in SETS:
        cells = []
        for clip in clips:
            here = at_target(results[clip].get(name, []), target)
            base = at_target(results[clip].get(DEFAULT, []), target)
            if here is None or base is None:
                cells.append("-")
                continue
            cells.append(
                f"{100 * (here['bytes'] / base['bytes'] - 1):+.1f} % bytes, {here['cpu'] / base['cpu']:.2f}x CPU, "
                f"{100 * here['texture']:.0f} % texture"
            )
        if set(cells) != {"-"}:
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--target", type=float, default=93)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--only", nargs="*", choices=list(SETS))
    args = parser.parse_args()
    args.build.mkdir(parents=True, exist_ok=True)
    kept = args.build / "profiles.json"
    results: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    for name in args.only or SETS:
        for clip in args.clips:
            points = results.setdefault(clip.stem, {}).setdefault(name, [])
            for crf in CRFS:
                if not any(p["crf"] == crf for p in points):
                    points.append(measure(clip, name, crf, args.frames, args.build))
                    kept.write_text(json.dumps(results, indent=1))
        print(f"{name} done", flush=True)
    print("\n".join(table(results, args.target)))


if __name__ == "__main__":
    main()
