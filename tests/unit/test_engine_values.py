"""Progress and outcomes: numbers that people read."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import chunk, plan
from reelwright.engine import progress
from reelwright.engine.job_state import ChunkState, JobState
from reelwright.engine.jobs import OutcomeRecord, TrialRecord
from reelwright.engine.outcome import film_score, outcome_of_error, plain_plan
from reelwright.engine.progress import Lane, Watch
from reelwright.errors import InterruptedRunError, RefusedError, SourceError, ValidationFailedError
from reelwright.events import Emitter, Event
from reelwright.planning.plan import Request
from reelwright.quality.controller import Accept
from reelwright.quality.score import pool


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Sink:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class Told:
    """A watch, its clock and what it has told."""

    watch: Watch
    clock: Clock
    sink: Sink

    @property
    def last(self) -> Mapping[str, Any]:
        return self.sink.events[-1].data


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return make_told(monkeypatch)


def make_told(monkeypatch: pytest.MonkeyPatch) -> Told:
    clock, sink = Clock(), Sink()
    monkeypatch.setattr(progress, "time", clock)
    emit = Emitter(sink, "a.mkv", lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return Told(watch=Watch(emit, 1000, 10_000), clock=clock, sink=sink)


def trial(frames: int, *scores: float, size: int = 500) -> TrialRecord:
    score = pool(scores, model="m", n_subsample=1, scaled_to="1920x1080")
    values = dict.fromkeys(TrialRecord.__dataclass_fields__)
    values |= {"start": 0, "end": frames, "size_bytes": size, "score": score, "frame_scores": tuple(scores)}
    return cast("TrialRecord", TrialRecord(**values))  # type: ignore[arg-type]


def state(accepted: int, of: int = 10) -> tuple[JobState, dict[int, dict[float, TrialRecord]]]:
    """A film of ten chunks of a hundred frames, so many of which are accepted."""
    answer = Accept(crf=30.0, why="", within_band=True)
    chunks = tuple(
        ChunkState(chunk=chunk(k, 100 * k, 100 * k + 100), accepted=answer if k < accepted else None) for k in range(of)
    )
    trials = {k: {30.0: trial(100, 93.0)} for k in range(accepted)}
    return JobState(request=Request(), width=2, height=2, chunks=chunks), trials


def test_progress_is_told_now_and_then_and_at_once_for_another_step(told: Told) -> None:
    told.clock.now += 1
    told.watch.beat()
    told.watch.beat()
    assert len(told.sink.events) == 1
    told.watch.phase("assemble")
    assert [e.data["phase"] for e in told.sink.events] == ["trials", "assemble"]


def test_what_has_landed_says_how_large_and_how_good_the_film_will_be(told: Told) -> None:
    told.clock.now += 1
    told.watch.settled(*state(4))
    assert told.last["accepted"] == 400
    assert told.last["mean"] == 93.0
    assert told.last["projected_bytes"] == 5000
    assert told.last["eta_seconds"] is None  # these four were there at the start and say nothing of the pace


def test_the_end_is_estimated_from_what_landed_in_this_run(told: Told) -> None:
    told.watch.settled(*state(4))
    told.clock.now += 60
    told.watch.settled(*state(7))
    assert told.last["eta_seconds"] == 60.0  # three chunks took a minute, three are left


def test_little_is_no_ground_for_an_estimate(told: Told) -> None:
    told.watch.settled(*state(0))
    told.watch.open(Lane(chunk=0, frames=100, crf=30.0))
    told.clock.now += 60
    told.watch.beat()
    assert told.last["eta_seconds"] is None


lanes = st.lists(
    st.tuples(st.integers(1, 400), st.integers(-5, 900), st.sampled_from(("encode", "score"))), max_size=12
)


@given(accepted=st.lists(st.integers(0, 10), min_size=1, max_size=6), lanes=lanes)
def test_progress_never_passes_the_total_and_the_estimate_is_never_negative(
    accepted: list[int], lanes: list[tuple[int, int, str]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        told = make_told(patch)
        for count in sorted(accepted):
            told.clock.now += 7
            told.watch.settled(*state(count))
        for number, (frames, done, doing) in enumerate(lanes):
            lane = Lane(chunk=number, frames=frames, crf=30.0)
            told.watch.open(lane)
            told.clock.now += 7
            lane.tell(told.watch)(doing, done)
    for event in told.sink.events:
        assert event.data["done"] <= event.data["total"] == 1000
        assert event.data["eta_seconds"] is None or event.data["eta_seconds"] >= 0


def test_progress_never_runs_back_when_a_trial_ends_without_an_answer(told: Told) -> None:
    lane = Lane(chunk=3, frames=100, crf=30.0)
    told.watch.open(lane)
    lane.tell(told.watch)("score", 500)
    assert told.watch.effective() == 50.0  # a trial that is through may not be the last of its chunk
    told.watch.close(3)
    told.watch.close(3)
    assert told.watch.effective() == 50.0
    told.watch.open(Lane(chunk=3, frames=100, crf=25.0))
    assert told.watch.effective() == 50.0, "the next trial of the chunk is not counted on top"


def test_a_films_score_is_pooled_over_frames_and_not_over_chunks() -> None:
    found = film_score([trial(3, 90.0, 90.0, 90.0), trial(1, 50.0)])
    assert found is not None
    assert (found["mean"], found["frames"], found["min"]) == (80.0, 4, 50.0)
    assert (found["model"], found["scaled_to"]) == ("m", "1920x1080")
    assert found["p5"] == pytest.approx(56.0)


def test_a_film_of_which_nothing_was_scored_has_no_score() -> None:
    assert film_score([]) is None


NOTHING = OutcomeRecord(
    source_path="/a.mkv", output_path=None, job_id=None, decision=None, outcome="failed", exit_code=0, reasons=()
)


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (RefusedError("No.", hint="Leave it."), "refused", 3),
        (SourceError("Gone."), "failed", 4),
        (InterruptedRunError("Interrupted."), "interrupted", 130),
        (ValidationFailedError("Bad.", checks=({"name": "times"},)), "failed", 6),
    ],
)
def test_an_error_becomes_an_outcome_with_its_sentences(error: SourceError, outcome: str, code: int) -> None:
    found = outcome_of_error(error, NOTHING)
    assert (found.outcome, found.exit_code) == (outcome, code)
    assert found.reasons == tuple(part for part in (error.message, error.hint) if part)
    assert found.checks == getattr(error, "checks", ())


def test_a_plan_as_plain_values_is_json() -> None:
    import json  # noqa: PLC0415

    found = plain_plan(plan(svt=(("tune", "0"),)))
    assert json.loads(json.dumps(found)) == {**found, "request": {**found["request"], "svt": [["tune", "0"]]}}
    assert found["parameters"]["tune"] == "0"
    assert [s["fate"] for s in found["streams"]][:2] == ["encode", "copy"]
