"""What compose.yaml starts, started the same way: its commands, its environment, its secrets, its order; on loopback.

Nothing here knows a service's words: they are read from the file. Only what containers give is put in its place: names
of hosts, mounts, ports.
"""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import AS_THEY_ARE, Command
from crew import DONE_TRIALS, ENDED_FILMS, QUICK, SEARCHES, STANDS, Undisturbed, packets
from keeping import ALL, settle
from test_resume import assert_soon_gone

from brokers import free_port, redis
from postgres import the_server
from warm import PROGRAM

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0


@dataclass
class Stack:
    """The file's services, and the places of this machine that stand for what containers are given."""

    place: Path
    services: Mapping[str, Any]
    #: What containers see, and what stands for it here.
    instead: Mapping[str, str]
    #: Over what the file says: ports that are free, and heartbeats that are quick.
    more: Mapping[str, str]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def here(self, word: str) -> str:
        """A word of the file as it is meant here."""
        for there, here in self.instead.items():
            word = word.replace(there, here)
        return word

    def environment(self, name: str) -> dict[str, str]:
        """What a service's process has."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
        home = self.place / "homes" / name
        home.mkdir(parents=True, exist_ok=True)
        own = {"HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(self.place / "config")}
        given = {key: self.here(value) for key, value in self.services[name]["environment"].items()}
        return {**kept, **own, **self.more, **given}

    def argv(self, words: list[str]) -> list[str]:
        """A command of the image."""
        return [*PROGRAM, *map(self.here, words)]

    def up(self) -> None:
        """Start everything that is ours, each after what it depends on, which the file says in that order."""
        for name, service in self.services.items():
            if not service["image"].startswith("reelwright"):
                continue
            assert set(service["depends_on"]) <= {"database", "broker", *self.running}, name
            with (self.place / f"{name}.log").open("wb") as log:
                self.running[name] = subprocess.Popen(
                    self.argv(service["command"]), env=self.environment(name), cwd=self.place, stdout=log, stderr=log,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            if service["restart"] == "on-failure":
                assert self.running[name].wait(PATIENCE) == 0, self.log(name)

    def exec(self, name: str, *words: str) -> None:
        """Run another command in a service's container."""
        done = subprocess.run(
            self.argv(list(words)), env=self.environment(name), cwd=self.place, capture_output=True, check=False
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)

    def health(self, name: str) -> "subprocess.CompletedProcess[bytes]":
        """Ask as a container's engine does."""
        kind, program, *words = self.services[name]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "reelwright")
        return subprocess.run(
            self.argv(words), env=self.environment(name), cwd=self.place, capture_output=True, check=False
        )

    def log(self, name: str) -> str:
        """What a service said."""
        return (self.place / f"{name}.log").read_text(errors="replace")[-3000:]

    def down(self) -> dict[str, int]:
        """End all that run as `docker compose down` does; their exit codes."""
        for one in self.running.values():
            if one.poll() is None:
                one.terminate()
        seconds = {name: float(self.services[name]["stop_grace_period"].removesuffix("s")) for name in self.running}
        return {name: one.wait(4 * seconds[name]) for name, one in self.running.items()}

    def count(self, question: str) -> int:
        """Of the ledger."""
        ((found,),) = the_server().ask(question, "reelwright")
        return int(str(found))

    def until(self, question: str, least: int = 1) -> None:
        """Wait until there are so many."""
        deadline = time.monotonic() + PATIENCE
        while self.count(question) < least:
            logs = "\n".join(map(self.log, self.running))
            assert time.monotonic() < deadline, (the_server().ask(STANDS, "reelwright"), logs)
            time.sleep(0.2)


@contextmanager
def secrets_of(place: Path, broker: int) -> Iterator[Path]:
    """What deploy/secrets.sh makes, with hosts that are here."""
    (place / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "secrets.sh", place / "deploy")
    subprocess.run([place / "deploy" / "secrets.sh"], check=True, capture_output=True)
    made = place / "deploy" / "secrets"
    for name in ("owner_url", "encoder_url"):
        there = made / name
        there.write_text(there.read_text().replace("@database:5432", f"@127.0.0.1:{the_server().port}"))
    there = made / "broker_url"
    there.write_text(there.read_text().replace("@broker:6379", f"@127.0.0.1:{broker}"))
    # As POSTGRES_USER and POSTGRES_DB make them; the image's is even a superuser.
    word = (made / "owner_password").read_text()
    the_server().ask(f"CREATE ROLE reelwright LOGIN CREATEROLE PASSWORD '{word}'")
    the_server().ask("CREATE DATABASE reelwright OWNER reelwright")
    yield made


