"""A ledger to look at: jobs in every state, a library, and originals in quarantine, filled in by values.

Run as a program, in a process of its own: `paged.py LEDGER ROOT [ROWS]`; the ledger is a file or a URL.
"""

import datetime as dt
import random
import sys
from dataclasses import replace
from pathlib import Path

from dossiers import ANALYSED, CHUNKS, EVENTS, JOB, OUTCOME, STEPS, TRIALS
from reelwright.databases import Place, parse_url
from reelwright.engine.jobs import Job, JobStatus, SourceStamp
from reelwright.engine.replacing import Entry, Order, Stage
from reelwright.library.marker import place_marker
from reelwright.planning.identity import digest
from reelwright.store.database import open_ledger
from reelwright.tools.fingerprint import fingerprint

NAMES = (
    "Die Brücke am Fluß (1959) – Langfassung mit einem Namen, der in keine Zeile passt und doch gelesen werden will",
    "Сталкер (1979)", "七人の侍 (1954)", "ریش سفید (۱۳۸۷)", "기생충 (2019)", "Θίασος (1975)", "पथेर पांचाली (1955)",
    'Evil <b>name</b> & "quotes" </script><script>window.broken=1</script>', "A Trip to the Moon (1902)",
)  # fmt: skip
CODECS = ("h264", "hevc", "mpeg2video", "vc1", "av1", "mpeg4")
RULES = (("large-h264", "encode", "planned"), ("old-codecs", "encode", "planned"), ("efficient", "skip", "skipped"),
         ("dolby-vision", "ask", "asked"), ("efficient", "skip", "skipped"))  # fmt: skip
STATES = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.SKIPPED, JobStatus.OPEN)
WHY = {
    JobStatus.FAILED: ("failed", "The disk of the work folder is full.", 7),
    JobStatus.CANCELLED: ("cancelled", "Cancelled from another terminal.", 130),
    JobStatus.SKIPPED: ("skipped", "The output would be 97 % of its source.", 0),
}
GB = 10**9


def fill(ledger: Place, root: Path, rows: int) -> None:
    """All of it."""
    store = open_ledger(ledger)
    film = replace(
        JOB,
        id=digest({"film": 1})[:64],
        source_path=f"/films/{NAMES[-1]}.mkv",
        output_path="/out/A Trip to the Moon (1902).mkv",
    )
    jobs(store, film)
    libraries(store, root, rows)
    quarantined(store, film.id)
    store.close()


