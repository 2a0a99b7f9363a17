"""What `sequence render` costs a frame, beside the two usual ways; what its stages allow; what its memory is.

    python bench/render_frames.py --build DIR [--frames 24] [--rounds 2] [--quick]

1080p half-float EXR (zip) from linear light to sRGB, two burn-ins, x264. In turns, in one run, with the same flags for
the encoder, those of our profiles `h264-draft` (8 bit, veryfast) and `h264` (10 bit, medium):

- ours: `reelwright sequence render`, which also hashes every file, decodes the movie once more, writes the manifest;
- two steps: `oiiotool` to 10-bit DPX with its own text, then FFmpeg;
- a loop: OpenImageIO in Python, `colorconvert` and `render_text`, into FFmpeg's pipe.

CPU seconds of all processes; a frame's is the difference between a long run and one of two frames, so that starting
programs does not count. Then each stage alone: the frames rendered and thrown away, the pictures encoded from a file.
Then a view of ACES 2.0, exactly and as a preview. Last, the largest process of a run of ten times the frames (the same
files by other names). On a quiet machine of two cores all of it takes less than four minutes; `--quick` leaves out the
default profile and the memory. Prints a table and writes `render_frames.json` into DIR.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import imageio_ffmpeg
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from measuring import CORES, Timed, timed

from reelwright.sequences.delivery import PROFILES
from reelwright.sequences.overlay import parse_burn_in
from reelwright.sequences.rendering import Raster
from reelwright.tools.delivery import FONT, Counting, Delivery, Output, burn_in_filter, burn_in_text, delivery_args

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WIDTH, HEIGHT = 1920, 1080
CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
ACES2 = ("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)")
BURN_INS = ("top-left=sh010 v003", "bottom-right={frame}")
#: Times as many frames in the run whose memory is looked at.
LONGER = 10
#: Frames of the short run that a long one is held against.
FEW = 2
LOOP = """
import subprocess, sys
import OpenImageIO as oiio
first, last, font, *command = sys.argv[1:]
oiio.attribute("threads", 2)
pipe = subprocess.Popen(command, stdin=subprocess.PIPE)
for n in range(int(first), int(last) + 1):
    b = oiio.ImageBufAlgo.colorconvert(oiio.ImageBuf(f"frames/sh.{n}.exr"), "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)")
    oiio.ImageBufAlgo.render_text(b, 40, 60, "sh010 v003", 32, font, (1, 1, 1))
    oiio.ImageBufAlgo.render_text(b, 1780, 1050, f"{n}", 32, font, (1, 1, 1))
    pipe.stdin.write(b.get_pixels(oiio.UINT16).tobytes())
pipe.stdin.close()
sys.exit(pipe.wait())
"""  # noqa: E501 - a program of its own


def make_frames(folder: Path, count: int) -> None:
    """Frames that cost as much as rendered ones do: smooth shapes, texture and a little noise."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for k in range(count):
        path = folder / f"sh.{1001 + k}.exr"
        if path.is_file():
            continue
        shapes = [(np.sin((x + 8 * k) / 97) + 1) * 0.7, (np.cos((y + 3 * k) / 71) + 1) * 0.5, ((x + y + k) % 256) / 256]
        noise = draw.normal(0, 0.01, (HEIGHT, WIDTH, 3))
        spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "half")
        spec.attribute("compression", "zip")
        out = oiio.ImageOutput.create(str(path))
        if out is None or not out.open(str(path), spec):
            raise SystemExit(f"{path} cannot be written: {oiio.geterror()}")
        out.write_image(np.ascontiguousarray(np.stack(shapes, -1) + noise, np.float32))
        out.close()


