"""Some frames first: their scores are those of a run over every frame, which is made where it matters."""

import json
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from clips import GRAINY, X264, Clips
from command import Command

#: Chunks begin at the film's first frame, a few frames before one that is scored, and at ones that are scored: a key
#: frame, and one whose own neighbour leads it. A group of pictures has four frames. The last chunk is a short one.
STARTS = (0, 62, 140, 205, 265)
FRAMES = 296
#: Every how manieth frame of each is scored.
STEPS = {start: 3 if start == STARTS[-1] else 5 for start in STARTS}
SCORED = sum(len([k for k in range(a, b) if k % STEPS[a] == 0]) for a, b in pairwise((*STARTS, FRAMES)))
QUICK = ("--preset", "13", "--max-crf", "60")


@pytest.fixture
def film(clips: Clips, films: Path) -> Path:
    made = clips("four.mkv", *GRAINY, "-frames:v", str(FRAMES), *X264)
    scenes = [{"start_frame": a, "end_frame": b} for a, b in pairwise((*STARTS, FRAMES))]
    (films / "cuts.json").write_text(json.dumps({"frames": FRAMES, "scenes": scenes}), encoding="utf-8")
    return Path(shutil.copy(made, films / "film.mkv"))


def trials(encode: Command) -> dict[tuple[int, float], dict[str, Any]]:
    """What the ledger holds of whole chunks, by first frame and CRF."""
    with sqlite3.connect(encode.state / "ledger.sqlite3") as ledger:
        ledger.row_factory = sqlite3.Row
        rows = [dict(row) for row in ledger.execute("SELECT * FROM store_trial")]
    return {
        (r["start"], r["crf"]): r | {"frame_scores": json.loads(r["frame_scores"])}
        for r in rows
        if r["windows"] in {None, "null"}
    }


def test_some_frames_score_as_they_do_among_all_and_all_are_scored_from_what_was_kept(
    encode: Command, film: Path
) -> None:
    fixed = ("--crf", "40", "--preset", "13", "--scenes", "cuts.json", "--json")
    run = encode(film.name, *fixed, "-o", "some.mkv")
    assert run.code == 0, run.err
    some, vmaf = trials(encode), run.results[0]["data"]["vmaf"]
    assert sorted(start for start, _ in some) == list(STARTS)
    assert {start: t["score_n_subsample"] for (start, _), t in some.items()} == STEPS
    assert (vmaf["n_subsample"], vmaf["frames"]) == (5, SCORED)
    # The same trials with every frame: nothing is encoded again, and the frames scored before score the same.
    again = encode(film.name, *fixed, "--scored-frames", "every", "-o", "all.mkv")
    assert again.code == 0, again.err
    made = [event["data"] for event in again.events if event["event"] == "trial_complete"]
    assert [(t["reused"], t["n_subsample"]) for t in made] == [(True, 1)] * len(STARTS)
    every = trials(encode)
    for key, trial in every.items():
        step = STEPS[key[0]]
        assert trial["frame_scores"][-key[0] % step :: step] == some[key]["frame_scores"], key
        assert trial["packets_digest"] == some[key]["packets_digest"]
        assert trial["encode_cpu_seconds"] == some[key]["encode_cpu_seconds"]
        assert trial["score_cpu_seconds"] > some[key]["score_cpu_seconds"]
    full = again.results[0]["data"]["vmaf"]
    assert (full["n_subsample"], full["frames"]) == (1, FRAMES)
    # A score of every frame serves whoever would do with some.
    third = encode(film.name, *fixed, "-o", "third.mkv")
    assert third.results[0]["data"]["vmaf"] == full
    assert {t["score_n_subsample"] for t in trials(encode).values()} == {1}


def test_a_narrow_band_looks_at_every_frame_and_a_wide_one_does_not(encode: Command, film: Path) -> None:
    aim = ("--target-vmaf", "80", "--duration", "2.8", *QUICK, "--json")
    wide = encode(film.name, *aim, "--band", "12", "-o", "wide.mkv")
    assert wide.code == 0, wide.err
    assert {t["score_n_subsample"] for t in trials(encode).values()} == {5}
    narrow = encode(film.name, *aim, "--band", "0.3", "-o", "narrow.mkv")
    assert narrow.code == 0, narrow.err
    [end] = [e["data"] for e in narrow.events if e["event"] == "segment_complete"]
    trial = trials(encode)[0, end["crf"]]
    assert end["within_band"], end
    assert 79.7 <= trial["score_mean"] <= 80.3
    assert trial["score_n_subsample"] == 1


def test_a_floor_for_the_5th_percentile_is_held_and_said(encode: Command, film: Path) -> None:
    aim = ("--target-vmaf", "70", "--band", "6", "--duration", "2.8", *QUICK, "--json")
    run = encode(film.name, *aim, "-o", "mean.mkv")
    assert run.code == 0, run.err
    p5 = run.results[0]["data"]["vmaf"]["p5"]
    floor = str(round(p5 + 12))
    held = encode(film.name, *aim, "--floor-p5", floor, "-o", "held.mkv")
    assert held.code == 0, held.err
    vmaf = held.results[0]["data"]["vmaf"]
    assert vmaf["n_subsample"] == 1
    [end] = [e["data"] for e in held.events if e["event"] == "segment_complete"]
    assert end["within_band"], end
    assert "5th percentile" in end["why"]
    assert trials(encode)[0, end["crf"]]["score_p5"] >= float(floor)
    assert vmaf["mean"] > 76  # above the band, for the floor's sake


def test_v1_models_are_chosen_by_name_and_named_in_full(encode: Command, film: Path) -> None:
    run = encode(film.name, "--crf", "40", "--preset", "13", "--vmaf-model", "v1", "--duration", "0.3", "--json")
    assert run.code == 0, run.err
    vmaf = run.results[0]["data"]["vmaf"]
    assert (vmaf["model"], vmaf["scaled_to"]) == ("vmaf_v1.0.16_3d0h", "1920x1080")
    assert 0 < vmaf["mean"] < 100


@pytest.mark.parametrize(
    ("name", "near"),
    [("v0.6.2", "v0.6.1"), ("v2", "v1"), ("vmaf_v1.0.16_3d0", "vmaf_v1.0.16_3d0h"), ("vmaf_4k_v061", "vmaf_4k_v0.6.1")],
)
def test_a_model_that_is_none_ends_with_what_was_probably_meant(
    name: str, near: str, encode: Command, film: Path
) -> None:
    run = encode(film.name, "--vmaf-model", name, "--crf", "40")
    run.assert_failed(2, name, near)
    assert not (film.parent / "film.av1.mkv").exists()