@pytest.fixture
def stack(tmp_path: Path, cluster_film: Path, encode: Command) -> Iterator[Stack]:
    del encode  # its folders: the film has the same path as the undisturbed one's, below them
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name in ("media", "work", "config/reelwright"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "media" / "film.mkv").write_bytes(cluster_film.read_bytes())
    settle(tmp_path / "media")
    (tmp_path / "rules.toml").write_text(ALL)
    library = {"root": "media", "output_dir": "out", "rules": "rules.toml"}
    lines = ["[libraries.films]", *(f'{name} = "{tmp_path / value}"' for name, value in library.items()), ""]
    (tmp_path / "config/reelwright/reelwright.toml").write_text("\n".join(lines))
    ports = {"REELWRIGHT_WEB__PORT": str(free_port()), "REELWRIGHT_CLUSTER__FLOWER_PORT": str(free_port())}
    quick = {name: value for name, value in QUICK.items() if name != "REELWRIGHT_QUEUE__GRACE"}
    with ExitStack() as ends:
        port = free_port()
        made = ends.enter_context(secrets_of(tmp_path, port))
        ends.enter_context(redis(made / "broker_conf", port))
        found = Stack(
            place=tmp_path, services=services,
            instead={"/run/secrets": str(made), "/work": str(tmp_path / "work"), "0.0.0.0": "127.0.0.1"},  # noqa: S104
            more={**AS_THEY_ARE, **SEARCHES, **quick, **ports},
        )  # fmt: skip
        try:
            yield found
        finally:
            found.down()


def answer(port: str, path: str, user: str = "") -> int:
    """The status of a page; 0 where nobody listens."""
    there = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    try:
        there.request("GET", path, headers={"Authorization": user} if user else {})
        return there.getresponse().status
    except OSError:
        return 0
    finally:
        there.close()


@pytest.mark.prove
def test_what_compose_starts_encodes_a_film_and_ends_in_good_order(stack: Stack, undisturbed: Undisturbed) -> None:
    stack.up()
    # As docs/cluster.md says: the pages' service scans by itself, and a library asks before it begins.
    deadline = time.monotonic() + PATIENCE
    while '"library_scanned"' not in stack.log("web"):
        assert time.monotonic() < deadline, stack.log("web")
        time.sleep(0.2)
    stack.exec("web", "library", "plan", "films", "-o", f"{stack.place}/plan.json", "--no-samples")
    stack.exec("web", "library", "apply", f"{stack.place}/plan.json")
    stack.until(DONE_TRIALS, 2)
    for name in ("web", "leader", "encoder"):
        asked = stack.health(name)
        assert asked.returncode == 0, (asked.stdout, asked.stderr)
    assert answer(stack.more["REELWRIGHT_WEB__PORT"], "/alive") == 200
    assert answer(stack.more["REELWRIGHT_CLUSTER__FLOWER_PORT"], "/tasks") == 401
    stack.until(ENDED_FILMS)
    trials, output = undisturbed
    assert packets(stack.place / "out" / "film.mkv") == output
    assert stack.count("SELECT count(*) FROM store_trial") == len(trials)
    workers = the_server().ask("SELECT worker FROM store_workitem WHERE work LIKE '%/%'", "reelwright")
    encoder = f"{socket.gethostname()}-{stack.running['encoder'].pid}-"
    assert len(workers) == len(trials)
    assert all(str(worker).startswith(encoder) for (worker,) in workers)
    # The role that encodes: every trial was made with it, and it reads no outcome.
    (role,) = the_server().ask("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'encoder'")
    assert role == (False, False, False)
    assert stack.count("SELECT count(*) FROM store_outcome") == 1
    assert set(stack.down().values()) == {0}
    asked = stack.health("encoder")
    assert asked.returncode == 7
    assert b"No worker of the queue encode was heard of on this machine" in asked.stderr
    assert_soon_gone(stack.place / "work")
