"""A film's trials as rows: who may take them, how many are worth posting, and what their ends come to."""

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from reelwright.app.cluster_resend import untaken
from reelwright.cluster.celery_app import arguments_of
from reelwright.cluster_settings import ClusterSettings
from reelwright.engine import slots
from reelwright.engine.job_state import TrialStep
from reelwright.engine.leased_trials import LeasedTrials, made_of, remove_half_written
from reelwright.engine.leases import UNDER_WAY, Work, Worker, WorkRow, WorkState, lost_with
from reelwright.engine.leases_memory import MemoryLeaseStore
from reelwright.engine.offload import Offload
from reelwright.engine.slots import slots_of
from reelwright.engine.trial_orders import Whereabouts, build_label
from reelwright.engine.work_mark import make_mark, read_mark
from reelwright.errors import CancelledJobError, ConflictError, ReelwrightError, ResourceError, ToolError
from reelwright.planning.chunking import Chunk, Features
from reelwright.store.roles import rights_of_encoder
from reelwright.tools.capabilities import Capabilities

TOOLS = Capabilities(
    ffmpeg="ffmpeg", version="9.0", major=9, svt_version="4.0", encoders=frozenset(), filters=frozenset()
)


def worker(name: str, *labels: str, slots: int = 1) -> Worker:
    return Worker(id=name, host="box", pid=1, labels=frozenset(labels), slots=slots)


def ended(state: WorkState, **result: object) -> WorkRow:
    return WorkRow(work=Work(id="j/t/m", kind="trial"), state=state, attempts=3, token=3, result=result)


def test_a_film_posts_its_part_of_the_slots_and_one_more() -> None:
    crew = [worker("a", "encode", slots=4), worker("b", "encode", slots=3), worker("c", "files", slots=9)]
    assert (slots_of(crew, 1).share, slots_of(crew, 1).total) == (8, 7)
    assert slots_of(crew, 3).share == 4
    assert slots_of([], 1).share == 1


def test_it_is_said_which_label_nobody_has() -> None:
    crew = [worker("a", "encode", "library:films"), worker("b", "encode")]
    needs = frozenset({"encode", "library:films", "build:1"})
    assert slots_of(crew, 1).lacking(needs) == {"build:1"}
    assert slots_of([], 1).lacking(needs) == {"encode"}


def test_builds_architectures_and_encoders_have_labels_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {build_label(TOOLS, "svt-av1"), build_label(TOOLS, "x264")}
    monkeypatch.setattr("platform.machine", lambda: "aarch64-of-tests")
    labels.add(build_label(TOOLS, "svt-av1"))
    assert len(labels) == 3


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (ended(WorkState.FAILED, **lost_with("w")), ResourceError),
        (ended(WorkState.FAILED, cause="ConflictError", message="It changed."), ConflictError),
        (ended(WorkState.FAILED, cause="FramesMissingError", message="Too few."), ToolError),
        (ended(WorkState.FAILED, cause="defect", message="Ours."), ToolError),
        (ended(WorkState.CANCELLED), CancelledJobError),
        (ended(WorkState.DONE, trial={"crf": 1}), ReelwrightError),
    ],
)
def test_a_failed_row_is_its_workers_error_again(row: WorkRow, error: type[ReelwrightError]) -> None:
    features = Features(spatial=1.0, temporal=1.0, difference=1.0, luma=0.5, source_bytes=9.0, intra_share=0.1)
    step = TrialStep(chunk=Chunk(index=7, start=0, end=24, features=features), crf=30, why="")
    with pytest.raises(error) as found:
        made_of(row, step)
    assert type(found.value) is error


def test_a_work_folder_keeps_its_mark(tmp_path: Path) -> None:
    assert read_mark(tmp_path / "none") is None
    mark = make_mark(tmp_path / "work")
    assert mark == make_mark(tmp_path / "work") == read_mark(tmp_path / "work")
    assert [path.name for path in (tmp_path / "work").iterdir()] == [".reelwright-work"]


