"""Jobs as they stand, in words and in JSON; which job is meant; and the exit codes."""

import datetime as dt
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reelwright.cli.commands import CancelledJob, CleanRequest, Look, QueueShown
from reelwright.cli.main import run
from reelwright.cli.watching import View, exit_code_of
from reelwright.engine.details import JobDetails, details_of
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, StepKind, StepRecord, Usage
from reelwright.engine.listing import JobRow, State, find_one, list_jobs, row_of, running_jobs
from reelwright.engine.memory import MemoryJobStore
from reelwright.engine.published import ProgressFile
from reelwright.engine.removal import Cleaned
from reelwright.engine.workspace import Lock, Workspace
from reelwright.errors import ConflictError, UsageError
from reelwright.events import Event, EventName

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
IDS = ["abcd" + "0" * 28, "abcd" + "1" * 28, "ef01" + "2" * 28]
PROGRESS = {
    "phase": "trials", "done": 30.0, "total": 120, "accepted": 10, "eta_seconds": 65.0, "mean": 93.4,
    "projected_bytes": 700_000, "source_bytes": 1_000_000,
    "lanes": [{"chunk": 3, "crf": 30.25, "doing": "encode", "done": 5, "frames": 10}],
}  # fmt: skip


def outcome(job_id: str = IDS[0], **changes: Any) -> OutcomeRecord:
    values: dict[str, Any] = {
        "source_path": "/films/a.mkv", "output_path": "/out/a.mkv", "decision": "encode", "outcome": "encoded",
        "exit_code": 0, "reasons": ("It is h264.",), "bytes_before": 1_000_000, "bytes_after": 600_000,
        "vmaf": {"mean": 93.25}, "trials": 7, "seconds": 75.0, "finished": NOON,
        "checks": ({"name": "frames", "passed": True, "detail": "240"}, {"name": "sound", "passed": False}),
    }  # fmt: skip
    return OutcomeRecord(job_id=job_id, **{**values, **changes})


class Shelf:
    """A ledger in memory with three jobs of one film, and the film's work folder."""

    def __init__(self, folder: Path) -> None:
        self.store, self.work_dir = MemoryJobStore(), folder
        self.workspace = Workspace(root=folder / "film").make()
        for number, job_id in enumerate(IDS):
            self.store.open_job(
                Job(
                    id=job_id,
                    source_id="film",
                    source_path="/films/caf\udce9 [a].mkv",
                    output_path=f"/out/{number}.mkv",
                    plan={"request": {"target_vmaf": 93.0, "crf": None, "svt": []}, "encoder": "libsvtav1"},
                    work_folder=None if number else str(self.workspace.root),
                )
            )

    def rows(self, *states: State, limit: int | None = None) -> list[tuple[str, str]]:
        found = list_jobs(self.store, self.work_dir, states or None, limit)
        return [(row.job.id, row.state.value) for row in found]

    def held(self, job_id: str | None) -> Lock:
        """The work folder, held for a job."""
        lock = Lock(self.workspace.lock, token="t", what="x", sweep=lambda _: 0)  # noqa: S106
        lock.__enter__()
        if job_id:
            lock.note(job=job_id)
        return lock


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_an_open_job_runs_only_while_its_folder_is_held_for_it(shelf: Shelf) -> None:
    stopped = [(job_id, "stopped") for job_id in reversed(IDS)]
    assert shelf.rows() == stopped
    for holder, runs in ((IDS[0], [IDS[0]]), (IDS[1], [IDS[1]]), (None, []), ("9" * 32, [])):
        lock = shelf.held(holder)
        assert [job_id for job_id, state in shelf.rows() if state == "running"] == runs
        assert [row.job.id for row in running_jobs(shelf.store, shelf.work_dir)] == runs
        assert shelf.rows(State.RUNNING) == [(job_id, "running") for job_id in runs]
        assert {job_id for job_id, _ in shelf.rows(State.STOPPED)} == {*IDS} - {*runs}
        lock.__exit__(None, None, None)
    assert shelf.rows() == stopped


