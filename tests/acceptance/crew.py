"""Workers of a cluster, as real processes, and what may be asked of what they did."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
from clips import X264, Clips
from command import AS_THEY_ARE, Command
from keeping import Keeper, keeper

from postgres import the_server
from warm import PROGRAM

PATIENCE = 240.0
#: Trials' hashes of packets by key, and the output's.
Undisturbed = tuple[dict[str, str], str]
#: Six seconds of six frames, each second of another look: six chunks whose searches differ.
SIX_CHUNKS = (
    *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6,noise=alls=12:allf=t,hue=h=t*25"),
    *("-frames:v", "36", *X264),
)
#: A search, cheap ones, of the same trials whoever makes them in whatever order.
SEARCHES = {
    "REELWRIGHT_PROCESSING__DETERMINISTIC": "true", "REELWRIGHT_PROCESSING__CHUNK_SIZE": "1",
    "REELWRIGHT_ENCODING__PRESET": "13", "REELWRIGHT_ENCODING__TARGET_VMAF": "80", "REELWRIGHT_ENCODING__BAND": "2",
    "REELWRIGHT_ENCODING__MIN_CRF": "12", "REELWRIGHT_ENCODING__MAX_CRF": "60", "REELWRIGHT_QUEUE__RETRY_DELAY": "0",
    "REELWRIGHT_ENCODING__LEARN": "false", "REELWRIGHT_PLACEMENT__MAX_ENCODED_PERCENT": "1000",
}  # fmt: skip
#: Everything is noticed within seconds.
QUICK = {
    "REELWRIGHT_CLUSTER__BEAT": "0.3", "REELWRIGHT_CLUSTER__LEASE": "3", "REELWRIGHT_CLUSTER__POLL": "0.5",
    "REELWRIGHT_CLUSTER__RESEND": "1", "REELWRIGHT_CLUSTER__SLOTS": "1", "REELWRIGHT_CLUSTER__THREADS": "1",
    "REELWRIGHT_QUEUE__GRACE": "0", "OMP_NUM_THREADS": "1",
}  # fmt: skip


@dataclass
class Crew:
    """A library with one queued film, and workers beside it."""

    keeper: Keeper
    out: Path
    #: More settings, such as the broker's.
    env: dict[str, str] = field(default_factory=dict)
    #: On the tests' server; None: the ledger is a file.
    database: str | None = None
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def worker(self, queues: str, before: Sequence[str] = (), **more: str) -> "subprocess.Popen[bytes]":
        """Start one, by the words `before` its command if there are any; its log is in the state folder."""
        log = (self.keeper.state / f"worker-{len(self.running)}.log").open("wb")
        with log:
            started = subprocess.Popen(
                [*before, *PROGRAM, "worker", "--queues", queues], cwd=self.keeper.folder,
                env=self.keeper.variables({**QUICK, **self.env, **more}), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        self.running.append(started)
        return started

    def end(self) -> None:
        """End all that run, as an operator would, and make sure that they do."""
        for one in self.running:
            if one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.terminate()
        for one in self.running:
            try:
                one.wait(60)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
                raise

    @property
    def logs(self) -> str:
        """What workers said."""
        return "\n".join(p.read_text(errors="replace")[-3000:] for p in sorted(self.keeper.state.glob("worker-*.log")))

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """The ledger's answer."""
        if self.database is not None:
            return the_server().ask(question, self.database)
        with closing(sqlite3.connect(self.keeper.state / "ledger.sqlite3", timeout=30)) as ledger:
            return ledger.execute(question).fetchall()

    def until(self, question: str, enough: Callable[[int], bool] = bool) -> None:
        """Wait until a count is enough."""
        deadline = time.monotonic() + PATIENCE
        while not enough(self.number(question)):
            assert time.monotonic() < deadline, (question, self.ask(STANDS), self.logs)
            time.sleep(0.1)

    def until_more(self, trials: int) -> None:
        """Wait until so many more trials are done, or the film is through."""
        seen = self.number(DONE_TRIALS) + trials
        self.until(DONE_TRIALS, lambda n: n >= seen or self.number(ENDED_FILMS) > 0)

    def until_done(self) -> None:
        """Wait until the film is through."""
        self.until(ENDED_FILMS)
        assert self.ask(FILM_STATES) == [("done",)], (self.ask(STANDS), self.logs)

    def trials(self) -> dict[str, str]:
        """The hash of the packets of each trial, by its key."""
        return {str(key): str(digest) for key, digest in self.ask("SELECT trial_key, packets_digest FROM store_trial")}

    def number(self, question: str) -> int:
        """A count."""
        return int(str(self.ask(question)[0][0] or 0))

    def left(self) -> list[str]:
        """Half-written trials in the work folder."""
        return [path.name for path in (self.keeper.state / "work").rglob("*.leased")]


#: Trials' ids have a slash.
STANDS = "SELECT state, attempts, worker, substr(work, 34, 8), substr(result, 1, 200) FROM store_workitem"
FILM_STATES = "SELECT state FROM store_workitem WHERE work NOT LIKE '%/%'"
ENDED_FILMS = "SELECT count(*) FROM store_workitem WHERE work NOT LIKE '%/%' AND state IN ('done', 'failed')"
DONE_TRIALS = "SELECT count(*) FROM store_workitem WHERE work LIKE '%/%' AND state = 'done'"
OPEN_TRIALS = "SELECT count(*) FROM store_workitem WHERE work LIKE '%/%' AND state IN ('ready', 'leased')"
LEASED_TRIALS = "SELECT count(*) FROM store_workitem WHERE work LIKE '%/%' AND state = 'leased'"
ATTEMPTS = "SELECT sum(attempts) FROM store_workitem WHERE work LIKE '%/%'"
TRIAL_WORKERS = "SELECT count(DISTINCT worker) FROM store_workitem WHERE work LIKE '%/%'"


@contextmanager
def crew(keeper: Keeper, film: Path, films: Path, out: Path, database: str | None = None, **env: str) -> Iterator[Crew]:
    """A crew with a film that waits."""
    place = films / "film.mkv"
    place.write_bytes(film.read_bytes())
    keeper.environment.update(SEARCHES)
    # The work folder of processes of these tests is beside the ledger.
    keeper.environment["REELWRIGHT_PROCESSING__TEMP_DIR"] = str(keeper.state / "work")
    keeper.approved(films, "--output-dir", out)
    found = Crew(keeper=keeper, out=out, env=env, database=database)
    try:
        yield found
    finally:
        found.end()


def six_chunks(clips: Clips) -> Path:
    """The film."""
    return clips("cluster.mkv", *SIX_CHUNKS)


def packets(path: Path) -> str:
    """The hash of a file's packets."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", os.fspath(path), "-map", "0", "-c", "copy"]
    done = subprocess.run([*argv, "-f", "streamhash", "-"], check=True, capture_output=True)
    return re.sub(r"\s+", " ", done.stdout.decode())


def made_by_one_machine(film: Path, place: Path) -> Undisturbed:
    """What one machine makes of a film without a cluster: its trials, and its output's packets."""
    (place / "films").mkdir()
    (place / "state").mkdir()
    alone = keeper(Command(folder=place / "films", state=place / "state", environment=dict(AS_THEY_ARE)))
    with crew(alone, film, place / "films", place / "out") as found:
        done = alone("library", "run")
        assert done.code == 0, (done.out, done.err)
        return found.trials(), packets(place / "out" / "film.mkv")
