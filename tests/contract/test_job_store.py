"""One suite for every job store: each sentence of the port, and the twins compared step by step."""

import datetime as dt
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledgers import new_ledger
from postgres import empty_ledger_there
from reelwright.engine.jobs import (
    FilmHistory,
    Job,
    JobStatus,
    JobStore,
    OutcomeRecord,
    PastTrial,
    SourceRecord,
    SourceStamp,
    StepKind,
    StepRecord,
    TrialRecord,
    Usage,
    UsageSample,
)
from reelwright.engine.memory import MemoryJobStore
from reelwright.events import Event, EventName
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.stream_ledger import Entry, Subject
from reelwright.quality.score import Score
from reelwright.store.database import open_ledger

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
ODD = "/films/caf\udce9 \udcff 映画.mkv"

LEDGER = (
    Entry(subject=Subject.STREAM, stream=0, name="h264", value="video, 64x48", fate=Fate.ENCODE),
    Entry(
        subject=Subject.TAG, stream=0, name="BPS", value="1\n\x01é\u202e", fate=Fate.DROP,
        rule=Rule.STALE_STATISTICS, reason="it counts",
    ),
    Entry(subject=Subject.DISPOSITION, stream=1, name="default", fate=Fate.COPY),
    Entry(subject=Subject.CHAPTER, stream=None, chapter=3, name="3", fate=Fate.CONVERT, rule=Rule.SAME_START),
    Entry(subject=Subject.SIDE_DATA, stream=0, name="Display Matrix", value="x" * 200, fate=Fate.COPY),
)  # fmt: skip

Stored = Callable[[], list[tuple[str, str | None, str, dict[str, Any]]]]


def stamp(path: str = "/films/a.mkv", **changes: Any) -> SourceStamp:
    numbers: dict[str, Any] = {
        "device": 2049,
        "inode": 77,
        "size_bytes": 5_000_000_000,
        "mtime_ns": 1_700_000_000_123_456_789,
    }
    return SourceStamp(path=path, **{**numbers, **changes})


def source(at: SourceStamp, **changes: Any) -> SourceRecord:
    facts = {"title": "Le caf\udce9", "rate": "24000/1001", "streams": [{"index": 0, "hdr": None}], "size": 2**70}
    values = {"source_id": "s1", "index_digest": "d1", "frames": 240, "facts": facts}
    return SourceRecord(stamp=at, **{**values, **changes})


def job(job_id: str = "j1", **changes: Any) -> Job:
    values = {"source_id": "s1", "source_path": ODD, "output_path": "/out/a.mkv", "plan": {"strategy": "chunked"}}
    return Job(id=job_id, **{**values, **changes})


def step(kind: StepKind = StepKind.ANALYSE, **result: Any) -> StepRecord:
    return StepRecord(
        kind=kind, result=result, usage=Usage(wall_seconds=1.5, cpu_seconds=0.1 + 0.2, peak_rss_bytes=2**40)
    )


SCORE = Score(
    mean=93.1,
    harmonic_mean=92.9,
    p5=88.25,
    p1=80.0,
    min=71.3,
    frames=120,
    model="vmaf_v0.6.1",
    n_subsample=1,
    scaled_to="1920x1080",
)


def trial(key: str = "t1", **changes: Any) -> TrialRecord:
    values = {
        "curve_key": "c1",
        "source_id": "s1",
        "start": 0,
        "end": 120,
        "crf": 30.0,
        "file_name": f"{key}.mkv",
        "size_bytes": 123_456,
        "packets_digest": "p1",
        "score": SCORE,
        "score_key": "k1",
        "encode_usage": Usage(wall_seconds=4.0, cpu_seconds=9.5, peak_rss_bytes=300_000_000),
        "score_usage": Usage(wall_seconds=1.0, cpu_seconds=2.5, peak_rss_bytes=100_000_000),
        "features": {"motion": 3.25, "grain": None},
        "width": 1920,
        "height": 1080,
        "encoder": "svt-av1",
        "preset": 6,
        "parameters": {"tune": "0"},
        "build": {"svt-av1": "3.1.2", "machine": "x86_64"},
        "why": "first guess",
        "frame_scores": (92.5, 93.25),
    }
    return TrialRecord(trial_key=key, **{**values, **changes})


def outcome(job_id: str | None = "j1", **changes: Any) -> OutcomeRecord:
    values = {
        "source_path": ODD,
        "output_path": "/out/a.mkv",
        "decision": "encode",
        "outcome": "encoded",
        "exit_code": 0,
        "reasons": (f"{ODD} is not AV1",),
        "bytes_before": 5_000_000_000,
        "bytes_after": 900_000_000,
        "vmaf": {"mean": 93.1, "scaled_to": None},
        "trials": 7,
        "seconds": 61.5,
        "cpu_seconds": 400.25,
        "checks": ({"name": "frames", "passed": True}, {"name": "audio", "passed": True}),
        "finished": NOON,
    }
    return OutcomeRecord(job_id=job_id, **{**values, **changes})


def event(name: EventName = EventName.TRIAL_COMPLETE, **data: Any) -> Event:
    return Event(event=name, timestamp=NOON, file=ODD, job="j1", status="running", data=data)


def _kept_in_sql() -> list[tuple[str, str | None, str, dict[str, Any]]]:
    from reelwright.store.columns import path_of  # noqa: PLC0415 -- Django must be set up first
    from reelwright.store.models import Event as Row  # noqa: PLC0415 -- as above

    return [(row.event, row.job_id, path_of(row.file_exact), row.data) for row in Row.objects.order_by("pk")]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[JobStore, Stored]]:
    """A fresh store, and the events it has kept."""
    if request.param == "memory":
        memory = MemoryJobStore()
        yield memory, lambda: [(e.event.value, e.job, e.file, e.data) for e in memory.events]
        return
    django = new_ledger(tmp_path / "ledger.sqlite3") if request.param == "sqlite" else open_ledger(empty_ledger_there())
    yield django, _kept_in_sql
    django.close()


