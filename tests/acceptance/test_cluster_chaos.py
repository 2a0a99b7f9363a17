"""Seeded chaos on a cluster: whatever is killed, stopped, restarted or said twice, the film comes out the same."""

import random
import signal
import subprocess  # noqa: TC003 -- what a worker is
import time
from collections.abc import Callable  # noqa: TC003 -- as above
from contextlib import ExitStack
from pathlib import Path

import pytest
from command import Command
from crew import ENDED_FILMS, FILM_STATES, OPEN_TRIALS, Crew, Undisturbed, crew, packets
from keeping import keeper
from test_resume import assert_soon_gone

from brokers import Broker
from networks import Island, island
from postgres import empty_ledger_there, the_server, url_of
from reelwright.cluster.celery_app import make_app

pytestmark = pytest.mark.prove
RUNS = 100
EVENTS = 3
#: Longer than a lease lasts here.
ASLEEP_SECONDS = 4.5


class Chaos:
    """What may happen, by a seed."""

    def __init__(
        self, hands: Crew, broker: Broker, rng: random.Random, away: Island | None, far: dict[str, str]
    ) -> None:
        self.hands, self.broker, self.rng, self.away, self.far = hands, broker, rng, away, far
        self.roles: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.events: list[Callable[[], None]] = [self.kill, self.sleep, self.drain, self.restart_broker, self.repeat]
        if hands.database is not None:
            self.events.append(self.restart_database)
        if away is not None:
            self.events.append(self.cut_network)

    def begin(self, role: str, *, far: bool = False) -> None:
        """One more worker, on the island or not."""
        if far and self.away is not None:
            self.roles.append((role, self.hands.worker(role, self.away.before, **self.far)))
        else:
            self.roles.append((role, self.hands.worker(role)))

    def one(self) -> tuple[str, "subprocess.Popen[bytes]"]:
        """Any that is alive."""
        return self.rng.choice([(role, worker) for role, worker in self.roles if worker.poll() is None])

    def kill(self) -> None:
        role, worker = self.one()
        worker.kill()
        worker.wait()
        self.begin(role)

    def drain(self) -> None:
        role, worker = self.one()
        worker.terminate()
        self.begin(role)

    def sleep(self) -> None:
        role, worker = self.one()
        worker.send_signal(signal.SIGSTOP)
        self.begin(role)
        time.sleep(ASLEEP_SECONDS)
        worker.send_signal(signal.SIGCONT)

    def restart_broker(self) -> None:
        self.broker.stop()
        time.sleep(self.rng.random())
        self.broker.start(60)

    def restart_database(self) -> None:
        the_server().stop()
        time.sleep(self.rng.random())
        the_server().start()

    def cut_network(self) -> None:
        """Who is on the island reaches neither database nor broker, for less than a lease or for longer."""
        assert self.away is not None
        self.away.cut()
        time.sleep(self.rng.choice([1.0, ASLEEP_SECONDS]))
        self.away.mend()

    def repeat(self) -> None:
        """Every message again, twice, in any order."""
        known = [str(name) for (name,) in self.hands.ask("SELECT work FROM store_workitem")] * 2
        self.rng.shuffle(known)
        with make_app(self.broker.url) as app:
            for name in known:
                trial = "/" in name
                app.send_task(
                    "reelwright.trial" if trial else "reelwright.film", kwargs={"work": name},
                    queue="encode" if trial else "files",
                )  # fmt: skip


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_film_comes_out_the_same(
    seed: int, cluster_film: Path, tmp_path: Path, encode: Command, *, broker: Broker, undisturbed: Undisturbed
) -> None:
    rng = random.Random(seed)
    reelwright = keeper(encode)
    more = {"REELWRIGHT_CLUSTER__BROKER": broker.url}
    place, away, far = None, None, {}
    with ExitStack() as stack:
        if seed % 2:
            ledger = empty_ledger_there()
            place = ledger.name
            reelwright.environment["REELWRIGHT_DATABASE__URL"] = url_of(ledger)
            away = stack.enter_context(island())
            far["REELWRIGHT_DATABASE__URL"] = away.reach(url_of(ledger))
            far["REELWRIGHT_CLUSTER__BROKER"] = away.reach(broker.url)
        hands = stack.enter_context(crew(reelwright, cluster_film, encode.folder, tmp_path / "out", place, **more))
        chaos = Chaos(hands, broker, rng, away, far)
        there = rng.randrange(3)
        for number, role in enumerate(("files", "encode", "encode")):
            chaos.begin(role, far=number == there)
        said = []
        for _ in range(EVENTS):
            hands.until_more(rng.randint(1, 4))
            if hands.number(ENDED_FILMS):
                break
            event = rng.choice(chaos.events)
            said.append(event.__name__)
            event()
        hands.until(ENDED_FILMS)
        print(f"seed {seed}: {', '.join(said)}")
        assert hands.ask(FILM_STATES) == [("done",)], (seed, said, hands.logs)
        trials, output = undisturbed
        assert hands.trials() == trials, (seed, said)
        assert packets(hands.out / "film.mkv") == output, (seed, said)
        assert hands.number(OPEN_TRIALS) == 0, (seed, said)
        hands.end()
    assert_soon_gone(reelwright.state)
