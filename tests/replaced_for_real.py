"""Films replaced on the real file system, with the real ledger, by processes that are ended anywhere.

A program of its own: one process imports everything once and forks each run, so that hundreds of ends cost seconds. It
prints what it found as JSON: `points`, `kills NUMBER SEED`. For a single run to be traced: `make FOLDER KIND`, then
`once FOLDER KIND`.
"""

import datetime as dt
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from disk_faults import Points, WatchedDisk, WatchedJournal
from ledgers import empty_ledger
from reelwright.engine.jobs import SourceStamp
from reelwright.engine.real_disk import RealDisk
from reelwright.engine.replace_recovery import recover
from reelwright.engine.replace_steps import replace
from reelwright.engine.replacing import QUARANTINE, Order, PlacementJournal, Stage
from reelwright.errors import ReelwrightError
from reelwright.store.database import open_ledger
from reelwright.tools.hashing import content_hash

KINDS = ("same name", "new extension", "cross-device", "conflict")
ORIGINAL, OUTPUT, OTHER = b"original" * 40_000, b"output" * 30_000, b"other" * 40_000
#: In memory, where forcing to the disk costs nothing; another file system than the one of temporary files, mostly.
MEMORY = Path("/dev/shm")  # noqa: S108
HERE = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
ELSEWHERE = Path(tempfile.gettempdir())


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Film:
    """A film in a folder, and its output, on another file system where that is the kind."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.library = folder / "films"
        self.source = self.library / "heat.mkv"
        self.final = self.library / "heat.mp4" if kind == "new extension" else self.source
        away = ELSEWHERE / f"{folder.parent.name}-{folder.name}" if kind == "cross-device" else folder
        self.away = away
        self.staged, self.quarantine = away / "out.mkv", away / "kept" / QUARANTINE

    def make(self) -> "Film":
        self.library.mkdir(parents=True)
        (self.away / "kept").mkdir(parents=True)
        self.source.write_bytes(ORIGINAL)
        self.source.chmod(0o640)
        self.staged.write_bytes(OUTPUT)
        (self.library / "heat.mkv.nfo").write_bytes(b"nfo")
        (self.folder / "ledger.sqlite3").write_bytes(empty_ledger())
        found = self.source.stat()
        told = {
            "device": found.st_dev,
            "inode": found.st_ino,
            "size_bytes": found.st_size,
            "mtime_ns": found.st_mtime_ns,
        }
        (self.folder / "stamp.json").write_text(json.dumps({**told, "content": content_hash(self.staged)}))
        return self

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.away, ignore_errors=True)

    def order(self) -> Order:
        told = json.loads((self.folder / "stamp.json").read_text())
        content = told.pop("content")
        return Order(
            id=f"order of {self.folder.name}", job_id=None, source=SourceStamp(path=str(self.source), **told),
            staged=str(self.staged), content=content, final=str(self.final),
            quarantine=str(self.quarantine), keep_days=30,
        )  # fmt: skip

    def journal(self) -> PlacementJournal:
        store = open_ledger(self.folder / "ledger.sqlite3")
        from reelwright.store.placements import DjangoPlacementJournal  # noqa: PLC0415 -- needs Django, set up by now

        return DjangoPlacementJournal(store.place)

    def replace(self, points: Points | None = None) -> None:
        points = points or Points()
        journal = self.journal()
        try:
            disk: Any = WatchedDisk(RealDisk(), points)
            replace(self.order(), WatchedJournal(journal, points), disk, validate=self.meanwhile, now=now)  # type: ignore[arg-type]
        finally:
            journal.close()

    def meanwhile(self, draft: str) -> None:
        assert Path(draft).read_bytes() == OUTPUT
        if self.kind == "conflict":
            self.source.write_bytes(OTHER)

    def recover(self) -> None:
        journal = self.journal()
        stuck = [one.stuck for one in recover(journal, RealDisk(), now=now) if one.stuck]
        assert not stuck, stuck
        journal.close()

    def check_present(self) -> None:
        """The original, or the whole output, is there."""
        films = [path.read_bytes() for path in self.library.rglob("*") if path.is_file()]
        films += [path.read_bytes() for path in self.quarantine.rglob("*") if path.is_file()]
        wanted = {ORIGINAL, OUTPUT} if self.kind != "conflict" else {ORIGINAL, OTHER}
        assert wanted & set(films), "the film is lost"

    def check_settled(self) -> str:
        """What the journal says is so; the stage it says."""
        journal = self.journal()
        entry = journal.entry(self.order().id)
        journal.close()
        original = ORIGINAL if entry is None or (self.source.exists() and self.source.read_bytes() != OTHER) else OTHER
        if entry is not None and entry.stage is Stage.DONE:
            assert self.kind != "conflict"
            assert self.final.read_bytes() == OUTPUT
            assert self.final.stat().st_mode & 0o777 == 0o640
            assert Path(entry.kept).read_bytes() == ORIGINAL
            assert self.final == self.source or not self.source.exists()
            assert (self.library / f"{self.final.name}.nfo").read_bytes() == b"nfo"
        else:
            assert entry is None or entry.stage is Stage.ROLLED_BACK, entry
            assert self.source.read_bytes() in {original, OTHER if self.kind == "conflict" else ORIGINAL}
            assert (self.library / "heat.mkv.nfo").read_bytes() == b"nfo"
            assert not list(self.quarantine.rglob("heat*")), "something is left in quarantine"
        assert not list(self.library.glob(".reelwright-*.new")), "a copy is left behind"
        return "nothing" if entry is None else entry.stage.value


def forked(call: Callable[[], object]) -> int:
    """Start a call in a process of its own; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        call()
        code = 0
    except ReelwrightError as error:
        code = 40 + error.exit_code
    except BaseException:  # noqa: BLE001 -- a child says what went wrong, and ends here
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """How a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def settle(film: Film) -> str:
    """Look that the film is there, recover in another process, look that all is as the journal says."""
    film.check_present()
    code = ended(forked(film.recover))
    assert code == 0, code
    film.check_present()
    read, write = os.pipe()
    code = ended(forked(lambda: os.write(write, film.check_settled().encode())))
    os.close(write)
    told = os.read(read, 100).decode()
    os.close(read)
    assert code == 0, code
    return told


def points(folder: Path) -> dict[str, Any]:
    """End a run at each place there is, before and after it."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        if kind == "cross-device" and ELSEWHERE.stat().st_dev == folder.stat().st_dev:
            found[kind] = "skipped: there is no second file system here"
            continue
        stages, number, code = [], 0, 9
        while code == 9:
            for when in ("before", "after"):
                film = Film(folder / f"{kind.replace(' ', '-')}-{number}-{when}", kind).make()
                ending = Points(_exits(number, when))
                code = ended(forked(lambda film=film, ending=ending: film.replace(ending)))
                assert code in {9, 48 if kind == "conflict" else 0}, (kind, number, when, code)
                stages.append(settle(film))
                film.remove()
            number += 1
        found[kind] = {"ends": len(stages), "stages": {stage: stages.count(stage) for stage in sorted(set(stages))}}
    return found


