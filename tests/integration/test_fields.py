"""Deinterlaced in chunks or in one go, every frame is the same, has its own time, and none is lost or made up."""

import asyncio
import itertools
import random
import subprocess
from pathlib import Path

import pytest

from fields import FFMPEG, TELECINE, checksums, copy, field_pictures, repeat_fields
from reelwright.media.timing import FrameIndex
from reelwright.planning.fields import METHODS
from reelwright.tools.frames import STEPS_BACK, film_frames
from reelwright.tools.index import load_index, make_index
from reelwright.tools.process import Runner

FRAMES = 48
LOOK = "testsrc2=size=96x64:rate=50"
#: Two pictures woven into one, the upper lines first or second.
WEAVE = {"tff": "tinterlace=mode=interleave_top,setfield=tff", "bff": "tinterlace=mode=interleave_bottom,setfield=bff"}
#: Frames that are marked interlaced, where not all are.
MARKED = {"mixed": 32, "mixed-late": 32, "hybrid": 24}
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2")
FIELDS = ("-flags", "+ildct+ilme")


def ffmpeg(*args: str | Path) -> None:
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-y", *args], check=True)


def woven(path: Path, order: str, codec: tuple[str, ...], frames: int = FRAMES) -> Path:
    ffmpeg("-f", "lavfi", "-i", LOOK, "-vf", WEAVE[order], "-frames:v", str(frames), *codec, *FIELDS, path)
    return path


def mixed(path: Path) -> Path:
    """Fields with the upper lines first, whole frames, fields with the lower lines first; or whole frames first."""
    parts = [path.with_suffix(f".{k}.mkv") for k in range(3)]
    order = (1, 0, 2) if path.stem == "mixed-late" else (0, 1, 2)
    woven(parts[0], "tff", MPEG2, 16)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25", "-frames:v", "16", *MPEG2, parts[1])
    woven(parts[2], "bff", MPEG2, 16)
    listed = path.with_suffix(".txt")
    listed.write_text("".join(f"file '{parts[k]}'\n" for k in order))
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
    return path


def hybrid(path: Path) -> Path:
    """Soft telecine and fields in turn, as on many a disc."""
    film = copy(
        repeat_fields(path.with_suffix(".m2v"), "testsrc2=s=96x64:r=30000/1001", 12),
        path.with_suffix(".f.mkv"),
        *TELECINE,
    )
    video = woven(path.with_suffix(".v.mkv"), "tff", MPEG2, 12)
    listed = path.with_suffix(".txt")
    listed.write_text("".join(f"file '{part}'\n" for part in (film, video, film, video)))
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
    return path


def made(name: str, folder: Path) -> Path:
    path = folder / name
    kind, order = path.stem.partition("-")[::2]
    if kind == "mixed":
        return mixed(path)
    if kind == "hybrid":
        return hybrid(path)
    if kind == "paff":
        return copy(field_pictures(folder / f"{name}.h264", FRAMES, bottom_first=order == "bff"), path)
    x264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-bf", "2", "-x264-params", f"{order}=1")
    return woven(path, order, MPEG2 if kind == "mpeg2" else x264)


async def read(path: Path) -> FrameIndex:
    out = path.with_suffix(".index")
    async with Runner() as runner:
        await make_index(runner, path, 0, out, lambda _: None)
    return load_index(out)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *(("mpeg2-tff.ts", method) for method in METHODS),
        ("mpeg2-bff.mkv", "bwdif"),
        ("mpeg2-bff.vob", "w3fdif"),
        ("mbaff-tff.mkv", "bwdif"),
        ("mbaff-bff.ts", "yadif"),
        ("paff-tff.mkv", "bwdif"),
        ("paff-bff.ts", "w3fdif"),
        ("paff-tff.mp4", "yadif"),
        *(("mixed.mkv", method) for method in METHODS),
        ("mixed-late.mkv", "bwdif"),
        ("hybrid.mkv", "bwdif"),
        ("hybrid.mkv", "yadif"),
    ],
)
def test_chunks_are_deinterlaced_as_the_whole_film_is(name: str, method: str, tmp_path: Path) -> None:
    film = made(name, tmp_path)
    index = asyncio.run(read(film))
    filters = (METHODS[method],)
    whole = checksums("-noautorotate", "-i", str(film), "-map", "0:v:0", "-vf", filters[0])
    fields = checksums("-noautorotate", "-i", str(film), "-map", "0:v:0")
    assert len(whole) == len(fields) == index.frames == FRAMES
    assert index.interlaced_frames == MARKED.get(film.stem, FRAMES)
    # What is not marked interlaced stays; what is, changes, but for a frame before soft telecine: FFmpeg takes it for
    # a part of that.
    changed = index.interlaced_frames - name.startswith("hybrid")
    assert sum(a != b for a, b in zip(whole, fields, strict=True)) == changed
    source = film_frames(str(film), 0, index, filters)
    rng = random.Random(f"{name} {method}")
    cuts = sorted({0, FRAMES, 1, 12, 13, FRAMES - 1, 16, 20, 32, 36, 37, *(rng.randrange(FRAMES) for _ in range(2))})
    got = []
    for start, end in itertools.pairwise(cuts):
        frames = source(start, end, rng.choice([0, 0, 1, len(STEPS_BACK)]))
        got += checksums(*frames.input_args, "-vf", ",".join(frames.filters))
    assert got == whole


def test_without_their_neighbours_frames_at_a_chunk_s_ends_come_out_wrong(tmp_path: Path) -> None:
    film = made("mpeg2-tff.mkv", tmp_path)
    whole = checksums("-i", str(film), "-vf", METHODS["bwdif"])
    alone = checksums("-i", str(film), "-vf", f"trim=start_frame=10:end_frame=20,{METHODS['bwdif']}")
    assert alone[1:-1] == whole[11:19]
    assert alone[0] != whole[10]
    assert alone[-1] != whole[19]


@pytest.mark.parametrize("name", ["soft.mkv", "soft.ts", "soft.vob"])
def test_soft_telecine_is_whole_frames_at_uneven_times(name: str, tmp_path: Path) -> None:
    film = copy(repeat_fields(tmp_path / "soft.m2v", "testsrc2=s=96x64:r=30000/1001", 24), tmp_path / name, *TELECINE)
    index = asyncio.run(read(film))
    assert (index.frames, index.interlaced_frames) == (24, 0)
    seconds = [float(index.seconds(k)) for k in range(24)]
    wanted = [(5 * (k // 2) + 3 * (k % 2)) * 1001 / 60000 for k in range(24)]
    assert all(abs(a - b) <= 0.00051 for a, b in zip(seconds, wanted, strict=True)), seconds
