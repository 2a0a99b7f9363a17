"""A ledger with everything pages show, by names, tags and reasons that would do harm in a page that believed them."""

import datetime as dt
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from reelwright.app.deeds import PageDeeds
from reelwright.app.inquiries import Asked
from reelwright.config import Settings, settings_from
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, SourceStamp
from reelwright.engine.leases import Work, Worker
from reelwright.engine.replacing import Entry, Order, Stage
from reelwright.events import Event, EventName, Tee
from reelwright.library.catalog import Probed
from reelwright.library.comparison import Changes, Seen
from reelwright.library.rules import Action, Choice
from reelwright.store.database import make_tables, open_ledger
from reelwright.web.asking import Checkup, Health, set_inquiries
from reelwright.web.desk import Desk, set_desk

#: What must never stand in a page as it is.
SCRIPT = "<script>alert('owned')</script>"
#: The same where quotes end an attribute, and where a template or a formatter would look.
EVIL = f"{SCRIPT}\"'><img src=x onerror=alert(1)>{{{{ 7|add:7 }}}}{{% now %}}"
NAME = EVIL.replace("/", "\u2215")
JOB, DONE = "ab" * 32, "cd" * 32
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@cache
def with_tables() -> bytes:
    """The file of a ledger with the pages' tables."""
    folder = Path(mkdtemp(prefix="reelwright-pages-"))
    store = open_ledger(folder / "ledger.sqlite3")
    make_tables(store.place)
    store.close()
    made = (folder / "ledger.sqlite3").read_bytes()
    shutil.rmtree(folder)
    return made


