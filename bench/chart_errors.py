"""How far a colour chart is off after each delivery profile.

    python bench/chart_errors.py --build DIR

A chart of 24 flat colours, primaries and greys among them, as 32-bit float EXR, rendered without a colour transform
into every profile in one run (AV1 apart: it goes through the quality engine), decoded to 16-bit RGB, and compared in
the middle of each patch. Prints a table in Markdown, in codes of 8 bit and of 10.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name

from reelwright.sequences.delivery import PROFILES, Kind, Profile

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WIDTH, HEIGHT, ACROSS, DOWN = 384, 256, 6, 4
FRAMES = (1001, 1002)
COLORS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1), (0, 0, 0)]
COLORS += [(g, g, g) for g in (0.02, 0.1, 0.18, 0.35, 0.5, 0.75, 0.9, 0.98)]
COLORS += [(0.45, 0.32, 0.27), (0.77, 0.58, 0.51), (0.36, 0.48, 0.61), (0.35, 0.42, 0.26)]
COLORS += [(0.51, 0.5, 0.69), (0.4, 0.74, 0.67), (0.84, 0.5, 0.17), (0.28, 0.36, 0.65)]


def chart() -> Any:
    """The chart."""
    made = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for k, color in enumerate(COLORS):
        row, column = divmod(k, ACROSS)
        rows = slice(row * HEIGHT // DOWN, (row + 1) * HEIGHT // DOWN)
        made[rows, column * WIDTH // ACROSS : (column + 1) * WIDTH // ACROSS] = color
    return made


def write_frames(folder: Path) -> None:
    """The chart as frames."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in FRAMES:
        path = str(folder / f"chart.{number}.exr")
        out = oiio.ImageOutput.create(path)
        if out is None or not out.open(path, oiio.ImageSpec(WIDTH, HEIGHT, 3, "float")) or not out.write_image(chart()):
            raise SystemExit(f"{path} cannot be written: {oiio.geterror()}")
        out.close()


def decoded(path: Path, profile: Profile) -> Any:
    """The second picture as RGB of 0 to 1."""
    if profile.kind is Kind.FRAMES:
        return oiio.ImageBuf(str(path / f"chart.{FRAMES[1]}{profile.suffix}")).get_pixels(oiio.FLOAT)
    chain = "zscale=m=gbr:r=full:min=709:rin=limited:c=left,format=gbrp16le"
    argv = [FFMPEG, "-v", "error", "-i", str(path), "-vf", chain, "-f", "rawvideo", "-"]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    green, blue, red = np.frombuffer(raw, "<u2").reshape(-1, 3, HEIGHT, WIDTH)[1]
    return np.stack([red, green, blue], -1) / 65535


def largest(found: Any) -> float:
    """The largest error in the middle of a patch."""
    wanted = chart()
    places = [((2 * (k // ACROSS) + 1) * HEIGHT // (2 * DOWN), (2 * (k % ACROSS) + 1) * WIDTH // (2 * ACROSS))
              for k in range(len(COLORS))]  # fmt: skip
    return max(float(np.abs(found[y, x, :3] - wanted[y, x]).max()) for y, x in places)


def main() -> int:
    """Render, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    build = parser.parse_args().build.resolve() / "chart"
    shutil.rmtree(build, ignore_errors=True)
    write_frames(build / "frames")
    state = {"REELWRIGHT_DATABASE__PATH": str(build / "l.db"), "REELWRIGHT_PROCESSING__TEMP_DIR": str(build / "work")}
    profiles = [profile for profile in PROFILES.values() if profile.kind is not Kind.TARGET and not profile.light]
    command = [sys.executable, "-m", "reelwright", "sequence", "render", "frames", "-o", "out/", "--rate", "24"]
    command += ["--colorspace", "display", "--no-slate", "--no-burn-ins"]
    command += [word for profile in profiles for word in ("--profile", profile.name)]
    subprocess.run(command, check=True, cwd=build, env={**os.environ, **state}, stdout=subprocess.DEVNULL)
    print("| profile | largest error | of 255 | of 1023 |\n| --- | ---: | ---: | ---: |")
    for profile in profiles:
        suffix = "" if profile.kind is Kind.FRAMES else profile.suffix
        error = largest(decoded(build / "out" / f"chart.{profile.name}{suffix}", profile))
        share = f"1/{1 / error:.0f}" if error > 1 / 65535 else "below 1/65535"
        print(f"| `{profile.name}` | {share} | {255 * error:.2f} | {1023 * error:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
