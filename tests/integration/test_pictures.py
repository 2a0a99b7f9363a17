"""Pictures of exactly the frame that was meant, in the colours a player shows, and small enough for a page."""

import asyncio
import io
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest

from reelwright.errors import ToolError
from reelwright.media.model import Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.fields import METHODS
from reelwright.planning.plan import encode_filters
from reelwright.tools.index import load_index, make_index
from reelwright.tools.pictures import (
    MOST_BYTES,
    OUTPUT_WAYS,
    SOURCE_WAYS,
    Grab,
    fetch_picture,
    output_grab,
    source_grab,
    to_srgb,
    webp_size,
)
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FRAMES = 40
#: Frame k is a grey of its own.
COUNTER = f"color=black:s=64x48:r=25:d={FRAMES / 25},geq=lum='40+4*N':cb=128:cr=128"
X264 = ("-c:v", "libx264", "-qp", "4", "-bf", "2", "-g", "10")
UNEVEN = ("-vf", "setpts='(N+floor(N/3)+floor(N/7))/25/TB'", "-fps_mode", "vfr")
FILMS = {
    "a.mkv": X264,
    "b.mp4": X264,
    "c.ts": X264,
    "d.mkv": (*UNEVEN, *X264),
    "open.mkv": (*X264, "-x264-params", "open-gop=1"),
    "e.h264": X264,
}
RED = "color=c=0xC04020:s={size}:r=24,format=gbrp"
TV = "scale=out_color_matrix={}:out_range=tv,format=yuv444p"
PC = "scale=out_color_matrix={}:out_range=pc,format=yuv444p"


def make(path: Path, look: str, *args: str) -> Path:
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", look, *args, str(path)]
    subprocess.run(command, check=True)
    return path


async def facts(path: Path, folder: Path) -> tuple[Video, FrameIndex]:
    async with Runner() as runner:
        info = await probe(runner, FFMPEG, path)
        out = folder / f"{path.name}.index"
        await make_index(runner, path, 0, out, lambda _: None)
    assert info.film is not None
    assert info.film.video is not None
    return info.film.video, load_index(out)


def fetch(grabs: Sequence[Grab], video: Video, folder: Path) -> bytes:
    async def go() -> bytes:
        async with Runner() as runner:
            return await fetch_picture(runner, FFMPEG, grabs, convert=to_srgb(video), folder=folder, what="Fetching")

    return asyncio.run(go())


