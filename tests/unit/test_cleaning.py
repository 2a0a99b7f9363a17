"""What may be cleaned is a rule on values; carrying it out touches nothing that is not ours."""

import datetime as dt
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.engine import removal
from reelwright.engine.cleaning import KEPT, Age, Kind, judge_folder, judge_states, kind_of, parse_age
from reelwright.engine.jobs import Job, JobStatus
from reelwright.engine.listing import State
from reelwright.engine.placement import temporary_path
from reelwright.engine.removal import Cleaned, Cleaner
from reelwright.engine.workspace import Lock, Workspace

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
FILM = "a" * 32
AT_REST = [state for state in State if state is not State.RUNNING]
ages = st.builds(Age, older_than=st.none() | st.timedeltas(dt.timedelta(0), 30 * DAY), everything=st.booleans())


@pytest.mark.parametrize(
    ("text", "age"),
    [
        *(("14d", 14 * DAY), ("12h", 12 * HOUR), ("0", 0 * DAY), ("1.5H", 1.5 * HOUR), ("2w", 14 * DAY)),
        *(("90s", HOUR / 40), ("0d", 0 * DAY), (" 5m ", HOUR / 12)),
    ],
)
def test_an_age_is_a_number_with_a_unit(text: str, age: dt.timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "14", "d", "-1d", "1y", "1 d 2 h", "nan", "1e3d", "99999999d", "00"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="14d, 12h or 0"):
        parse_age(text)


@pytest.mark.parametrize(
    ("states", "idle", "age", "goes"),
    [
        ({State.DONE}, HOUR, Age(), True),
        ({State.CANCELLED}, HOUR, Age(), True),
        ({State.DONE, State.CANCELLED}, HOUR, Age(), True),
        ({State.DONE}, HOUR, Age(older_than=DAY), False),
        ({State.DONE}, 2 * DAY, Age(older_than=DAY), True),
        ({State.STOPPED}, 13 * DAY, Age(), False),
        ({State.STOPPED}, 14 * DAY, Age(), True),
        ({State.STOPPED}, 2 * DAY, Age(older_than=DAY), True),
        ({State.STOPPED}, 15 * DAY, Age(older_than=30 * DAY), False),
        ({State.STOPPED}, HOUR, Age(everything=True), True),
        ({State.STOPPED, State.DONE}, HOUR, Age(), False),
        ({State.FAILED}, HOUR, Age(), False),
        ({State.FAILED}, 15 * DAY, Age(), True),
        ({State.FAILED, State.CANCELLED}, HOUR, Age(), False),
        (set(), HOUR, Age(), False),
        (set(), 15 * DAY, Age(), True),
        (set(), HOUR, Age(everything=True), True),
    ],
)
def test_a_folder_goes_when_no_job_needs_it(states: set[State], idle: dt.timedelta, age: Age, *, goes: bool) -> None:
    verdict = judge_folder(Kind.FILM, held=False, states=states, idle=idle, age=age)
    assert verdict.goes is goes
    assert verdict.why


@given(st.sampled_from(Kind), st.lists(st.sampled_from(AT_REST)), st.timedeltas(dt.timedelta(0), 99 * DAY), ages)
def test_what_a_run_holds_never_goes(kind: Kind, states: Collection[State], idle: dt.timedelta, age: Age) -> None:
    assert not judge_folder(kind, held=True, states=states, idle=idle, age=age).goes


