"""A library's queue, from an approved plan to what was saved: one go at it, kills, cancels, retries and the daemon.

What is looked at by `make prove` alone has its like in tests/integration/test_library_queue.py.
"""

import json
import os
import shutil
import signal
import stat
from pathlib import Path

import pytest
from brake import SHORT_CHUNKS, brake, standing
from clips import TWO_CHUNKS, X264, Clips
from command import Command, frames
from elsewhere import wait_for
from keeping import ALL, Keeper, keeper, settle, told_until
from test_resume import assert_soon_gone


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


@pytest.fixture
def film(clips: Clips) -> Path:
    return clips("queued.mkv", *TWO_CHUNKS)


def test_an_approved_library_is_encoded_and_accounted_for_and_a_second_run_has_nothing_to_do(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    (films / "Show").mkdir()
    shutil.copyfile(clips.film(), films / "Show" / "one.mkv")
    shutil.copyfile(clips.film(), films / "one.mkv")
    assert reelwright("library", "add", "films", films).code == 0
    settle(films)
    before = reelwright.data("library", "run")
    assert before["outcomes"] == {}
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    assert reelwright.data("jobs")["queue"]["counts"] == {"queued": 2}
    done = reelwright("library", "run", "films")
    assert done.code == 0, done.err
    assert "films: 2 encoded" in done.out
    assert frames(tmp_path / "out" / "Show" / "one.mkv") == frames(tmp_path / "out" / "one.mkv") == 6
    status = reelwright.data("library", "status")
    source = (films / "one.mkv").stat().st_size
    outputs = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.mkv"))
    assert status["done"] == status["sources"] == 2
    assert status["bytes_before"] == 2 * source
    assert status["bytes_saved"] == 2 * source - outputs == status["bytes_before"] - status["bytes_after"]
    assert set(status) == {
        *("sources", "queued", "running", "done", "failed", "skipped", "asked"),
        *("bytes_before", "bytes_after", "bytes_saved", "libraries"),
    }
    assert set(status["libraries"]["films"]) == set(status) - {"libraries"}
    again = reelwright("library", "run")
    assert (again.code, again.out.splitlines()) == (0, ["films: 2 files, nothing changed", "No film waited."])
    exported = json.loads(reelwright("library", "export").out)
    counted = {name: len(rows) for name, rows in exported.items()}
    assert counted.pop("steps") >= counted["jobs"] == 2
    assert min(counted.pop(name) for name in ("trials", "fates", "events")) > 0
    assert counted == {
        "libraries": 1, "files": 2, "work": 2, "outcomes": 2, "replacements": 0, "sources": 2, "jobs": 2,
    }  # fmt: skip
    assert {trial["crf"] for trial in exported["trials"]} == {45.0}
    assert {outcome["outcome"] for outcome in exported["outcomes"]} == {"encoded"}
    assert exported["outcomes"][0]["checks"]


@pytest.mark.prove
def test_new_films_of_an_approved_library_are_queued_by_themselves_and_those_of_another_wait(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    shutil.copyfile(clips.film(), films / "two.mkv")
    (tmp_path / "other").mkdir()
    shutil.copyfile(clips.film(), tmp_path / "other" / "three.mkv")
    settle(films)
    settle(tmp_path / "other")
    rules = reelwright.state / "rules.toml"
    assert reelwright("library", "add", "other", tmp_path / "other", "--rules", rules).code == 0
    done = reelwright.data("library", "run")
    assert done["outcomes"] == {"encoded": 2}
    assert done["unapproved"] == {"other": 1}
    assert reelwright.states() == {"one.mkv": "done", "two.mkv": "done"}
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == [".reelwright-library", "three.mkv"]


@pytest.mark.prove
def test_nothing_is_queued_twice_after_renames_touches_and_a_remount(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    for name in ("a.mkv", "b.mkv", "c.mkv"):
        (films / name).write_bytes(clips.film().read_bytes() + name.encode())
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    (films / "a.mkv").rename(films / "A.mkv")  # another case, and queued still
    shutil.copytree(films, tmp_path / "copy", copy_function=shutil.copyfile)  # other inodes, other times
    shutil.rmtree(films)
    (tmp_path / "copy").rename(films)
    settle(films)
    assert reelwright.data("library", "run")["outcomes"] == {"encoded": 3}
    (films / "b.mkv").rename(films / "renamed b.mkv")
    os.utime(films / "c.mkv", (1, 1))
    assert reelwright.data("library", "run")["outcomes"] == {}
    assert set(reelwright.states().values()) == {"done"}
    assert reelwright.data("jobs")["queue"]["counts"] == {"done": 3}


def test_an_output_that_is_not_worth_it_is_not_placed_and_not_tried_again_before_something_changes(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    gate = ("--output-dir", tmp_path / "out", "--max-encoded-percent", "1")
    reelwright.approved(films, *gate)
    assert reelwright.data("library", "run")["outcomes"] == {"skipped": 1}
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
    (file,) = (
        reelwright.data("library", "export", "-o", tmp_path / "all.json")
        and json.loads((tmp_path / "all.json").read_text())["files"]
    )
    assert "above the 1 % asked for" in file["note"][0]
    assert reelwright.data("library", "run")["outcomes"] == {}
    said = reelwright("why", films / "one.mkv").out
    assert "above the 1 % asked for" in said
    assert "It is tried again when the file or its settings change" in said
    gate = ("--output-dir", tmp_path / "out", "--max-encoded-percent", "100")
    assert reelwright("library", "add", "films", films, "--rules", reelwright.state / "rules.toml", *gate).code == 0
    assert reelwright.data("library", "run")["outcomes"] == {"encoded": 1}


def test_a_killed_run_is_taken_up_at_once_and_nothing_is_done_twice(
    reelwright: Keeper, film: Path, films: Path, tmp_path: Path
) -> None:
    for name in ("a.mkv", "b.mkv"):
        (films / name).write_bytes(film.read_bytes() + name.encode())
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    run, _, held = standing(reelwright, "library", "run", "--json")
    held.wait()
    run.kill()
    run.communicate()
    assert_soon_gone(reelwright.state)
    assert sorted(reelwright.states().values()) == ["queued", "running"]
    done = reelwright("library", "run", "--json", env=SHORT_CHUNKS)
    assert done.code == 0, done.err
    trials = [event for event in done.events if event["event"] == "trial_complete"]
    assert sum(event["data"]["reused"] for event in trials) >= 1
    assert set(reelwright.states().values()) == {"done"}
    assert [frames(tmp_path / "out" / name) for name in ("a.mkv", "b.mkv")] == [12, 12]
    outcomes = json.loads(reelwright("library", "export").out)["outcomes"]
    assert sorted(row["outcome"] for row in outcomes) == ["encoded", "encoded"]


def test_a_film_is_cancelled_with_all_its_processes_and_taken_up_again_by_its_own_id(
    reelwright: Keeper, encode: Command, film: Path, films: Path, tmp_path: Path
) -> None:
    (films / "a.mkv").write_bytes(film.read_bytes())
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    held = brake(encode)
    run = reelwright.begin("library", "run", "--json", env={**SHORT_CHUNKS, **held.env})
    held.wait()
    (row,) = reelwright.queue()
    assert (row["state"], row["source"]) == ("running", str(films / "a.mkv"))
    assert reelwright.data("jobs", "cancel", row["id"][:8])["before"] == "running"
    run.communicate(timeout=300)
    assert run.returncode in {0, 130}
    assert_soon_gone(reelwright.state)
    assert reelwright.states() == {"a.mkv": "skipped"}
    (job,) = reelwright.data("jobs", "list")["jobs"]
    assert job["state"] == "cancelled"
    assert reelwright.data("library", "run")["outcomes"] == {}
    assert reelwright.data("jobs", "retry", films / "a.mkv")["status"] == "queued"
    assert reelwright.data("library", "run", env=SHORT_CHUNKS)["outcomes"] == {"encoded": 1}


@pytest.mark.prove
def test_a_library_that_is_held_back_waits_and_an_owners_word_goes_before_the_rules(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    for name in ("a.mkv", "asked.mkv", "never.mkv"):
        (films / name).write_bytes(clips.film().read_bytes() + name.encode())
    rules = '[[rule]]\nname = "doubt"\nwhen = { name = "asked*" }\nthen = "ask"\n' + ALL
    reelwright.approved(films, "--output-dir", tmp_path / "out", rules=rules)
    assert reelwright.states() == {"a.mkv": "queued", "asked.mkv": "asked", "never.mkv": "queued"}
    assert reelwright.data("library", "answer", films / "never.mkv", "skip")["state"] == "skipped"
    assert reelwright("library", "pause", "films").code == 0
    assert reelwright.data("library", "run", "--once")["outcomes"] == {}
    assert reelwright.data("jobs")["queue"]["paused"] == ["films"]
    assert "held back" in reelwright("why", films / "a.mkv").out
    assert reelwright("library", "resume", "films").code == 0
    assert reelwright.data("library", "answer", films / "asked.mkv", "encode")["state"] == "queued"
    assert reelwright.data("library", "run")["outcomes"] == {"encoded": 2}
    assert reelwright.states() == {"a.mkv": "done", "asked.mkv": "done", "never.mkv": "skipped"}
    assert reelwright.data("library", "answer", films / "never.mkv", "rules")["state"] == "queued"
    (tmp_path / "strange.mkv").touch()
    reelwright("library", "answer", tmp_path / "strange.mkv", "skip").assert_failed(2, "is in no library")


@pytest.mark.prove
def test_a_film_that_changed_since_it_was_queued_is_left_alone_and_the_next_scan_decides_it_anew(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    reelwright.approved(films, "--output-dir", tmp_path / "out", "--settle", "600")
    shutil.copyfile(clips.long(".mkv"), films / "one.mkv")  # just now: the scan leaves it alone
    done = reelwright("library", "run", "--json")
    assert done.code == 8
    assert "has changed since it was queued" in done.err
    assert reelwright.states() == {"one.mkv": "failed"}
    settle(films)
    assert reelwright.data("library", "run")["outcomes"] == {"encoded": 1}
    assert frames(tmp_path / "out" / "one.mkv") == 48
    shutil.copyfile(clips.film(), films / "one.mkv")  # other content again: its output is ours to make anew
    settle(films)
    assert reelwright.data("library", "run")["outcomes"] == {"encoded": 1}
    assert frames(tmp_path / "out" / "one.mkv") == 6


def faulty(films: Path, clips: Clips, line: str) -> dict[str, str]:
    """Settings with an FFmpeg that runs a line of shell before each encode."""
    wrapper = films.parent / "ffmpeg-faulty"
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *svtav1-params*) {line};; esac\nexec {clips.ffmpeg} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return {"REELWRIGHT_TOOLS__FFMPEG": str(wrapper)}


def remedies(reelwright: Keeper) -> list[dict[str, object]]:
    """What failures taught, of each piece of work."""
    return [row["remedy"] for row in json.loads(reelwright("library", "export").out)["work"]]


def test_an_encoder_that_crashes_gets_fewer_threads_and_then_another_preset(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    env = faulty(films, clips, 'case "$*" in *"-preset 12"*) ;; *) kill -SEGV $$;; esac')
    reelwright.approved(films, "--output-dir", tmp_path / "out", env=env)
    done = reelwright("library", "run", "--json", env=env)
    assert done.code == 0, done.err
    assert reelwright.states() == {"one.mkv": "done"}
    assert remedies(reelwright) == [{"processing": {"parallel_jobs": 1}, "encoding": {"preset": 12}}]
    outcomes = json.loads(reelwright("library", "export").out)["outcomes"]
    assert [row["outcome"] for row in outcomes] == ["failed", "failed", "encoded"]


def test_a_disk_that_is_full_is_waited_for_and_changes_nothing(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    full = tmp_path / "full"
    full.touch()
    env = faulty(films, clips, f"if rm {full} 2>/dev/null; then echo 'No space left on device' >&2; exit 228; fi")
    reelwright.approved(films, "--output-dir", tmp_path / "out", env=env)
    waits = {**env, "REELWRIGHT_QUEUE__RETRY_DELAY": "3600"}
    assert reelwright("library", "run", "--once", "--json", env=waits).code == 7
    (row,) = reelwright.queue()
    assert (row["state"], row["cause"], row["attempts"]) == ("queued", "disk", 1)
    assert "no space left" in row["why"]
    assert reelwright.data("jobs", "cancel", row["id"][:8])["status"] == "cancelled"
    assert reelwright.data("jobs", "retry", row["id"][:8])["status"] == "queued"
    assert reelwright.data("library", "run", env=env)["outcomes"] == {"encoded": 1}
    assert remedies(reelwright) == [{}]


@pytest.mark.prove
def test_damage_is_not_tried_again_and_the_next_film_has_its_turn(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    data = bytearray(clips.long(".mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    (films / "damaged.mkv").write_bytes(data)
    shutil.copyfile(clips.film(), films / "whole.mkv")
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    done = reelwright("library", "run", "--json")
    assert done.code == 4, done.err
    assert reelwright.states() == {"damaged.mkv": "failed", "whole.mkv": "done"}
    rows = {Path(row["source"]).name: row for row in reelwright.queue()}
    assert (rows["damaged.mkv"]["cause"], rows["damaged.mkv"]["attempts"]) == ("source", 1)
    assert reelwright.data("library", "run")["outcomes"] == {}


def test_only_one_process_of_a_machine_works_on_the_queue(
    reelwright: Keeper, encode: Command, film: Path, films: Path, tmp_path: Path
) -> None:
    (films / "a.mkv").write_bytes(film.read_bytes())
    reelwright.approved(films, "--output-dir", tmp_path / "out")
    held = brake(encode)
    run = reelwright.begin("library", "run", "--json", env={**SHORT_CHUNKS, **held.env})
    try:
        held.wait()
        reelwright("library", "run").assert_failed(8, "The queue is being worked on by process")
    finally:
        held.release()
        run.communicate(timeout=300)
    assert run.returncode == 0


def test_the_daemon_works_from_its_configuration_ends_cleanly_and_takes_up_its_work_again(
    reelwright: Keeper, encode: Command, film: Path, films: Path, tmp_path: Path
) -> None:
    (films / "a.mkv").write_bytes(film.read_bytes())
    rules = reelwright.state / "rules.toml"
    rules.write_text(ALL)
    config = tmp_path / "reelwright.toml"
    config.write_text(
        f'[libraries.films]\nroot = "{films}"\nrules = "{rules}"\noutput_dir = "{tmp_path}/out"\nsettle = 0\n'
        "watch = true\n"
    )
    held = brake(encode)
    env = {**SHORT_CHUNKS, "REELWRIGHT_CONFIG": str(config), "REELWRIGHT_QUEUE__GRACE": "0.2"}
    env["REELWRIGHT_WEB__PORT"] = "0"  # any free one
    first = reelwright.begin("serve", env={**env, **held.env})
    told_until(first, "library_scanned", "scanned")
    plan = reelwright.state / "plan.json"
    assert reelwright("library", "plan", "films", "-o", plan, "--no-samples", env=env).code == 0
    assert reelwright("library", "apply", plan, env=env).code == 0
    told_until(first, "trial_complete")
    held.wait()
    first.send_signal(signal.SIGTERM)
    out, err = first.communicate(timeout=300)
    assert first.returncode == 0, err
    assert [json.loads(line)["status"] for line in out.decode().splitlines()][-1] == "interrupted"
    assert_soon_gone(reelwright.state)
    assert reelwright.data("jobs", env=env)["queue"]["counts"] == {"queued": 1}
    second = reelwright.begin("serve", env=env)
    try:
        result = told_until(second, "result")[-1]
        assert (result["status"], result["file"]) == ("encoded", str(films / "a.mkv"))
        (films / "new.mkv").write_bytes(film.read_bytes() + b"new")
        result = told_until(second, "result")[-1]
        assert (result["status"], result["file"]) == ("encoded", str(films / "new.mkv"))
        wait_for(lambda: reelwright.data("library", "status", env=env)["done"] == 2)
    finally:
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=300)
    assert second.returncode == 0


def test_a_film_is_replaced_only_by_an_approved_plan_and_what_is_in_quarantine_is_not_saved(
    reelwright: Keeper, clips: Clips, films: Path
) -> None:
    shutil.copyfile(clips("film.mp4", "-i", str(clips.film()), "-c", "copy"), films / "one.mp4")
    (films / "one.srt").write_text("1\n")
    original = (films / "one.mp4").read_bytes()
    reelwright.approved(films)  # with the default policy
    rules = reelwright.state / "rules.toml"
    assert reelwright("library", "add", "films", films, "--rules", rules, "--policy", "replace").code == 0
    reelwright("library", "run").assert_failed(3, "No plan was approved that puts outputs in the place")
    reelwright("library", "apply", reelwright.state / "plan.json").assert_failed(8, "the policy of films was tree")
    assert (films / "one.mp4").read_bytes() == original
    assert reelwright("jobs", "retry", films / "one.mp4").code == 0
    reelwright.approved(films, "--policy", "replace")
    done = reelwright.data("library", "run")
    assert done["outcomes"] == {"replaced": 1}, done
    assert not (films / "one.mp4").exists()
    assert frames(films / "one.mkv") == 6
    assert (films / "one.srt").exists()
    status = reelwright.data("library", "status")
    assert (status["done"], status["bytes_saved"], status["bytes_before"]) == (1, 0, len(original))
    assert reelwright.data("library", "run")["outcomes"] == {}
    assert reelwright.states() == {"one.mkv": "done"}
    assert reelwright("restore", "one.mkv").code == 2
    assert reelwright("restore", films / "one.mkv").code == 0
    assert (films / "one.mp4").read_bytes() == original


def test_a_rule_that_says_remux_copies_a_film_into_another_container_and_its_sidecars_go_with_it(
    reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path
) -> None:
    shutil.copyfile(clips("plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=6:d=1", *X264), films / "plain.mp4")
    (films / "plain.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHere.\n")
    copies = {"REELWRIGHT_PLACEMENT__COPY_SIDECARS": "true"}
    rules = ALL.replace("encode", "remux")
    reelwright.approved(films, "--output-dir", tmp_path / "out", rules=rules, env=copies)
    done = reelwright.data("library", "run", env=copies)
    assert done["outcomes"] == {"remuxed": 1}, done
    assert frames(tmp_path / "out" / "plain.mkv") == 6
    assert (tmp_path / "out" / "plain.srt").read_text() == (films / "plain.srt").read_text()
    assert reelwright.states() == {"plain.mp4": "done"}


def test_an_original_whose_time_in_quarantine_is_over_goes_with_the_next_run(
    reelwright: Keeper, clips: Clips, films: Path
) -> None:
    shutil.copyfile(clips.film(), films / "one.mkv")
    before = (films / "one.mkv").stat().st_size
    at_once = {"REELWRIGHT_PLACEMENT__QUARANTINE_DAYS": "0"}
    reelwright.approved(films, "--policy", "replace", "--max-encoded-percent", "1000", env=at_once)
    assert reelwright.data("library", "run", env=at_once)["outcomes"] == {"replaced": 1}
    after = (films / "one.mkv").stat().st_size
    assert reelwright.data("library", "status")["bytes_saved"] == 0
    kept = [path for path in (films / ".reelwright-quarantine").rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in kept] == [before]
    reelwright.data("library", "run", env=at_once)
    assert not any(path.is_file() for path in (films / ".reelwright-quarantine").rglob("*"))
    assert reelwright.data("library", "status")["bytes_saved"] == before - after
