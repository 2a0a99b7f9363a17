"""A film on a modelled disk that is to be replaced, and what must be true of it whatever happens."""

import datetime as dt
import errno
import hashlib
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from disk_faults import Points, PowerFailure, Strike, WatchedDisk, WatchedJournal
from disk_model import Abilities, Facts, ModelDisk
from reelwright.engine.jobs import SourceStamp
from reelwright.engine.memory_placements import MemoryPlacementJournal
from reelwright.engine.quarantine import expire, restore
from reelwright.engine.replace_recovery import recover
from reelwright.engine.replace_steps import replace as replace_film
from reelwright.engine.replacing import QUARANTINE, UNFINISHED, Entry, Order, Stage
from reelwright.errors import ReelwrightError
from reelwright.planning.identity import source_id

ORIGINAL, OUTPUT, OTHER = b"the original, every frame of it", b"the output", b"what somebody else put there"
ROOT, FOLDER, WORK = "/films", "/films/heat", "/job"
SOURCE = f"{FOLDER}/heat.mkv"
FACTS = Facts(owner=(7, 8), mode=0o640, attributes=(("user.tag", b"seen"),), mtime_ns=500)
SIDECARS = ("heat.srt", "heat.mkv.nfo", "heat-poster.jpg")
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def content(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


@dataclass(kw_only=True)
class Scene:
    """A film, its output, and the disk they are on."""

    disk: ModelDisk
    sidecars: Sequence[str] = SIDECARS
    final: str = SOURCE
    quarantine: str = f"{ROOT}/{QUARANTINE}"
    journal: MemoryPlacementJournal = field(default_factory=MemoryPlacementJournal)
    time: dt.datetime = NOON
    #: What the original is, as far as its owner is concerned.
    original: bytes = ORIGINAL
    order: Order = field(init=False)
    #: What somebody else does while the copy is checked.
    meanwhile: Callable[[], None] = lambda: None
    deaf: Callable[[int, str], bool] = lambda *_: False

    def __post_init__(self) -> None:
        found = self.disk.look(SOURCE)
        assert found is not None
        self.order = Order(
            id="an order", job_id="job", source=SourceStamp(
                path=SOURCE, device=found.device, inode=found.inode, size_bytes=found.size, mtime_ns=found.mtime_ns
            ),
            staged=f"{WORK}/out.mkv", content=content(OUTPUT), final=self.final, quarantine=self.quarantine,
            keep_days=30, ctime_ns=found.ctime_ns, source_id=source_id(len(ORIGINAL), content(ORIGINAL)),
        )  # fmt: skip

    def now(self) -> dt.datetime:
        return self.time

    def run(self, what: Callable[..., Any], points: Points | None = None) -> Any:
        """Carry one of the calls out, at these points."""
        points = points or Points()
        disk, journal = WatchedDisk(self.disk, points, self.deaf), WatchedJournal(self.journal, points)
        return what(journal, disk)

    def replace(self, points: Points | None = None) -> Entry:
        def call(journal: Any, disk: Any) -> Entry:
            return replace_film(self.order, journal, disk, validate=lambda _: self.meanwhile(), now=self.now)

        entry: Entry = self.run(call, points)
        return entry

    def recover(self, points: Points | None = None) -> None:
        self.run(lambda journal, disk: recover(journal, disk, now=self.now), points)

    def restore(self, points: Points | None = None) -> None:
        self.run(lambda journal, disk: restore(self.order.id, journal, disk, now=self.now), points)

    def expire(self, points: Points | None = None) -> None:
        self.run(lambda journal, disk: expire(journal, disk, now=self.now), points)

    def strike(self) -> None:
        """Somebody writes into the original."""
        self.disk.overwrite(SOURCE, OTHER)
        self.original = OTHER

    def expire_at_last(self, points: Points | None = None) -> None:
        """As the next start of the program would: what was left first, then what is over."""
        self.recover(points)
        self.expire(points)

    @property
    def entry(self) -> Entry:
        entry = self.journal.entry(self.order.id)
        assert entry is not None
        return entry

    def films(self) -> set[bytes]:
        """What there is of the film anywhere but in the work folder."""
        kept = {data for path, data in self.disk.files().items() if not path.startswith(WORK)}
        return kept & {self.original, *([OUTPUT] if self.original == ORIGINAL else [])}


def scene(abilities: Abilities, kind: str, sidecars: Sequence[str] = SIDECARS) -> Scene:
    """A scene of one of KINDS."""
    disk = ModelDisk(abilities)
    disk.put(SOURCE, ORIGINAL, FACTS)
    for name in sidecars:
        disk.put(f"{FOLDER}/{name}", name.encode())
    disk.mount(WORK, 2)
    disk.put(f"{WORK}/out.mkv", OUTPUT)
    if kind == "cross-device":
        disk.mount("/elsewhere", 3)
    made = Scene(
        disk=disk,
        sidecars=sidecars,
        final=f"{FOLDER}/heat.mp4" if kind == "new extension" else SOURCE,
        quarantine=f"/elsewhere/{QUARANTINE}" if kind == "cross-device" else f"{ROOT}/{QUARANTINE}",
    )
    if kind == "conflict":
        made.meanwhile = made.strike
    return made


KINDS = ("same name", "new extension", "cross-device", "conflict")


def check_present(made: Scene) -> None:
    """Whatever has happened: the original, or the whole output, is there."""
    assert made.films(), "the film is lost"


def check_settled(made: Scene) -> None:
    """After recovery: what the journal says is so."""
    # A disk of this kind may lose what is moved from folder to folder; but not before the other film is safe.
    loses = made.disk.can.torn and not made.disk.can.links
    entry, read = made.journal.entry(made.order.id), made.disk.read
    if entry is None:
        assert read(SOURCE) == made.original, "nothing began, and something changed"
        return
    assert entry.stage not in UNFINISHED, f"it is {entry.stage}"
    ours = [path for path in made.disk.files() if "/.reelwright-" in path]
    follows = entry.stage in {Stage.DONE, Stage.EXPIRED} and made.final != SOURCE
    if entry.stage in {Stage.DONE, Stage.EXPIRED}:
        assert made.original == ORIGINAL, "what somebody changed was replaced"
        assert read(made.final) == OUTPUT, "the output is not in its place"
        kept = ORIGINAL if entry.stage is Stage.DONE else None
        if loses and entry.why:
            kept = None
        assert read(entry.kept) == kept, "the quarantine is wrong"
        assert ours == ([entry.kept] if kept else []), ours
        assert made.final == SOURCE or read(SOURCE) is None, "the original has two names"
        assert made.disk.facts(made.final) == FACTS, "owner, mode, times or attributes are not the original's"
    else:
        assert entry.stage in {Stage.ROLLED_BACK, Stage.RESTORED}
        assert read(SOURCE) == made.original, "the original is not in its place"
        assert not ours, ours
        assert made.final == SOURCE or read(made.final) is None, "the output is still there"
    for name in made.sidecars:
        new = name.replace("heat.mkv", "heat.mp4") if follows else name
        assert loses or read(f"{FOLDER}/{new}") == name.encode(), f"{name} is lost"


def random_abilities(rng: random.Random) -> Abilities:
    return Abilities(
        links=rng.random() < 0.75, exchange=rng.random() < 0.7, folds=rng.random() < 0.2, torn=rng.random() < 0.5
    )


def history(rng: random.Random, kind: str, abilities: Abilities, deaf: Callable[[int, str], bool] | None = None) -> int:
    """One history of a film: replaced, perhaps taken back or let go; calls fail and runs end anywhere.

    Returns:
        How many runs ended.

    Raises:
        AssertionError: the film is lost, or something is not as the journal says.
    """
    made = scene(abilities, kind, rng.sample(SIDECARS, rng.randrange(4)))
    made.deaf = deaf or made.deaf
    ended = _through(made, made.replace, rng)
    if _stage(made) is Stage.ROLLED_BACK:
        ended += _through(made, made.replace, rng)
    if _stage(made) is Stage.DONE:
        after = rng.choice(["rest", "restore", "expire"])
        if after == "restore":
            ended += _through(made, made.restore, rng)
        elif after == "expire":
            made.time += dt.timedelta(days=31)
            ended += _through(made, made.expire_at_last, rng)
            assert made.entry.stage is Stage.EXPIRED or made.entry.why
    return ended


def _through(made: Scene, call: Callable[[Points], Any], rng: random.Random) -> int:
    """Make a call whose run may end, then recover, where it may end again; at last the power fails once more."""
    ended, again = 0, call
    for calm in (False, False, False, True):
        try:
            again(Points(_trouble(rng, calm=calm)))
        except PowerFailure:
            ended += 1
        except ReelwrightError:
            pass
        if rng.random() < 0.6:
            made.disk.power_failure(rng)
        check_present(made)
        if call == made.expire_at_last:
            again = call
        elif not _unfinished(made):
            break
        else:
            again = made.recover
    made.disk.power_failure(rng)
    check_present(made)
    check_settled(made)
    return ended + 1


def _stage(made: Scene) -> Stage | None:
    entry = made.journal.entry(made.order.id)
    return None if entry is None else entry.stage


def _unfinished(made: Scene) -> bool:
    return _stage(made) in UNFINISHED


def _trouble(rng: random.Random, *, calm: bool) -> Strike:
    """What goes wrong in a run: it ends somewhere, and calls of the disk fail before or after they were made."""
    if calm:
        return lambda *_: None
    end, when = rng.randrange(-2, 40), rng.choice(["before", "after"])
    fails = rng.sample(range(40), rng.choice([0, 0, 1, 2]))

    def strike(at: int, name: str, now: str) -> None:
        if at == end and now == when:
            raise PowerFailure
        if at in fails and now == when and not name.startswith("journal"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)

    return strike
