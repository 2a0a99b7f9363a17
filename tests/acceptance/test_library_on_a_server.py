"""A library whose ledger is a PostgreSQL server: from add to restore, with a kill in between, and from two machines."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from brake import SHORT_CHUNKS, standing
from clips import TWO_CHUNKS, Clips
from command import Command, frames
from keeping import Keeper, keeper, settle
from test_resume import assert_soon_gone

from postgres import empty_ledger_there, url_of


@pytest.fixture
def on_a_server(encode: Command) -> Command:
    url = url_of(empty_ledger_there())
    return replace(encode, environment={**encode.environment, "REELWRIGHT_DATABASE__URL": url})


@pytest.fixture
def reelwright(on_a_server: Command) -> Keeper:
    return keeper(on_a_server)


def test_a_library_goes_from_add_to_restore_on_a_server_with_a_kill_in_between(
    reelwright: Keeper, on_a_server: Command, clips: Clips, films: Path
) -> None:
    film = clips("queued.mkv", *TWO_CHUNKS)
    for name in ("a.mkv", "b.mkv"):
        (films / name).write_bytes(film.read_bytes() + name.encode())
    before = (films / "a.mkv").read_bytes()
    gate = ("--policy", "replace", "--max-encoded-percent", "1000")
    reelwright.approved(films, *gate)
    run, _, held = standing(reelwright, "library", "run", "--json")
    held.wait()
    run.kill()
    run.communicate()
    assert_soon_gone(reelwright.state)
    assert sorted(reelwright.states().values()) == ["queued", "running"]
    done = reelwright("library", "run", "--json", env=SHORT_CHUNKS)
    assert done.code == 0, done.err
    trials = [event for event in done.events if event["event"] == "trial_complete"]
    assert any(event["data"]["reused"] for event in trials)
    assert reelwright.states() == {"a.mkv": "done", "b.mkv": "done"}
    assert [frames(films / name) for name in ("a.mkv", "b.mkv")] == [12, 12]
    assert reelwright.data("library", "status")["done"] == 2
    assert [job["state"] for job in reelwright.data("jobs", "list")["jobs"]] == ["done", "done"]
    exported = json.loads(reelwright("library", "export").out)
    assert [row["outcome"] for row in exported["outcomes"]] == ["encoded", "replaced"] * 2
    assert len(exported["replacements"]) == 2
    assert "replace" in reelwright("why", films / "a.mkv").out
    assert reelwright("restore", films / "a.mkv").code == 0
    assert (films / "a.mkv").read_bytes() == before
    # What the ledger knows of the film serves a run that is no library's.
    settle(films)
    single = on_a_server(films / "a.mkv", "-o", films.parent / "single.mkv", env=SHORT_CHUNKS)
    assert single.code == 0, single.err


def test_two_machines_that_scan_one_library_at_once_list_each_film_once(
    reelwright: Keeper, clips: Clips, films: Path
) -> None:
    for number in range(60):
        shutil.copyfile(clips.film(), films / f"{number}.mkv")
    settle(films)
    assert reelwright("library", "add", "films", films).code == 0
    machines = [
        reelwright.begin("library", "scan", env={"REELWRIGHT_PROCESSING__TEMP_DIR": str(films.parent / n)})
        for n in "ab"
    ]
    said = [machine.communicate(timeout=300)[1].decode() for machine in machines]
    assert {machine.returncode for machine in machines} <= {0, 8}, said
    assert 0 in {machine.returncode for machine in machines}, said
    assert not any("Traceback" in words for words in said)
    assert len(reelwright.files()) == 60
    assert reelwright.data("library", "status")["sources"] == 60
