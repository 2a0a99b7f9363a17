"""A film's trials on several workers: the same bytes as on one machine, whatever happens to workers and broker.

`make test` has the kills; `make prove` everything else, and the chaos of test_cluster_chaos.py.
"""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command import Command
from crew import (
    ATTEMPTS,
    DONE_TRIALS,
    ENDED_FILMS,
    FILM_STATES,
    LEASED_TRIALS,
    OPEN_TRIALS,
    TRIAL_WORKERS,
    Crew,
    Undisturbed,
    crew,
    packets,
)
from keeping import Keeper, keeper
from test_resume import assert_soon_gone

from brokers import Broker, rabbit
from postgres import PASSWORD, empty_ledger_there, the_server, url_of
from reelwright.cluster.celery_app import make_app


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


@pytest.fixture
def hands(reelwright: Keeper, cluster_film: Path, films: Path, tmp_path: Path, broker: Broker) -> Iterator[Crew]:
    with crew(reelwright, cluster_film, films, tmp_path / "out", REELWRIGHT_CLUSTER__BROKER=broker.url) as found:
        yield found


def assert_as_undisturbed(hands: Crew, undisturbed: Undisturbed) -> None:
    trials, output = undisturbed
    assert hands.trials() == trials
    assert packets(hands.out / "film.mkv") == output
    assert hands.number(OPEN_TRIALS) == 0
    assert hands.left() == []


def test_leader_and_worker_are_killed_and_cost_only_what_was_in_flight(hands: Crew, undisturbed: Undisturbed) -> None:
    leader, encoder = hands.worker("files"), hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 3)
    encoder.kill()
    hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 6)
    leader.kill()
    hands.worker("files")
    hands.until_done()
    assert_as_undisturbed(hands, undisturbed)
    assert hands.number(ATTEMPTS) <= len(undisturbed[0]) + 2
    assert hands.number(TRIAL_WORKERS) == 2
    hands.end()
    assert [one.returncode for one in hands.running] == [-signal.SIGKILL, -signal.SIGKILL, 0, 0]
    assert_soon_gone(hands.keeper.state)


@pytest.mark.prove
def test_a_worker_that_stands_still_past_its_lease_and_wakes_up_changes_nothing(
    hands: Crew, undisturbed: Undisturbed
) -> None:
    hands.worker("files")
    sleeper = hands.worker("encode")
    hands.until(LEASED_TRIALS, lambda n: n >= 1)
    sleeper.send_signal(signal.SIGSTOP)
    hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 4)  # with the one that was taken from the sleeper among them
    sleeper.send_signal(signal.SIGCONT)
    hands.until_done()
    assert_as_undisturbed(hands, undisturbed)


@pytest.mark.prove
def test_a_worker_that_is_told_to_end_gives_back_what_it_holds_and_counts_no_attempt(
    hands: Crew, undisturbed: Undisturbed
) -> None:
    first = hands.worker("files,encode")
    hands.until(DONE_TRIALS, lambda n: n >= 2)
    first.terminate()
    assert first.wait(60) == 0
    assert hands.number(LEASED_TRIALS) == 0
    assert_soon_gone(hands.keeper.state)
    hands.worker("files,encode")
    hands.until_done()
    assert_as_undisturbed(hands, undisturbed)
    assert hands.number(ATTEMPTS) == len(undisturbed[0])


@pytest.mark.prove
def test_a_film_is_cancelled_from_a_machine_that_sees_nothing_of_it_but_the_ledger(hands: Crew, tmp_path: Path) -> None:
    """Another work folder, no lock to be seen: the row says that somebody has it, and takes the cancel there."""
    hands.worker("files")
    hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 1)
    # As on another machine, where the folder that the job names is not mounted.
    ((job, folder),) = hands.ask("SELECT id, work_folder FROM store_job")
    elsewhere = tmp_path / "elsewhere"
    with closing(sqlite3.connect(hands.keeper.state / "ledger.sqlite3", timeout=30)) as ledger, ledger:
        ledger.execute("UPDATE store_job SET work_folder_exact = ?", [os.fsencode(elsewhere)])
    assert not elsewhere.exists()
    done = hands.keeper(
        "jobs", "cancel", str(job), "--grace", "60",
        env={**hands.env, "REELWRIGHT_PROCESSING__TEMP_DIR": str(elsewhere), "REELWRIGHT_CLUSTER__BEAT": "0.3"},
    )  # fmt: skip
    assert done.code == 0, (done.out, done.err)
    assert "its worker on another machine gave it up" in done.out
    hands.until(OPEN_TRIALS, lambda n: n == 0)
    assert hands.ask(FILM_STATES) == [("cancelled",)]
    assert hands.ask("SELECT status FROM store_job") == [("cancelled",)]
    assert not (hands.out / "film.mkv").exists()
    assert [one.poll() for one in hands.running] == [None, None]
    assert_soon_gone(Path(str(folder)))


