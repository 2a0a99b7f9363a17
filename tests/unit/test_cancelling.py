"""A run that is asked gives its job up in good order; how far it is lies beside its work."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from reelwright.engine import cancelling, published
from reelwright.engine.cancelling import ask, is_asked, unless_cancelled, withdraw
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.outcome import outcome_of_error
from reelwright.engine.published import ProgressFile, read_progress
from reelwright.engine.workspace import Workspace
from reelwright.errors import CancelledJobError, InterruptedRunError, ToolError
from reelwright.events import Event, EventName

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(cancelling, "LOOK_SECONDS", 0.02)
    return Workspace(root=tmp_path).make()


class Work:
    """Something that takes long, and notes how it ended."""

    def __init__(self, error: Exception | None = None) -> None:
        self.ended = ""
        self.error = error

    async def __call__(self) -> str:
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        if self.error:
            raise self.error
        return "result"


def carry_out(work: Work, workspace: Workspace, *, too_late: bool = False) -> str:
    return asyncio.run(unless_cancelled(work(), workspace, "j1", too_late=lambda: too_late))


def test_work_that_nobody_wants_cancelled_is_done(workspace: Workspace) -> None:
    ask(workspace, "j2")  # meant for another job
    assert carry_out(work := Work(), workspace) == "result"
    assert work.ended == "done"


def test_work_that_was_asked_to_end_ends_and_says_so(workspace: Workspace) -> None:
    ask(workspace, "j1")
    work = Work()
    with pytest.raises(CancelledJobError, match="another terminal") as raised:
        carry_out(work, workspace)
    assert work.ended == "cancelled"
    so_far = OutcomeRecord(
        source_path="a", output_path=None, job_id="j1", decision="encode", outcome="failed", exit_code=0, reasons=()
    )
    told = outcome_of_error(raised.value, so_far)
    assert (told.outcome, told.exit_code) == ("cancelled", 130)
    assert outcome_of_error(InterruptedRunError("x"), so_far).outcome == "interrupted"


def test_work_that_is_past_giving_up_is_finished(workspace: Workspace) -> None:
    ask(workspace, "j1")
    assert carry_out(Work(), workspace, too_late=True) == "result"


def test_an_error_of_the_work_is_told_as_it_is(workspace: Workspace) -> None:
    with pytest.raises(ToolError, match="broken"):
        carry_out(Work(ToolError("broken")), workspace)


def test_an_interruption_ends_the_work_before_it_is_passed_on(workspace: Workspace) -> None:
    work = Work()

    async def interrupted() -> None:
        task = asyncio.ensure_future(unless_cancelled(work(), workspace, "j1", too_late=lambda: False))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    assert work.ended == "cancelled"


def test_a_request_names_one_job_and_can_be_withdrawn(workspace: Workspace) -> None:
    assert not is_asked(workspace, "j1")
    ask(workspace, "j1")
    assert is_asked(workspace, "j1")
    assert not is_asked(workspace, "j")
    withdraw(workspace)
    withdraw(workspace)
    assert not is_asked(workspace, "j1")
    assert not list(workspace.cancel.parent.glob("cancel*"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"j1\n"])
def test_a_request_that_cannot_be_read_is_none(content: bytes, workspace: Workspace) -> None:
    workspace.cancel.write_bytes(content)
    assert not is_asked(workspace, "j1")


def progress(done: int, job: str = "j1", name: EventName = EventName.PROGRESS) -> Event:
    data = {"phase": "trials", "done": done, "total": 9}
    return Event(event=name, timestamp=NOON, file="/films/\udcff.mkv", job=job, status="encoding", data=data)


def test_progress_is_published_at_once_and_then_at_most_once_a_second(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(published.time, "monotonic", lambda: clock[0])
    sink = ProgressFile(workspace)
    for now, done in ((100.0, 1), (100.5, 2), (100.99, 3)):
        clock[0] = now
        sink.emit(progress(done))
        assert (read_progress(workspace.root, "j1") or {})["done"] == 1
    clock[0] = 101.0
    sink.emit(progress(4))
    assert (read_progress(workspace.root, "j1") or {})["done"] == 4
    assert [path.name for path in workspace.progress.parent.iterdir()] == ["progress.json"]
    sink.remove()
    sink.remove()
    assert read_progress(workspace.root, "j1") is None


def test_only_progress_is_published_and_only_of_the_job_that_is_asked_for(workspace: Workspace) -> None:
    sink = ProgressFile(workspace)
    sink.emit(progress(1, name=EventName.TRIAL_COMPLETE))
    assert not workspace.progress.exists()
    sink.emit(progress(1, job="j2"))
    assert read_progress(workspace.root, "j1") is None
    assert read_progress(workspace.root, "j2") is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"job": "j1"}', '{"job": "j1", "data": 5}', '{"job":"j1","data":{}}'])
def test_a_progress_file_that_cannot_be_read_says_nothing(text: str, workspace: Workspace) -> None:
    workspace.progress.write_text(text)
    assert read_progress(workspace.root, "j1") is None


def test_progress_that_cannot_be_written_stops_nothing(workspace: Workspace) -> None:
    workspace.progress.mkdir()
    ProgressFile(workspace).emit(progress(1))
    assert json.loads(progress(1).to_json())["data"]["done"] == 1