def pixels(data: bytes) -> npt.NDArray[np.uint8]:
    with av.open(io.BytesIO(data)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def number(data: bytes) -> int:
    """Which frame of the counter a picture shows."""
    grey = float(pixels(data)[8:-8, 8:-8].mean())
    return round((grey / 255 * 219 + 16 - 40) / 4)


@pytest.mark.parametrize("name", FILMS)
def test_a_picture_of_the_source_is_of_the_very_frame(name: str, tmp_path: Path) -> None:
    film = make(tmp_path / name, COUNTER, *FILMS[name])
    video, index = asyncio.run(facts(film, tmp_path))
    filters = encode_filters(video)
    for frame, way in [(0, 0), (9, 0), (10, 0), (FRAMES - 1, 0), (23, 1), (24, SOURCE_WAYS[-1])]:
        grab = source_grab(str(film), 0, index, filters, frame=frame, attempt=way)
        assert number(fetch([grab], video, tmp_path)) == frame, (frame, way)


@pytest.mark.parametrize("name", ["a.mkv", "d.mkv"])
def test_a_picture_of_the_output_is_of_the_same_frame(name: str, tmp_path: Path) -> None:
    film = make(tmp_path / name, COUNTER, *FILMS[name])
    video, index = asyncio.run(facts(film, tmp_path))
    output = tmp_path / "out.mkv"
    copy = [FFMPEG, "-v", "error", "-y", "-i", str(film), "-c", "copy", "-output_ts_offset", "0.023", str(output)]
    subprocess.run(copy, check=True)
    ways = [(0, 0, 0), (0, 9, 0), (10, 10, 0), (10, 11, 0), (30, FRAMES - 1, 0), (10, 12, OUTPUT_WAYS[-1])]
    for start, frame, way in ways:
        grab = output_grab(str(output), index, Fraction(23, 1000), start=start, frame=frame, attempt=way)
        assert number(fetch([grab], video, tmp_path)) == frame, (start, frame, way)


def test_where_the_quick_way_leads_nowhere_the_sure_one_is_taken(tmp_path: Path) -> None:
    film = make(tmp_path / "a.mkv", COUNTER, *X264)
    video, index = asyncio.run(facts(film, tmp_path))
    sure = source_grab(str(film), 0, index, (), frame=5, attempt=SOURCE_WAYS[-1])
    late = Grab(input_args=("-ss", "1.2", *sure.input_args), stream=sure.stream, filters=sure.filters)
    assert number(fetch([late, sure], video, tmp_path)) == 5


@pytest.mark.parametrize(
    ("name", "size", "chain"),
    [
        ("said", "64x48", f"{TV.format('bt709')},setparams=range=tv:colorspace=bt709"),
        ("full", "64x48", f"{PC.format('bt601')},setparams=range=pc:colorspace=smpte170m"),
        ("small", "64x48", f"{TV.format('bt601')},setparams=colorspace=unknown"),
        ("large", "1280x720", f"{TV.format('bt709')},setparams=colorspace=unknown"),
    ],
)  # fmt: skip
def test_range_and_matrix_are_converted_by_tags_or_by_what_players_assume(
    name: str, size: str, chain: str, tmp_path: Path
) -> None:
    film = make(
        tmp_path / f"{name}.mkv", f"{RED.format(size=size)},{chain}", "-frames:v", "2", "-c:v", "libx264", "-qp", "0"
    )
    video, index = asyncio.run(facts(film, tmp_path))
    grab = source_grab(str(film), 0, index, encode_filters(video), frame=1, attempt=0)
    shown = pixels(fetch([grab], video, tmp_path))[16:32, 16:32].reshape(-1, 3).mean(axis=0)
    assert shown == pytest.approx((0xC0, 0x40, 0x20), abs=7)


def test_hdr_is_mapped_with_its_reference_white_near_white(tmp_path: Path) -> None:
    # PQ at 203 cd/m², in 10-bit limited range.
    grey = "color=s=64x48:r=24,format=yuv420p10le,geq=lum=572:cb=512:cr=512"
    tags = "setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    film = make(tmp_path / "pq.mkv", f"{grey},{tags}", "-frames:v", "2", "-c:v", "ffv1")
    video, index = asyncio.run(facts(film, tmp_path))
    grab = source_grab(str(film), 0, index, encode_filters(video), frame=1, attempt=0)
    shown = pixels(fetch([grab], video, tmp_path))
    assert 200 < shown.mean() < 250
    assert np.ptp(shown.reshape(-1, 3).mean(axis=0)) < 4


def test_a_picture_is_upright_with_square_pixels_and_no_wider_than_a_page_needs(tmp_path: Path) -> None:
    wide = make(tmp_path / "wide.mkv", "testsrc2=s=1440x1080:r=24,setsar=4/3", "-frames:v", "1", *X264)
    video, index = asyncio.run(facts(wide, tmp_path))
    grab = source_grab(str(wide), 0, index, encode_filters(video), frame=0, attempt=0)
    assert webp_size(fetch([grab], video, tmp_path)) == (1280, 720)

    plain = make(tmp_path / "plain.mp4", "testsrc2=s=64x48:r=24", "-frames:v", "1", *X264)
    turned = tmp_path / "turned.mp4"
    subprocess.run(
        [FFMPEG, "-v", "error", "-y", "-display_rotation", "90", "-i", str(plain), "-c", "copy", str(turned)],
        check=True,
    )
    video, index = asyncio.run(facts(turned, tmp_path))
    grab = source_grab(str(turned), 0, index, encode_filters(video), frame=0, attempt=0, rotation=video.rotation)
    assert webp_size(fetch([grab], video, tmp_path)) == (48, 64)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_picture_is_turned_as_a_player_turns_it_and_cropped_as_it_is_stored(degrees: int, tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mp4", "testsrc2=s=64x48:r=24", "-frames:v", "1", *X264)
    turned = tmp_path / "turned.mp4"
    turn = ["-display_rotation", str(degrees), "-i", str(plain), "-c", "copy", str(turned)]
    subprocess.run([FFMPEG, "-v", "error", "-y", *turn], check=True)
    video, index = asyncio.run(facts(turned, tmp_path))
    filters = ("crop=32:48:0:0", *encode_filters(video))
    grab = source_grab(str(turned), 0, index, filters, frame=0, attempt=0, rotation=video.rotation)
    got = pixels(fetch([grab], video, tmp_path)).astype(int)
    # FFmpeg turns the whole picture by itself; the left half of what is stored is then one of its sides.
    shown = [FFMPEG, "-v", "error", "-i", str(turned), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(shown, check=True, capture_output=True).stdout
    size = (48, 64) if degrees == 180 else (64, 48)
    whole = np.frombuffer(raw, np.uint8).reshape(*size, 3).astype(int)
    half = {90: whole[32:], 180: whole[:, 32:], 270: whole[:32]}[degrees]
    assert got.shape == half.shape
    assert float(np.abs(got - half).mean()) < 12


def test_a_picture_of_an_interlaced_film_is_deinterlaced(tmp_path: Path) -> None:
    weave = ("-vf", "tinterlace=mode=interleave_top,setfield=tff", "-flags", "+ildct+ilme")
    film = make(
        tmp_path / "f.mkv",
        "testsrc2=s=64x48:r=50,scroll=h=0.05",
        "-frames:v",
        "9",
        *weave,
        *X264,
        "-x264-params",
        "tff=1",
    )
    video, index = asyncio.run(facts(film, tmp_path))
    ahead = (METHODS["bwdif"],)
    shown = [
        pixels(fetch([source_grab(str(film), 0, index, (), frame=4, attempt=k, ahead=a)], video, tmp_path)).astype(int)
        for k, a in ((0, ahead), (SOURCE_WAYS[-1], ahead), (0, ()))
    ]
    assert (shown[0] == shown[1]).all()
    combs = [float(np.abs(np.diff(picture, axis=0)).mean()) for picture in shown]
    assert combs[0] < combs[2]


def test_a_picture_that_hardly_compresses_is_still_small(tmp_path: Path) -> None:
    film = make(tmp_path / "n.mkv", "color=gray:s=1280x720:r=24,noise=alls=25:allf=t", "-frames:v", "1", *X264)
    video, index = asyncio.run(facts(film, tmp_path))
    grab = source_grab(str(film), 0, index, encode_filters(video), frame=0, attempt=0)
    data = fetch([grab], video, tmp_path)
    assert len(data) <= MOST_BYTES
    assert webp_size(data) == (1280, 720)


def test_a_frame_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    film = make(tmp_path / "a.mkv", COUNTER, *X264)
    video, index = asyncio.run(facts(film, tmp_path))
    film.write_bytes(b"no film")
    grab = source_grab(str(film), 0, index, (), frame=3, attempt=0)
    with pytest.raises(ToolError, match="Fetching failed: "):
        fetch([grab], video, tmp_path)
