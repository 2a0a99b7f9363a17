"""What every acceptance test has: tiny clips, and the command with a place of its own."""

import os
from pathlib import Path

import pytest
from clips import Clips
from command import Command


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def encode(tmp_path: Path) -> Command:
    """The command; `tmp_path/films` is where it runs, its ledger and work folder are elsewhere."""
    films, state = tmp_path / "films", tmp_path / "state"
    films.mkdir()
    state.mkdir()
    return Command(folder=films, state=state)


@pytest.fixture
def films(encode: Command) -> Path:
    """The folder the command runs in."""
    return encode.folder


@pytest.fixture
def root_only() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system or drop single rights")
