"""What is seen of a picture, in any format and range: noise and darkness are black, a logo or a dim scene is not."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fields import FFMPEG
from reelwright.tools.children.visible import Visible
from reelwright.tools.index import load_index, make_index
from reelwright.tools.process import Runner

WIDTH, HEIGHT = 160, 90
Paint = Callable[[np.ndarray], None]


def frame(paint: Paint, *, pix_fmt: str = "yuv420p", black: int = 16, scale: int = 1) -> av.VideoFrame:
    """A black picture, painted on: luma in codes of 8 bits."""
    luma = np.full((HEIGHT, WIDTH), black, dtype=float)
    paint(luma)
    kind = np.uint8 if scale == 1 else np.uint16
    made = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    for number, plane in enumerate(made.planes):
        data = np.frombuffer(memoryview(plane), dtype=kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
        data[:] = 0
        data[: plane.height, : plane.width] = (luma * scale).astype(kind) if number == 0 else 128 * scale
    return made


def box(*paints: Paint, full_range: bool = False, hdr: bool = False, **how: int | str) -> tuple[int, int, int, int]:
    visible = Visible(WIDTH, HEIGHT, full_range=full_range, hdr=hdr)
    for paint in paints:
        visible(frame(paint, black=0 if full_range else 16, **how))
    return visible.box


def part(left: int, top: int, right: int, bottom: int, value: int = 120) -> Paint:
    def paint(luma: np.ndarray) -> None:
        luma[top:bottom, left:right] = value

    return paint


def nothing(_: np.ndarray) -> None:
    """Black all over."""


def noise(strength: int) -> Paint:
    def paint(luma: np.ndarray) -> None:
        luma += np.random.default_rng(1).integers(-strength, strength + 1, luma.shape)

    return paint


def test_what_any_frame_shows_is_in_it() -> None:
    assert box(nothing, part(20, 12, 140, 78), nothing) == (20, 12, 140, 78)
    assert box(part(20, 30, 60, 40), part(100, 50, 140, 60), nothing) == (20, 30, 140, 60)
    assert box(part(0, 12, 160, 78), part(20, 6, 140, 84)) == (0, 6, 160, 84)
    assert box(nothing) == (0, 0, 0, 0)


def test_a_single_pixel_is_seen() -> None:
    assert box(part(0, 12, 160, 78), part(150, 3, 151, 4)) == (0, 3, 160, 78)
    assert box(part(71, 33, 72, 34)) == (71, 33, 72, 34)


def test_noise_in_borders_is_black_and_so_is_a_frame_of_it() -> None:
    assert box(noise(10)) == (0, 0, 0, 0)

    def film(luma: np.ndarray) -> None:
        noise(10)(luma)
        luma[12:78] += 60

    assert box(noise(10), film, noise(12)) == (0, 12, 160, 78)


def test_a_dim_scene_is_seen_by_its_breadth() -> None:
    assert box(part(0, 12, 160, 78, 24)) == (0, 12, 160, 78)
    assert box(part(30, 0, 130, 90, 24)) == (30, 0, 130, 90)
    assert box(part(0, 12, 160, 78, 18)) == (0, 0, 0, 0)  # as good as black
    # Too dim and too small to say how wide it is: as wide as can be.
    assert box(part(0, 12, 160, 20, 26)) == (0, 12, 160, 20)


@pytest.mark.parametrize(("pix_fmt", "scale"), [("yuv420p", 1), ("yuv422p10le", 4), ("yuv444p12le", 16), ("gray", 1)])
def test_depth_and_range_say_what_black_is(pix_fmt: str, scale: int) -> None:
    how = {"pix_fmt": pix_fmt, "scale": scale}
    assert box(part(0, 12, 160, 78, 36), **how) == (0, 12, 160, 78)
    assert box(part(0, 12, 160, 78, 15), full_range=True, **how) == (0, 12, 160, 78)  # dim, but not black
    assert box(part(80, 12, 82, 14, 30), **how) == (0, 0, 0, 0)
    assert box(part(80, 12, 82, 14, 30), full_range=True, **how) == (80, 12, 82, 14)
    assert box(part(80, 12, 82, 14, 30), hdr=True, **how) == (80, 12, 82, 14)  # less is seen in HDR


def test_the_old_full_range_formats_say_so_themselves() -> None:
    assert box(part(80, 12, 82, 14, 30), pix_fmt="yuvj420p") == (0, 0, 160, 90)  # black is 0, so 16 is dim grey


def test_colour_without_light_is_seen() -> None:
    made = frame(nothing)
    blue = made.planes[1]
    data = np.frombuffer(memoryview(blue), dtype=np.uint8).reshape(-1, blue.line_size)
    data[10:20, 30:40] = 200
    visible = Visible(WIDTH, HEIGHT)
    visible(made)
    assert visible.box == (60, 20, 80, 40)


def test_a_picture_of_another_size_says_nothing() -> None:
    visible = Visible(WIDTH * 2, HEIGHT)
    visible(frame(part(0, 0, 160, 90)))
    assert visible.box == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("pix_fmt", "codec"),
    [
        ("yuv420p", "ffv1"), ("yuv410p", "ffv1"), ("yuv411p", "ffv1"), ("gbrp", "ffv1"), ("gbrp10le", "ffv1"),
        ("bgra", "ffv1"), ("gray16le", "ffv1"), ("yuva420p", "ffv1"), ("yuyv422", "rawvideo"),
        ("yuv420p10le", "libx265"),
    ],
)  # fmt: skip
def test_the_index_says_what_is_seen_in_any_format(pix_fmt: str, codec: str, tmp_path: Path) -> None:
    film, out = tmp_path / "film.nut", tmp_path / "index"
    look = ("-f", "lavfi", "-i", "testsrc2=s=160x66:r=24,pad=160:90:0:12", "-frames:v", "3", "-pix_fmt", pix_fmt)
    quiet = ("-x265-params", "log-level=none:qp=10") if codec == "libx265" else ()
    subprocess.run([FFMPEG, "-v", "error", *look, "-c:v", codec, *quiet, str(film)], check=True)

    async def read() -> None:
        async with Runner() as runner:
            await make_index(runner, film, 0, out, lambda _: None)

    asyncio.run(read())
    seen = load_index(out).visible
    assert seen is not None
    left, top, right, bottom = seen
    assert (left, right) == (0, 160)
    # Coarse chroma, and what a coder adds at the edge, may make it a little wider.
    assert 10 <= top <= 12
    assert 78 <= bottom <= 80
