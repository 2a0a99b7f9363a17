"""What every acceptance test has: tiny clips, and the command with a place of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from clips import Clips
from command import AS_THEY_ARE, Command
from crew import Undisturbed, made_by_one_machine, six_chunks

from brokers import Broker, redis


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def encode(tmp_path: Path, request: pytest.FixtureRequest) -> Command:
    """The command; `tmp_path/films` is where it runs, its ledger and work folder are elsewhere."""
    films, state = tmp_path / "films", tmp_path / "state"
    films.mkdir()
    state.mkdir()
    # Scored at their own small size: scaling up to 1080p takes most of the time. Tests of what it does, and those that
    # need a run to take a while, have SCORED_AS_USUAL.
    as_usual = getattr(request.module, "SCORED_AS_USUAL", False)
    return Command(folder=films, state=state, environment={} if as_usual else dict(AS_THEY_ARE))


@pytest.fixture
def films(encode: Command) -> Path:
    """The folder the command runs in."""
    return encode.folder


@pytest.fixture
def root_only() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system or drop single rights")


@pytest.fixture(scope="session")
def cluster_film(clips: Clips) -> Path:
    """What a cluster's workers share."""
    return six_chunks(clips)


@pytest.fixture(scope="session")
def undisturbed(cluster_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What one machine makes of it."""
    return made_by_one_machine(cluster_film, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with redis() as found:
        yield found