def jobs(store: "object", film: Job) -> None:
    """One job with everything, and many with little."""
    from django.utils import timezone  # noqa: PLC0415 -- once Django is set up

    from reelwright.store import models  # noqa: PLC0415

    rng, now = random.Random(9), timezone.now()
    for k in range(140):
        status = STATES[0] if k % 7 else STATES[k // 7 % 5]
        name = f"{NAMES[k % len(NAMES)].replace('/', '-')} {k}"
        one = replace(film, id=digest({"job": k})[:64], source_path=f"/films/{name}.mkv", output_path=f"/out/{k}.mkv")
        store.open_job(one)  # type: ignore[attr-defined]
        before = rng.randint(GB // 2, 30 * GB)
        told, reason, code = WHY.get(status, ("encoded", "", 0))
        ended = status is not JobStatus.OPEN
        after = int(before * rng.uniform(0.25, 0.7)) if told == "encoded" else None
        if ended:
            store.finish_job(one.id, status)  # type: ignore[attr-defined]
            store.record_outcome(  # type: ignore[attr-defined]
                replace(OUTCOME, source_path=one.source_path, output_path=one.output_path, job_id=one.id, outcome=told,
                        exit_code=code, reasons=(reason,) if reason else (), bytes_before=before, bytes_after=after,
                        vmaf={"mean": rng.uniform(92.6, 93.4)}, cpu_seconds=5e3)
            )  # fmt: skip
        when = now - dt.timedelta(days=60 * (1 - k / 140) + rng.random())
        models.Outcome.objects.filter(job_id=one.id).update(created=when)
        models.Job.objects.filter(pk=one.id).update(updated=when)
    store.open_job(film)  # type: ignore[attr-defined]
    for kind, step in STEPS.items():
        store.commit_step(film.id, replace(step, kind=kind))  # type: ignore[attr-defined]
    for trial in TRIALS:
        store.commit_trial(trial)  # type: ignore[attr-defined]
    for event in EVENTS:
        store.add_event(replace(event, job=film.id))  # type: ignore[attr-defined]
    assert len(ANALYSED["chunks"]) == len(CHUNKS)  # type: ignore[arg-type]
    store.finish_job(film.id, JobStatus.DONE)  # type: ignore[attr-defined]
    store.record_outcome(replace(OUTCOME, job_id=film.id, source_path=film.source_path, reasons=()))  # type: ignore[attr-defined]


def libraries(store: "object", root: Path, rows: int) -> None:
    """A library of files that are there (they hold nothing), and one of very many whose disk is away."""
    from reelwright.store import models  # noqa: PLC0415
    from reelwright.store.libraries import DjangoCatalog  # noqa: PLC0415

    catalog, rng = DjangoCatalog(store.place), random.Random(3)  # type: ignore[attr-defined]
    root.mkdir(parents=True, exist_ok=True)
    films = catalog.add_library("films", str(root), place_marker(root), {"settle": 0, "schedule": "0 3 1 1 *"})
    models.LibraryFile.objects.bulk_create(row(films.id, k, rng, root) for k in range(40))
    if rows:
        away = catalog.add_library("archive", "/mnt/away/archive", "gone", {})
        many = [row(away.id, k, rng, None) for k in range(rows)]
        models.LibraryFile.objects.bulk_create(many, batch_size=2000)
    models.Library.objects.update(scanned=dt.datetime.now(dt.UTC))


def row(library: int, k: int, rng: random.Random, root: Path | None) -> "object":
    """One file."""
    from reelwright.store import models  # noqa: PLC0415
    from reelwright.store.columns import exact, readable  # noqa: PLC0415

    rule, action, state = RULES[k % len(RULES)]
    codec, size = CODECS[k % len(CODECS)], rng.randint(GB // 2, 40 * GB)
    path = f"{'Films' if k % 3 else 'Serien & Mehr'}/{NAMES[k % len(NAMES)].replace('/', '-')} {k}.mkv"
    inode, mtime, read = k, 1_700_000_000_000_000_000 + k, None
    if root is not None:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.truncate(size)
        seen = place.stat()
        inode, mtime, read = seen.st_ino, seen.st_mtime_ns, fingerprint(str(place), size)
    facts = {
        "codec": codec, "width": 1920, "height": 1080 if k % 2 else 800, "fps": 23.976, "duration": 5400 + k % 3000,
        "hdr": "none", "container": "matroska,webm", "bit_depth": 8, "verdict": "encode", "sound_bitrate": 640000,
    }  # fmt: skip
    return models.LibraryFile(
        library_id=library, path=readable(path), path_exact=exact(path), size_bytes=size, mtime_ns=str(mtime),
        inode=str(inode), hard_links=1, symlink=False, gone=False, fingerprint=read or "f", state=state, facts=facts,
        codec=codec, refusal=[], action=action, rule=rule, reasons=["Its codec is not efficient."], settings={},
        saves=rng.uniform(-0.1, 0.7) * size, costs=7200.0,
    )  # fmt: skip


def quarantined(store: "object", job: str) -> None:
    """Originals that are kept, or were."""
    from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415
    from reelwright.store.placements import DjangoPlacementJournal  # noqa: PLC0415

    # Nothing is begun: what is there holds nothing.
    DjangoLeaseStore(store.place).pause("", paused=True)  # type: ignore[attr-defined]
    journal, now = DjangoPlacementJournal(store.place), dt.datetime.now(dt.UTC)  # type: ignore[attr-defined]
    for k, name in enumerate(NAMES[:6]):
        path = f"/films/{name.replace('/', '-')}.mkv"
        stamp = SourceStamp(path=path, device=1, inode=k, size_bytes=8 * GB, mtime_ns=1)
        order = Order(id=f"work-{k}", job_id=job if k == 2 else None, source=stamp, staged="/work/x", content="c",
                      final=path, quarantine="/films/.reelwright-quarantine", keep_days=30)  # fmt: skip
        stage = Stage.EXPIRED if k == 5 else Stage.DONE
        journal.write(
            Entry(order=order, stage=stage, draft="/films/.d", kept=f"/films/.reelwright-quarantine/{k}/x.mkv",
                  bytes_before=8 * GB + k, bytes_after=3 * GB, until=now + dt.timedelta(days=5 * k + 3), changed=now)
        )  # fmt: skip


def add_user(ledger: Place, name: str, password: str) -> None:
    """A user of the pages."""
    from reelwright.store.database import make_tables  # noqa: PLC0415
    from reelwright.web.site import Site, configure  # noqa: PLC0415

    configure(Site(host="127.0.0.1", port=0, secret="-" * 50))
    store = open_ledger(ledger)
    make_tables(store.place)
    from django.contrib.auth.models import User  # noqa: PLC0415

    User.objects.create_user(name, password=password)
    store.close()


def place_of(word: str) -> Place:
    """A file, or a database on a server."""
    return parse_url(word) if word.startswith("postgresql://") else Path(word)


if __name__ == "__main__" and sys.argv[1] == "user":
    add_user(place_of(sys.argv[2]), sys.argv[3], sys.argv[4])
elif __name__ == "__main__":
    fill(place_of(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
