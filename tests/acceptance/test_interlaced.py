"""Films with fields: refused unless asked for, then a frame for every two fields, at its time, chunk by chunk."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import Clips
from command import QUICK, Command

from fields import FFMPEG, TELECINE, copy, field_pictures, repeat_fields

#: A model that is named in full scores small pictures as they are, which is quick.
CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}
FINE = ("--preset", "12", "--crf", "12")
LOOK = ("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=50")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2")
WOVEN = ("-frames:v", "52", *MPEG2, "-flags", "+ildct+ilme")
TFF = ("-vf", "tinterlace=mode=interleave_top,setfield=tff", *WOVEN)
BFF = ("-vf", "tinterlace=mode=interleave_bottom,setfield=bff", *WOVEN)


def times(path: Path) -> list[Fraction]:
    """When each frame is shown, counted from the first."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base
        shown = [frame.pts * base for frame in container.decode(video=0)]
    return [moment - shown[0] for moment in shown]


def luma(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


@pytest.fixture(params=[("tff.ts", "bwdif"), ("bff.mkv", "yadif"), ("paff.mkv", "w3fdif")], ids=lambda p: p[0])
def woven(request: pytest.FixtureRequest, clips: Clips, films: Path, tmp_path: Path) -> tuple[Path, str]:
    """A film of fields, and how it is deinterlaced."""
    name, method = request.param
    source = films / name
    if name.startswith("paff"):
        return copy(field_pictures(tmp_path / "paff.h264", 52), source), method
    return Path(shutil.copy(clips(name, *LOOK, *(TFF if name.startswith("tff") else BFF)), source)), method


def test_each_frame_is_that_of_the_whole_film_deinterlaced(
    encode: Command, films: Path, tmp_path: Path, woven: tuple[Path, str]
) -> None:
    source, method = woven
    run = encode(source.name, *FINE, "--deinterlace", method, "--json", env=CHUNKS)
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    assert any(f"52 of 52 frames are deinterlaced with {method}" in reason for reason in data["reasons"])
    assert data["trials"] > 1  # more than one chunk, so that there are ends inside
    assert data["vmaf"]["mean"] > 90
    output = films / f"{source.stem}.av1.mkv"
    assert all(abs(a - b) <= Fraction(1, 1000) for a, b in zip(times(output), times(source), strict=True))
    whole = tmp_path / "whole.mkv"
    mode = "frame" if method == "w3fdif" else "send_frame"
    filters = ("-vf", f"{method}=mode={mode}", "-fps_mode", "passthrough", "-c:v", "ffv1")
    subprocess.run([FFMPEG, "-v", "error", "-i", str(source), *filters, str(whole)], check=True)
    apart = [float(np.abs(a - b).mean()) for a, b in zip(luma(output), luma(whole), strict=True)]
    combed = [float(np.abs(a - b).mean()) for a, b in zip(luma(output), luma(source), strict=True)]
    assert max(apart) < 4, apart
    assert sum(apart) < sum(combed) / 2


def test_fields_inside_are_found_by_the_analysis_and_in_what_it_left(
    clips: Clips, encode: Command, films: Path
) -> None:
    whole = clips("whole.ts", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25", "-frames:v", "30", *MPEG2)
    fields = clips("tff.ts", *LOOK, *TFF)
    (films / "list.txt").write_text(f"file '{whole}'\nfile '{fields}'\n")
    join = ("-f", "concat", "-safe", "0", "-i", str(films / "list.txt"), "-c", "copy", str(films / "film.mkv"))
    subprocess.run([FFMPEG, "-v", "error", *join], check=True)
    said = ("52 of its frames are interlaced", "--deinterlace bwdif")
    encode("film.mkv", *QUICK, "--json").assert_json_failed(3, *said)
    encode("film.mkv", *QUICK, "--dry-run").assert_failed(3, *said)  # the index is known now
    run = encode("film.mkv", *QUICK, "--deinterlace", "bwdif", "--json", env=CHUNKS)
    assert run.code == 0, run.err
    (analysed,) = [event["data"] for event in run.events if event["event"] == "analysis_complete"]
    assert analysed["reused"]
    assert any("52 of 82 frames are deinterlaced" in reason for reason in run.results[0]["data"]["reasons"])


def test_a_film_without_fields_is_the_same_work_whether_they_are_asked_for_or_not(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(clips.film(), films))
    assert encode(source.name, *QUICK).code == 0
    run = encode(source.name, *QUICK, "--deinterlace", "bwdif", "-o", "again.mkv", "--json")
    assert run.code == 0, run.err
    assert [event["data"]["reused"] for event in run.events if event["event"] == "trial_complete"] == [True]
    assert any("nothing is deinterlaced" in reason for reason in run.results[0]["data"]["reasons"])


def test_soft_telecine_keeps_its_uneven_times(encode: Command, films: Path, tmp_path: Path) -> None:
    bare = repeat_fields(tmp_path / "soft.m2v", "testsrc2=s=96x64:r=30000/1001", 24)
    source = copy(bare, films / "soft.ts", *TELECINE)
    run = encode(source.name, *QUICK, "--json")
    assert run.code == 0, run.err
    shown = times(films / "soft.av1.mkv")
    wanted = [Fraction((5 * (k // 2) + 3 * (k % 2)) * 1001, 60000) for k in range(24)]
    assert all(abs(a - b) <= Fraction(1, 1000) for a, b in zip(shown, wanted, strict=True))
