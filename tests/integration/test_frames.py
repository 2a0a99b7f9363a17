"""The frames of any range are exactly the ones a decode of the whole film shows, whatever the container and codec."""

import asyncio
import random
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from reelwright.media.timing import FrameIndex
from reelwright.tools.frames import STEPS_BACK, film_frames
from reelwright.tools.index import load_index, make_index
from reelwright.tools.process import Runner

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FRAMES = 150
RANGES = 6
LOOK = "testsrc2=size=96x64:rate=25,noise=alls=6:allf=t"
#: Frames shown for one, two or three ticks in turn.
UNEVEN = ("-vf", "setpts='(N+floor(N/3)+floor(N/7))/25/TB'", "-fps_mode", "vfr")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-b_strategy", "0")
FILMS = {
    "h264.mkv": (*X264, "-g", "24"),
    "h264.mp4": (*X264, "-g", "24"),
    "h264.ts": (*X264, "-g", "24"),
    "open.mkv": (*X264, "-g", "24", "-x264-params", "open-gop=1"),
    "open.mp4": (*X264, "-g", "24", "-x264-params", "open-gop=1"),
    "open.ts": (*X264, "-g", "24", "-x264-params", "open-gop=1"),
    "uneven.mkv": (*UNEVEN, *X264, "-g", "24"),
    "refresh.mkv": (*X264, "-bf", "0", "-g", "24", "-x264-params", "intra-refresh=1"),
    "hevc.mkv": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=24:open-gop=1:log-level=error"),
    "mpeg2.vob": ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "3"),
    "mpeg2.ts": ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "3"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-bf", "2", "-g", "24", "-q:v", "3"),
    "intra.mkv": ("-c:v", "ffv1"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-g", "24", "-deadline", "realtime", "-cpu-used", "8"),
}


def shown(*args: str) -> list[str]:
    """Checksum of each frame a command shows."""
    command = [FFMPEG, "-nostdin", "-v", "error", *args, "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.rsplit(",", 1)[1].strip() for line in lines if line and not line.startswith("#")]


async def read(path: Path, out: Path) -> FrameIndex:
    async with Runner() as runner:
        await make_index(runner, path, 0, out, lambda _: None)
    return load_index(out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames")


@pytest.mark.parametrize("name", FILMS)
def test_any_range_is_cut_out_exactly(name: str, folder: Path) -> None:
    film = folder / name
    make = [FFMPEG, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", LOOK, "-frames:v", str(FRAMES)]
    subprocess.run([*make, *FILMS[name], str(film)], check=True)
    index = asyncio.run(read(film, folder / f"{name}.index"))
    whole = shown("-noautorotate", "-i", str(film), "-map", "0:v:0")
    assert len(whole) == index.frames == FRAMES
    rng = random.Random(name)
    source = film_frames(str(film), 0, index)
    keys = [k for k in range(FRAMES) if index.is_key(k)]
    starts = [rng.randrange(FRAMES) for _ in range(RANGES)] + rng.sample(keys, min(3, len(keys)))
    for start in starts:
        end = rng.randint(start + 1, min(FRAMES, start + 40))
        attempt = rng.choice([0, 0, 0, 1, len(STEPS_BACK)])
        frames = source(start, end, attempt)
        got = shown(*frames.input_args, "-vf", ",".join(frames.filters))
        assert got == whole[start:end], (start, end, attempt)


def test_a_stream_with_gradual_refresh_is_entered_at_its_beginning_alone(folder: Path) -> None:
    film = folder / "gradual.mkv"
    make = [FFMPEG, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", LOOK, "-frames:v", str(FRAMES)]
    subprocess.run([*make, *FILMS["refresh.mkv"], str(film)], check=True)
    index = asyncio.run(read(film, folder / "gradual.index"))
    assert [k for k in range(FRAMES) if index.is_key(k)] == [0]
