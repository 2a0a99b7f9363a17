"""A film of three minutes that the benchmark makes itself, with FFmpeg alone: `python bench/made_film.py OUT.mkv`.

1080p, 24 fps, 48 scenes of 66 to 114 frames, all of one look. Each scene is a slow pan and zoom over a plate: seven
octaves of Perlin noise with the rim of a Mandelbrot set in it, soft areas beside the finest detail, in soft colours.
Light that changes slowly lies over it, a piece of another plate with soft edges moves in front, and a little grain
that is new in every frame covers all of it. The same seeds give the same pictures. Parts that are made are kept until
the film is whole.
"""

import argparse
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measuring import CORES, FFMPEG

#: Its name.
MADE = "landscapes"
SCENES, PLATES, RATE = 48, 8, 24
SHORTEST, LONGEST = 66, 114
#: Size of a plate; the camera sees a part of it.
WIDE, HIGH = 2304, 1296
PIECE = 480
ENCODE = ("-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-pix_fmt", "yuv420p", "-r", str(RATE))
TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is different in each scene."""

    number: int
    frames: int
    plate: int
    other: int
    zoom: float
    closer: float
    across: float
    down: float
    flip: str
    light: int


def scenes(count: int = SCENES) -> list[Scene]:
    """All scenes; neighbours lie on different plates."""
    chance = random.Random(5)  # noqa: S311 - the same film every time
    return [
        Scene(
            number=number,
            frames=chance.randint(SHORTEST, LONGEST),
            plate=number % PLATES,
            other=(number + 1 + chance.randrange(PLATES - 1)) % PLATES,
            zoom=chance.uniform(1.25, 1.4),
            closer=chance.choice((-1, 1)) * chance.uniform(0.0003, 0.0008),
            across=chance.choice((-1, 1)) * chance.uniform(0.5, 1.6),
            down=chance.choice((-1, 1)) * chance.uniform(0.2, 0.9),
            flip=chance.choice(("null", "hflip", "vflip")),
            light=chance.randrange(1 << 16),
        )
        for number in range(count)
    ]


def ffmpeg(*words: str) -> None:
    """Run FFmpeg to its end."""
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-y", *words], check=True)


def perlin(size: str, seed: int, *, octaves: int, persistence: float, scale: float, tscale: float = 1.0) -> str:
    """Noise of several octaves as FFmpeg's source."""
    seeded = f"random_mode=seed:seed={seed}:rate={RATE}"
    shape = f"octaves={octaves}:persistence={persistence}:xscale={scale}:yscale={scale * 1.3:g}:tscale={tscale}"
    return f"perlin=s={size}:{shape}:{seeded},format=gray"


def make_plate(number: int, folder: Path) -> None:
    """A plate, and a piece of it with soft edges."""
    plate, piece = folder / f"plate-{number}.png", folder / f"piece-{number}.png"
    size = f"{WIDE}x{HIGH}"
    where = f"start_x=-0.7435:start_y=0.1314:start_scale=0.0{1 + number}2"
    rim = f"mandelbrot=s={size}:maxiter=300:inner=mincol:outer=normalized_iteration_count:{where},format=gray"
    color = perlin("640x360", 1000 + number, octaves=2, persistence=0.5, scale=1.2)
    other = perlin("640x360", 2000 + number, octaves=2, persistence=0.5, scale=1.5)
    up = f"eq=contrast=0.5,scale={WIDE}:{HIGH}"
    sources = (perlin(size, number, octaves=7, persistence=0.85, scale=2.2), f"{color},{up}", f"{other},{up}", rim)
    graph = (
        "[0]eq=contrast=2.2[noise];[noise][3]blend=all_mode=softlight:all_opacity=0.7,format=gray[y];"
        f"[y][1][2]mergeplanes=0x001020:yuv444p,{TAGS}[v]"
    )
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[v]", "-frames:v", "1", str(plate))
    soft = f"255*clip(3-6*hypot(X-{PIECE / 2},Y-{PIECE / 2})/{PIECE},0,1)"
    cut = f"crop={PIECE}:{PIECE}:300:400,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='{soft}'"
    ffmpeg("-i", str(plate), "-vf", cut, "-frames:v", "1", str(piece))


def scene_graph(scene: Scene) -> str:
    """The filters of one scene."""
    middle_x, middle_y = "iw/2-iw/zoom/2", "ih/2-ih/zoom/2"
    half = scene.frames / 2
    camera = (
        f"zoompan=z='{scene.zoom:.4f}+(on-{half:g})*{scene.closer:.5f}'"
        f":x='{middle_x}+(on-{half:g})*{scene.across:.3f}':y='{middle_y}+(on-{half:g})*{scene.down:.3f}'"
        f":d=1:s=1920x1080:fps={RATE}"
    )
    path = f"x='720+520*sin(0.9*t+{scene.number})':y='300+180*cos(0.7*t+{scene.number})'"
    return (
        f"[0]{scene.flip},{camera},format=yuv420p[far];[far][2]overlay={path}:shortest=1,format=yuv420p[all];"
        "[1]eq=contrast=0.5,scale=1920:1080:flags=bicubic,format=yuv420p[light];"
        "[all][light]blend=c0_mode=softlight:c0_opacity=0.5:c1_opacity=0:c2_opacity=0,"
        f"noise=c0s=2:c0f=t:all_seed={scene.light},{TAGS},format=yuv420p[v]"
    )


def make_scene(scene: Scene, folder: Path) -> Path:
    """One scene as a file."""
    out = folder / f"scene-{scene.number:02d}.mkv"
    if not out.exists():
        part = folder / f"part-{scene.number:02d}.mkv"
        light = perlin("240x136", scene.light, octaves=2, persistence=0.6, scale=3, tscale=0.5)
        ffmpeg(
            *("-loop", "1", "-framerate", str(RATE), "-i", str(folder / f"plate-{scene.plate}.png")),
            *("-f", "lavfi", "-i", light),
            *("-loop", "1", "-framerate", str(RATE), "-i", str(folder / f"piece-{scene.other}.png")),
            *("-filter_complex", scene_graph(scene), "-map", "[v]", "-frames:v", str(scene.frames), *ENCODE),
            str(part),
        )
        part.replace(out)
    return out


def make_film(path: Path, count: int = SCENES) -> None:
    """Make the film; what an earlier run has made of it is used.

    Args:
        path: where it goes.
        count: scenes; fewer for a try.
    """
    folder = path.with_suffix(".parts")
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=CORES) as pool:
        missing = [n for n in range(min(PLATES, max(2, count))) if not (folder / f"piece-{n}.png").exists()]
        list(pool.map(lambda number: make_plate(number, folder), missing))
        parts = list(pool.map(lambda scene: make_scene(scene, folder), scenes(count)))
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{part.name}'\n" for part in parts), encoding="utf-8")
    whole = folder / "whole.mkv"
    ffmpeg("-f", "concat", "-i", str(listing), "-c", "copy", str(whole))
    whole.replace(path)
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=SCENES)
    args = parser.parse_args()
    make_film(args.out, args.scenes)
