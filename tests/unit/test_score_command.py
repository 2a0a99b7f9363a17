"""The `score` command: words to options, a result to words and to JSON."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reelwright.cli.commands import ScoreJob
from reelwright.cli.main import make_parser, run
from reelwright.cli.meter import Meter, tell_json
from reelwright.cli.score import clock, describe, job_from, proof_words, to_json
from reelwright.errors import InterruptedRunError, RefusedError
from reelwright.quality.comparison import (
    Alignment,
    Crop,
    Fit,
    Proof,
    SceneScore,
    ScoreOptions,
    ScoreProgress,
    ScoreResult,
)
from reelwright.quality.score import pool

KEYS = {"mean", "harmonic_mean", "p5", "p1", "min", "model", "n_subsample", "scaled_to", "frames"}

ALIGNMENT = Alignment(
    proof=Proof.PICTURES,
    reference_frames=48,
    distorted_frames=48,
    reference_seconds=2.0,
    distorted_seconds=2.0,
    largest_time_difference=0.0,
    windows=6,
    windows_proven=5,
    offsets_tried=(-5, -1, 1, 5),
)


def scene(number: int, mean: float | None) -> SceneScore:
    return SceneScore(
        scene=number,
        start=8 * number,
        end=8 * number + 8,
        start_seconds=number / 3,
        end_seconds=(number + 1) / 3,
        scored=8 if mean else 0,
        mean=mean,
        p5=mean,
        min=mean,
    )


RESULT = ScoreResult(
    score=pool([90.0, 94.0], model="vmaf_v0.6.1", n_subsample=1, scaled_to="1920x1080"),
    alignment=ALIGNMENT,
    scenes=tuple(scene(k, mean) for k, mean in enumerate([95.0, 91.0, None, 97.0, 90.0, 98.0, 92.0])),
    notes=("A note.",),
)
JOB = ScoreJob(reference=Path("a\n.mkv"), distorted=Path("b.mkv"), options=ScoreOptions())


class Stub:
    """A program that scores as it was told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.jobs: list[ScoreJob] = []

    def score(self, job: ScoreJob, tell: Callable[[ScoreProgress], None]) -> ScoreResult:
        self.jobs.append(job)
        tell(ScoreProgress(phase="reference", frame=1, share=0.5))
        if self.error:
            raise self.error
        return RESULT

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"score asked for {name}")


def parsed(*words: str) -> ScoreOptions:
    return job_from(make_parser().parse_args(["score", "a.mkv", "b.mkv", *words])).options


def test_without_flags_the_rules_decide() -> None:
    assert parsed() == ScoreOptions()


def test_every_flag_arrives() -> None:
    words = "--model vmaf_v0.6.1neg --n-subsample 5 --scale 1280x720 --crop 1920:800:0:140"
    found = parsed(*words.split())
    crop = Crop(width=1920, height=800, x=0, y=140)
    assert found == ScoreOptions(model="vmaf_v0.6.1neg", n_subsample=5, scale=(1280, 720), crop=crop)
    assert parsed("--scale", "none").scale is Fit.NONE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--n-subsample 4", "4 is even"),
        ("--n-subsample 0", "no whole number"),
        ("--n-subsample 1.5", "no whole number"),
        ("--scale 1281x720", "1281x720"),
        ("--scale 8x8", "8x8"),
        ("--scale big", "neither auto, none nor a size"),
        ("--crop 1920:800", "no crop"),
        ("--crop 1919:800:0:0", "all even"),
        ("--crop 0:0:0:0", "no crop"),
    ],
)
def test_values_that_cannot_be_are_wrong_usage(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "a.mkv", "b.mkv", *words.split()], Stub(), {}) == 2
    assert said in capsys.readouterr().err


@given(st.integers(1, 49).map(lambda n: 2 * n))
def test_every_even_step_is_refused_with_the_odd_one_beside_it(step: int) -> None:
    with pytest.raises(Exception, match=f"take {step + 1}"):
        parsed("--n-subsample", str(step))


