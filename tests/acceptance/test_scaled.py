"""`--scale` with real films: the size, the shape on the screen, and the score against the original."""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest
from clips import LENGTH, PICTURE, X264, Clips
from command import QUICK, Command, contents, frames

#: See the fixture `encode`.
SCORED_AS_USUAL = True


def shape(path: Path) -> tuple[int, int, Fraction]:
    """Width, height and aspect on the screen."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        sample = stream.sample_aspect_ratio or Fraction(1)
        return stream.width, stream.height, Fraction(stream.width, stream.height) * sample


@pytest.mark.parametrize(
    ("scale", "size", "square"),
    [("80x", (80, 46), False), ("x60", (106, 60), False), ("96x54", (96, 54), True), ("160x46", (160, 46), False)],
)
def test_a_film_is_scaled_and_looks_as_it_did(
    clips: Clips, encode: Command, films: Path, scale: str, size: tuple[int, int], *, square: bool
) -> None:
    source = Path(shutil.copy(clips.film(), films / "film.mkv"))
    run = encode(source.name, *QUICK, "--scale", scale, "--json")
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    width, height, aspect = shape(films / "film.av1.mkv")
    # 80x45 has an odd side: one more row, and the samples make up for it.
    assert (width, height) == size or (width, height) == (80, 44)
    assert abs(aspect / Fraction(16, 9) - 1) < Fraction(1, 100)
    assert data["vmaf"]["scaled_to"] == "1920x1080"
    assert all(check["passed"] for check in data["checks"])
    assert any(f"The picture is scaled from 160x90 to {width}x{height}" in reason for reason in data["reasons"])
    assert frames(films / "film.av1.mkv") == 6
    assert square == (aspect == Fraction(width, height))


def test_an_anamorphic_film_keeps_its_shape(clips: Clips, encode: Command, films: Path) -> None:
    made = clips("wide.mkv", *PICTURE, *LENGTH, "-vf", "setsar=64/45", *X264)
    source = Path(shutil.copy(made, films / "film.mkv"))
    run = encode(source.name, *QUICK, "--scale", "96x54")
    assert run.code == 0, run.err
    before, after = shape(source)[2], shape(films / "film.av1.mkv")[2]
    assert abs(after / before - 1) < Fraction(1, 100)


def test_what_is_lost_counts_and_an_independent_run_gives_the_same_score(
    clips: Clips, encode: Command, films: Path
) -> None:
    soft = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24,gblur=2")
    source = Path(shutil.copy(clips("soft.mkv", *soft, *LENGTH, *X264, "-qp", "5"), films / "film.mkv"))
    good = ("--preset", "13", "--crf", "15")
    plain = encode(source.name, "-o", "plain.mkv", *good, "--json").results[0]["data"]["vmaf"]["mean"]
    small = encode(source.name, "-o", "small.mkv", *good, "--scale", "x120", "--json").results[0]["data"]["vmaf"]
    assert small["mean"] < plain
    alike = "format=yuv420p10le,scale=1920:1080:flags=bicubic,setpts=N"
    graph = f"[0:v]{alike}[a];[1:v]{alike}[b];[a][b]libvmaf=log_fmt=json:log_path=vmaf.json"
    subprocess.run(
        [clips.ffmpeg, "-v", "error", "-i", "small.mkv", "-i", source, "-filter_complex", graph, "-f", "null", "-"],
        check=True,
        cwd=films,
        stdin=subprocess.DEVNULL,
    )
    said = json.loads((films / "vmaf.json").read_text())["pooled_metrics"]["vmaf"]["mean"]
    assert small["mean"] == pytest.approx(said, abs=0.01)


def test_one_side_never_enlarges(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(clips.film(), films / "film.mkv"))
    run = encode(source.name, *QUICK, "--scale", "x1080")
    assert run.code == 0, run.err
    assert shape(films / "film.av1.mkv")[:2] == (160, 90)
    assert "The picture stays at 160x90" in run.out


def test_a_size_that_is_none_is_wrong_usage(encode: Command, films: Path) -> None:
    before = contents(films)
    encode("film.mkv", "--scale", "81x", "--json").assert_failed(2, "no size of even sides")
    assert contents(films) == before
