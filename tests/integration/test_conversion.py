"""The filters that bring a source's colours to the encoder's, held against arithmetic: charts and ramps, no encoder."""

import subprocess
from dataclasses import dataclass
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest

from examples import video
from reelwright.media.model import Color, Video
from reelwright.planning.colors import conversion, output_color

SIDE = 128
#: Rows of one colour of the chart.
BAND = 16
Plane = np.ndarray[Any, np.dtype[np.float64]]
#: Weights of red and blue (ITU-T H.273, table 4).
WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
}
CHART = [(1, 1, 1), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.75, 0.5, 0.25), (0.2, 0.6, 0.9), (0.5, 0.5, 0.5)]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The encoder's picture: 10-bit planes."""

    luma: Plane
    blue: Plane
    red: Plane


def converted(of: Video, raw: bytes) -> Picture:
    """A raw frame as the encoder would get it."""
    flags = [*("-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", of.pix_fmt or "", "-s", f"{SIDE}x{SIDE}")]
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), *flags, "-i", "-", "-vf", ",".join(conversion(of)), "-f", "rawvideo", "-"],
        input=raw, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stderr == b""
    samples = np.frombuffer(done.stdout, dtype="<u2").astype(float)
    whole, half = SIDE * SIDE, SIDE // 2
    blue, red = samples[whole:].reshape(2, half, half)
    return Picture(luma=samples[:whole].reshape(SIDE, SIDE), blue=blue, red=red)


def encoded(rgb: tuple[float, ...], matrix: str, *, full: bool, bits: int = 10) -> tuple[float, float, float]:
    """Y'CbCr of a colour (ITU-T H.273, equations 20 to 46), as exact code values."""
    (r, g, b), (kr, kb) = rgb, WEIGHTS[matrix]
    y = kr * r + (1 - kr - kb) * g + kb * b
    u, v = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
    step, top, middle = 1 << (bits - 8), (1 << bits) - 1, 1 << (bits - 1)
    if full:
        return y * top, u * top + middle, v * top + middle
    return step * (219 * y + 16), step * 224 * u + middle, step * 224 * v + middle