def _exits(number: int, when: str) -> Callable[[int, str, str], None]:
    def strike(at: int, name: str, now: str) -> None:
        del name
        if at == number and now == when:
            os._exit(9)

    return strike


def kills(folder: Path, number: int, seed: int) -> dict[str, Any]:
    """SIGKILL runs at random times, seeded."""
    rng, stages, hit, longest = random.Random(seed), [], 0, 0.0
    calm = Film(folder / "calm", "new extension").make()
    began = time.perf_counter()
    assert ended(forked(calm.replace)) == 0
    longest = time.perf_counter() - began
    calm.remove()
    for attempt in range(number):
        film = Film(folder / f"kill-{attempt}", rng.choice(["same name", "new extension"])).make()
        pid = forked(film.replace)
        time.sleep(rng.uniform(0, longest * 1.1))
        os.kill(pid, signal.SIGKILL)
        hit += ended(pid) == -signal.SIGKILL
        stages.append(settle(film))
        assert ended(forked(film.replace)) == 0, "a retry succeeds"
        assert settle(film) == "done"
        film.remove()
    return {"kills": number, "hit": hit, "stages": {stage: stages.count(stage) for stage in sorted(set(stages))}}


def main(words: list[str]) -> int:
    if words[0] == "make":
        Film(Path(words[1]), words[2]).make()
        return 0
    if words[0] == "once":
        film = Film(Path(words[1]), words[2])
        try:
            film.replace()
        except ReelwrightError as error:
            print(error)
            return error.exit_code
        return 0
    with tempfile.TemporaryDirectory(prefix="reelwright-", dir=HERE) as folder:
        empty_ledger()  # made once, before any fork
        told = points(Path(folder)) if words[0] == "points" else kills(Path(folder), int(words[1]), int(words[2]))
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
