"""Scoring a whole film: the command line, libvmaf's CSV log, and the count of what was decoded."""

from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import film, info
from reelwright.errors import ToolError
from reelwright.planning.colors import UNTAG
from reelwright.planning.comparison import Comparison, compare
from reelwright.quality.comparison import Crop, ScoreOptions
from reelwright.tools.blocks import CELLS, blocks_request, load_blocks
from reelwright.tools.children.blocks import BlockMeans
from reelwright.tools.compare import check_decoded, compare_args, parse_csv, without_chatter

HEADER = "Frame,integer_adm2,vmaf,\n"


def comparison(**options: Any) -> Comparison:
    shown = options["crop"].height if "crop" in options else 720
    found = compare(info(film()), info(film(height=shown)), ScoreOptions(**options), "v0.6.1")
    assert isinstance(found, Comparison)
    return found


def arguments(**options: Any) -> list[str]:
    return compare_args("ffmpeg", Path("/a,b;[c].mkv"), Path("/it's a:b.mkv"), comparison(**options), threads=4)


def graph(**options: Any) -> list[str]:
    args = arguments(**options)
    return args[args.index("-filter_complex") + 1].split(";")


def test_both_films_are_numbered_scaled_and_of_ten_bits() -> None:
    distorted, reference, vmaf = graph()
    end = "format=yuv420p10le,scale=1920:1080:flags=bicubic,settb=1/1000,setpts=N*40"
    assert distorted.startswith(f"[0:0]{UNTAG},scale=in_range=limited:out_range=limited")
    assert distorted.endswith(f"{end}[distorted]")
    assert reference.startswith(f"[1:0]{UNTAG},scale=in_range=limited:out_range=limited")
    assert reference.endswith(f"{end}[reference]")
    assert vmaf == (
        "[distorted][reference]libvmaf=model=version=vmaf_v0.6.1:n_threads=4:n_subsample=1"
        ":log_fmt=csv:log_path=vmaf.csv:repeatlast=0"
    )


def test_options_reach_the_graph() -> None:
    assert "n_subsample=3" in graph(n_subsample=3)[2]
    assert "version=vmaf_v0.6.1neg" in graph(model="vmaf_v0.6.1neg")[2]
    assert "scale=640:360" in graph(scale=(640, 360))[0]
    assert graph(crop=Crop(width=1280, height=600, x=0, y=60))[1].startswith(f"[1:0]crop=1280:600:0:60,{UNTAG},")


def test_no_name_of_a_file_gets_into_the_graph_and_both_are_opened_by_the_allow_lists() -> None:
    args = arguments()
    assert [args[k + 1] for k, part in enumerate(args) if part == "-i"] == ["file:/it's a:b.mkv", "file:/a,b;[c].mkv"]
    assert args.count("-format_whitelist") == args.count("-protocol_whitelist") == args.count("-noautorotate") == 2
    assert "a:b" not in "".join(graph())
    assert "level+verbose" in args  # else FFmpeg does not say how many frames it decoded


@pytest.mark.parametrize(
    ("rows", "frames", "n_subsample", "scores"),
    [
        ("0,0.9,90.5,\n1,0.9,91.5,\n", 2, 1, {0: 90.5, 1: 91.5}),
        ("0,0.9,90,\n3,0.9,93,\n6,0.9,96,\n", 8, 3, {0: 90, 3: 93, 6: 96}),
    ],
)
def test_the_log_gives_each_scored_frame(rows: str, frames: int, n_subsample: int, scores: dict[int, float]) -> None:
    lines = (HEADER + rows).splitlines(keepends=True)
    assert parse_csv(lines, frames=frames, n_subsample=n_subsample) == scores


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        HEADER + "0,1,90,\n",  # a frame too few
        HEADER + "0,1,90,\n1,1,90,\n2,1,90,\n",  # a frame too many
        HEADER + "0,1,90,\n2,1,90,\n",  # another frame
        HEADER + "0,1,90,\n1,1,nan,\n",
        HEADER + "0,1,90,\n1,1,\n",  # cut off
        "Frame,psnr,\n0,1,\n1,1,\n",
        "no log\nat all\n",
    ],
)
def test_a_log_that_is_not_of_exactly_these_frames_is_an_error(text: str) -> None:
    with pytest.raises(ToolError, match="VMAF"):
        parse_csv(text.splitlines(keepends=True), frames=2, n_subsample=1)


SAID = (
    "[in#0/matroska @ 0x5] [verbose]   Input stream #0:0 (video): 48 packets read (63 bytes); {0} frames decoded; 0\n"
    "[in#1/mov @ 0x5] [verbose]   Input stream #1:2 (video): 48 packets read (63 bytes); {1} frames decoded; 0\n"
)


def test_frames_that_went_missing_between_counting_and_scoring_are_noticed() -> None:
    check_decoded(SAID.format(48, 48), 48)
    with pytest.raises(ToolError, match="47 frames of the distorted film were decoded where 48"):
        check_decoded(SAID.format(47, 48), 48)
    with pytest.raises(ToolError, match="49 frames of the reference were decoded where 48"):
        check_decoded(SAID.format(48, 49), 48)


def test_a_film_ffmpeg_says_nothing_of_is_not_taken_for_counted() -> None:
    with pytest.raises(ToolError, match="not say"):
        check_decoded("", 48)


def test_block_means_are_those_of_the_picture(tmp_path: Path) -> None:
    quarters = np.kron(np.arange(16, dtype=np.float32).reshape(4, 4), np.ones((8, 8), dtype=np.float32))
    means = BlockMeans(None, (64, 64))
    means(quarters)
    means(quarters + 1)
    means.write(str(tmp_path / "blocks"))
    assert load_blocks(tmp_path / "blocks") == [
        tuple(float(k) for k in range(CELLS)),
        tuple(float(k + 1) for k in range(CELLS)),
    ]


def test_block_means_of_a_crop_see_nothing_of_the_bars(tmp_path: Path) -> None:
    picture = np.zeros((270, 480), dtype=np.float32)
    picture[35:235] = 100
    means = BlockMeans([1920, 800, 0, 140], (1920, 1080))
    means(picture)
    means.write(str(tmp_path / "blocks"))
    assert load_blocks(tmp_path / "blocks") == [(100.0,) * CELLS]
    assert blocks_request(tmp_path, Crop(width=2, height=4, x=6, y=8))["crop"] == [2, 4, 6, 8]
    assert blocks_request(tmp_path, None)["crop"] is None


def test_the_smallest_crop_still_has_blocks() -> None:
    means = BlockMeans([16, 16, 1904, 1064], (1920, 1080))
    means(np.ones((270, 480), dtype=np.float32))
    assert means._means == array("f", [1.0] * CELLS)


def test_what_ffmpeg_says_of_a_failure_is_not_buried() -> None:
    said = "[h264 @ 0x1] [verbose] Reinit\n[AVFilterGraph @ 0x1] [error] Cannot allocate memory\n" + SAID.format(1, 1)
    assert without_chatter(said) == "[AVFilterGraph @ 0x1] [error] Cannot allocate memory"