@given(st.lists(st.sampled_from(AT_REST)), st.timedeltas(dt.timedelta(0), 99 * DAY), ages)
def test_what_goes_goes_later_and_with_all_as_well(states: Collection[State], idle: dt.timedelta, age: Age) -> None:
    if judge_states(states, idle, age).goes:
        assert judge_states(states, idle + HOUR, age).goes
    assert judge_states(states, idle, Age(everything=True)).goes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (FILM, Kind.FILM),
        (f"reading-{FILM}", Kind.READING),
        (f".removing-{FILM}-12", Kind.REMOVING),
        (f".removing-reading-{FILM}-12", Kind.REMOVING),
    ]
    + [(name, Kind.FOREIGN) for name in ("films", FILM[1:], FILM + "a", FILM.upper(), "reading-x", f"{FILM}\n", "")],
)
def test_a_folder_is_told_by_its_name(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind


class House:
    """A work folder with a ledger's jobs, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.work, self.out = folder / "work", folder / "out"
        self.out.mkdir()
        self.work.mkdir()
        self.jobs: list[Job] = []
        self.swept: list[str] = []

    def film(self, source_id: str = FILM, status: JobStatus | None = JobStatus.DONE, size: int = 100) -> Workspace:
        """A film's work folder with a trial in it, and a job of that status."""
        made = Workspace(root=self.work / source_id).make()
        (made.segments / "t.mkv").write_bytes(b"x" * size)
        if status is not None:
            job_id = f"{len(self.jobs):032x}"
            self.jobs.append(
                Job(
                    id=job_id,
                    source_id=source_id,
                    source_path=f"/films/{job_id}.mkv",
                    output_path=str(self.out / f"{job_id}.mkv"),
                    plan={},
                    status=status,
                    work_folder=str(made.root),
                )
            )
        return made

    def sweep(self, token: str) -> int:
        self.swept.append(token)
        return 0

    def clean(self, later: dt.timedelta = HOUR, *, dry_run: bool = False, **age: Any) -> list[Cleaned]:
        cleaner = Cleaner(
            jobs=self.jobs,
            work_dirs=[self.work],
            age=Age(**age),
            now=dt.datetime.now(dt.UTC) + later,
            token="cleaner",  # noqa: S106
            sweep=self.sweep,
            dry_run=dry_run,
        )
        return list(cleaner.clean())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_done_job_s_folder_goes_and_what_it_held_is_counted(house: House) -> None:
    made = house.film(size=1234)
    (found,) = house.clean()
    assert (found.path, found.goes, found.film, found.what) == (
        made.root,
        True,
        "/films/" + "0" * 32 + ".mkv",
        "work folder",
    )
    assert 1234 <= found.bytes < 3000
    assert list(house.work.iterdir()) == []


def test_a_dry_run_says_the_same_and_removes_nothing(house: House) -> None:
    house.film(size=1234)
    house.film("b" * 32, JobStatus.OPEN)
    before = sorted(house.work.rglob("*"))
    dry = house.clean(dry_run=True)
    assert sorted(house.work.rglob("*")) == before
    assert [(one.path, one.goes, one.why) for one in dry] == [(one.path, one.goes, one.why) for one in house.clean()]


@pytest.mark.parametrize("status", [JobStatus.OPEN, JobStatus.FAILED])
def test_a_job_that_may_go_on_keeps_its_folder_until_it_is_old(house: House, status: JobStatus) -> None:
    made = house.film(status=status)
    assert [one.goes for one in house.clean()] == [False]
    assert (made.segments / "t.mkv").exists()
    assert [one.goes for one in house.clean(KEPT + HOUR)] == [True]
    assert not made.root.exists()


def test_a_folder_in_use_stays_whatever_is_asked(house: House) -> None:
    made = house.film()
    with Lock(made.lock, token="t", what="x", sweep=house.sweep):  # noqa: S106
        (found,) = house.clean(99 * DAY, everything=True)
    assert (found.goes, found.why) == (False, "a run holds it")
    assert (made.segments / "t.mkv").exists()


def test_a_run_that_comes_between_looking_and_removing_keeps_its_folder(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.film()
    with Lock(made.lock, token="t", what="x", sweep=house.sweep):  # noqa: S106
        monkeypatch.setattr(removal, "holder_of", lambda _: None)
        (found,) = house.clean()
    assert (found.goes, found.why) == (False, "a run has just taken it")
    assert (made.segments / "t.mkv").exists()


def test_a_folder_of_a_film_that_was_being_read_goes_at_once(house: House) -> None:
    reading = Workspace(root=house.work / f"reading-{FILM}").make()
    (found,) = house.clean(dt.timedelta(0))
    assert (found.goes, found.film) == (True, None)
    assert not reading.root.exists()


def test_a_folder_no_job_knows_is_kept_like_one_that_may_go_on(house: House) -> None:
    made = house.film(status=None)
    assert [one.goes for one in house.clean()] == [False]
    assert made.root.exists()
    assert [one.goes for one in house.clean(everything=True)] == [True]


def test_a_cleaning_that_was_ended_in_the_middle_is_finished_by_the_next(house: House) -> None:
    half = house.work / f".removing-{FILM}-77"
    (half / "segments").mkdir(parents=True)
    (half / "segments" / "t.mkv").write_bytes(b"x")
    assert [one.goes for one in house.clean()] == [True]
    assert not half.exists()


def test_what_is_not_ours_is_not_touched(house: House, tmp_path: Path) -> None:
    """Other names, other contents, links: `clean --all` leaves every byte of it."""
    precious = tmp_path / "precious"
    Workspace(root=precious).make()
    (precious / "segments" / "film.mkv").write_bytes(b"x")
    (house.work / ("b" * 32)).symlink_to(precious)
    linked = Workspace(root=house.work / ("c" * 32)).make()
    linked.segments.rmdir()
    linked.segments.symlink_to(precious)
    guest = Workspace(root=house.work / ("d" * 32)).make()
    (guest.root / "notes.txt").write_text("mine")
    (house.work / ("e" * 32)).mkdir()
    (house.work / ("f" * 32)).write_text("a file")
    (house.work / "films").mkdir()
    before = sorted((path, path.is_symlink()) for path in tmp_path.rglob("*"))
    found = house.clean(99 * DAY, everything=True)
    assert sorted((path, path.is_symlink()) for path in tmp_path.rglob("*")) == before
    assert [(one.path.name[0], one.goes) for one in found] == [(letter, False) for letter in "bcdef"]


def test_a_link_inside_a_folder_goes_and_what_it_leads_to_stays(house: House, tmp_path: Path) -> None:
    made = house.film()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film.mkv").write_bytes(b"x" * 10_000)
    (made.segments / "link").symlink_to(outside)
    (found,) = house.clean()
    assert found.goes
    assert found.bytes < 10_000
    assert (outside / "film.mkv").exists()


def test_half_written_trials_of_a_folder_that_stays_go_and_the_rest_of_its_run_is_ended(house: House) -> None:
    made = house.film(status=JobStatus.OPEN)
    (made.segments / "u.part").write_bytes(b"x" * 77)
    made.lock.write_text('{"pid": 4194305, "token": "former"}')
    folder, parts = house.clean()
    assert (folder.goes, parts.goes, parts.what, parts.bytes) == (False, True, "half-written trials", 77)
    assert [path.name for path in made.segments.iterdir()] == ["t.mkv"]
    assert house.swept == ["former"]


@pytest.mark.parametrize(
    ("status", "goes"),
    [(JobStatus.DONE, True), (JobStatus.CANCELLED, True), (JobStatus.OPEN, False), (JobStatus.FAILED, False)],
)
@pytest.mark.parametrize("with_folder", [True, False])
def test_a_half_written_output_goes_by_the_rule_of_its_job(
    house: House, status: JobStatus, *, goes: bool, with_folder: bool
) -> None:
    made = house.film(status=status)
    job = house.jobs[0]
    draft = temporary_path(Path(job.output_path), job.id)
    draft.write_bytes(b"x" * 55)
    other = house.out / ".reelwright-0123456789abcdef.tmp"
    other.write_bytes(b"of no job")
    if not with_folder:
        os.rename(made.root, house.work / "elsewhere")  # noqa: PTH104
    found = house.clean()[0]
    assert (found.path, found.goes, found.what, found.bytes) == (draft, goes, "half-written output", 55)
    assert draft.exists() is not goes
    assert other.exists()


def test_a_half_written_output_of_a_run_stays(house: House) -> None:
    made = house.film(status=JobStatus.DONE)
    job = house.jobs[0]
    draft = temporary_path(Path(job.output_path), job.id)
    draft.write_bytes(b"x")
    with Lock(made.lock, token="t", what="x", sweep=house.sweep) as lock:  # noqa: S106
        for notes in ({}, {"job": job.id}):
            lock.note(**notes)
            assert not house.clean(everything=True)[0].goes
        lock.note(job="f" * 32)
        assert house.clean()[0].goes
    assert not draft.exists()


def test_a_link_in_the_place_of_a_half_written_output_stays(house: House, tmp_path: Path) -> None:
    house.film()
    job = house.jobs[0]
    (tmp_path / "film.mkv").write_bytes(b"x")
    draft = temporary_path(Path(job.output_path), job.id)
    draft.symlink_to(tmp_path / "film.mkv")
    assert not house.clean()[0].goes
    assert draft.is_symlink()


def test_what_cannot_be_removed_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.film()
    house.film("b" * 32)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(removal.shutil, "rmtree", refuse)
    assert [(one.goes, one.failed, one.why) for one in house.clean()] == [
        (False, True, "it cannot be removed: Permission denied")
    ] * 2