def test_jobs_that_ended_are_what_the_ledger_says_whoever_holds_the_folder(shelf: Shelf) -> None:
    lock = shelf.held(IDS[0])
    for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED):
        shelf.store.finish_job(IDS[0], status)
        assert shelf.rows(limit=1) == [(IDS[0], status.value)]
        assert shelf.rows(State(status.value), State.RUNNING) == [(IDS[0], status.value)]
    lock.__exit__(None, None, None)


def test_more_is_asked_for_where_the_ledger_cannot_tell(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from reelwright.engine import listing  # noqa: PLC0415

    monkeypatch.setattr(listing, "PAGE", 1)
    lock = shelf.held(IDS[0])  # the oldest of three
    assert shelf.rows(State.RUNNING, limit=1) == [(IDS[0], "running")]
    assert len(shelf.rows(State.STOPPED, limit=1)) == 1
    lock.__exit__(None, None, None)


@pytest.mark.parametrize(("text", "found"), [(IDS[0], 0), (IDS[0][:5], 0), ("ef01", 2), ("/out/1.mkv", 1)])
def test_a_job_is_named_by_its_beginning_or_its_output(shelf: Shelf, text: str, found: int) -> None:
    assert find_one(shelf.store, text).id == IDS[found]


def test_an_output_may_be_named_from_where_one_stands(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert find_one(shelf.store, "out/../out/1.mkv").id == IDS[1]


def test_what_may_be_several_jobs_is_none_of_them(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match=r"abcd may be any of these jobs: abcd0000 \(/out/0.mkv\), abcd1111"):
        find_one(shelf.store, "abcd")
    shelf.store.open_job(replace(shelf.store.recent_jobs()[0], id="9" * 32))
    with pytest.raises(UsageError, match=r"ef012222.*99999999"):
        find_one(shelf.store, "/out/2.mkv")


@pytest.mark.parametrize(
    ("text", "said"), [("abc", "first 4 characters"), ("ABCD", "no job"), ("0000", "jobs list"), ("\udcff", "no job")]
)
def test_what_is_no_job_is_told(shelf: Shelf, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_one(shelf.store, text)


def event(name: EventName, job: str = IDS[0], **data: Any) -> Event:
    return Event(event=name, timestamp=NOON, file="/films/a.mkv", job=job, status="encoding", data=data)


def test_trials_are_told_once_each_as_they_were_made_and_those_chosen_are_marked(shelf: Shelf) -> None:
    told = [
        event(EventName.ENCODING_STARTED, chunks=3),
        event(EventName.TRIAL_COMPLETE, chunk=1, crf=30.0, score=92.0, bytes=9, reused=False),
        event(EventName.TRIAL_COMPLETE, chunk=0, crf=40, score=90.0, bytes=8, reused=False),
        event(EventName.SEGMENT_COMPLETE, chunk=1, crf=30.0),
        event(EventName.ENCODING_STARTED, chunks=4),
        event(EventName.TRIAL_COMPLETE, chunk=1, crf=30.0, score=92.0, bytes=9, reused=True),
        event(EventName.TRIAL_COMPLETE, chunk="x"),
        event(EventName.SEGMENT_COMPLETE),
        *[event(EventName.PLACED, output=str(number)) for number in range(30)],
    ]
    for one in told:
        shelf.store.add_event(one)
    found = details_of(shelf.store, row_of(shelf.store.recent_jobs()[-1], (), shelf.work_dir))
    assert (found.chunks, found.settled) == (4, 1)
    assert [(t["chunk"], t["crf"], t["reused"], t["accepted"]) for t in found.trials] == [
        (0, 40, False, False),
        (1, 30.0, False, True),
    ]
    assert [e.data["output"] for e in found.tail] == [str(number) for number in range(10, 30)]


class Stub:
    """A program that answers from a shelf."""

    def __init__(self, shelf: Shelf, **answers: Any) -> None:
        self.shelf, self.answers = shelf, answers
        self.asked: list[Any] = []

    def list_jobs(self, states: Collection[State] | None, limit: int | None) -> list[JobRow]:
        self.asked.append((states, limit))
        return list_jobs(self.shelf.store, self.shelf.work_dir, states, limit)

    def show_queue(self, _states: object, **_: object) -> QueueShown:
        return QueueShown()

    def cancel_queued(self, _which: str) -> None:
        return None

    def retry_queued(self, _which: str) -> None:
        return None

    def show_job(self, which: str) -> JobDetails:
        job = find_one(self.shelf.store, which)
        row = row_of(job, self.shelf.store.outcomes(job.id), self.shelf.work_dir)
        return details_of(self.shelf.store, row)

    def watch_jobs(self, which: str | None) -> Iterator[Look]:
        self.asked.append(which)
        return iter(self.answers["looks"])

    def cancel_job(self, which: str, grace: float, tell: Callable[[str], None]) -> CancelledJob:
        self.asked.append((which, grace))
        tell("It is asked.")
        if isinstance(self.answers["cancelled"], Exception):
            raise self.answers["cancelled"]
        return self.answers["cancelled"]  # type: ignore[no-any-return]

    def retry_job(self, which: str, flags: Mapping[str, Any], _sink: object, *, overwrite: bool) -> OutcomeRecord:
        self.asked.append((which, flags, overwrite))
        return outcome(exit_code=5)

    def clean(self, wanted: CleanRequest) -> Iterator[Cleaned]:
        self.asked.append(wanted)
        return iter(self.answers["cleaned"])


def said(program: Stub, *words: str, code: int = 0) -> str:
    """What a command printed."""
    capture = program.answers["capture"]
    assert run(words, program, {}) == code  # type: ignore[arg-type]
    return str(capture.readouterr().out)


@pytest.fixture
def program(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> Stub:
    return Stub(shelf, capture=capsys)


def data_of(text: str) -> dict[str, Any]:
    last = json.loads(text.splitlines()[-1])
    assert last["event"] == "result"
    return dict(last["data"])


def test_a_list_shows_what_is_known_and_nothing_else(program: Stub, shelf: Shelf) -> None:
    shelf.store.finish_job(IDS[1], JobStatus.DONE)
    shelf.store.record_outcome(outcome(IDS[1]))
    shelf.store.record_outcome(outcome(IDS[1], outcome="failed", bytes_after=None, vmaf=None))
    sink = ProgressFile(shelf.workspace)
    sink.emit(replace(event(EventName.PROGRESS, **PROGRESS), job=IDS[0]))
    lock = shelf.held(IDS[0])
    done, stopped, running = said(program, "jobs").splitlines()[1:]
    assert "abcd1111  done" in done
    assert "93.25  1 MB → 600 kB" in done
    assert "caf\\xe9 [a].mkv → /out/1.mkv" in done
    assert "stopped" in stopped
    assert "abcd0000  running  25 %" in running
    assert "93.40" in running
    rows = data_of(said(program, "jobs", "list", "--json"))["jobs"]
    lock.__exit__(None, None, None)
    assert [(row["id"], row["state"], row["percent"], row["pid"]) for row in rows] == [
        (IDS[1], "done", None, None),
        (IDS[2], "stopped", None, None),
        (IDS[0], "running", 25.0, os.getpid()),
    ]
    assert rows[2]["progress"] == PROGRESS
    assert (rows[0]["vmaf_mean"], rows[0]["bytes_after"], rows[0]["outcome"]) == (93.25, 600_000, "failed")
    assert rows[1]["source"] == "/films/caf\udce9 [a].mkv"


def test_progress_of_a_run_that_is_gone_is_not_shown(program: Stub, shelf: Shelf) -> None:
    ProgressFile(shelf.workspace).emit(replace(event(EventName.PROGRESS, **PROGRESS), job=IDS[0]))
    assert "25 %" not in said(program, "jobs")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], (None, 51)),
        (["list", "--limit", "3"], (None, 4)),
        (["--limit", "3"], (None, 4)),
        (["list", "--all"], (None, None)),
        (["--status", "waiting"], ({State.STOPPED}, 51)),
        (["list", "--status", "done", "--status", "running"], ({State.DONE, State.RUNNING}, 51)),
    ],
)
def test_what_is_asked_for_is_what_was_said(program: Stub, words: list[str], asked: Any) -> None:
    said(program, "jobs", *words)
    assert program.asked == [asked]


