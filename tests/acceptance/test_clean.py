"""Cleaning keeps what runs and what may go on, frees the rest, and what it freed can be made again."""

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from clips import X264, Clips
from command import Command, contents, finish, read_until
from elsewhere import answer, elsewhere, jobs
from test_resume import SHORT_CHUNKS, SLOW_GRAIN, trials

#: See the fixture `encode`.
SCORED_AS_USUAL = True

QUICK = ("--preset", "12", "--crf", "40.5", "--json")
SLOW = (*QUICK, "--workers", "1")


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    made = clips("jobs.mkv", *SLOW_GRAIN, "-frames:v", "36", *X264)
    return Path(shutil.copy(made, films / "film.mkv"))


@pytest.fixture
def short(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips.film(), films / "short.mkv"))


def folders(encode: Command) -> list[Path]:
    return sorted((encode.state / "work").iterdir())


def test_a_run_and_a_stopped_job_keep_their_folders_and_a_done_one_does_not(
    encode: Command, films: Path, source: Path, short: Path
) -> None:
    assert encode(short, *QUICK).code == 0
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    before = contents(films)
    dry = answer(encode, "clean", "--all", "--dry-run")
    assert [one["film"] for one in dry["removed"]] == [str(short)]
    assert len(folders(encode)) == 2
    found = answer(encode, "clean", "--all")
    assert [(one["film"], one["why"]) for one in found["kept"]] == [(str(source), "a run holds it")]
    assert [(one["film"], one["why"]) for one in found["removed"]] == [(str(short), "done")]
    assert found["bytes_freed"] == dry["bytes_freed"] > 0
    (left,) = folders(encode)
    run.send_signal(signal.SIGINT)
    stopped = finish(run, seen)
    assert stopped.code == 130, "cleaning disturbed nobody"
    assert {one["what"] for one in answer(encode, "clean")["removed"]} <= {"half-written trials"}
    text = elsewhere(encode, "clean", "--older-than", "12h").out
    assert "kept" in text
    assert "stopped, and may go on" in text
    assert folders(encode) == [left]
    assert contents(films) == before
    again = encode(source, *SLOW, env=SHORT_CHUNKS)
    assert again.code == 0
    assert trials(again, reused=True), "it went on where it was"


def test_what_was_cleaned_is_made_again_and_what_was_learned_stays(encode: Command, films: Path, short: Path) -> None:
    first = encode(short, *QUICK)
    (job,) = jobs(encode)
    assert "freed" in elsewhere(encode, "clean").out
    assert folders(encode) == []
    ledger = encode.state / "ledger.sqlite3"
    with closing(sqlite3.connect(ledger)) as database:
        assert database.execute("SELECT count(*) FROM store_trial").fetchone() == (1,)
    done = encode(short, *QUICK)
    assert (done.code, done.results[0]["data"]["outcome"]) == (0, "already_done")
    (films / "short.av1.mkv").unlink()
    again = encode(short, *QUICK)
    assert again.code == 0, again.err
    assert trials(again, reused=False) == trials(first, reused=False)
    with closing(sqlite3.connect(ledger)) as database:
        assert database.execute("SELECT count(*) FROM store_trial").fetchone() == (1,)
    assert [one["id"] for one in jobs(encode)] == [job["id"]]


def test_a_cancelled_job_s_folder_goes_and_retry_begins_anew(encode: Command, films: Path, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    run.kill()
    run.communicate()
    draft = films / f".reelwright-{jobs(encode)[0]['id'][:16]}.tmp"
    draft.write_bytes(b"half")
    kept = answer(encode, "clean")["kept"]
    assert [one["what"] for one in kept] == ["half-written output", "work folder"]
    assert answer(encode, "jobs", "cancel", "film.av1.mkv")["status"] == "cancelled"
    assert not draft.exists()
    draft.write_bytes(b"half")
    found = answer(encode, "clean")
    assert [one["what"] for one in found["removed"]] == ["half-written output", "work folder"]
    assert folders(encode) == []
    assert sorted(contents(films)) == ["film.mkv"]
    retried = elsewhere(encode, "jobs", "retry", "film.av1.mkv", "--json")
    assert retried.code == 0, retried.err
    assert trials(retried, reused=True) == []
    assert seen


def test_where_nothing_lies_there_is_nothing_to_clean(encode: Command) -> None:
    assert answer(encode, "clean") == {"dry_run": False, "bytes_freed": 0, "removed": [], "kept": []}
    assert elsewhere(encode, "clean", "--work-dir", "nowhere").out == "There is nothing to clean.\n"
    elsewhere(encode, "clean", "--older-than", "soon").assert_failed(2, "'soon' is no age", "14d, 12h or 0")
    elsewhere(encode, "clean", "--older-than", "14", "--json").assert_json_failed(2, "'14' is no age")
