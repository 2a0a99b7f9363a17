"""Black borders: what any frame shows is kept, what none does is cut, and film and score are cut alike."""

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import LENGTH, X264, Clips
from command import AS_USUAL, QUICK, Command, contents

from warm import PROGRAM, run_program

FINE = ("--preset", "12", "--crf", "12")
#: Dark and wide, bright text on black, less wide, black all over.
SCENES = (
    "testsrc2=s=160x66:r=24:d=0.5,lutyuv=y='16+(val-16)/8',pad=160:90:0:12",
    "color=black:s=160x90:r=24:d=0.5,drawbox=60:30:40:4:white:fill,drawbox=50:60:60:3:white:fill",
    "testsrc2=s=160x78:r=24:d=0.5,pad=160:90:0:6",
    "color=black:s=160x90:r=24:d=0.25",
)
BARS = "pad=160:90:(ow-iw)/2:(oh-ih)/2"


def letterboxed(clips: Clips) -> Path:
    inputs = [part for scene in SCENES for part in ("-f", "lavfi", "-i", scene)]
    graph = "".join(f"[{k}:v]format=yuv420p,setsar=1[s{k}];" for k in range(len(SCENES)))
    graph += "".join(f"[s{k}]" for k in range(len(SCENES))) + f"concat=n={len(SCENES)}"
    return clips("letterboxed.mkv", *inputs, "-filter_complex", graph, *X264, "-qp", "8")


def pillarboxed(clips: Clips) -> Path:
    look = ("-f", "lavfi", "-i", f"testsrc2=s=120x90:r=24,{BARS}")
    return clips("pillarboxed.mkv", *look, *LENGTH, *X264, "-qp", "8")


def size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        return container.streams.video[0].width, container.streams.video[0].height


def luma(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)])


def test_the_union_of_all_scenes_is_kept(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(letterboxed(clips), films / "film.mkv"))
    run = encode("film.mkv", *FINE, "--crop", "auto", "--json")
    assert run.code == 0, run.err
    data, output = run.results[0]["data"], films / "film.av1.mkv"
    said = "The picture is cropped from 160x90 to 160:78:0:6 (found by the analysis over 42 frames)"
    assert any(said in reason for reason in data["reasons"])
    assert size(output) == (160, 78)
    assert data["vmaf"]["mean"] > 90
    assert all(check["passed"] for check in data["checks"])
    # Nothing is cut that the source shows, and what is kept is where it was.
    before, after = luma(source), luma(output)
    assert int(before[:, :6].max()) < 24
    assert int(before[:, 84:].max()) < 24
    assert float(np.abs(before[:, 6:84] - after).mean(axis=(1, 2)).max()) < 4
    again = encode("film.mkv", *FINE, "--crop", "auto", "--json")
    assert again.results[0]["data"]["outcome"] == "already_done"
    # What the analysis found, named, is the same encode.
    named = encode("film.mkv", *FINE, "--crop", "160:78:0:6", "-o", "named.mkv", "--json")
    assert {event["data"]["reused"] for event in named.events if event["event"] == "trial_complete"} == {True}
    planned = encode("film.mkv", *FINE, "--crop", "auto", "--dry-run", "--json", "-o", "third.mkv")
    assert any("160:78:0:6" in reason for reason in planned.results[0]["data"]["reasons"])


def test_a_film_without_borders_is_the_same_work(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(clips.film(), films))
    assert encode(source.name, *QUICK).code == 0
    run = encode(source.name, *QUICK, "--crop", "auto", "-o", "again.mkv", "--json")
    assert run.code == 0, run.err
    assert [event["data"]["reused"] for event in run.events if event["event"] == "trial_complete"] == [True]
    assert any("No black borders were found" in reason for reason in run.results[0]["data"]["reasons"])
    assert size(films / "again.mkv") == (160, 90)


def test_pillars_are_cut_first_and_then_it_is_scaled(clips: Clips, encode: Command, films: Path) -> None:
    Path(shutil.copy(pillarboxed(clips), films / "film.mkv"))
    run = encode("film.mkv", *FINE, "--crop", "auto", "--scale", "x60", "--json", env=AS_USUAL)
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    assert size(films / "film.av1.mkv") == (80, 60)
    assert any("to 120:90:20:0" in reason for reason in data["reasons"])
    assert any("scaled from 120x90 to 80x60" in reason for reason in data["reasons"])
    assert data["vmaf"]["scaled_to"] == "1440x1080"


@pytest.mark.parametrize(
    ("area", "said"),
    [("160:80:0:12", ("does not lie within the picture's 160x90",)), ("120:90:21:0", ("160x90", "even"))],
)
def test_a_crop_that_cannot_be_is_a_wrong_use(
    clips: Clips, encode: Command, films: Path, area: str, said: tuple[str, ...]
) -> None:
    shutil.copy(pillarboxed(clips), films / "film.mkv")
    before = contents(films)
    encode("film.mkv", *QUICK, "--crop", area, "--json").assert_json_failed(2, f"--crop {area}", *said)
    assert contents(films) == before


def test_a_turned_anamorphic_film_is_cropped_as_it_is_stored(clips: Clips, encode: Command, films: Path) -> None:
    wide = clips("wide.mp4", "-f", "lavfi", "-i", f"testsrc2=s=160x66:r=24,{BARS},setsar=4/3", *LENGTH, *X264)
    turned = clips("turned-wide.mp4", "-display_rotation", "90", "-i", wide, "-c", "copy")
    shutil.copy(turned, films / "film.mp4")
    run = encode("film.mp4", *QUICK, "--crop", "160:66:0:12", "--json")
    assert run.code == 0, run.err
    with av.open(str(films / "film.av1.mkv")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (160, 66)
        assert abs((stream.sample_aspect_ratio or Fraction(1)) / Fraction(4, 3) - 1) < Fraction(1, 100)
        assert next(container.decode(stream)).rotation == 90


def test_what_was_found_is_on_the_page_and_why_knows_it(clips: Clips, encode: Command, films: Path) -> None:
    shutil.copy(pillarboxed(clips), films / "film.mkv")
    variables = encode.variables({"REELWRIGHT_PROCESSING__TEMP_DIR": str(encode.state / "work")})

    def say(*args: str) -> str:
        done = run_program([*PROGRAM, *args], cwd=films, env=variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    assert "found by the analysis, which looks at every frame" in say("why", "film.mkv", "--crop", "auto")
    assert encode("film.mkv", *QUICK, "--crop", "auto").code == 0
    assert "to 120:90:20:0 (found by the analysis over 6 frames)" in say("why", "film.mkv", "--crop", "auto")
    say("report", "film.av1.mkv", "-o", "page.html")
    page = (films / "page.html").read_text()
    assert "120:90:20:0" in page
    assert "There are no pictures" not in page
    assert "cannot be shown" not in page