class Bench:
    """A folder with frames, and the three ways."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.font = str(Path(oiio.__file__).parent / "share/fonts/OpenImageIO/DroidSans.ttf")
        state = {"REELWRIGHT_DATABASE__PATH": str(build / "l.db"), "REELWRIGHT_PROCESSING__TEMP_DIR": str(build / "w")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**os.environ, **state, "OCIO": CONFIG, "PATH": path}

    def run(self, command: list[str]) -> Timed:
        """One command in the folder."""
        return timed(command, cwd=self.build, env=self.env)

    def ours_command(self, profile: str, count: int, *more: str, frames: str = "frames") -> list[str]:
        """The command line of `reelwright sequence render`."""
        header, row = "parent,name,padding,extension,rate,colorspace", f"{frames},sh,4,exr,24,{LINEAR}"
        sheet = f"{header},first,last\n{row},1001,{1000 + count}\n"
        (self.build / "sheet.csv").write_text(sheet, encoding="ascii")
        shutil.rmtree(self.build / "ours", ignore_errors=True)
        command = [sys.executable, "-m", "reelwright", "sequence", "render", "sheet.csv", "-o", "ours", "--no-slate"]
        command += ["--profile", profile, *(word for text in BURN_INS for word in ("--burn-in", text))]
        return [*command, *(more or ("--to", SRGB))]

    def ours(self, profile: str, count: int, *more: str) -> Timed:
        """`reelwright sequence render`."""
        return self.run(self.ours_command(profile, count, *more))

    def two_steps(self, profile: str, count: int) -> Timed:
        """`oiiotool` to DPX, then FFmpeg."""
        shutil.rmtree(self.build / "dpx", ignore_errors=True)
        (self.build / "dpx").mkdir()
        text = ["--text:x=40:y=60:size=32", "sh010 v003", "--text:x=1780:y=1050:size=32", "{FRAME_NUMBER}"]
        convert = ["oiiotool", "--frames", f"1001-{1000 + count}", "frames/sh.%04d.exr", "--colorconvert", LINEAR, SRGB]
        source = ["-framerate", "24", "-start_number", "1001", "-i", "dpx/sh.%04d.dpx"]
        encode = [FFMPEG, "-v", "error", "-y", *source, *x264(profile)]
        script = self.build / "two.sh"
        words = [[*convert, *text, "-d", "uint10", "-o", "dpx/sh.%04d.dpx"], [*encode, "two.mov"]]
        script.write_text(" && ".join(" ".join(f"'{w}'" for w in line) for line in words), encoding="ascii")
        return self.run(["sh", str(script)])

    def loop(self, profile: str, count: int) -> Timed:
        """OpenImageIO in Python into a pipe."""
        size = f"{WIDTH}x{HEIGHT}"
        pipe = [FFMPEG, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", size, "-r", "24", "-i", "-"]
        command = [sys.executable, "-c", LOOP, "1001", str(1000 + count), self.font]
        return self.run([*command, *pipe, *x264(profile), "loop.mov"])

    def rendered_alone(self, count: int, target: str) -> Timed:
        """The rendering child, its pictures into a file or nowhere."""
        pipe, request = self.build / "stage.pipe", self.build / "request.json"
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        numbers = range(1001, 1001 + count)
        tried = {n: {"number": n, "path": str(self.build / f"frames/sh.{n}.exr"), "place": None} for n in numbers}
        asked: dict[str, Any] = {"read": [WIDTH, HEIGHT], "width": WIDTH, "height": HEIGHT, "channels": ["R", "G", "B"]}
        asked |= {"places": [{"number": n, "tried": [tried[n]], "otherwise": "error"} for n in numbers]}
        asked |= {"part": 0, "alpha": "ignore", "steps": [], "transform": "exact", "threads": CORES, "slate": None}
        asked |= {"color": {"config": CONFIG, "from": LINEAR, "to": SRGB}, "pipe": str(pipe), "font": self.font}
        request.write_text(json.dumps(asked), encoding="ascii")
        child = f"'{sys.executable}' -m reelwright.tools.children.render '@{request}' > said.txt"
        return self.run(["sh", "-c", f"cat '{pipe}' > {target} & {child}; wait"])

    def encoded_alone(self, profile: str, count: int) -> Timed:
        """FFmpeg with its filters, from pictures that lie in a file."""
        raster = Raster(width=WIDTH, height=HEIGHT, out_width=WIDTH, out_height=HEIGHT)
        counting = Counting(first=1001, step=1, padding=4, rate=Fraction(24), timecode=1001)
        shutil.copyfile(self.font, self.build / FONT)
        drawn = []
        for k, text in enumerate(BURN_INS):
            burn_in = parse_burn_in(text)
            (self.build / f"text{k}.txt").write_text(burn_in_text(burn_in, {}, counting), encoding="ascii")
            drawn.append(burn_in_filter(f"text{k}.txt", burn_in, raster))
        suffix = PROFILES[profile].suffix
        out = Output(profile=PROFILES[profile], path=self.build / f"alone{suffix}", frames=count)
        raw = self.build / "stage.raw"
        pass_ = Delivery(
            raster=raster,
            rate=Fraction(24),
            pictures=raw,
            slate=None,
            slate_frames=0,
            drawn=tuple(drawn),
            outputs=(out,),
        )
        args = delivery_args(FFMPEG, pass_, threads=CORES)
        where = args.index("-filter_complex")
        return self.run([*args[:where], *args[where : where + 2], "-frames:v", str(count), *args[where + 2 :]])

    def peak(self, count: int, frames: str) -> int:
        """Bytes of the largest process of a run."""
        command = self.ours_command("h264-draft", count, frames=frames)
        ask = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)"
        ask += "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        return int(self.run([sys.executable, "-c", ask, *command]).stdout) * 1024


def x264(profile: str) -> list[str]:
    """The encoder's flags of a profile, as its pixel format."""
    flags = list(PROFILES[profile].flags)
    return [*flags[: flags.index("-movflags")], "-pix_fmt", PROFILES[profile].pix_fmt]