def test_a_list_that_was_cut_says_so(program: Stub) -> None:
    assert data_of(said(program, "jobs", "--json", "--limit", "2"))["more"] is True
    assert data_of(said(program, "jobs", "--json", "--limit", "3"))["more"] is False
    assert len(said(program, "jobs", "list", "--limit", "2").splitlines()) == 3
    assert said(program, "jobs", "--status", "failed") == "No such jobs.\n"


@pytest.mark.parametrize(
    "words", [["list", "--status", "lost"], ["list", "--limit", "0"], ["shwo", "x"], ["show"], ["list", "--al"]]
)
def test_wrong_words_are_told_in_one_sentence(program: Stub, words: list[str]) -> None:
    assert run(["jobs", *words], program, {}) == 2  # type: ignore[arg-type]
    told = program.answers["capture"].readouterr().err
    assert len(told.splitlines()) == 1
    assert "--help" in told


def test_everything_about_a_job_is_shown(program: Stub, shelf: Shelf) -> None:
    shelf.store.record_outcome(outcome())
    shelf.store.commit_step(IDS[0], StepRecord(kind=StepKind.PLACE, result={"a": 1}, usage=Usage(wall_seconds=3.0)))
    shelf.store.add_event(event(EventName.TRIAL_COMPLETE, chunk=0, crf=30.5, score=93.0, bytes=5000, reused=False))
    shelf.store.add_event(event(EventName.SEGMENT_COMPLETE, chunk=0, crf=30.5, why="\x1b[31m"))
    text = said(program, "jobs", "show", IDS[0][:6])
    for words in (
        IDS[0], "stopped; the same command", "caf\\xe9", "/out/0.mkv", "target vmaf 93.0", "libsvtav1",
        "1 of ? settled",
        "CRF 30.50  VMAF  93.00  5 kB  chosen", "step     place in 3s", "outcome  encoded", "60.0 %", "It is h264.",
        "passed  frames: 240", "FAILED  sound", "segment_complete", "\\x1b[31m",
    ):  # fmt: skip
        assert words in text, words
    found = data_of(said(program, "jobs", "show", IDS[0], "--json"))
    assert (found["id"], found["state"], found["request"]["target_vmaf"]) == (IDS[0], "stopped", 93.0)
    assert (found["chunks"], len(found["trials"]), len(found["events"])) == ({"done": 1, "total": None}, 1, 2)
    assert found["steps"]["place"]["wall_seconds"] == 3.0
    assert found["outcomes"][0]["finished"] == "2026-03-01T12:00:00Z"


