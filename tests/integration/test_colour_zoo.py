"""Real files of many colours, probed and planned: what the plan tags is what the file says, and no more."""

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import pytest

from reelwright.media.model import Color, MediaInfo
from reelwright.planning.colors import output_color
from reelwright.planning.plan import Request, make_plan
from reelwright.tools.look import look
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
X264 = ("-c:v", "libx264", "-preset", "ultrafast")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
VP9 = ("-c:v", "libvpx-vp9", "-cpu-used", "8")
FFV1 = ("-c:v", "ffv1")


@dataclass(frozen=True, kw_only=True)
class Beast:
    """A film, how it is made, and what its output says."""

    name: str
    pix_fmt: str
    make: tuple[str, ...]
    tags: str = ""
    says: Color
    notes: int = 0


def color(
    primaries: str | None, transfer: str | None, matrix: str | None, place: str | None, span: str = "tv"
) -> Color:
    return Color(range=span, primaries=primaries, transfer=transfer, matrix=matrix, chroma_location=place)


def tags(primaries: str, transfer: str, matrix: str, *more: str) -> str:
    return ":".join((f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}", *more))


BT709 = ("bt709", "bt709", "bt709")
ZOO = (
    Beast(name="hd.mkv", pix_fmt="yuv420p", make=X264, tags=tags(*BT709), says=color(*BT709, "left")),
    Beast(name="silent.mkv", pix_fmt="yuv420p", make=X264, says=color(None, None, None, "left")),
    Beast(name="silent.webm", pix_fmt="yuv420p", make=VP9, says=color(None, None, None, None)),
    Beast(
        name="ntsc.mkv", pix_fmt="yuv420p", make=X264, tags=tags("smpte170m", "smpte170m", "smpte170m"),
        says=color("smpte170m", "smpte170m", "smpte170m", "left"),
    ),
    Beast(
        name="pal.mp4", pix_fmt="yuv420p", make=X264, tags=tags("bt470bg", "bt470bg", "bt470bg"),
        says=color("bt470bg", "bt470bg", "bt470bg", "left"),
    ),
    Beast(
        name="full.mkv", pix_fmt="yuv420p", make=X264, tags=tags(*BT709, "range=pc"),
        says=color(*BT709, "left", "pc"),
    ),
    Beast(
        name="uhd.mkv", pix_fmt="yuv420p10le", make=(*X265, "log-level=none:chromaloc=2"),
        tags=tags("bt2020", "smpte2084", "bt2020nc"), says=color("bt2020", "smpte2084", "bt2020nc", "topleft"), notes=1,
    ),
    Beast(
        name="wide-sdr.mkv", pix_fmt="yuv420p10le", make=(*X265, "log-level=none"),
        tags=tags("bt2020", "bt2020-10", "bt2020nc"), says=color("bt2020", "bt2020-10", "bt2020nc", "left"),
    ),
    Beast(
        name="p3.mkv", pix_fmt="yuv420p12le", make=(*X265, "log-level=none"), tags=tags("smpte432", "bt709", "bt709"),
        says=color("smpte432", "bt709", "bt709", "left"), notes=1,
    ),
    Beast(
        name="hlg.mkv", pix_fmt="yuv422p10le", make=(*X265, "log-level=none"),
        tags=tags("bt2020", "arib-std-b67", "bt2020nc"),
        says=color("bt2020", "arib-std-b67", "bt2020nc", "left"), notes=2,
    ),
    Beast(
        name="centre.webm", pix_fmt="yuv420p", make=VP9, tags=tags(*BT709, "chroma_location=center"),
        says=color(*BT709, "left"), notes=1,
    ),
    Beast(
        name="corner.webm", pix_fmt="yuv420p", make=VP9, tags=tags(*BT709, "chroma_location=topleft"),
        says=color(*BT709, "topleft"),
    ),
    Beast(
        name="mpeg1.mpg", pix_fmt="yuv420p", make=("-c:v", "mpeg1video"), says=color(None, None, None, "left"),
        notes=1,
    ),
    Beast(
        name="jpeg.mkv", pix_fmt="yuvj420p", make=("-c:v", "mjpeg"), says=color(None, None, "bt470bg", "left", "pc"),
        notes=1,
    ),
    Beast(
        name="prores.mov", pix_fmt="yuv422p10le", make=("-c:v", "prores_ks"), says=color(None, None, None, "left"),
        notes=1,
    ),
    Beast(
        name="full444.mkv", pix_fmt="yuv444p10le", make=X264, tags=tags(*BT709, "range=pc"),
        says=color(*BT709, "left", "pc"), notes=1,
    ),
    Beast(name="rgb.mkv", pix_fmt="gbrp10le", make=FFV1, says=color(None, None, "bt709", "left"), notes=2),
    Beast(
        name="rgb2020.mkv", pix_fmt="gbrp12le", make=FFV1, tags="setparams=color_primaries=bt2020:color_trc=smpte2084",
        says=color("bt2020", "smpte2084", "bt2020nc", "left"), notes=4,
    ),
    Beast(name="grey.mkv", pix_fmt="gray10le", make=FFV1, says=color(None, None, None, None, "pc"), notes=1),
    Beast(name="glass.mkv", pix_fmt="yuva420p", make=FFV1, says=color(None, None, None, None), notes=1),
)  # fmt: skip


async def facts(path: Path) -> MediaInfo:
    async with Runner() as runner:
        return await probe(runner, FFMPEG, path)


@pytest.mark.parametrize("beast", ZOO, ids=lambda beast: beast.name)
def test_the_output_says_what_the_file_says(beast: Beast, tmp_path: Path) -> None:
    path = tmp_path / beast.name
    chain = ",".join([f"format={beast.pix_fmt}", *([beast.tags] if beast.tags else [])])
    args = [*("-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25"), "-vf", chain]
    subprocess.run([FFMPEG, *args, "-frames:v", "2", *beast.make, str(path)], check=True, stdin=subprocess.DEVNULL)
    info = asyncio.run(facts(path))
    assert info.film is not None
    assert info.film.video is not None
    assert output_color(info.film.video) == beast.says
    plan = make_plan(info, Request())
    assert len(plan.notes) == beast.notes, plan.notes
    assert plan.filters[-1].count("=") == 1 + sum(value is not None for value in astuple(beast.says))
    # The short way of reading the facts comes to the same.
    assert look(FFMPEG, path) == info


def astuple(of: Color) -> tuple[str | None, ...]:
    return of.range, of.primaries, of.transfer, of.matrix, of.chroma_location