def test_people_see_the_score_its_meaning_the_proof_and_the_worst_five_scenes() -> None:
    lines = describe(JOB, RESULT, every_scene=False)
    text = "\n".join(lines)
    assert "VMAF     92.00 mean, " in text
    assert "vmaf_v0.6.1, every frame (2 of 48), scaled to 1920x1080" in text
    assert "48 and 48, aligned: in 5 of 6 windows" in text
    assert "A note." in text
    assert "a\\n.mkv" in text
    scenes = [line.split("scene ")[1].split()[0] for line in lines if "scene " in line]
    assert scenes == ["4", "1", "6", "0", "3"]


def test_every_scene_is_shown_in_order_when_asked_for() -> None:
    lines = [line for line in describe(JOB, RESULT, every_scene=True) if "scene " in line]
    assert len(lines) == 7
    assert "not scored" in lines[2]


def test_a_proof_is_not_claimed_where_there_is_none() -> None:
    unproven = replace(RESULT, alignment=replace(ALIGNMENT, proof=Proof.NOTHING_MOVES))
    assert proof_words(unproven) == "48 and 48, not proven: nothing moves"
    same = replace(RESULT, alignment=replace(ALIGNMENT, proof=Proof.SAME_FILE))
    assert "same bytes" in proof_words(same)


def test_the_json_line_has_the_keys_that_programs_rely_on() -> None:
    line = json.loads(to_json(JOB, RESULT))
    assert (line["event"], line["status"], line["file"]) == ("result", "scored", "b.mkv")
    data = line["data"]
    assert set(data["vmaf"]) == KEYS
    assert data["vmaf"]["mean"] == 92.0
    assert data["alignment"]["proof"] == "pictures"
    assert [s["scene"] for s in data["scenes"]] == list(range(7))
    assert data["scenes"][2]["mean"] is None
    assert data["notes"] == ["A note."]
    assert data["exit_code"] == 0


def test_in_json_mode_every_line_is_json_and_the_result_is_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "a.mkv", "b.mkv", "--json"], Stub(), {}) == 0
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [line["event"] for line in lines] == ["progress", "result"]
    assert lines[0]["data"] == {"phase": "reference", "frame": 1, "share": 0.5}
    assert printed.err == ""


def test_a_refusal_ends_with_its_code_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "a.mkv", "b.mkv"], Stub(RefusedError("Off by one.", hint="Cut it.")), {}) == 3
    printed = capsys.readouterr()
    assert printed.err == "reelwright: Off by one. Cut it.\n"
    assert printed.out == ""


def test_an_interruption_does_not_promise_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "a.mkv", "b.mkv"], Stub(InterruptedRunError("x", hint="go on")), {}) == 130
    assert "from the start" in capsys.readouterr().err


def test_a_terminal_shows_a_bar_and_a_pipe_does_not() -> None:
    screen, pipe = io.StringIO(), io.StringIO()
    for file, terminal in ((screen, True), (pipe, False)):
        with Meter(Console(file=file, force_terminal=terminal, width=120)) as meter:
            meter(ScoreProgress(phase="reference", frame=10, share=None))
            meter(ScoreProgress(phase="score", frame=20, share=0.5))
    assert "scoring" in screen.getvalue()
    assert "50%" in screen.getvalue()
    assert pipe.getvalue() == ""


def test_a_pipe_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelwright.cli.meter.PLAIN_SECONDS", -1.0)
    pipe = io.StringIO()
    with Meter(Console(file=pipe, force_terminal=False, width=120)) as meter:
        meter(ScoreProgress(phase="distorted", frame=10, share=0.25))
    assert pipe.getvalue() == "reading the distorted film   25 %  10 frames\n"


def test_progress_for_programs_is_not_told_too_often() -> None:
    out = io.StringIO()
    tell = tell_json("b.mkv", out)
    for frame in range(50):
        tell(ScoreProgress(phase="score", frame=frame, share=None))
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0:00:00.000"), (59.9999, "0:01:00.000"), (3725.5, "1:02:05.500")])
def test_times_are_told_to_the_millisecond(seconds: float, text: str) -> None:
    assert clock(seconds) == text