class World:
    """A desk with real stores, real deeds and a ledger of its own."""

    def __init__(self, folder: Path, **web: object) -> None:
        self.folder = folder
        (folder / "ledger.sqlite3").write_bytes(with_tables())
        self.settings: Settings = settings_from(
            None,
            {
                "database": {"path": str(folder / "ledger.sqlite3")}, "processing": {"temp_dir": str(folder / "work")},
                "web": web,
            },
        )  # fmt: skip
        self.store = open_ledger(self.settings.ledger)
        from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- needs Django, set up by now
        from reelwright.store.libraries import DjangoCatalog  # noqa: PLC0415
        from reelwright.store.placements import DjangoPlacementJournal  # noqa: PLC0415

        place = self.store.place
        self.catalog, self.leases = DjangoCatalog(place), DjangoLeaseStore(place)
        self.journal = DjangoPlacementJournal(place)
        sink = Tee([])
        self.asked = Asked(self.settings, sink)
        # Doctor takes seconds, in the background; what it says is hostile as well.
        self.asked._checkup = Checkup(at=NOW, rows=(Health(name=EVIL, works=False, found=EVIL, advice=EVIL),))
        set_inquiries(self.asked)
        set_desk(
            Desk(
                jobs=self.store, work=self.leases, libraries=self.catalog, placements=self.journal,
                work_dir=self.settings.work_dir, deeds=PageDeeds(self.settings, sink),
            )
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the ledger."""
        self.store.close()

    def fill(self) -> None:
        """Rows of every kind, all of them hostile."""
        self.add_jobs()
        self.add_library()
        self.add_work()
        self.journal.write(kept(self.folder))

    def add_jobs(self) -> None:
        """A job that failed, and one that is done."""
        for key, status in ((JOB, JobStatus.FAILED), (DONE, JobStatus.DONE)):
            path = f"{self.folder}/{NAME}.mkv"
            plan = {
                "strategy": EVIL,
                "request": {"target_vmaf": 93.0, "band_low": 92.0, "band_high": 94.0, "note": EVIL},
                "title": EVIL,
            }
            job = Job(id=key, source_id=EVIL[:32], source_path=path, output_path=f"{path}.av1.mkv", plan=plan)
            self.store.open_job(job)
            done = status is JobStatus.DONE
            outcome = OutcomeRecord(
                source_path=path, output_path=job.output_path, job_id=key, decision="encode",
                outcome="encoded" if done else "failed", exit_code=0 if done else 5, reasons=(EVIL,),
                bytes_before=2_000_000, bytes_after=500_000, finished=NOW,
                checks=({"name": EVIL, "passed": False, "detail": EVIL},),
                vmaf={"mean": 93.1, "harmonic_mean": 93.0, "p5": 91.0, "p1": 90.0, "min": 80.0, "model": EVIL},
            )  # fmt: skip
            self.store.record_outcome(outcome)
            for name in (EventName.FILE_DISCOVERED, EventName.ERROR_OCCURRED):
                self.store.add_event(
                    Event(event=name, timestamp=NOW, file=path, job=key, status=EVIL[:20], data={"message": EVIL})
                )
            self.store.finish_job(key, status)

    def add_library(self) -> None:
        """A library of three files, each decided."""
        root = self.folder / "films"
        root.mkdir(exist_ok=True)
        found = self.catalog.add_library("films", os.fspath(root), "marker", {"policy": "beside"})
        paths = [f"{NAME}.mkv", f"Season 1/{NAME} two.mkv", "plain \udcff.mkv"]
        new = tuple(Seen(path=path, size=1_000_000 + k, mtime_ns=k, inode=k) for k, path in enumerate(paths))
        nothing = Changes(same=(), changed=(), new=new, gone=(), unchanged=0)
        self.catalog.write_scan(found.id, nothing, since=self.catalog.scanned(found.id))
        files = self.catalog.files(found.id)
        facts = {"codec": EVIL, "container": EVIL, "audio_languages": (EVIL,), "duration": 60.0, "path": EVIL}
        self.catalog.write_probes([Probed(id=f.id, fingerprint="f" * 32, facts=facts, refusal=(EVIL,)) for f in files])
        actions = (Action.ENCODE, Action.ASK, Action.SKIP)
        self.catalog.write_choices(
            {
                file.id: Choice(action=action, rule=EVIL[:100], reasons=(EVIL,))
                for file, action in zip(files, actions, strict=True)
            }
        )

    def add_work(self) -> None:
        """A worker that holds a piece of work."""
        me = Worker(
            id="w1", host=EVIL[:200], pid=7, labels=frozenset({EVIL}), slots=3,
            about={"version": EVIL, "warnings": [EVIL], EVIL: EVIL},
        )  # fmt: skip
        self.leases.add_work([Work(id="fe" * 16, kind="film", owner="films", payload={"path": NAME})])
        now = dt.datetime.now(dt.UTC)
        self.leases.beat(me, [], now, lasts=dt.timedelta(hours=1))
        self.leases.claim(me, ["film"], now)

    def add_frames(self, name: str = "shots") -> Path:
        """A folder of frames with holes, a near miss and hostile names."""
        folder = self.folder / name
        folder.mkdir()
        for frame in (*range(1001, 1011), *range(1014, 1020), 1030):
            (folder / f"shot.{frame}.exr").write_bytes(b"no picture")
        (folder / f"{NAME}.1001.exr").write_bytes(b"")
        return folder


def kept(folder: Path) -> Entry:
    """A film in quarantine."""
    path = f"{folder}/films/{NAME}.mkv"
    stamp = SourceStamp(path=path, device=1, inode=1, size_bytes=2_000_000, mtime_ns=1)
    order = Order(
        id="order-1", job_id=DONE, source=stamp, staged=f"{folder}/staged.mkv", content="c" * 64, final=path,
        quarantine=f"{folder}/q", keep_days=30.0,
    )  # fmt: skip
    return Entry(
        order=order, stage=Stage.DONE, draft=f"{folder}/d", kept=f"{folder}/q/{NAME}", bytes_before=2_000_000,
        bytes_after=500_000, why=EVIL, until=dt.datetime.now(dt.UTC) + dt.timedelta(days=30), changed=NOW,
    )  # fmt: skip
