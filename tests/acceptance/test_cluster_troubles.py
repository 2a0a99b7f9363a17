"""Workers that cannot work, and work that no worker survives: each says so, and neither goes on for ever."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from command import Command, Run
from crew import ATTEMPTS, ENDED_FILMS, FILM_STATES, QUICK, Crew, crew
from keeping import Keeper, keeper

from reelwright.engine.work_mark import make_mark

#: A film is begun so often, and each time a chunk of it so often.
MOST_GOES, MOST_LOST = 3, 3


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


@pytest.fixture
def hands(reelwright: Keeper, cluster_film: Path, films: Path, tmp_path: Path) -> Iterator[Crew]:
    with crew(reelwright, cluster_film, films, tmp_path / "out", REELWRIGHT_CLUSTER__ENABLED="true") as found:
        yield found


def asked(hands: Crew, how: str, **more: str) -> Run:
    """What an orchestrator is told of the encoders here."""
    return hands.keeper("worker", how, "--queues", "encode", env={**QUICK, **hands.env, **more})


def assert_told(hands: Crew, words: str, **more: str) -> None:
    """In its row, which the page of workers shows; in doctor; and where a container asks. It has taken nothing."""
    hands.until(f"SELECT count(*) FROM store_workerbeat WHERE about LIKE '%{words}%'")  # noqa: S608 -- our own words
    assert words in hands.keeper("doctor", env={**hands.env, **more}).out
    assert words in asked(hands, "--ready", **more).assert_failed(7)
    alive = asked(hands, "--health", **more)
    assert (alive.code, words in alive.out) == (0, True)
    assert hands.number(ATTEMPTS) == 0


@pytest.mark.prove
def test_a_worker_whose_ffmpeg_is_broken_takes_nothing_and_says_why(hands: Crew) -> None:
    make_mark(hands.keeper.state / "work")
    hands.worker("encode", REELWRIGHT_TOOLS__FFMPEG="/bin/false")
    assert_told(hands, "No work at all: ")
    assert "/bin/false" in asked(hands, "--ready").err
    hands.end()
    gone = asked(hands, "--health")
    gone.assert_failed(7, "No worker of the queue encode was heard of on this machine")


@pytest.mark.prove
@pytest.mark.usefixtures("root_only")
def test_a_worker_whose_work_disk_is_full_takes_nothing_and_says_why(hands: Crew, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        make_mark(small)
        place = {"REELWRIGHT_PROCESSING__TEMP_DIR": str(small)}
        hands.worker("encode", **place)
        assert_told(hands, "is full", **place)
    finally:
        hands.end()
        subprocess.run(["umount", small], check=True)


@pytest.mark.prove
def test_a_chunk_that_ends_every_worker_ends_few_of_them_and_then_its_film(hands: Crew, tmp_path: Path) -> None:
    """As one that takes all memory there is: the encode of a trial kills the worker that began it."""
    victim = tmp_path / "victim"
    poison = tmp_path / "ffmpeg"
    kills = f'case "$*" in *.leased*) kill -9 $(cat {victim});; esac'
    poison.write_text(f'#!/bin/sh\n{kills}\nexec {imageio_ffmpeg.get_ffmpeg_exe()} "$@"\n')
    poison.chmod(0o755)
    leader = hands.worker("files")
    ended = 0
    while not hands.number(ENDED_FILMS):
        encoder = hands.worker("encode", REELWRIGHT_TOOLS__FFMPEG=os.fspath(poison))
        victim.write_text(str(encoder.pid))
        while encoder.poll() is None and not hands.number(ENDED_FILMS):
            time.sleep(0.2)
        ended += encoder.poll() is not None
        assert ended <= MOST_GOES * (MOST_LOST + 1), (hands.ask(FILM_STATES), hands.logs)
    assert hands.ask(FILM_STATES) == [("failed",)]
    assert ended >= MOST_LOST
    (said,) = hands.ask("SELECT result FROM store_workitem WHERE work NOT LIKE '%/%'")[0]
    assert "workers ended while they encoded chunk" in str(said)
    assert hands.number("SELECT max(attempts) FROM store_workitem WHERE work LIKE '%/%'") <= MOST_LOST
    # Nothing of it is ready any more, and who leads is there for other films.
    assert hands.number("SELECT count(*) FROM store_workitem WHERE state IN ('ready', 'leased')") == 0
    assert leader.poll() is None