def test_a_job_of_which_nothing_is_known_but_its_row_is_shown(program: Stub, shelf: Shelf) -> None:
    shelf.store.open_job(replace(shelf.store.recent_jobs()[0], plan={"request": 5}))
    assert "0 of ? settled" in said(program, "jobs", "show", "ef01")


def test_an_unknown_job_is_wrong_usage(program: Stub) -> None:
    found = data_of(said(program, "jobs", "show", "9999", "--json", code=2))
    assert "There is no job 9999" in found["reasons"][0]


def row(shelf: Shelf, status: JobStatus = JobStatus.OPEN, *outcomes: OutcomeRecord) -> JobRow:
    return row_of(replace(shelf.store.recent_jobs()[-1], status=status), outcomes, shelf.work_dir)


@pytest.mark.parametrize(
    ("status", "outcomes", "code"),
    [
        (JobStatus.DONE, [outcome()], 0),
        (JobStatus.CANCELLED, [outcome(outcome="cancelled", exit_code=130)], 130),
        (JobStatus.FAILED, [outcome(), outcome(outcome="failed", exit_code=6)], 6),
        (JobStatus.FAILED, [], 1),
        (JobStatus.OPEN, [outcome(outcome="interrupted", exit_code=130)], 130),
        (JobStatus.OPEN, [], 130),
    ],
)
def test_watching_one_job_ends_with_its_exit_code(
    program: Stub, shelf: Shelf, status: JobStatus, outcomes: list[OutcomeRecord], code: int
) -> None:
    ended = row(shelf, status, *outcomes)
    assert exit_code_of(ended) == code
    program.answers["looks"] = [Look(rows=[]), Look(rows=[], ended=[ended])]
    text = said(program, "jobs", "watch", "abcd0", code=code)
    assert text.startswith(f"abcd0000  caf\\xe9 [a].mkv  {ended.state.value}")
    found = data_of(said(program, "jobs", "watch", "abcd0", "--json", code=code))
    assert [(one["id"], one["exit_code"]) for one in found["jobs"]] == [(IDS[0], code)]


