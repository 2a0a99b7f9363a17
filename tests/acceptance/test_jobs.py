"""Jobs from another terminal: seen, watched, cancelled and taken up again while and after they run."""

import json
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from clips import X264, Clips
from command import Command, contents, finish, frames, read_until
from elsewhere import answer, begin_elsewhere, elsewhere, freeze, jobs, wait_for
from test_resume import SHORT_CHUNKS, SLOW_GRAIN, alive, assert_soon_gone, told_before_death, trials

#: See the fixture `encode`.
SCORED_AS_USUAL = True

#: A trial a chunk, one at a time: long enough to be disturbed.
SLOW = ("--preset", "12", "--workers", "1", "--crf", "40.5", "--json")
FRAMES = 36


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    made = clips("jobs.mkv", *SLOW_GRAIN, "-frames:v", str(FRAMES), *X264)
    return Path(shutil.copy(made, films / "film.mkv"))


@pytest.fixture
def second(clips: Clips, films: Path) -> Path:
    made = clips("jobs2.mkv", *SLOW_GRAIN, "-frames:v", "6", "-metadata", "title=other", *X264)
    return Path(shutil.copy(made, films / "other.mkv"))


def outcomes(encode: Command, job_id: str) -> list[tuple[str, int]]:
    return [(o["outcome"], o["exit_code"]) for o in answer(encode, "jobs", "show", job_id)["outcomes"]]


def test_where_nothing_was_ever_encoded_there_is_nothing_to_see(encode: Command) -> None:
    assert jobs(encode) == []
    assert "No jobs yet" in elsewhere(encode, "jobs").out
    assert elsewhere(encode, "jobs", "watch").out == "No job is running.\n"
    for words in (("show",), ("cancel",), ("retry",), ("watch",)):
        elsewhere(encode, "jobs", *words, "abcdef").assert_failed(2, "There is no job abcdef", "jobs list")
        elsewhere(encode, "jobs", *words, "abcdef", "--json").assert_json_failed(2, "There is no job abcdef")
    assert list(encode.state.iterdir()) == [], "looking makes no ledger"


