"""What people see: plain lines or a live view, and nothing a name could do to their terminal."""

import datetime as dt
import io
from typing import Any

import pytest
from rich.console import Console

from reelwright.cli.terminal import Terminal, headline, summary
from reelwright.events import Event, EventName

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVIL = "a\x1b[31m\nb[bold]c\udce9.mkv"
SAFE = "a\\x1b[31m\\nb[bold]c\\xe9.mkv"
RESULT = {
    "outcome": "encoded",
    "output": f"/out/{EVIL}",
    "reasons": ["Chunk 3: \x1b[5m is not safe."],
    "bytes_before": 1000,
    "bytes_after": 250,
    "vmaf": {"mean": 93.111, "p5": 91.0, "min": 88.5, "model": "vmaf_v0.6.1", "scaled_to": "1920x1080"},
    "checks": [{"passed": True}, {"passed": True}],
    "trials": 7,
    "seconds": 75.0,
}
PROGRESS = {
    "phase": "trials",
    "done": 50.0,
    "total": 200,
    "eta_seconds": 125.0,
    "mean": 93.25,
    "projected_bytes": 4_000_000,
    "source_bytes": 9_000_000,
    "lanes": [
        {"chunk": 3, "crf": 30.25, "doing": "encode", "done": 10, "frames": 40},
        {"chunk": 4, "crf": 31.0, "doing": "score", "done": 0, "frames": 0},
    ],
}
TRIAL = {
    "chunk": 3,
    "crf": 30.25,
    "score": 93.5,
    "bytes": 1234,
    "seconds": 4.5,
    "next": "accepted: 93.50 [at] CRF 30.25",
    "reused": False,
}


def event(name: EventName, status: str = "encoding", **data: Any) -> Event:
    return Event(event=name, timestamp=NOON, file=EVIL, job="j", status=status, data=data)


STORY = [
    event(EventName.FILE_DISCOVERED, bytes=9_000_000),
    event(EventName.ANALYSIS_STARTED),
    event(EventName.PROGRESS, phase="analyse", frame=7, seconds=None, total_seconds=None),
    event(EventName.PROGRESS, phase="analyse", frame=70, seconds=2.0, total_seconds=8.0),
    event(EventName.ANALYSIS_COMPLETE, frames=200, seconds=8.0, reused=False),
    event(EventName.ENCODING_STARTED, chunks=5, workers=2, threads=2, why="2 encodes at once, [b] each"),
    event(EventName.PROGRESS, **PROGRESS),
    event(EventName.TRIAL_COMPLETE, **TRIAL),
    event(EventName.TRIAL_COMPLETE, **{**TRIAL, "reused": True, "next": "again"}),
    event(EventName.SEGMENT_COMPLETE, chunk=3),
    *(event(EventName.PROGRESS, **{**PROGRESS, "phase": phase}) for phase in ("assemble", "validate", "place")),
    event(EventName.PROGRESS, **{**PROGRESS, "eta_seconds": None, "mean": None, "projected_bytes": None}),
    event(EventName.VALIDATION_COMPLETE),
    event(EventName.PLACED),
]


def show(*events: Event, terminal: bool) -> tuple[str, str]:
    """What goes to standard output and to standard error."""
    out, err = io.StringIO(), io.StringIO()
    view = Terminal(
        out=Console(file=out, highlight=False, soft_wrap=True, force_terminal=terminal, color_system=None),
        live_to=Console(file=err, highlight=False, force_terminal=terminal, width=100, color_system=None),
    )
    with view:
        for each in events:
            view.emit(each)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_whole_story_is_told_and_its_summary_is_the_output(*, terminal: bool) -> None:
    out, err = show(*STORY, event(EventName.RESULT, "encoded", **RESULT), terminal=terminal)
    assert SAFE in err
    assert "5 chunks; 2 encodes at once, [b] each" in err
    assert f"/out/{SAFE}" in out
    assert "93.11 mean, 91.00 5th percentile, 88.50 lowest frame" in out
    assert "vmaf_v0.6.1, every frame, scaled to 1920x1080" in out
    assert "250 B, 25.0 % of the source" in out
    assert "2 of 2 passed" in out
    assert "7 trials in 1m15s" in out


@pytest.mark.parametrize("terminal", [True, False])
def test_no_name_and_no_reason_reaches_the_terminal_as_it_is(
    capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    failed = event(EventName.RESULT, "failed", outcome="failed", reasons=[f"The output {EVIL} exists."])
    out, err = show(*STORY, event(EventName.RESULT, "encoded", **RESULT), failed, terminal=terminal)
    told = out + err + capsys.readouterr().err
    assert "\x1b[31m" not in told
    assert "\x1b[5m" not in told
    assert "\udce9" not in told
    assert "\\x1b[5m is not safe" in told


def test_brackets_are_no_markup() -> None:
    _, err = show(*STORY, terminal=False)
    assert "accepted: 93.50 [at] CRF 30.25" in err
    assert "[bold]" in err


@pytest.mark.parametrize("status", ["failed", "refused", "interrupted"])
def test_a_failure_is_one_line_on_standard_error_that_names_its_own_file(
    status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = event(EventName.RESULT, status, outcome=status, reasons=["No.", "Leave it."])
    out, _ = show(event(EventName.FILE_DISCOVERED, bytes=5), result, terminal=False)
    assert capsys.readouterr().err == f"reelwright: {SAFE}: No. Leave it.\n"
    assert out == ""


@pytest.mark.parametrize("outcome", ["skipped", "planned"])
def test_what_was_not_encoded_says_why(outcome: str) -> None:
    out, _ = show(event(EventName.RESULT, outcome, outcome=outcome, reasons=["AV1 already."]), terminal=False)
    assert out == f"{outcome}: AV1 already.\n"


def test_a_plan_is_shown_as_json() -> None:
    plan = event(EventName.ANALYSIS_COMPLETE, "planned", plan={"notes": ["\x1b[31m"]}, source_id=None, job_id=None)
    out, _ = show(plan, terminal=False)
    assert '"not known before the film is read"' in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (PROGRESS, " 25 %  about 2m05s left  VMAF 93.25 so far  4 MB of 9 MB expected"),
        ({**PROGRESS, "total": 0}, "0 frames  about 2m05s left  VMAF 93.25 so far  4 MB of 9 MB expected"),
        ({"phase": "analyse", "frame": 7, "seconds": None, "total_seconds": None}, "reading the film  7 frames"),
        ({"phase": "analyse", "frame": 7, "seconds": 2.0, "total_seconds": 8.0}, "reading the film   25 %"),
        ({**PROGRESS, "phase": "validate"}, "checking every frame of the output   25 %"),
        ({**PROGRESS, "phase": "place"}, "placing"),
    ],
)
def test_the_whole_job_is_said_in_one_line(facts: dict[str, Any], line: str) -> None:
    assert headline(facts) == line


def test_an_output_done_before_without_a_score_has_a_summary_too() -> None:
    done = event(EventName.RESULT, "already_done", **{**RESULT, "outcome": "already_done", "vmaf": None})
    Console(file=io.StringIO()).print(summary(done))