def test_watching_all_ends_well_whatever_became_of_them(program: Stub, shelf: Shelf) -> None:
    program.answers["looks"] = [Look(rows=[], ended=[row(shelf, JobStatus.FAILED)])]
    assert "failed" in said(program, "jobs", "watch")
    program.answers["looks"] = [Look(rows=[])]
    assert said(program, "jobs", "watch") == "No job is running.\n"
    assert data_of(said(program, "jobs", "watch", "--json")) == {"jobs": [], "exit_code": 0}


def test_plain_progress_is_a_line_now_and_then_and_json_a_line_a_look(program: Stub, shelf: Shelf) -> None:
    running = replace(row(shelf), state=State.RUNNING, progress=PROGRESS)
    placing = replace(running, progress={**PROGRESS, "phase": "place"})
    program.answers["looks"] = [Look(rows=[running])] * 5 + [Look(rows=[placing])] * 2
    lines = said(program, "jobs", "watch").splitlines()
    assert len(lines) == 2
    assert "25 %  about 1m05s left  VMAF 93.40 so far  700 kB of 1 MB expected" in lines[0]
    assert lines[1].endswith("placing")
    program.answers["looks"] = [Look(rows=[running])] * 3
    events = [json.loads(line) for line in said(program, "jobs", "watch", "--json").splitlines()]
    assert [e["event"] for e in events] == ["progress"] * 3 + ["result"]
    assert events[0]["data"] == PROGRESS