@pytest.fixture
def store(kept: tuple[JobStore, Stored]) -> JobStore:
    return kept[0]


class TestSources:
    def test_an_unread_film_is_not_found(self, store: JobStore) -> None:
        assert store.find_source(stamp()) is None

    @pytest.mark.parametrize("path", ["/films/a.mkv", ODD, "/films/new\nline.mkv"])
    def test_an_analysed_film_is_found_as_it_was_committed(self, store: JobStore, path: str) -> None:
        record = source(stamp(path))
        store.remember_source(record)
        assert store.find_source(stamp(path)) == record

    @pytest.mark.parametrize("changed", ["device", "inode", "size_bytes", "mtime_ns"])
    def test_a_film_whose_stamp_changed_must_be_read_again(self, store: JobStore, changed: str) -> None:
        store.remember_source(source(stamp()))
        change: dict[str, Any] = {changed: 1}
        assert store.find_source(stamp(**change)) is None

    def test_a_film_elsewhere_must_be_read_even_if_its_name_reads_alike(self, store: JobStore) -> None:
        store.remember_source(source(stamp("/films/\udcff.mkv")))
        assert store.find_source(stamp("/films/\\xff.mkv")) is None
        assert store.find_source(stamp("/films/\udcfe.mkv")) is None

    def test_a_path_that_held_another_film_holds_the_new_one(self, store: JobStore) -> None:
        other = source(stamp("/films/b.mkv"))
        store.remember_source(other)
        store.remember_source(source(stamp()))
        new = source(stamp(inode=78), source_id="s2", facts={"title": "new"})
        store.remember_source(new)
        assert store.find_source(stamp()) is None
        assert store.find_source(stamp(inode=78)) == new
        assert store.find_source(other.stamp) == other

    def test_the_same_film_may_lie_at_two_paths(self, store: JobStore) -> None:
        here, there = source(stamp()), source(stamp("/films/b.mkv"))
        store.remember_source(here)
        store.remember_source(there)
        assert (store.find_source(here.stamp), store.find_source(there.stamp)) == (here, there)

    def test_remembering_twice_changes_nothing(self, store: JobStore) -> None:
        store.remember_source(source(stamp()))
        store.remember_source(source(stamp()))
        assert store.find_source(stamp()) == source(stamp())

    def test_numbers_of_the_file_system_may_fill_64_bits(self, store: JobStore) -> None:
        wide = stamp(device=2**64 - 1, inode=2**64 - 1, mtime_ns=-(2**63))
        store.remember_source(source(wide))
        assert store.find_source(wide) == source(wide)