def test_a_run_is_seen_and_one_that_was_killed_has_stopped(encode: Command, films: Path, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    (found,) = wait_for(lambda: [job for job in jobs(encode, "--status", "running") if job["progress"]])
    freeze(encode, run)  # it holds its folder all the same, and does not end while we look
    assert (found["state"], found["pid"], found["output"]) == ("running", run.pid, str(films / "film.av1.mkv"))
    assert 0 <= found["percent"] <= 100
    assert found["progress"]["total"] == FRAMES
    assert jobs(encode, "--status", "stopped") == []
    line = elsewhere(encode, "jobs").out.splitlines()[1]
    assert line.startswith(found["id"][:8])
    assert "film.mkv → " in line
    shown = answer(encode, "jobs", "show", found["id"][:6])
    assert (shown["state"], shown["request"]["crf"]) == ("running", 40.5)
    assert shown["chunks"]["total"] >= 3
    assert shown["trials"][0]["crf"] == 40.5
    assert run.poll() is None, "looking disturbs nobody"
    run.kill()
    told_before_death(run, seen)
    assert_soon_gone(encode.state)
    (after,) = jobs(encode)
    assert (after["id"], after["state"], after["progress"], after["pid"]) == (found["id"], "stopped", None, None)
    assert jobs(encode, "--status", "running") == []
    assert "goes on" in elsewhere(encode, "jobs", "show", "film.av1.mkv").out
    assert elsewhere(encode, "jobs", "watch", found["id"]).code == 130
    again = encode(source, *SLOW, env=SHORT_CHUNKS)
    assert again.code == 0
    assert set(trials(again, reused=True)), "what was committed is found again"
    (done,) = jobs(encode)
    assert (done["id"], done["state"]) == (found["id"], "done")
    assert done["vmaf_mean"] == again.results[0]["data"]["vmaf"]["mean"]
    assert done["bytes_after"] == (films / "film.av1.mkv").stat().st_size
    assert not list(encode.state.glob("work/*/state/progress.json"))


def test_a_cancelled_run_ends_with_all_it_started_and_can_be_taken_up_again(
    encode: Command, films: Path, source: Path
) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    (job,) = jobs(encode)
    family = psutil.Process(run.pid).children(recursive=True)
    found = answer(encode, "jobs", "cancel", job["id"][:8])
    assert (found["status"], found["before"], found["how"], found["pid"]) == ("cancelled", "running", "asked", run.pid)
    ended = finish(run, seen)
    assert ended.code == 130
    assert ended.results[-1]["data"]["outcome"] == "cancelled"
    assert ended.results[-1]["data"]["exit_code"] == 130
    assert [line for line in ended.complaints if "Cancelled from another terminal" in line] == ended.complaints
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert alive(encode.state) == []
    assert list(contents(films)) == ["film.mkv"]
    assert [(j["state"], j["outcome"]) for j in jobs(encode)] == [("cancelled", "cancelled")]
    assert outcomes(encode, job["id"]) == [("cancelled", 130)]
    assert answer(encode, "jobs", "cancel", job["id"])["before"] == "cancelled", "twice changes nothing"
    assert outcomes(encode, job["id"]) == [("cancelled", 130)]

    retried = elsewhere(encode, "jobs", "retry", job["id"], "--json")
    assert retried.code == 0, retried.err
    assert retried.results[-1]["job"] == job["id"], "the very same job"
    assert set(trials(retried, reused=True)), "its trials were kept"
    assert frames(films / "film.av1.mkv") == FRAMES
    assert [j["state"] for j in jobs(encode)] == ["done"]
    assert answer(encode, "jobs", "cancel", job["id"])["status"] == "done"
    again = elsewhere(encode, "jobs", "retry", "film.av1.mkv", "--json")
    assert (again.code, again.results[-1]["data"]["outcome"]) == (0, "already_done")


def test_cancelling_one_film_of_several_leaves_the_others_to_be_encoded(
    encode: Command, films: Path, source: Path, second: Path
) -> None:
    run = encode.begin(source, second, "-o", "out/", *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    assert answer(encode, "jobs", "cancel", "out/film.mkv")["how"] == "asked"
    ended = finish(run, seen)
    assert ended.code == 130
    assert [(r["file"], r["data"]["outcome"]) for r in ended.results] == [
        (str(source), "cancelled"),
        (str(second), "encoded"),
    ]
    assert frames(films / "out" / "other.mkv") == 6
    assert sorted(contents(films / "out")) == ["other.mkv"]
    assert {Path(j["output"]).name: j["state"] for j in jobs(encode)} == {"film.mkv": "cancelled", "other.mkv": "done"}


def test_a_run_that_does_not_answer_is_killed_and_the_job_is_cancelled(encode: Command, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    read_until(run, "trial_complete")
    freeze(encode, run)
    (job,) = jobs(encode)
    assert job["state"] == "running"
    found = answer(encode, "jobs", "cancel", job["id"], "--grace", "0.5")
    assert (found["how"], found["status"]) == ("killed", "cancelled")
    assert run.wait(30) == -signal.SIGKILL
    run.communicate()
    assert_soon_gone(encode.state)
    assert outcomes(encode, job["id"]) == [("cancelled", 130)]
    assert encode(source, *SLOW, env=SHORT_CHUNKS).code == 0, "the same command opens it again"
    assert jobs(encode)[0]["state"] == "done"


def test_a_job_that_has_stopped_is_cancelled_without_a_run(encode: Command, films: Path, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    run.send_signal(signal.SIGINT)
    assert finish(run, seen).code == 130
    (job,) = jobs(encode)
    assert (job["state"], job["outcome"]) == ("stopped", "interrupted")
    draft = films / f".reelwright-{job['id'][:16]}.tmp"
    draft.write_bytes(b"half")
    found = answer(encode, "jobs", "cancel", job["id"])
    assert (found["how"], found["before"], found["status"], found["ended"]) == ("idle", "stopped", "cancelled", [])
    assert outcomes(encode, job["id"]) == [("interrupted", 130), ("cancelled", 130)]
    assert not draft.exists()


def test_a_failed_job_is_run_again_with_the_very_request_it_was_made_with(
    encode: Command, films: Path, source: Path
) -> None:
    """Every kind of value a request has; its output stood in the way the first time."""
    odd = ("--preset", "12", "--svt", "tune=0", "--band", "9,19.5", "--min-crf", "20.25", "--target-vmaf", "70")
    run = encode.begin(source, "-o", "out.mkv", *odd, "--deterministic", "--workers", "1", "--json", env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    (films / "out.mkv").write_text("in the way")
    failed = finish(run, seen)
    assert (failed.code, failed.results[-1]["data"]["outcome"]) == (8, "failed")
    (job,) = jobs(encode)
    assert (job["state"], job["exit_code"]) == ("failed", 8)
    refused = elsewhere(encode, "jobs", "retry", job["id"], "--json")
    assert (refused.code, refused.results[-1]["job"]) == (8, job["id"])
    retried = elsewhere(encode, "jobs", "retry", job["id"][:5], "--overwrite")
    assert retried.code == 0, retried.err
    assert retried.out.startswith("encoded")
    assert [(j["id"], j["state"]) for j in jobs(encode)] == [(job["id"], "done")]


def test_a_running_job_cannot_be_run_a_second_time(encode: Command, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    second = elsewhere(encode, "jobs", "retry", "film.av1.mkv", "--json")
    second.assert_json_failed(8, f"process {run.pid}")
    run.send_signal(signal.SIGINT)
    assert finish(run, seen).code == 130


def test_watching_ends_with_the_job(encode: Command, films: Path, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    watching = [begin_elsewhere(encode, "jobs", "watch", *more) for more in ([], ["--json"], ["film.av1.mkv"])]
    assert watching[1].stdout is not None
    first = watching[1].stdout.readline().decode()
    assert (json.loads(first)["event"], json.loads(first)["status"]) == ("progress", "running")
    assert finish(run, seen).code == 0
    plain, told, named = (finish(one, "") for one in watching)
    assert (plain.code, told.code, named.code) == (0, 0, 0)
    assert told.results[-1]["data"]["jobs"][0]["outcome"] == "encoded"
    for one in (plain, named):
        assert f"done: {films / 'film.av1.mkv'}" in one.out.splitlines()[-1]
    assert elsewhere(encode, "jobs", "watch", "film.av1.mkv").code == 0, "one that is done ends at once"


def test_watching_one_job_gives_its_exit_code(encode: Command, source: Path) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    watching = begin_elsewhere(encode, "jobs", "watch", "film.av1.mkv", "--json")
    assert watching.stdout is not None
    watching.stdout.readline()
    elsewhere(encode, "jobs", "cancel", "film.av1.mkv")
    finish(run, seen)
    assert finish(watching, "").code == 130
    assert "cancelled" in elsewhere(encode, "jobs", "watch", "film.av1.mkv").out


def test_a_ledger_of_ten_thousand_jobs_is_listed(encode: Command, source: Path) -> None:
    assert encode(source, "--preset", "13", "--crf", "45").code == 0
    with closing(sqlite3.connect(encode.state / "ledger.sqlite3")) as ledger, ledger:
        columns = [row[1] for row in ledger.execute("PRAGMA table_info(store_job)")]
        changed = {"id": "printf('%032x', n)", "status": "'done'", "updated": "printf('2020-01-01 00:00:00.%06d', n)"}
        row = ", ".join(changed.get(name, name) for name in columns)
        numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 9999)"
        ledger.execute(f"INSERT INTO store_job {numbers} SELECT {row} FROM store_job, c")  # noqa: S608
        ledger.execute("PRAGMA ignore_check_constraints = ON")
        ledger.execute("UPDATE store_job SET plan = '{' WHERE id = printf('%032x', 9998)")
    listed = jobs(encode)
    assert len(listed) == 50
    assert [int(job["id"], 16) for job in listed[1:3]] == [9999, 9997]
    assert len(jobs(encode, "--all")) == 9999
    assert len(jobs(encode, "--status", "done", "--limit", "200")) == 200