@pytest.mark.prove
def test_a_film_that_is_cancelled_ends_its_encodes_on_every_worker(hands: Crew) -> None:
    hands.worker("files")
    hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 1)
    (job,) = hands.ask("SELECT id FROM store_job")[0]
    assert hands.keeper("jobs", "cancel", str(job)).code == 0
    hands.until(OPEN_TRIALS, lambda n: n == 0)
    assert hands.ask(FILM_STATES) == [("cancelled",)]
    assert not (hands.out / "film.mkv").exists()


def test_without_its_root_a_worker_takes_nothing_and_says_why(hands: Crew, tmp_path: Path) -> None:
    """Another folder is mounted there; the same worker with the right one is found by its marker file."""
    (tmp_path / "wrong").mkdir()
    hands.worker("files")
    lost = hands.worker("encode", REELWRIGHT_CLUSTER__ROOTS=json.dumps({"films": str(tmp_path / "wrong")}))
    hands.until("SELECT count(*) FROM store_workerbeat WHERE about LIKE '%No work of library films%'")
    hands.until(OPEN_TRIALS, lambda n: n >= 1)
    time.sleep(1.5)
    assert hands.number(ATTEMPTS) == 0
    assert "has no marker" in hands.logs
    doctor = hands.keeper("doctor", env=hands.env).out
    assert "No work of library films" in doctor
    lost.terminate()
    (tmp_path / "elsewhere").symlink_to(hands.keeper.folder / "films")
    hands.worker("encode", REELWRIGHT_CLUSTER__ROOTS=json.dumps({"films": str(tmp_path / "elsewhere")}))
    hands.until(DONE_TRIALS, lambda n: n >= 1)


@pytest.mark.prove
def test_an_encoder_of_postgresql_needs_the_rights_of_its_role_and_no_more(
    reelwright: Keeper, cluster_film: Path, films: Path, tmp_path: Path, *, broker: Broker, undisturbed: Undisturbed
) -> None:
    place = empty_ledger_there()
    server = the_server()
    reelwright.environment["REELWRIGHT_DATABASE__URL"] = url_of(place)
    role = f"encoder_of_{place.name}"
    rights = reelwright("db", "roles", role)
    assert rights.code == 0
    server.ask(rights.out, place.name)
    server.ask(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'", place.name)
    more = {"REELWRIGHT_CLUSTER__BROKER": broker.url}
    with crew(reelwright, cluster_film, films, tmp_path / "out", place.name, **more) as hands:
        hands.worker("files")
        hands.worker("encode", REELWRIGHT_DATABASE__URL=url_of(place, user=role))
        hands.until_done()
        assert_as_undisturbed(hands, undisturbed)
    refused = reelwright("jobs", env={"REELWRIGHT_DATABASE__URL": url_of(place, user=role)})
    assert refused.code != 0


@pytest.mark.prove
def test_rabbitmq_restarts_and_messages_come_twice_late_and_never(
    reelwright: Keeper, cluster_film: Path, films: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    with (
        rabbit() as broker,
        crew(reelwright, cluster_film, films, tmp_path / "out", REELWRIGHT_CLUSTER__BROKER=broker.url) as hands,
    ):
        hands.worker("files")
        hands.worker("encode")
        hands.until(DONE_TRIALS, lambda n: n >= 3)
        with make_app(broker.url) as app:
            for (name,) in hands.ask("SELECT work FROM store_workitem WHERE work LIKE '%/%'"):
                for _ in range(3):
                    app.send_task("reelwright.trial", kwargs={"work": name}, queue="encode")
        broker.stop()
        hands.until(DONE_TRIALS, lambda n: n >= 6)
        broker.start(240)
        hands.until_done()
        assert_as_undisturbed(hands, undisturbed)
        assert hands.number(ATTEMPTS) == len(undisturbed[0])
        assert hands.number(ENDED_FILMS) == 1