def per_frame(few: Timed, runs: list[Timed], frames: int) -> dict[str, float]:
    """Milliseconds of CPU and of time that a frame costs."""
    cpu = (median(t.cpu for t in runs) - few.cpu) / (frames - FEW)
    wall = (median(t.wall for t in runs) - few.wall) / (frames - FEW)
    return {"cpu_ms": round(1000 * cpu, 1), "wall_ms": round(1000 * wall, 1)}


def measure(bench: Bench, profile: str, frames: int, rounds: int) -> dict[str, Any]:
    """The three ways in turns, and the stages alone."""
    ways = {"ours": bench.ours, "two steps": bench.two_steps, "loop": bench.loop}
    few = {name: way(profile, FEW) for name, way in ways.items()}
    found: dict[str, list[Timed]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way(profile, frames))
    rows: dict[str, Any] = {name: per_frame(few[name], runs, frames) for name, runs in found.items()}
    bench.rendered_alone(frames, "stage.raw")
    short = bench.rendered_alone(FEW, "/dev/null"), bench.encoded_alone(profile, FEW)
    long = bench.rendered_alone(frames, "/dev/null"), bench.encoded_alone(profile, frames)
    rows["render alone"] = per_frame(short[0], [long[0]], frames)
    rows["encode alone"] = per_frame(short[1], [long[1]], frames)
    rows["busy"] = any(t.busy for runs in found.values() for t in runs)
    return rows


def told(profile: str, rows: dict[str, Any]) -> None:
    """Print what was measured."""
    print(f"\n{profile}")
    for name, row in rows.items():
        if isinstance(row, dict):
            ratio = f"; ours over it {rows['ours']['cpu_ms'] / row['cpu_ms']:.2f}" if "alone" not in name else ""
            print(f"  {name:<13} {row['cpu_ms']:6.0f} ms CPU, {row['wall_ms']:6.0f} ms a frame{ratio}")
    slowest = max(rows[name]["wall_ms"] for name in ("render alone", "encode alone"))
    needed = sum(rows[name]["cpu_ms"] for name in ("render alone", "encode alone")) / CORES
    ours = rows["ours"]["wall_ms"]
    print(f"  of what the slowest stage alone allows: {100 * slowest / ours:.0f} %", end="; ")
    print(f"of what both together need of {CORES} cores: {100 * needed / ours:.0f} %{'; busy' if rows['busy'] else ''}")


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    build = args.build.resolve() / "render"
    make_frames(build / "frames", args.frames)
    bench = Bench(build)
    result: dict[str, Any] = {"frames": args.frames, "rounds": args.rounds, "cores": CORES}
    for profile in ("h264-draft",) if args.quick else ("h264-draft", "h264"):
        result[profile] = measure(bench, profile, args.frames, args.rounds)
        told(profile, result[profile])
    print("\nACES 2.0 view, h264-draft")
    for transform in ("exact", "preview"):
        view = ("--display", ACES2[0], "--view", ACES2[1], "--transform", transform)
        few, many = bench.ours("h264-draft", FEW, *view), bench.ours("h264-draft", args.frames // 2, *view)
        row = result[f"aces2 {transform}"] = per_frame(few, [many], args.frames // 2)
        manifest = json.loads((build / "ours" / "sh.mp4.manifest.json").read_text(encoding="ascii"))
        error = row["error"] = manifest["preview_error"]
        off = f"; off by {error['max']} codes of 1023 at most, {error['p999']} at 99.9 %" if error else ""
        print(f"  {transform:<13} {row['cpu_ms']:6.0f} ms CPU, {row['wall_ms']:6.0f} ms a frame{off}")
    if not args.quick:
        result["peak_mb"] = {n: bench.peak(n, frames) >> 20 for n, frames in lengths(build, args.frames).items()}
        print(f"\nlargest process, MiB, by frames: {result['peak_mb']}")
    (args.build / "render_frames.json").write_text(json.dumps(result, indent=1), encoding="ascii")
    version = subprocess.run([FFMPEG, "-version"], check=True, capture_output=True, text=True).stdout.split("\n", 1)[0]
    print(f"{version}; OpenImageIO {oiio.VERSION_STRING}; {CORES} cores")
    return 0


def lengths(build: Path, frames: int) -> dict[int, str]:
    """Folders of frames by their number: the frames, and many more by links to them."""
    longer = build / "longer"
    longer.mkdir(exist_ok=True)
    for k in range(frames * LONGER):
        link = longer / f"sh.{1001 + k}.exr"
        if not link.exists():
            link.symlink_to(build / "frames" / f"sh.{1001 + k % frames}.exr")
    return {frames: "frames", frames * LONGER: "longer"}


if __name__ == "__main__":
    sys.exit(main())
