"""Scoring: the graph that pairs frames, and libvmaf's log."""

import json
from dataclasses import replace
from typing import Any

import pytest

from examples import film, index, info, plan
from reelwright.errors import ToolError
from reelwright.planning.colors import UNTAG
from reelwright.planning.plan import EncodePlan
from reelwright.tools.frames import chosen, reference_input
from reelwright.tools.vmaf import Pairing, parse_log, score_args

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))
PAIRING = Pairing(
    chunk_path="/trials/it's a:b.part",
    reference_input=reference_input("/films/a,b;[c].mkv", KEYED, 98, 0),
    video_index=3,
    choose=chosen(KEYED, 98, 100),
    preroll=1,
)


def graph(of: EncodePlan | None = None, pairing: Pairing = PAIRING) -> tuple[str, str, str]:
    """The distorted side, the reference side, and what compares them."""
    args = score_args("ffmpeg", pairing, of or plan(), threads=2, log_name="k.vmaf.json")
    first, second, third = args[args.index("-filter_complex") + 1].split(";")
    return first, second, third


def test_both_sides_are_scaled_and_numbered_alike() -> None:
    distorted, reference, _ = graph()
    common = "format=yuv420p10le,scale=1920:1080:flags=bicubic,settb=1/1000,setpts=N*40"
    assert distorted == f"[0:v:0]{UNTAG},tpad=start=1:start_mode=clone,{common}[distorted]"
    assert reference.startswith(f"[1:3]trim=start_pts=3920:end_pts=3961,{UNTAG},scale=in_range=limited")
    assert reference.endswith(f"{common}[reference]")


def test_tags_are_left_out_of_the_comparison() -> None:
    assert "setparams" not in "".join(graph()).replace(UNTAG, "")


def test_the_first_chunk_has_no_frame_to_lead_it() -> None:
    assert graph(pairing=replace(PAIRING, preroll=0))[0].startswith(f"[0:v:0]{UNTAG},format=")


def test_at_a_cut_the_second_frame_leads_the_reference() -> None:
    args = score_args("ffmpeg", replace(PAIRING, mirrored=True), plan(), threads=2, log_name="k.vmaf.json")
    lead = args[args.index("-filter_complex") + 1]
    assert "[copy]trim=start_frame=1:end_frame=2,setpts=0[lead]" in lead
    assert "[lead][whole]concat=n=2" in lead


def test_the_model_and_the_log_are_named() -> None:
    assert graph()[2] == (
        "[distorted][reference]libvmaf=model=version=vmaf_v0.6.1:n_threads=2:n_subsample=1"
        ":log_fmt=json:log_path=k.vmaf.json"
    )
    assert "vmaf_4k_v0.6.1" in graph(plan(info(film(width=3840, height=2160))))[2]


def test_pictures_of_1080p_are_not_scaled() -> None:
    assert "bicubic," not in graph(plan(info(film(width=1920, height=1080))))[0]


def test_no_name_of_a_file_gets_into_the_graph() -> None:
    args = score_args("ffmpeg", PAIRING, plan(), threads=2, log_name="k.json")
    assert [args[k + 1] for k, part in enumerate(args) if part == "-i"] == [
        "file:/trials/it's a:b.part",
        "file:/films/a,b;[c].mkv",
    ]
    assert "films" not in args[args.index("-filter_complex") + 1]


def log(*scores: float, **changes: Any) -> str:
    rows = [{"frameNum": k, "metrics": {"integer_motion": 1.0, "vmaf": score}} for k, score in enumerate(scores)]
    return json.dumps({"version": "3.0.0", "fps": 9.1, "frames": rows, "pooled_metrics": {}, **changes})


@pytest.mark.parametrize(
    ("text", "preroll", "frames", "n_subsample", "scores"),
    [
        (log(90, 91, 92), 0, 3, 1, [90, 91, 92]),
        (log(0, 91, 92), 1, 2, 1, [91, 92]),  # the frame that leads is not the chunk's
        (log(100), 0, 1, 1, [100]),
        (json.dumps({"frames": [{"frameNum": k, "metrics": {"vmaf": k}} for k in (4, 0, 2)]}), 0, 5, 2, [0, 2, 4]),
    ],
)
def test_the_log_gives_the_score_of_each_frame_of_the_chunk(
    text: str, preroll: int, frames: int, n_subsample: int, scores: list[float]
) -> None:
    assert parse_log(text, preroll=preroll, frames=frames, n_subsample=n_subsample) == scores


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a frame too few", log(90, 91)),
        ("a frame too many", log(90, 91, 92, 93)),
        ("none", log()),
        ("cut off", log(90, 91, 92)[:-20]),
        ("empty", ""),
        ("no log", "[]"),
        ("no frames", "{}"),
        ("frames of another kind", '{"frames": [1, 2, 3]}'),
        ("no score", json.dumps({"frames": [{"frameNum": 0, "metrics": {}}] * 3})),
        ("one frame three times", json.dumps({"frames": [{"frameNum": 0, "metrics": {"vmaf": 1}}] * 3})),
        ("not a number", log(90, float("nan"), 92)),
        ("endless", log(90, float("inf"), 92)),
    ],
)
def test_a_log_that_is_not_of_exactly_these_frames_is_an_error(what: str, text: str) -> None:
    with pytest.raises(ToolError, match="VMAF"):
        parse_log(text, preroll=0, frames=3, n_subsample=1)
    assert what