def test_a_terminal_shows_lanes_and_a_bar(shelf: Shelf) -> None:
    console = Console(force_terminal=True, width=100, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    with View(console) as view:
        view.take(Look(rows=[replace(row(shelf), state=State.RUNNING, progress=PROGRESS)]))
        console.print(view._draw())
        view.take(Look(rows=[replace(row(shelf), state=State.RUNNING, progress={"phase": "x", "total": None})]))
        console.print(view._draw())
    text = console.export_text()
    console.file.close()
    for words in ("caf\\xe9 [a].mkv", "chunk    3  CRF 30.25  encoding  50 %", "25 %  about 1m05s left"):
        assert words in text


@pytest.mark.parametrize(
    ("status", "before", "how", "words"),
    [
        (JobStatus.CANCELLED, State.RUNNING, "asked", "gave it up, and goes on with other films"),
        (JobStatus.CANCELLED, State.RUNNING, "terminated", "was told to end, and did"),
        (JobStatus.CANCELLED, State.RUNNING, "killed", "was killed with all it had started"),
        (JobStatus.CANCELLED, State.STOPPED, "idle", "nothing of it was running"),
        (JobStatus.CANCELLED, State.CANCELLED, "idle", "was cancelled before"),
        (JobStatus.DONE, State.DONE, "idle", "nothing to cancel"),
        (JobStatus.DONE, State.RUNNING, "asked", "nothing to cancel"),
    ],
)
def test_cancelling_says_what_became_of_the_job(
    program: Stub, shelf: Shelf, *, status: JobStatus, before: State, how: str, words: str
) -> None:
    job = replace(shelf.store.recent_jobs()[-1], status=status)
    program.answers["cancelled"] = CancelledJob(job=job, before=before, how=how, pid=7, processes=[(8, "ffmpeg")])
    assert words in said(program, "jobs", "cancel", "abcd0", "--grace", "2.5")
    assert program.asked == [("abcd0", 2.5)]
    found = data_of(said(program, "jobs", "cancel", "abcd0", "--json"))
    assert found == {
        "job": IDS[0], "output": "/out/0.mkv", "before": before.value, "status": status.value, "how": how, "pid": 7,
        "ended": [{"pid": 8, "name": "ffmpeg"}],
    }  # fmt: skip


def test_a_run_that_cannot_be_ended_is_a_conflict(program: Stub) -> None:
    program.answers["cancelled"] = ConflictError("Process 1 is another user's.", hint="Cancel it as that user.")
    assert data_of(said(program, "jobs", "cancel", "abcd0", "--json", code=8))["exit_code"] == 8


def test_a_retry_ends_as_the_job_does(program: Stub) -> None:
    said(program, "jobs", "retry", "abcd0", "--workers", "3", "--overwrite", code=5)
    said(program, "jobs", "retry", "abcd0", "--json", code=5)
    assert program.asked == [("abcd0", {"processing": {"parallel_jobs": 3}}, True), ("abcd0", {}, False)]


GONE = Cleaned(path=Path("/w/a\udcff"), what="work folder", film="/f/\x1b.mkv", bytes=2000, goes=True, why="done")
KEPT = Cleaned(path=Path("/w/b"), what="work folder", film=None, bytes=9, goes=False, why="a run holds it")
STUCK = replace(KEPT, why="it cannot be removed: Permission denied")


def test_cleaning_says_what_went_what_stayed_and_why(program: Stub) -> None:
    program.answers["cleaned"] = [GONE, KEPT]
    text = said(program, "clean", "--older-than", "12h", "--work-dir", "/w")
    assert "removed       2 kB  /f/\\x1b.mkv: work folder /w/a\\xff (done)" in text
    assert "kept           9 B  film unknown: work folder /w/b (a run holds it)" in text
    assert text.endswith("\n2 kB freed\n")
    assert program.asked[0].age.older_than == dt.timedelta(hours=12)
    assert program.asked[0].flags == {"processing": {"temp_dir": "/w"}}
    program.answers["cleaned"] = [GONE, KEPT]
    found = data_of(said(program, "clean", "--dry-run", "--json"))
    assert (found["dry_run"], found["bytes_freed"], len(found["removed"]), len(found["kept"])) == (True, 2000, 1, 1)
    program.answers["cleaned"] = [GONE]
    assert "would go" in said(program, "clean", "--dry-run", "--all")
    assert program.asked[-1].age.everything
    program.answers["cleaned"] = []
    assert said(program, "clean") == "There is nothing to clean.\n"


def test_what_could_not_be_removed_is_a_failure(program: Stub) -> None:
    program.answers["cleaned"] = [GONE, STUCK]
    said(program, "clean", code=7)


@pytest.mark.parametrize("text", ["14", "soon", "-1d"])
def test_an_age_that_is_none_is_wrong_usage(program: Stub, text: str) -> None:
    said(program, "clean", "--older-than", text, code=2)
    assert program.asked == []
