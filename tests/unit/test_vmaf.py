"""Scoring: the graph that pairs frames, and libvmaf's log."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import film, index, info, plan
from reelwright.errors import ToolError
from reelwright.planning.colors import UNTAG
from reelwright.planning.plan import EncodePlan
from reelwright.quality.steps import first_scored
from reelwright.tools.frames import chosen, reference_input
from reelwright.tools.vmaf import Look, Pairing, parse_log, score_args, thinning

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))
PAIRING = Pairing(
    chunk_path="/trials/it's a:b.part",
    reference_input=reference_input("/films/a,b;[c].mkv", KEYED, 98, 0),
    video_index=3,
    choose=chosen(KEYED, 98, 100),
    preroll=1,
    look=Look(frames=2),
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


def numbered(*numbers: int) -> str:
    """A log in which each frame's score is its number."""
    return json.dumps({"frames": [{"frameNum": k, "metrics": {"vmaf": k}} for k in numbers]})


PLAIN, WIDE = "vmaf_v0.6.1", "vmaf_v1.0.16_hfr_3d0h"


@pytest.mark.parametrize(
    ("text", "look", "preroll", "scores"),
    [
        (log(90, 91, 92), Look(frames=3), 0, [90, 91, 92]),
        (log(0, 91, 92), Look(frames=2), 1, [91, 92]),  # the frame that leads is not the chunk's
        (log(100), Look(frames=1), 0, [100]),
        (numbered(3, 0), Look(frames=6, step=3), 0, [0, 3]),
        # A frame's neighbours come with it: every third of what libvmaf is given is scored, and the first is a copy.
        (numbered(0, 3, 6), Look(frames=10, step=5, first=2), 0, [3, 6]),
        (numbered(0, 3), Look(frames=10, step=5), 0, [0, 3]),
        (numbered(0, 3, 6), Look(frames=10, step=5), 1, [3, 6]),
    ],
)
def test_the_log_gives_the_score_of_each_frame_that_was_looked_at(
    text: str, look: Look, preroll: int, scores: list[float]
) -> None:
    assert parse_log(text, look, preroll=preroll, model=PLAIN) == scores


def handed_over(look: Look, preroll: int, model: str) -> tuple[list[int], list[int]]:
    """Places of a run, leading frame included, that libvmaf is given, and those it scores: the graph by hand."""
    thin = thinning(look, preroll, model)
    run = range(look.frames + preroll)
    kept = [n for n in run if thin.keeps or (n >= thin.place - 1 and (n - thin.place + 1) % thin.apart < 3)]
    given_frames = [kept[0]] * thin.ahead + kept
    return given_frames, list(range(0, len(given_frames), thin.step))


@given(
    start=st.integers(0, 40),
    frames=st.integers(60, 400),
    step=st.sampled_from([1, 3, 5, 7]),
    model=st.sampled_from([PLAIN, WIDE]),
)
def test_exactly_the_frames_looked_at_are_scored_each_beside_its_own_neighbours(
    start: int, frames: int, step: int, model: str
) -> None:
    look = Look(frames=frames, step=step, first=first_scored(start, step))
    preroll = 1 if start and look.first == 0 else 0
    given_frames, scored = handed_over(look, preroll, model)
    begins = thinning(look, preroll, model).begins
    wanted = [place for place in scored if place >= begins]
    assert [given_frames[place] - preroll for place in wanted] == list(range(look.first, frames, step))
    for place in wanted:
        at = given_frames[place]
        assert at == 0 or given_frames[place - 1] == at - 1
        assert place + 1 == len(given_frames) or given_frames[place + 1] == at + 1
    if step > 3 and model == PLAIN:
        assert len(given_frames) <= frames * 3 / step + 5
    assert parse_log(numbered(*scored), look, preroll=preroll, model=model) == wanted


def test_a_model_that_looks_further_is_given_every_frame() -> None:
    assert thinning(Look(frames=60, step=5, first=2), 0, WIDE).keeps
    assert not thinning(Look(frames=60, step=5, first=2), 0, PLAIN).keeps


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
        parse_log(text, Look(frames=3), preroll=0, model=PLAIN)
    assert what
