"""What `sequence render` costs a frame, beside the two usual ways.

    python bench/render_frames.py --build DIR [--frames 24] [--rounds 3]

1080p half-float EXR (zip) from linear light to sRGB, two burn-ins, x264 10 bit. In turns, in one run:

- ours: `reelwright sequence render`;
- two steps: `oiiotool` to 10-bit DPX with its own text, then FFmpeg;
- a loop: OpenImageIO in Python, `colorconvert` and `render_text`, into FFmpeg's pipe.

CPU seconds of all processes; a frame's is the difference between a long run and one of two frames, so that starting
programs does not count. Prints a table and writes `render_frames.json` into DIR.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import imageio_ffmpeg
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from measuring import CORES, Timed, timed

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WIDTH, HEIGHT = 1920, 1080
CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
X264 = ("-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p10le")
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
        self.env = {**os.environ, **state, "OCIO": CONFIG}

    def run(self, command: list[str]) -> Timed:
        """One command in the folder."""
        return timed(command, cwd=self.build, env=self.env)

    def ours(self, count: int) -> Timed:
        """`reelwright sequence render`."""
        header, row = "parent,name,padding,extension,rate,colorspace", f"frames,sh,4,exr,24,{LINEAR}"
        sheet = f"{header},first,last\n{row},1001,{1000 + count}\n"
        (self.build / "sheet.csv").write_text(sheet, encoding="ascii")
        shutil.rmtree(self.build / "ours", ignore_errors=True)
        burn_ins = ["--burn-in", "top-left=sh010 v003", "--burn-in", "bottom-right={frame}"]
        command = [sys.executable, "-m", "reelwright", "sequence", "render", "sheet.csv", "-o", "ours", "--to", SRGB]
        return self.run([*command, *burn_ins, "--no-slate"])

    def two_steps(self, count: int) -> Timed:
        """`oiiotool` to DPX, then FFmpeg."""
        shutil.rmtree(self.build / "dpx", ignore_errors=True)
        (self.build / "dpx").mkdir()
        text = ["--text:x=40:y=60:size=32", "sh010 v003", "--text:x=1780:y=1050:size=32", "{FRAME_NUMBER}"]
        convert = ["oiiotool", "--frames", f"1001-{1000 + count}", "frames/sh.%04d.exr", "--colorconvert", LINEAR, SRGB]
        encode = [
            FFMPEG,
            "-v",
            "error",
            "-y",
            "-framerate",
            "24",
            "-start_number",
            "1001",
            "-i",
            "dpx/sh.%04d.dpx",
            *X264,
        ]
        script = self.build / "two.sh"
        words = [[*convert, *text, "-d", "uint10", "-o", "dpx/sh.%04d.dpx"], [*encode, "two.mov"]]
        script.write_text(" && ".join(" ".join(f"'{w}'" for w in line) for line in words), encoding="ascii")
        return self.run(["sh", str(script)])

    def loop(self, count: int) -> Timed:
        """OpenImageIO in Python into a pipe."""
        size = f"{WIDTH}x{HEIGHT}"
        pipe = [FFMPEG, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", size, "-r", "24", "-i", "-"]
        return self.run([sys.executable, "-c", LOOP, "1001", str(1000 + count), self.font, *pipe, *X264, "loop.mov"])


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    build = args.build.resolve() / "render"
    make_frames(build / "frames", args.frames)
    bench = Bench(build)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bench.env["PATH"] = os.environ["PATH"]
    ways = {"ours": bench.ours, "two steps": bench.two_steps, "loop": bench.loop}
    few = {name: way(FEW) for name, way in ways.items()}
    found: dict[str, list[Timed]] = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, way in ways.items():
            found[name].append(way(args.frames))
    frames = args.frames - FEW
    cost = {name: 1000 * (median(t.cpu for t in runs) - few[name].cpu) / frames for name, runs in found.items()}
    wall = {name: (median(t.wall for t in runs) - few[name].wall) / frames for name, runs in found.items()}
    for name in ways:
        ratio, rate = cost["ours"] / cost[name], 1 / wall[name]
        print(f"{name:<10} {cost[name]:6.0f} ms CPU a frame, {rate:5.2f} frames a second; ours over it {ratio:.2f}")
    busy = any(t.busy for runs in found.values() for t in runs)
    rows = {"frames": args.frames, "rounds": args.rounds, "cores": CORES, "cpu_ms": cost, "wall_s": wall, "busy": busy}
    (args.build / "render_frames.json").write_text(json.dumps(rows, indent=1), encoding="ascii")
    version = subprocess.run([FFMPEG, "-version"], check=True, capture_output=True, text=True).stdout.split("\n", 1)[0]
    print(f"{version}; OpenImageIO {oiio.VERSION_STRING}; {CORES} cores{'; busy' if busy else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
