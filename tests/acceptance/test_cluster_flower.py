"""Flower: what a task is called, who may look, and where it says what keeps a worker from work."""

import base64
import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command import Command
from crew import QUICK, Crew, crew
from keeping import Keeper, keeper

from brokers import Broker, free_port
from reelwright.cluster.flower import title_of
from warm import PROGRAM

LOGIN = "watcher:a-long-password"


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


@pytest.fixture
def hands(reelwright: Keeper, cluster_film: Path, films: Path, tmp_path: Path, broker: Broker) -> Iterator[Crew]:
    with crew(reelwright, cluster_film, films, tmp_path / "out", REELWRIGHT_CLUSTER__BROKER=broker.url) as found:
        yield found


class Page:
    """Flower's pages, as a browser with a password sees them."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, login: str = LOGIN, method: str = "GET") -> tuple[int, str]:
        """The status and what is answered; 0 where nobody listens yet."""
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
        try:
            there.request(method, path, headers=headers)
            answer = there.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            return 0, ""
        finally:
            there.close()

    def until(self, path: str, words: str) -> str:
        """Wait until an answer holds the words."""
        deadline = time.monotonic() + 120
        while words not in (found := self.ask(path)[1]):
            assert time.monotonic() < deadline, (path, words, found[-3000:])
            time.sleep(0.3)
        return found


@contextmanager
def flower(hands: Crew) -> Iterator[Page]:
    """The command, as a container runs it."""
    port = free_port()
    login = hands.keeper.state / "flower_login"
    login.write_text(LOGIN + "\n")
    more = {**QUICK, **hands.env, "REELWRIGHT_CLUSTER__FLOWER_LOGIN_FILE": str(login)}
    env = hands.keeper.variables(more)
    argv = [*PROGRAM, "flower", "--host", "127.0.0.1", "--port", str(port), "--json"]
    with subprocess.Popen(argv, env=env, cwd=hands.keeper.folder, stdout=subprocess.PIPE) as started:
        try:
            assert started.stdout is not None
            assert f"Flower is at http://127.0.0.1:{port}/" in json.loads(started.stdout.readline())["data"]["message"]
            yield Page(port)
        finally:
            started.terminate()
            assert started.wait(60) == 0


@pytest.mark.prove
def test_flower_tells_films_apart_and_says_what_keeps_a_worker_from_work(hands: Crew) -> None:
    with flower(hands) as page:
        assert page.ask("/tasks", login="")[0] == page.ask("/tasks", login="watcher:wrong")[0] == 401
        encoder = hands.worker("encode", REELWRIGHT_CLUSTER__SLOTS="2")
        hands.until("SELECT count(*) FROM store_workerbeat WHERE about LIKE '%no mark%'")
        (host,) = hands.ask("SELECT host FROM store_workerbeat")[0]
        name = f"/worker/encode@{host}-{encoder.pid}"
        page.until("/workers", f"encode@{host}-{encoder.pid}")
        page.until(f"{name}?refresh=1", "has no mark of a leader")
        hands.worker("files")
        query = "draw=1&start=0&length=20&search[value]=&order[0][column]=0&order[0][dir]=asc&columns[0][data]=name"
        page.until(f"/tasks/datatable?{query}", "film.mkv, chunk 0 at CRF")
        # Whoever looks changes nothing.
        status, _ = page.ask(f"/api/worker/shutdown/encode@{host}-{encoder.pid}", method="POST")
        assert status == 403
        assert encoder.poll() is None


def test_flower_is_not_offered_to_other_machines_without_a_password(reelwright: Keeper, broker: Broker) -> None:
    more = {"REELWRIGHT_CLUSTER__BROKER": broker.url}
    reelwright("flower", "--host", "0.0.0.0", env=more).assert_failed(2, "open to other machines")  # noqa: S104
    reelwright("flower").assert_failed(2, "no broker")


@pytest.mark.parametrize(
    ("name", "arguments", "title"),
    [
        ("reelwright.trial", "{'film': 'a/b', 'chunk': 3, 'crf': 30.5, 'x': 1}", "trial of b, chunk 3 at CRF 30.5"),
        ("reelwright.trial", "{'film': 'b', 'chunk': 3, 'crf': 30.0, 'sample': 1}", "sample of b, chunk 3 at CRF 30"),
        ("reelwright.film", "{'film': 'b.mkv', 'action': 'encode'}", "film of b.mkv"),
        ("reelwright.film", "{'film': 'b.m...", "reelwright.film"),
        ("celery.chord", "{}", "celery.chord"),
        ("celery.chord", "[1]", "celery.chord"),
    ],
)  # fmt: skip
def test_a_tasks_name_says_what_is_done_to_which_film(name: str, arguments: str, title: str) -> None:
    assert title_of(name, arguments) == title
