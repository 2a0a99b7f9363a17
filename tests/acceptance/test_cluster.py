"""A film's trials on several workers: the same bytes as on one machine, whatever happens to workers and broker."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import Broker, rabbit, redis
from clips import Clips
from crew import DONE_TRIALS, FILM, SEARCHES, TRIAL, Crew, crew, packets, ten_chunks
from keeping import Keeper, keeper
from test_resume import assert_soon_gone

from command import Command  # isort: skip


@pytest.fixture(scope="session")
def film(clips: Clips) -> Path:
    return ten_chunks(clips)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with redis() as found:
        yield found


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


@pytest.fixture
def hands(reelwright: Keeper, film: Path, films: Path, tmp_path: Path, broker: Broker) -> Iterator[Crew]:
    with crew(reelwright, film, films, tmp_path / "out", REELWRIGHT_CLUSTER__BROKER=broker.url) as found:
        yield found


@pytest.fixture(scope="session")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """What one machine makes of it without a cluster: its trials, and its output's packets."""
    place = tmp_path_factory.mktemp("undisturbed")
    (place / "films").mkdir()
    (place / "state").mkdir()
    from command import AS_THEY_ARE  # noqa: PLC0415 - as the other fixtures have it

    alone = keeper(Command(folder=place / "films", state=place / "state", environment=dict(AS_THEY_ARE)))
    with crew(alone, film, place / "films", place / "out") as found:
        done = alone("library", "run")
        assert done.code == 0, (done.out, done.err)
        return found.trials(), packets(place / "out" / "film.mkv")


def assert_as_undisturbed(hands: Crew, undisturbed: tuple[dict[str, str], str]) -> None:
    trials, output = undisturbed
    assert hands.trials() == trials
    assert packets(hands.out / "film.mkv") == output
    assert hands.left() == []
    assert hands.ask(f"SELECT count(*) FROM store_workitem WHERE {TRIAL} AND state NOT IN ('done', 'cancelled')") == [(0,)]


def test_two_workers_make_what_one_machine_makes_and_killed_ones_cost_only_what_was_in_flight(
    hands: Crew, undisturbed: tuple[dict[str, str], str]
) -> None:
    leader, encoder = hands.worker("files"), hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 3)
    encoder.kill()
    other = hands.worker("encode")
    hands.until(DONE_TRIALS, lambda n: n >= 6)
    leader.kill()
    hands.worker("files")
    hands.until_done()
    assert_as_undisturbed(hands, undisturbed)
    (attempts,) = hands.ask(f"SELECT sum(attempts) FROM store_workitem WHERE {TRIAL}")[0]
    assert int(str(attempts)) <= len(undisturbed[0]) + 2
    workers = hands.ask(f"SELECT DISTINCT worker FROM store_workitem WHERE {TRIAL}")
    assert len(workers) == 2
    assert other.poll() is None
    hands.end()
    assert_soon_gone(hands.keeper.state)
