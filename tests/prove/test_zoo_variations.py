"""Every source of the zoo again: in many chunks, in every container, and with the run killed in the middle."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import reelwright
from reelwright.config import Settings
from reelwright.errors import RefusedError
from reelwright.media.model import StreamKind
from reelwright.planning.containers import Container, holdings
from zoo.animals import ENCODED, RARE
from zoo.builders import ZOO
from zoo.proof import agree, has_arrived, in_chunks, settings_in, usual
from zoo.reading import watch
from zoo.studio import Film, Studio

pytestmark = pytest.mark.prove
ALL = [*ENCODED, *RARE]
#: Frames at which chunks begin: each group of pictures entered at its key frame, before, behind and in its middle.
BOUNDS = {"one": (999,), "two": (13,), "seven": (1, 4, 7, 8, 9, 17), "single frames": tuple(range(1, 20))}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger and a work folder for all."""
    return settings_in(tmp_path_factory.mktemp("zoo"))


@pytest.mark.parametrize("name", ALL)
def test_every_frame_arrives_in_chunks_of_any_size(name: str, settings: Settings, tmp_path: Path) -> None:
    film = ZOO[name].build(Studio(tmp_path))
    agree(watch(film.path), film)
    for called, bounds in BOUNDS.items():
        out = tmp_path / f"{called}.mkv"
        reelwright.encode(film.path, out, settings=suited(settings, film), **in_chunks(film, *bounds))
        has_arrived(film, out)


@pytest.mark.parametrize("container", [c for c in Container if c is not Container.MATROSKA])
@pytest.mark.parametrize("name", ALL)
def test_every_frame_arrives_in_other_containers(
    name: str, container: Container, settings: Settings, tmp_path: Path
) -> None:
    film = ZOO[name].build(Studio(tmp_path))
    out = tmp_path / f"out.{container.value}"
    if holds_all(film.path, container):
        reelwright.encode(film.path, out, settings=suited(settings, film), **in_chunks(film))
        has_arrived(film, out)
    else:
        with pytest.raises(RefusedError, match="no place"):
            reelwright.encode(film.path, out, settings=suited(settings, film), **in_chunks(film))
        assert not out.exists()


@pytest.mark.parametrize("name", ALL)
def test_every_frame_arrives_after_a_kill(name: str, tmp_path: Path) -> None:
    film = ZOO[name].build(Studio(tmp_path))
    out = tmp_path / "out.mkv"
    argv = command(film, out, tmp_path)
    environment = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(tmp_path / "ledger.sqlite3")}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if '"trial_complete"' in line:
                run.send_signal(signal.SIGKILL)
                break
        run.communicate()
    assert not out.exists()
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"reused": true' in done.stdout
    has_arrived(film, out)


def holds_all(path: Path, container: Container) -> bool:
    """Whether a container has a place for a film's sound."""
    sounds = reelwright.probe(path).of_kind(StreamKind.AUDIO)
    return all(holdings(container).sound(sound.codec) for sound in sounds)


def suited(settings: Settings, film: Film) -> Settings:
    """The settings a film can be scored with."""
    return settings if film.scored_small else usual(settings)


def command(film: Film, out: Path, state: Path) -> list[str]:
    """The same encode as a command, one chunk at a time."""
    asked: dict[str, Any] = in_chunks(film, 5, 11)
    zones = [part for zone in asked["zones"] for part in ("--zone", zone)]
    start = [sys.executable, "-m", "reelwright", "encode", str(film.path), "-o", str(out), "--json", "--workers", "1"]
    return [*start, "--work-dir", str(state / "work"), "--preset", "13", "--crf", str(asked["crf"]), *zones]