def bands(colors: list[tuple[float, ...]], shares: tuple[tuple[int, int], ...], bits: int) -> bytes:
    """Planes of horizontal bands, one a colour; `shares` says by what each plane is smaller: across, down."""
    planes = []
    for k, (across, down) in enumerate(shares):
        rows = [np.full((BAND // down, SIDE // across), round(color[k])) for color in colors]
        planes.append(np.concatenate(rows).astype("u1" if bits == 8 else "<u2").tobytes())
    return b"".join(planes)


def middles(got: Picture) -> list[tuple[float, float, float]]:
    """Each band's colour, from its middle."""
    found = []
    for k in range(SIDE // BAND):
        luma, chroma = k * BAND + BAND // 2, k * BAND // 2 + BAND // 4
        rows = got.luma[luma - 2 : luma + 2], got.blue[chroma - 1 : chroma + 1], got.red[chroma - 1 : chroma + 1]
        found.append((float(rows[0].mean()), float(rows[1].mean()), float(rows[2].mean())))
    return found


def rgb_frame(name: str) -> bytes:
    """The chart as red, green and blue."""
    bits = {"gbrp": 8, "rgb24": 8, "bgr0": 8, "gbrp10le": 10, "gbrp12le": 12, "rgb48le": 16}[name]
    codes = [tuple(round(c * ((1 << bits) - 1)) for c in rgb) for rgb in CHART]
    if name.startswith("gbrp"):
        return bands([(g, b, r) for r, g, b in codes], ((1, 1),) * 3, bits)
    packed = [(b, g, r, 0) if name == "bgr0" else (r, g, b) for r, g, b in codes]
    return b"".join(np.tile(np.array(c, dtype="u1" if bits == 8 else "<u2"), BAND * SIDE).tobytes() for c in packed)


def worst(got: Picture, want: list[tuple[float, float, float]]) -> float:
    """The largest difference of any colour of the chart in any plane."""
    return max(
        abs(a - b) for one, other in zip(middles(got), want, strict=True) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("name", ["gbrp", "rgb24", "bgr0", "gbrp10le", "gbrp12le", "rgb48le"])
@pytest.mark.parametrize(
    ("primaries", "matrix"), [(None, "bt709"), ("bt709", "bt709"), ("bt2020", "bt2020nc"), ("smpte170m", "smpte170m")]
)
def test_rgb_comes_out_in_the_matrix_it_is_tagged_with(name: str, primaries: str | None, matrix: str) -> None:
    of = video(pix_fmt=name, color=Color(range="pc", primaries=primaries))
    assert output_color(of) == Color(range="tv", primaries=primaries, matrix=matrix, chroma_location="left")
    assert worst(converted(of, rgb_frame(name)), [encoded(rgb, matrix, full=False) for rgb in CHART]) <= 3.01


SUBSAMPLED = {"420": (2, 2), "422": (2, 1), "444": (1, 1), "410": (4, 4), "411": (4, 1), "440": (1, 2)}


@pytest.mark.parametrize(
    ("name", "bits", "full"),
    [
        ("yuv420p", 8, False), ("yuv420p", 8, True), ("yuvj420p", 8, True), ("yuv420p10le", 10, False),
        ("yuv420p10le", 10, True), ("yuv420p12le", 12, False), ("yuv420p12le", 12, True), ("yuv422p", 8, False),
        ("yuv422p10le", 10, False), ("yuv422p12le", 12, False), ("yuv444p", 8, False), ("yuv444p", 8, True),
        ("yuv444p12le", 12, False), ("yuv444p16le", 16, False), ("yuv411p", 8, False), ("yuv410p", 8, False),
        ("yuv440p", 8, False),
    ],
)  # fmt: skip
def test_colours_keep_their_values_whatever_the_format(name: str, bits: int, *, full: bool) -> None:
    color = Color(range="pc" if full and "j" not in name else None, matrix="bt709")
    of = video(pix_fmt=name, bit_depth=bits, color=color)
    assert output_color(of).range == ("pc" if full else "tv")
    share = next(part for key, part in SUBSAMPLED.items() if key in name)
    exact = [encoded(rgb, "bt709", full=full, bits=bits) for rgb in CHART]
    codes = [tuple(min(v, (1 << bits) - 1) for v in color) for color in exact]
    got = converted(of, bands(codes, ((1, 1), share, share), bits))
    # The source's own rounding, and at full range that FFmpeg shifts: white of 255 becomes 1020 of 1023.
    allowed = 0.5 * (1 << max(0, 10 - bits)) + (2 if full else 1)
    assert worst(got, [encoded(rgb, "bt709", full=full) for rgb in CHART]) <= allowed


@pytest.mark.parametrize("name", ["gray", "gray10le", "gray12le", "gray16le"])
@pytest.mark.parametrize("span", ["tv", "pc", None])
def test_grey_keeps_its_values_and_gets_no_colour(name: str, span: str | None) -> None:
    bits = {"gray": 8, "gray10le": 10, "gray12le": 12, "gray16le": 16}[name]
    of = video(pix_fmt=name, bit_depth=bits, color=Color(range=span))
    full = span == "pc"
    levels = [k / 7 for k in range(8)]
    exact = [encoded((level,) * 3, "bt709", full=full, bits=bits) for level in levels]
    got = converted(of, bands(exact, ((1, 1),), bits))
    want = [(encoded((level,) * 3, "bt709", full=full)[0], 512.0, 512.0) for level in levels]
    assert worst(got, want) <= (0.5 * 4 if bits == 8 else 0) + 1


def ramp(across: int, down: int, location: tuple[float, float], bits: int) -> bytes:
    """Chroma that tells its place: blue grows by 4 a column and red by 4 a row, of the luma grid at 10 bits."""
    unit = 1 << (bits - 8) if bits > 8 else 1
    x = np.arange(SIDE // across) * across + location[0]
    y = np.arange(SIDE // down) * down + location[1]
    blue = np.tile((20 + x) * unit, (SIDE // down, 1))
    red = np.tile(((20 + y) * unit)[:, None], (1, SIDE // across))
    planes = (np.full((SIDE, SIDE), 100 * unit), blue, red)
    return b"".join(np.round(plane).astype("u1" if bits == 8 else "<u2").tobytes() for plane in planes)


def places(got: Picture) -> tuple[float, float]:
    """Where chroma lies within each square of four luma samples, by what a ramp became: columns, rows."""
    steps, inner = 2 * np.arange(SIDE // 2), slice(4, -4)
    columns = got.blue / 4 - 20 - steps[None, :]
    rows = got.red / 4 - 20 - steps[:, None]
    return float(columns[inner, inner].mean()), float(rows[inner, inner].mean())


LEFT, TOP_LEFT, CENTER, TOP, BOTTOM = (0.0, 0.5), (0.0, 0.0), (0.5, 0.5), (0.5, 0.0), (0.5, 1.0)
PLACES = {"left": LEFT, "topleft": TOP_LEFT}


@pytest.mark.parametrize(
    ("name", "said", "grid", "lies", "tagged"),
    [
        ("yuv420p10le", "left", (2, 2), LEFT, "left"),
        ("yuv420p10le", "topleft", (2, 2), TOP_LEFT, "topleft"),
        ("yuv420p10le", "center", (2, 2), CENTER, "left"),
        ("yuv420p10le", "top", (2, 2), TOP, "left"),
        ("yuv420p10le", "bottom", (2, 2), BOTTOM, "left"),
        ("yuv420p10le", "bottomleft", (2, 2), (0.0, 1.0), "left"),
        ("yuv422p10le", None, (2, 1), (0.0, 0.0), "left"),
        ("yuv422p12le", "left", (2, 1), (0.0, 0.0), "left"),
        ("yuv422p10le", "topleft", (2, 1), (0.0, 0.0), "topleft"),
        ("yuv422p10le", "center", (2, 1), (0.5, 0.0), "left"),
        ("yuv444p10le", None, (1, 1), (0.0, 0.0), "left"),
        ("yuv444p12le", None, (1, 1), (0.0, 0.0), "left"),
        ("yuv444p10le", "topleft", (1, 1), (0.0, 0.0), "topleft"),
    ],
)
def test_chroma_lies_where_the_tag_says(
    name: str, said: str | None, grid: tuple[int, int], lies: tuple[float, float], tagged: str
) -> None:
    bits = 12 if "12" in name else 10
    of = video(pix_fmt=name, bit_depth=bits, color=Color(chroma_location=said))
    assert output_color(of).chroma_location == tagged
    got = places(converted(of, ramp(*grid, lies, bits)))
    assert got == pytest.approx(PLACES[tagged], abs=0.13)


def test_unsaid_chroma_is_neither_moved_nor_tagged() -> None:
    of = video(pix_fmt="yuv420p10le", color=Color())
    assert output_color(of) == Color(range="tv")
    for lies in (LEFT, CENTER, TOP_LEFT):
        assert places(converted(of, ramp(2, 2, lies, 10))) == pytest.approx(lies, abs=0.13)


@pytest.mark.parametrize("name", ["yuv444p10le", "yuv422p10le", "gbrp10le"])
def test_an_edge_between_red_and_blue_stays_at_its_column(name: str) -> None:
    """Red on the left half and blue on the right: the chroma sample on the edge's column belongs to the right."""
    of = video(pix_fmt=name, color=Color(range="pc" if "gbr" in name else "tv", primaries="bt709", matrix="bt709"))
    edge = SIDE // 2
    if name.startswith("gbr"):
        plane = {"r": np.zeros((SIDE, SIDE)), "g": np.zeros((SIDE, SIDE)), "b": np.zeros((SIDE, SIDE))}
        plane["r"][:, :edge], plane["b"][:, edge:] = 1023, 1023
        raw = b"".join(plane[key].astype("<u2").tobytes() for key in "gbr")
    else:
        step = 2 if "422" in name else 1
        sides = encoded((1, 0, 0), "bt709", full=False), encoded((0, 0, 1), "bt709", full=False)
        planes = []
        for k, width, at in ((0, SIDE, edge), (1, SIDE // step, edge // step), (2, SIDE // step, edge // step)):
            row = np.where(np.arange(width) < at, sides[0][k], sides[1][k]).round()
            planes.append(np.tile(row, (SIDE, 1)).astype("<u2").tobytes())
        raw = b"".join(planes)
    got = converted(of, raw)
    row = got.red[SIDE // 4]
    low, high = row[-3], row[2]
    share = (row - low) / (high - low)
    # The step's place by its area: samples at 0, 2, 4, … weigh two columns each; a step right before column 32
    # lies at 31.5 between luma samples 31 and 32, and chroma samples stand at even columns.
    assert 2 * share.sum() - 1 == pytest.approx(edge - 0.5 if name != "yuv422p10le" else edge - 1, abs=0.15)