class TestJobs:
    def test_an_unknown_job_is_none(self, store: JobStore) -> None:
        assert store.find_job("j1") is None

    def test_a_new_job_is_open(self, store: JobStore) -> None:
        assert store.open_job(job()) == job()
        assert store.find_job("j1") == job()

    def test_a_new_job_is_open_whatever_it_says(self, store: JobStore) -> None:
        assert store.open_job(job(status=JobStatus.DONE)).status is JobStatus.OPEN

    def test_opening_twice_changes_nothing(self, store: JobStore) -> None:
        store.open_job(job())
        assert store.open_job(job()) == job()
        assert store.jobs_for_output("/out/a.mkv") == [job()]

    def test_a_failed_job_is_open_again(self, store: JobStore) -> None:
        store.open_job(job())
        store.finish_job("j1", JobStatus.FAILED)
        assert store.find_job("j1") == job(status=JobStatus.FAILED)
        assert store.open_job(job()).status is JobStatus.OPEN
        assert store.find_job("j1") == job()

    def test_a_done_job_stays_done_and_takes_new_paths(self, store: JobStore) -> None:
        store.open_job(job())
        store.finish_job("j1", JobStatus.DONE)
        moved = job(source_path="/films/moved.mkv", plan={"strategy": "direct"})
        assert store.open_job(moved) == replace(moved, status=JobStatus.DONE)
        assert store.find_job("j1") == replace(moved, status=JobStatus.DONE)

    def test_finishing_sets_the_status_and_nothing_else(self, store: JobStore) -> None:
        store.open_job(job())
        store.open_job(job("j2"))
        for status in (JobStatus.FAILED, JobStatus.DONE, JobStatus.DONE, JobStatus.OPEN):
            store.finish_job("j1", status)
            assert store.find_job("j1") == job(status=status)
        assert store.find_job("j2") == job("j2")

    def test_finishing_an_unknown_job_is_a_defect(self, store: JobStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            store.finish_job("nobody", JobStatus.DONE)

    def test_jobs_are_found_by_their_exact_output(self, store: JobStore) -> None:
        first, second = job("j2", output_path=ODD), job("j1", output_path=ODD, status=JobStatus.OPEN)
        others = [job("j3", output_path=ODD.encode("utf-8", "backslashreplace").decode()), job("j4")]
        for one in [first, second, *others]:
            store.open_job(one)
        store.finish_job("j2", JobStatus.DONE)
        assert store.jobs_for_output(ODD) == [replace(first, status=JobStatus.DONE), second]
        assert store.jobs_for_output("/out/none.mkv") == []

    def test_jobs_are_found_by_their_exact_source(self, store: JobStore) -> None:
        alike = ODD.encode("utf-8", "backslashreplace").decode()
        for one in [job("j2"), job("j1"), job("j3", source_path=alike)]:
            store.open_job(one)
        assert store.jobs_for_source(ODD) == [job("j1"), job("j2")]
        assert store.jobs_for_source(alike) == [job("j3", source_path=alike)]
        assert store.jobs_for_source("/out/a.mkv") == []


class TestListings:
    @pytest.fixture
    def filled(self, store: JobStore) -> JobStore:
        """Jobs a1, a2, b1, b2, opened in this order; then b1 done, a1 failed and a2 cancelled."""
        for job_id in ("a1", "a2", "b1", "b2"):
            store.open_job(job(job_id))
        store.finish_job("b1", JobStatus.DONE)
        store.finish_job("a1", JobStatus.FAILED)
        store.cancel_job("a2")
        return store

    def test_an_empty_store_lists_nothing(self, store: JobStore) -> None:
        assert store.recent_jobs() == []
        assert store.jobs_like("", 5) == []
        assert store.outcomes_of([]) == {}
        assert store.events_of("j1") == []

    def test_the_job_last_opened_or_ended_comes_first(self, filled: JobStore) -> None:
        assert [one.id for one in filled.recent_jobs()] == ["a2", "a1", "b1", "b2"]
        filled.open_job(job("b2"))
        assert [one.id for one in filled.recent_jobs()] == ["b2", "a2", "a1", "b1"]

    @pytest.mark.parametrize(
        ("statuses", "found"),
        [
            ({JobStatus.OPEN}, ["b2"]),
            ({JobStatus.DONE, JobStatus.CANCELLED}, ["a2", "b1"]),
            (set(), []),
            (set(JobStatus), ["a2", "a1", "b1", "b2"]),
        ],
    )
    def test_jobs_are_listed_by_status(self, filled: JobStore, statuses: set[JobStatus], found: list[str]) -> None:
        assert [one.id for one in filled.recent_jobs(statuses)] == found

    def test_a_limit_takes_the_newest(self, filled: JobStore) -> None:
        assert [one.id for one in filled.recent_jobs(None, 2)] == ["a2", "a1"]
        assert [one.id for one in filled.recent_jobs({JobStatus.OPEN, JobStatus.DONE}, 1)] == ["b1"]
        assert filled.recent_jobs(None, 0) == []

    def test_a_listed_job_is_the_job_whole(self, store: JobStore) -> None:
        whole = job(work_folder="/kept/\udcff", plan={"request": {"crf": 30.0}})
        assert store.open_job(whole) == whole
        assert store.recent_jobs() == store.jobs_like("j", 9) == [store.find_job("j1")] == [whole]

    def test_jobs_are_found_by_the_beginning_of_their_id(self, filled: JobStore) -> None:
        assert [one.id for one in filled.jobs_like("a", 9)] == ["a1", "a2"]
        assert [one.id for one in filled.jobs_like("a", 1)] == ["a1"]
        assert [one.id for one in filled.jobs_like("a2", 9)] == ["a2"]
        assert [one.id for one in filled.jobs_like("", 9)] == ["a1", "a2", "b1", "b2"]
        for other in ("a22", "A", "1", "a%", "a_", "c"):
            assert filled.jobs_like(other, 9) == []

    def test_a_cancelled_job_is_open_again_once_it_is_opened(self, filled: JobStore) -> None:
        assert filled.find_job("a2") == job("a2", status=JobStatus.CANCELLED)
        assert filled.open_job(job("a2")).status is JobStatus.OPEN

    def test_cancelling_leaves_a_done_job_done(self, filled: JobStore) -> None:
        assert filled.cancel_job("b1") is JobStatus.DONE
        assert filled.find_job("b1") == job("b1", status=JobStatus.DONE)

    @pytest.mark.parametrize("job_id", ["a1", "a2", "b2"])
    def test_every_other_job_can_be_cancelled_and_twice(self, filled: JobStore, job_id: str) -> None:
        assert [filled.cancel_job(job_id) for _ in range(2)] == [JobStatus.CANCELLED] * 2
        assert filled.recent_jobs()[0] == job(job_id, status=JobStatus.CANCELLED)

    def test_cancelling_an_unknown_job_is_a_defect(self, store: JobStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            store.cancel_job("nobody")

    def test_outcomes_of_several_jobs_come_together(self, filled: JobStore) -> None:
        recorded = [outcome("a1", outcome="failed"), outcome("b1"), outcome("a1"), outcome(None)]
        for one in recorded:
            filled.record_outcome(one)
        assert filled.outcomes_of(iter(["b1", "a1", "a2", "a1"])) == {
            "a1": [recorded[0], recorded[2]],
            "b1": [recorded[1]],
        }

    def test_a_thousand_jobs_have_their_outcomes(self, store: JobStore) -> None:
        for number in (0, 999):
            store.record_outcome(outcome(f"j{number}"))
        assert set(store.outcomes_of(f"j{number}" for number in range(1000))) == {"j0", "j999"}

    def test_events_of_a_job_come_oldest_first(self, store: JobStore) -> None:
        told = [event(crf=30.5, next="\udcff"), event(EventName.RESULT, outcome="encoded")]
        for one in [told[0], replace(told[0], job="j2"), replace(told[0], job=None), told[1]]:
            store.add_event(one)
        store.add_event(event(EventName.PROGRESS, done=1))
        assert store.events_of("j1") == told


class TestSteps:
    def test_a_stream_ledger_comes_back_in_its_order(self, store: JobStore) -> None:
        store.open_job(job())
        assert store.fates("j1") == []
        store.commit_fates("j1", LEDGER)
        assert store.fates("j1") == list(LEDGER)
        assert store.fates("another") == []

    def test_a_stream_ledger_is_replaced_as_a_whole(self, store: JobStore) -> None:
        store.commit_fates("j1", LEDGER)
        store.commit_fates("j2", LEDGER[:1])
        store.commit_fates("j1", LEDGER[::-1][:2])
        assert store.fates("j1") == list(LEDGER[::-1][:2])
        assert store.fates("j2") == list(LEDGER[:1])
        store.commit_fates("j1", ())
        assert store.fates("j1") == []

    def test_a_long_stream_ledger_comes_back_whole(self, store: JobStore) -> None:
        long = [replace(LEDGER[1], name=f"KEY{k}") for k in range(1200)]
        store.commit_fates("j1", long)
        assert store.fates("j1") == long

    def test_a_job_without_steps_has_none(self, store: JobStore) -> None:
        assert store.steps("j1") == {}

    def test_committed_steps_come_back_by_kind(self, store: JobStore) -> None:
        store.open_job(job())
        committed = [step(StepKind.ANALYSE, index=ODD, chunks=[[0, 48], [48, 96]]), step(StepKind.PLACE, path=ODD)]
        for one in committed:
            store.commit_step("j1", one)
        assert store.steps("j1") == {one.kind: one for one in committed}

    def test_a_later_commit_of_the_same_kind_replaces_the_former(self, store: JobStore) -> None:
        store.open_job(job())
        store.open_job(job("j2"))
        store.commit_step("j2", step(draft="theirs"))
        for name in ("old", "new", "new"):
            store.commit_step("j1", step(draft=name))
        assert store.steps("j1") == {StepKind.ANALYSE: step(draft="new")}
        assert store.steps("j2") == {StepKind.ANALYSE: step(draft="theirs")}

    def test_dropped_steps_are_forgotten_and_others_are_not(self, store: JobStore) -> None:
        store.open_job(job())
        store.open_job(job("j2"))
        for kind in StepKind:
            store.commit_step("j1", step(kind))
        store.commit_step("j2", step(StepKind.PLACE))
        for _ in range(2):
            store.drop_steps("j1", iter([StepKind.ASSEMBLE, StepKind.PLACE]))
        assert set(store.steps("j1")) == set(StepKind) - {StepKind.ASSEMBLE, StepKind.PLACE}
        assert set(store.steps("j2")) == {StepKind.PLACE}

    def test_dropping_no_kind_drops_nothing(self, store: JobStore) -> None:
        store.open_job(job())
        store.commit_step("j1", step())
        store.drop_steps("j1", [])
        assert store.steps("j1") == {StepKind.ANALYSE: step()}

    def test_steps_outlive_the_job_being_opened_again(self, store: JobStore) -> None:
        store.open_job(job())
        store.commit_step("j1", step())
        store.finish_job("j1", JobStatus.FAILED)
        store.open_job(job())
        assert store.steps("j1") == {StepKind.ANALYSE: step()}


class TestTrials:
    def test_a_trial_comes_back_as_it_was_committed(self, store: JobStore) -> None:
        odd = trial(score=replace(SCORE, scaled_to=None, mean=0.1 + 0.2), features={"label": "\udcff"}, why="\udcff")
        assert odd.predicted is None
        store.commit_trial(odd)
        assert store.trials(["c1"]) == [odd]
        assert odd.frames == store.trials(["c1"])[0].frames

    @pytest.mark.parametrize("predicted", [0.0, 0.1 + 0.2, 93])
    def test_what_was_expected_of_a_trial_is_kept(self, store: JobStore, predicted: float) -> None:
        store.commit_trial(trial(predicted=predicted))
        assert store.trials(["c1"])[0].predicted == predicted

    def test_trials_are_ordered_by_curve_and_crf(self, store: JobStore) -> None:
        placed = [trial(f"{c}-{crf}", curve_key=c, crf=crf) for c in ("c1", "c2", "c3") for crf in (9.5, 20.0, 31.25)]
        for one in reversed(placed):
            store.commit_trial(one)
        assert store.trials(iter(["c2", "c1", "c2", "unknown"])) == placed[:6]

    def test_no_curve_has_no_trial(self, store: JobStore) -> None:
        store.commit_trial(trial())
        assert store.trials([]) == []
        assert store.trials(["c9"]) == []

    def test_the_same_key_again_replaces_the_trial(self, store: JobStore) -> None:
        store.commit_trial(trial())
        for _ in range(2):
            store.commit_trial(trial(size_bytes=1, score=replace(SCORE, mean=50.0), curve_key="c2"))
        assert store.trials(["c1", "c2"]) == [trial(size_bytes=1, score=replace(SCORE, mean=50.0), curve_key="c2")]

    def test_a_dropped_trial_is_forgotten(self, store: JobStore) -> None:
        store.commit_trial(trial())
        store.commit_trial(trial("t2", crf=31.0))
        for _ in range(2):
            store.drop_trial("t1")
        assert store.trials(["c1"]) == [trial("t2", crf=31.0)]

    def test_a_long_film_has_thousands_of_curves(self, store: JobStore) -> None:
        keys = [f"c{number:04}" for number in range(2000)]
        for key in (keys[0], keys[999], keys[-1]):
            store.commit_trial(trial(key, curve_key=key))
        assert [found.curve_key for found in store.trials(reversed(keys))] == ["c0000", "c0999", "c1999"]


class TestUsage:
    HD: ClassVar[dict[str, Any]] = {"width": 1920, "height": 1080, "encoder": "svt-av1", "preset": 6}

    def test_nothing_was_seen_of_a_size_nobody_encoded(self, store: JobStore) -> None:
        store.commit_trial(trial())
        assert store.usage_of(640, 360, encoder="svt-av1", preset=6, limit=9) == []

    @pytest.mark.parametrize(("threads", "idle"), [(2, 0.25), (None, None)])
    def test_what_a_trial_needed_comes_back(self, store: JobStore, threads: int | None, idle: float | None) -> None:
        one = trial(threads=threads, cpu_idle=idle)
        store.commit_trial(one)
        assert store.trials(["c1"]) == [one]
        used = {"encode": one.encode_usage, "score": one.score_usage}
        assert store.usage_of(**self.HD, limit=9) == [
            UsageSample(width=1920, height=1080, threads=threads, cpu_idle=idle, **used)
        ]

    def test_only_the_same_encoder_and_preset_count(self, store: JobStore) -> None:
        store.commit_trial(trial("t1", encoder="other"))
        store.commit_trial(trial("t2", preset=5))
        assert store.usage_of(**self.HD, limit=9) == []

    def test_near_sizes_count_and_others_do_not(self, store: JobStore) -> None:
        sizes = [(1920, 1080), (1920, 960), (2048, 1080), (1080, 1920), (1280, 720), (3840, 2160), (1920, 800)]
        for width, height in sizes:
            store.commit_trial(trial(f"{width}x{height}", width=width, height=height))
        found = [(s.width, s.height) for s in store.usage_of(**self.HD, limit=9)]
        assert found == [(1080, 1920), (2048, 1080), (1920, 960), (1920, 1080)]

    def test_the_newest_come_first_and_no_more_than_asked_for(self, store: JobStore) -> None:
        for number in range(30):
            store.commit_trial(trial(f"t{number}", threads=number, width=1920 + 40 * (number % 3)))
        assert [s.threads for s in store.usage_of(**self.HD, limit=5)] == [29, 28, 27, 26, 25]
        store.drop_trial("t29")
        assert [s.threads for s in store.usage_of(**self.HD, limit=2)] == [28, 27]


class TestHistory:
    ANY: ClassVar[dict[str, Any]] = {"encoder": "svt-av1", "without": None, "films": 9, "trials": 9}

    @staticmethod
    def told(found: list[FilmHistory]) -> list[tuple[str, list[float]]]:
        return [(film.source_id, [one.crf for one in film.trials]) for film in found]

    def test_an_empty_ledger_has_none(self, store: JobStore) -> None:
        assert store.history(**self.ANY) == []
        assert store.last_reset() is None
        assert store.undo_reset() is False

    def test_films_come_with_what_their_trials_tell(self, store: JobStore) -> None:
        store.remember_source(source(stamp(ODD)))
        store.commit_trial(trial())
        (film,) = store.history(**self.ANY)
        assert (film.source_id, film.path) == ("s1", ODD)
        assert film.trials == (
            PastTrial(
                start=0, end=120, crf=30.0, score=93.1, model="vmaf_v0.6.1", scaled_to="1920x1080",
                features={"motion": 3.25, "grain": None}, width=1920, height=1080, encoder="svt-av1", preset=6,
                parameters={"tune": "0"}, build={"svt-av1": "3.1.2", "machine": "x86_64"},
            ),
        )  # fmt: skip

    def test_samples_are_beside_the_trials_and_make_no_film_alone(self, store: JobStore) -> None:
        store.commit_trial(trial("t1", crf=28.0, windows=((0, 8), (60, 68))))
        assert store.history(**self.ANY) == []
        store.commit_trial(trial("t2"))
        (film,) = store.history(**self.ANY)
        assert [one.crf for one in film.trials] == [30.0]
        assert [one.crf for one in film.samples] == [28.0]

    def test_a_film_whose_place_is_forgotten_still_counts(self, store: JobStore) -> None:
        store.commit_trial(trial())
        assert [film.path for film in store.history(**self.ANY)] == [None]

    def test_the_newest_films_oldest_first_and_the_first_trials_of_each(self, store: JobStore) -> None:
        for number in range(12):
            store.commit_trial(trial(f"t{number}", source_id=f"s{number % 4}", crf=20.0 + number))
        found = store.history(**{**self.ANY, "films": 2, "trials": 2})
        assert self.told(found) == [("s2", [22, 26]), ("s3", [23, 27])]

    def test_the_film_itself_samples_and_other_encoders_are_left_out(self, store: JobStore) -> None:
        store.commit_trial(trial("t1"))
        store.commit_trial(trial("t2", source_id="s2", encoder="other"))
        store.commit_trial(trial("t3", source_id="s3", windows=((0, 5), (9, 14))))
        store.commit_trial(trial("t4", source_id="s4"))
        assert self.told(store.history(**{**self.ANY, "without": "s1"})) == [("s4", [30])]
        assert self.told(store.history(**self.ANY)) == [("s1", [30]), ("s4", [30])]

    def test_after_a_reset_only_new_trials_count_until_that_is_taken_back(self, store: JobStore) -> None:
        store.commit_trial(trial("t1"))
        store.reset_history()
        first = store.last_reset()
        store.commit_trial(trial("t1", crf=31.0))  # the same trial made again is no news
        assert first is not None
        assert store.history(**self.ANY) == []
        store.commit_trial(trial("t2", source_id="s2"))
        assert self.told(store.history(**self.ANY)) == [("s2", [30])]
        store.reset_history()
        assert store.history(**self.ANY) == []
        assert store.undo_reset() is True
        assert store.last_reset() == first
        assert store.undo_reset() is True
        assert self.told(store.history(**self.ANY)) == [("s1", [31]), ("s2", [30])]
        assert len(store.trials(["c1"])) == 2


class TestOutcomes:
    def test_a_job_without_outcomes_has_none(self, store: JobStore) -> None:
        assert store.outcomes("j1") == []

    def test_outcomes_of_a_job_come_oldest_first_as_they_were_recorded(self, store: JobStore) -> None:
        store.open_job(job())
        failed = outcome(outcome="failed", exit_code=5, finished=NOON + dt.timedelta(hours=1), vmaf=None, checks=())
        recorded = [failed, outcome(), outcome(outcome="already_done", finished=None)]
        for one in recorded:
            store.record_outcome(one)
        store.record_outcome(outcome("j2"))
        assert store.outcomes("j1") == recorded

    def test_a_failure_before_any_decision_can_be_recorded(self, store: JobStore) -> None:
        unknown = {"output_path": None, "decision": None, "bytes_before": None, "bytes_after": None, "vmaf": None}
        store.record_outcome(outcome(None, outcome="failed", exit_code=4, reasons=("\udcff is no film",), **unknown))
        store.record_outcome(outcome("j1", **unknown))
        assert store.outcomes("j1") == [outcome("j1", **unknown)]

    def test_an_output_path_need_not_be_text(self, store: JobStore) -> None:
        store.record_outcome(outcome(output_path=ODD))
        assert store.outcomes("j1") == [outcome(output_path=ODD)]


class TestEvents:
    def test_events_are_kept_in_order(self, kept: tuple[JobStore, Stored]) -> None:
        store, stored = kept
        store.add_event(event(crf=30.5, next="\udcff"))
        store.add_event(event(EventName.RESULT, outcome="encoded"))
        assert stored() == [
            ("trial_complete", "j1", ODD, {"crf": 30.5, "next": "\udcff"}),
            ("result", "j1", ODD, {"outcome": "encoded"}),
        ]

    def test_progress_is_not_kept(self, kept: tuple[JobStore, Stored]) -> None:
        store, stored = kept
        store.add_event(event(EventName.PROGRESS, frames=3))
        assert stored() == []

    def test_the_events_of_a_job_come_back_in_order_and_no_others(self, store: JobStore) -> None:
        told = [event(crf=30.5, why="\udcff"), event(EventName.SEGMENT_COMPLETE, chunk=0), event(EventName.RESULT)]
        for one in told:
            store.add_event(one)
            store.add_event(replace(one, job="j2"))
            store.add_event(replace(one, job=None))
        assert store.events_of("j1") == told
        assert store.events_of("nobody") == []

    def test_no_event_is_refused_for_what_it_carries(self, kept: tuple[JobStore, Stored]) -> None:
        store, stored = kept
        odd = event(path=Path("/a"), when=NOON, psnr=float("inf"), parts=(1, 2))
        store.add_event(replace(odd, job=None, status="caf\udce9"))
        assert len(stored()) == 1


class TestRowsThatCannotBeRead:
    """Only the ledger has rows, and a disk under them."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "ledger.sqlite3"

    @pytest.fixture
    def ledger(self, path: Path) -> Iterator[JobStore]:
        django = new_ledger(path)
        yield django
        django.close()

    @staticmethod
    def spoil(path: Path, change: str) -> None:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA ignore_check_constraints = ON")
            database.execute(change)

    @pytest.mark.parametrize(
        "change",
        [
            "features = '{broken'",
            "features = '[]'",
            "features = CAST(x'ff' AS TEXT)",
            "crf = 'thirty'",
            "created = 'yesterday', width = 'wide'",
        ],
    )
    def test_a_listing_goes_on_without_the_row(
        self, ledger: JobStore, path: Path, change: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            ledger.commit_trial(trial(f"t{number}", crf=30.0 + number))
        self.spoil(path, f"UPDATE store_trial SET {change} WHERE trial_key = 't1'")  # noqa: S608 -- our own words
        with caplog.at_level(logging.WARNING):
            assert [found.trial_key for found in ledger.trials(["c1"])] == ["t0", "t2"]
        assert "Row 2 of store_trial cannot be read" in caplog.text

    def test_usage_is_told_without_the_row(
        self, ledger: JobStore, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            ledger.commit_trial(trial(f"t{number}", threads=number))
        self.spoil(path, "UPDATE store_trial SET encode_wall_seconds = 'long' WHERE trial_key = 't1'")
        with caplog.at_level(logging.WARNING):
            found = ledger.usage_of(1920, 1080, encoder="svt-av1", preset=6, limit=9)
        assert [sample.threads for sample in found] == [2, 0]
        assert "Row 2 of store_trial cannot be read" in caplog.text

    def test_history_is_told_without_the_row(
        self, ledger: JobStore, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            ledger.commit_trial(trial(f"t{number}", crf=30.0 + number))
        self.spoil(path, "UPDATE store_trial SET features = '{broken' WHERE trial_key = 't1'")
        with caplog.at_level(logging.WARNING):
            (film,) = ledger.history(encoder="svt-av1", without=None, films=9, trials=9)
        assert [one.crf for one in film.trials] == [30, 32]
        assert "Row 2 of store_trial cannot be read" in caplog.text

    def test_history_of_a_long_ledger_is_found_by_indexes(self, ledger: JobStore, path: Path) -> None:
        ledger.commit_trial(trial())
        with closing(sqlite3.connect(path)) as database:
            plan = " ".join(
                row[3]
                for query in (
                    "SELECT source_id, MAX(id) AS l FROM store_trial WHERE id > 0 GROUP BY source_id",
                    (
                        "SELECT features FROM store_trial WHERE id > 0 AND source_id = 's1' AND encoder = 'x'"
                        " AND windows IS NULL ORDER BY id LIMIT 9"
                    ),
                )
                for row in database.execute(f"EXPLAIN QUERY PLAN {query}")
            )
        assert plan.count("INDEX store_trial_source_id") == 2
        assert "TEMP B-TREE" not in plan

    def test_committing_it_again_mends_the_row(self, ledger: JobStore, path: Path) -> None:
        ledger.remember_source(source(stamp()))
        ledger.open_job(job())
        ledger.commit_trial(trial())
        for change in ("store_source SET facts = '{'", "store_job SET plan = '{'", "store_trial SET build = '{'"):
            self.spoil(path, f"UPDATE {change}")
        assert (ledger.find_source(stamp()), ledger.find_job("j1"), ledger.trials(["c1"])) == (None, None, [])
        ledger.remember_source(source(stamp()))
        assert ledger.open_job(job()) == job()
        ledger.commit_trial(trial())
        assert ledger.find_source(stamp()) == source(stamp())
        assert ledger.trials(["c1"]) == [trial()]

    @pytest.mark.parametrize(
        "change",
        ["plan = '{'", "plan = '[]'", "status = 'paused'", "created = '2026-13-45 00:00'", "source_path_exact = NULL"],
    )
    @pytest.mark.parametrize("limit", [None, 3])
    def test_a_job_that_cannot_be_read_stops_no_listing(
        self, ledger: JobStore, path: Path, change: str, limit: int | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(3):
            ledger.open_job(job(f"j{number}"))
        with closing(sqlite3.connect(path)) as database, database:
            # A damaged ledger keeps no promise of its schema's.
            database.execute("PRAGMA writable_schema = ON")
            words = "'\"source_path_exact\" BLOB NOT NULL', '\"source_path_exact\" BLOB'"
            database.execute(f"UPDATE sqlite_master SET sql = replace(sql, {words}) WHERE name = 'store_job'")  # noqa: S608
        ledger.close()  # type: ignore[attr-defined]
        self.spoil(path, f"UPDATE store_job SET {change} WHERE id = 'j1'")  # noqa: S608 -- our own words
        assert sorted(one.id for one in ledger.recent_jobs(None, limit)) == ["j0", "j2"]
        assert [one.id for one in ledger.jobs_like("j", 9)] == ["j0", "j2"]
        assert "store_job cannot be read" in caplog.text

    def test_a_job_whose_time_cannot_be_read_is_listed_without_it(self, ledger: JobStore, path: Path) -> None:
        ledger.open_job(job("j1"))
        self.spoil(path, "UPDATE store_job SET updated = 'yesterday'")
        assert [(one.id, one.updated) for one in ledger.recent_jobs()] == [("j1", None)]

    def test_an_outcome_or_event_that_cannot_be_read_stops_no_listing(self, ledger: JobStore, path: Path) -> None:
        for number in range(3):
            ledger.record_outcome(outcome(seconds=float(number)))
            ledger.add_event(event(number=number))
        self.spoil(path, "UPDATE store_outcome SET vmaf = '{' WHERE seconds = 1")
        self.spoil(path, "UPDATE store_event SET event = 'dreamt' WHERE id = 2")
        assert [one.seconds for one in ledger.outcomes_of(["j1"])["j1"]] == [0.0, 2.0]
        assert [one.data["number"] for one in ledger.events_of("j1")] == [0, 2]

    def test_a_listing_is_answered_from_an_index(self, ledger: JobStore, path: Path) -> None:
        assert ledger.recent_jobs() == []
        newest = "SELECT * FROM store_job {} ORDER BY updated DESC, id DESC LIMIT 50"
        questions = {
            newest.format(""): "jobs_in_order",
            newest.format("WHERE status = 'done'"): "jobs_of_a_status_in_order",
            "SELECT * FROM store_job WHERE id >= 'ab' AND id < 'ac' ORDER BY id": "sqlite_autoindex_store_job_1",
        }
        for question, index in questions.items():
            with closing(sqlite3.connect(path)) as database:
                plan = " ".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {question}"))
            assert index in plan
            assert "TEMP B-TREE" not in plan

    def test_a_step_of_a_kind_only_a_newer_version_knows_is_skipped(self, ledger: JobStore, path: Path) -> None:
        ledger.open_job(job())
        ledger.commit_step("j1", step())
        ledger.commit_step("j1", step(StepKind.PLACE))
        self.spoil(path, "UPDATE store_step SET kind = 'polish' WHERE kind = 'place'")
        assert ledger.steps("j1") == {StepKind.ANALYSE: step()}


names = st.text(alphabet=st.sampled_from("ab/é映\udc80\udcff\\"), max_size=6).map("/films/".__add__)
numbers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | floats | names
plain = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
mappings = st.dictionaries(names, plain, max_size=3)
ids = st.sampled_from(["x", "y", "z"])
usages = st.builds(Usage, wall_seconds=floats, cpu_seconds=floats, peak_rss_bytes=st.integers(0, 2**63 - 1))
moments = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
stamps = st.builds(
    stamp, st.sampled_from(["/a", "/b", ODD]), inode=st.integers(1, 2), mtime_ns=st.sampled_from([0, 2**64 - 1])
)
outputs = st.sampled_from(["/out/a", ODD])
scores = st.builds(
    Score,
    **dict.fromkeys(["mean", "harmonic_mean", "p5", "p1", "min"], floats),
    frames=st.integers(0, 9),
    model=st.just("m"),
    n_subsample=st.integers(1, 5),
    scaled_to=st.none() | st.just("2x2"),
)
starts = st.integers(0, 9)


class Twins(RuleBasedStateMachine):
    """Whatever is done to both stores, they answer alike."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.memory = MemoryJobStore()
        self.django = new_ledger(Path(self.folder.name) / "ledger.sqlite3")

    def teardown(self) -> None:
        self.django.close()
        self.folder.cleanup()

    def both(self, call: Callable[[JobStore], object]) -> None:
        assert call(self.django) == call(self.memory)

    @rule(record=st.builds(source, stamps, source_id=ids, frames=st.integers(0, 2**40), facts=mappings))
    def remember_source(self, record: SourceRecord) -> None:
        self.both(lambda store: store.remember_source(record))

    @rule(at=stamps)
    def find_source(self, at: SourceStamp) -> None:
        self.both(lambda store: store.find_source(at))

    @rule(one=st.builds(job, ids, source_path=names, output_path=outputs, plan=mappings))
    def open_job(self, one: Job) -> None:
        self.both(lambda store: store.open_job(one))

    @rule(job_id=ids, status=st.sampled_from(JobStatus))
    def finish_job(self, job_id: str, status: JobStatus) -> None:
        if self.memory.find_job(job_id) is not None:
            self.both(lambda store: store.finish_job(job_id, status))

    @rule(job_id=ids)
    def cancel_job(self, job_id: str) -> None:
        if self.memory.find_job(job_id) is not None:
            self.both(lambda store: store.cancel_job(job_id))

    @rule(job_id=ids, one=st.builds(StepRecord, kind=st.sampled_from(StepKind), result=mappings, usage=usages))
    def commit_step(self, job_id: str, one: StepRecord) -> None:
        self.both(lambda store: store.commit_step(job_id, one))

    @rule(job_id=ids, kinds=st.lists(st.sampled_from(StepKind), max_size=3))
    def drop_steps(self, job_id: str, kinds: list[StepKind]) -> None:
        self.both(lambda store: store.drop_steps(job_id, kinds))

    @rule(
        key=ids,
        curve=ids,
        start=starts,
        score=scores,
        usage=usages,
        crf=st.integers(40, 200),
        features=mappings,
        width=st.sampled_from([1280, 1920, 2048]),
        threads=st.none() | st.integers(1, 6),
        predicted=st.none() | floats,
    )
    def commit_trial(self, key: str, curve: str, start: int, crf: int, **rest: Any) -> None:
        one = trial(
            key,
            curve_key=curve,
            start=start,
            end=start + 1,
            crf=crf / 4,
            score=rest["score"],
            encode_usage=rest["usage"],
            features=rest["features"],
            width=rest["width"],
            threads=rest["threads"],
            cpu_idle=None if rest["threads"] is None else 0.5,
            predicted=rest["predicted"],
        )
        self.both(lambda store: store.commit_trial(one))

    @rule(film=ids)
    def reset_history(self, film: str) -> None:
        self.both(lambda store: store.reset_history() if film == "x" else store.undo_reset())

    @rule(job_id=ids, ledger=st.lists(st.sampled_from(LEDGER), max_size=4))
    def commit_fates(self, job_id: str, ledger: list[Entry]) -> None:
        self.both(lambda store: store.commit_fates(job_id, ledger))

    @rule(key=ids)
    def drop_trial(self, key: str) -> None:
        self.both(lambda store: store.drop_trial(key))

    @rule(
        record=st.builds(
            outcome,
            st.none() | ids,
            output_path=st.none() | names,
            reasons=st.lists(names, max_size=2).map(tuple),
            vmaf=st.none() | mappings,
            checks=st.lists(mappings, max_size=2).map(tuple),
            bytes_after=st.none() | numbers,
            finished=st.none() | moments,
        )
    )
    def record_outcome(self, record: OutcomeRecord) -> None:
        self.both(lambda store: store.record_outcome(record))

    @rule(name=st.sampled_from(EventName), data=mappings)
    def add_event(self, name: EventName, data: dict[str, Any]) -> None:
        self.both(lambda store: store.add_event(replace(event(name), data=data)))

    @rule()
    def open_the_ledger_again(self) -> None:
        self.django.close()
        self.django = open_ledger(Path(self.folder.name) / "ledger.sqlite3")

    @invariant()
    def they_hold_the_same(self) -> None:
        if not hasattr(self, "django"):
            return
        for job_id in "xyz":
            assert self.django.find_job(job_id) == self.memory.find_job(job_id)
            assert self.django.steps(job_id) == self.memory.steps(job_id)
            assert self.django.fates(job_id) == self.memory.fates(job_id)
            assert self.django.outcomes(job_id) == self.memory.outcomes(job_id)
        assert self.django.events_of("j1") == self.memory.events_of("j1")
        for path in ("/films/a.mkv", ODD):
            assert self.django.jobs_for_source(path) == self.memory.jobs_for_source(path)
        for statuses in (None, {JobStatus.OPEN, JobStatus.CANCELLED}):
            assert self.django.recent_jobs(statuses, 2) == self.memory.recent_jobs(statuses, 2)
        assert self.django.jobs_like("x", 2) == self.memory.jobs_like("x", 2)
        assert self.django.outcomes_of("xyz") == self.memory.outcomes_of("xyz")
        for output in ("/out/a", ODD):
            assert self.django.jobs_for_output(output) == self.memory.jobs_for_output(output)
        past = {"encoder": "svt-av1", "without": None, "films": 2, "trials": 2}
        assert self.django.history(**past) == self.memory.history(**past)
        for curves in ("x", "y", "z", "zyx"):
            assert self.django.trials(curves) == self.memory.trials(curves)
        for limit in (1, 9):
            asked: dict[str, Any] = {"encoder": "svt-av1", "preset": 6, "limit": limit}
            assert self.django.usage_of(1920, 1080, **asked) == self.memory.usage_of(1920, 1080, **asked)
        assert _kept_in_sql() == [(e.event.value, e.job, e.file, e.data) for e in self.memory.events]


class TestTwins(Twins.TestCase):
    """A few walks, as long as any."""

    settings = settings(max_examples=5, stateful_step_count=25, deadline=None)


@pytest.mark.prove
class TestTwinsForLong(Twins.TestCase):
    """Many walks."""

    settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
