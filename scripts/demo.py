"""Encode a clip with Reelwright and show what came of it: one made here, or a film of yours."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg

#: Scenes of the clip: FFmpeg's own pictures, so that nothing has to be shipped or fetched.
SCENES = (
    "mandelbrot=size=640x360:rate=24:end_scale=0.02",
    "testsrc2=size=640x360:rate=24",
    "gradients=size=640x360:rate=24:speed=0.02:seed=4",
    "life=size=320x180:rate=24:mold=10:ratio=0.1:death_color=#203040:life_color=#f0d080,scale=640:360:flags=neighbor",
    "color=c=0x101820:size=640x360:rate=24,drawtext=text=Reelwright:fontcolor=white:fontsize=56:x=(w-tw)/2:y=(h-th)/2",
    "smptehdbars=size=640x360:rate=24,noise=alls=12:allf=t",
)
SECONDS = 3


def make_clip(path: Path) -> None:
    """Make a short film of six very different scenes, with sound."""
    inputs = [part for scene in SCENES for part in ("-f", "lavfi", "-t", str(SECONDS), "-i", scene)]
    pictures = "".join(f"[{k}:v]setsar=1,format=yuv420p[v{k}];" for k in range(len(SCENES)))
    joined = "".join(f"[v{k}]" for k in range(len(SCENES)))
    sound = f"sine=frequency=220:duration={SECONDS * len(SCENES)}"
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *inputs, "-f", "lavfi", "-i", sound),
        *("-filter_complex", f"{pictures}{joined}concat=n={len(SCENES)}:v=1[v]", "-map", "[v]"),
        *("-map", f"{len(SCENES)}:a", "-c:v", "libx264", "-crf", "12", "-preset", "veryfast", "-c:a", "aac"),
        *("-metadata:s:a:0", "language=eng", "-metadata", "title=Reelwright demo", f"file:{path}"),
    ]
    subprocess.run(command, check=True)


def main() -> int:
    """Make the clip if there is none, encode it, make its report, say where everything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="folder for the clip, the output and the ledger")
    parser.add_argument("--source", type=Path, help="a film of yours instead")
    args = parser.parse_args()
    args.build.mkdir(parents=True, exist_ok=True)
    source = args.source
    if source is None:
        source = args.build / "clip.mkv"
        if not source.exists():
            print(f"making {source}, {SECONDS * len(SCENES)} seconds of six scenes", flush=True)
            make_clip(source)
    output = args.build / f"{source.stem}.av1.mkv"
    environment = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(args.build / "ledger.sqlite3")}
    command = [sys.executable, "-m", "reelwright", "encode", "--work-dir", str(args.build / "work")]
    done = subprocess.run([*command, "-o", str(output), "--", str(source)], env=environment, check=False)
    if done.returncode != 0:
        return done.returncode
    page = args.build / f"{output.stem}.report.html"
    report = [sys.executable, "-m", "reelwright", "report", str(output), "-o", str(page), "--json"]
    made = subprocess.run(report, env=environment, check=False, stdout=subprocess.DEVNULL)
    print(f"\nwatch      {output}")
    if made.returncode == 0:
        print(f"look       {page}, in any browser: quality along the film, every trial, before and after")
    print("run again  the same command finds it done, and says so")
    print("resume     stop it in the middle, and run it again")
    return made.returncode


if __name__ == "__main__":
    sys.exit(main())