def test_what_killed_workers_left_is_removed_and_committed_trials_stay(tmp_path: Path) -> None:
    for name in ("a.mkv", "a.3.leased", "b.part"):
        (tmp_path / name).touch()
    remove_half_written(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "b.part"]


def test_a_message_says_film_chunk_and_crf_first() -> None:
    payload = {"path": "b/\udcff.mkv", "library": "films", "chunk": 3, "crf": 31.5, "windows": [[0, 3]]}
    told = arguments_of(Work(id="j/t/m", kind="trial", owner="films/trials", payload=payload))
    assert told == {"film": "b/?.mkv", "chunk": 3, "crf": 31.5, "sample": True, "library": "films", "work": "j/t/m"}
    assert next(iter(told)) == "film"


@pytest.mark.parametrize("wrong", [{"broker": "http://x"}, {"labels": ["two words"]}, {"queues": ["all"]}])
def test_wrong_settings_of_a_cluster_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected|no word|Input should be"):
        ClusterSettings.model_validate(wrong)


def test_an_encoders_role_changes_nothing_but_rows_of_work_and_heartbeats() -> None:
    said = list(rights_of_encoder('an "odd" one'))
    changing = [line for line in said if "UPDATE" in line or "INSERT" in line or "DELETE" in line]
    assert all("store_workitem" in line or "store_workerbeat" in line for line in changing)
    assert said[0] == 'CREATE ROLE "an ""odd"" one" LOGIN;'


def test_work_that_waits_for_long_is_told_of_anew_and_no_other() -> None:
    clock = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]
    store, me, minute = MemoryLeaseStore(lambda: clock[0]), worker("me"), dt.timedelta(minutes=1)
    store.add_work(
        [Work(id="old", kind="film"), Work(id="j/t", kind="trial"), Work(id="taken", kind="film", priority=1)]
    )
    store.beat(me, [], clock[0], lasts=dt.timedelta(days=1))
    assert [lease.work.id for lease in store.claim(me, ["film"], clock[0])] == ["taken"]
    clock[0] += minute
    store.add_work([Work(id="new", kind="film")])
    assert [work.id for work in untaken(store, clock[0])] == ["j/t", "old"]


def test_a_leader_shows_what_the_workers_heartbeats_tell_of_its_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "COUNT_SECONDS", 0.0)
    monkeypatch.setattr(slots, "LOOK_SECONDS", 0.01)
    store, me, work, told = MemoryLeaseStore(), worker("me"), Work(id="j/t/m", kind="trial"), list[tuple[str, int]]()

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def beat(**far: list[object]) -> None:
        about = {UNDER_WAY: {"j/t/m": far["ours"], "another": ["encode", 99]}} if far else {}
        store.beat(replace(me, about=about), ["j/t/m"], now(), lasts=dt.timedelta(minutes=5))

    async def lead() -> WorkRow:
        where = Whereabouts(library="films", path="a.mkv", work_id="w")
        with Offload() as offload:
            async with LeasedTrials(store, offload, where, lambda _: None, now) as place, asyncio.timeout(60):
                ended = asyncio.ensure_future(place._ended(work, lambda doing, frames: told.append((doing, frames))))
                while not store.rows([work.id]):  # noqa: ASYNC110 - the store is not ours to wait on
                    await asyncio.sleep(0.01)
                beat()
                lease = store.claim(me, ["trial"], now())[0]
                for far in (["encode", 12], ["score", 3]):
                    beat(ours=far)
                    while tuple(far) not in told:  # noqa: ASYNC110 - nor is the heartbeat
                        await asyncio.sleep(0.01)
                store.finish(lease, {})
                return await ended

    assert asyncio.run(lead()).state is WorkState.DONE
    assert list(dict.fromkeys(told)) == [("encode", 12), ("score", 3)]
