"""Frames of a film before and after, fetched once somebody looks, and kept in the work folder."""

import asyncio
import json
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reelwright.app.chunk_pictures import ChunkPictures
from reelwright.app.report import with_pictures
from reelwright.app.wiring import utc_now
from reelwright.config import Settings
from reelwright.engine.jobs import Job
from reelwright.engine.offload import Offload
from reelwright.errors import BusyError
from reelwright.report.dossier import Dossier, Pair, Shot
from reelwright.report.gather import recorded
from reelwright.store.database import open_ledger
from reelwright.tools.process import Runner
from reelwright.web.desk import Gallery, Shown

SIDES = frozenset({"source", "output"})
#: Galleries that are kept; the one that was made first goes first.
MOST = 200


class Pictures:
    """Galleries by job. One at a time is fetched: each starts processes that read films."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._one = threading.Lock()
        self.chunks = ChunkPictures(settings, self._one)

    def _folder(self, job: Job) -> Path:
        return self._settings.work_dir / "pictures" / job.id

    def gallery(self, job: Job) -> Gallery:
        """The pictures of a job; what was fetched for the output that lies there now is not fetched again.

        Raises:
            BusyError: another film's are being fetched.
        """
        if (kept := self._kept(job)) is not None:
            return kept
        if not self._one.acquire(blocking=False):
            raise BusyError("Pictures of another film are being fetched.")
        try:
            dossier = asyncio.run(self._fetched(job))
            self._keep(job, dossier)
        finally:
            self._one.release()
        return Gallery(pictures=tuple(map(_shown, dossier.pairs)), missing=dossier.missing)

    def one(self, job: Job, number: int, side: str) -> bytes | None:
        """One picture that was fetched."""
        if side not in SIDES:
            return None
        with suppress(OSError):
            return (self._folder(job) / f"{number:d}-{side}.webp").read_bytes()
        return None

    async def _fetched(self, job: Job) -> Dossier:
        settings = self._settings
        with Offload() as offload:
            store = await offload(open_ledger, settings.ledger)
            try:
                dossier = await offload(recorded, store, job, utc_now())
                async with Runner(nice=settings.processing.nice) as runner:
                    return await with_pictures(dossier, store, offload, runner, settings=settings, tell=lambda _: None)
            finally:
                await offload(store.close)

    def _kept(self, job: Job) -> Gallery | None:
        try:
            tree = json.loads((self._folder(job) / "gallery.json").read_bytes())
            if tree["output"] != _stamp(job):
                return None
            pictures = tuple(Shown(**{**one, "shot": Shot(**one["shot"])}) for one in tree["pictures"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Gallery(pictures=pictures, missing=())

    def _keep(self, job: Job, dossier: Dossier) -> None:
        """Keep what is whole; what is missing may be there another time."""
        if not dossier.pairs or dossier.missing:
            return
        folder = self._folder(job)
        draft = folder.with_name(f".{folder.name}.new")
        with suppress(OSError):
            _make_room(folder.parent)
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            for number, pair in enumerate(dossier.pairs):
                (draft / f"{number}-source.webp").write_bytes(pair.source)
                (draft / f"{number}-output.webp").write_bytes(pair.output)
            plain = {"output": _stamp(job), "pictures": [asdict(_shown(pair)) for pair in dossier.pairs]}
            (draft / "gallery.json").write_text(json.dumps(plain), "ascii")
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)


def _shown(pair: Pair) -> Shown:
    return Shown(shot=pair.shot, seconds=pair.seconds, width=pair.width, height=pair.height)


def _stamp(job: Job) -> list[Any]:
    found = os.stat(job.output_path)  # noqa: PTH116 - keeps odd bytes
    return [found.st_size, found.st_mtime_ns]


def _make_room(folder: Path) -> None:
    with suppress(FileNotFoundError):
        kept = sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime)
        for old in kept[: max(0, len(kept) - MOST + 1)]:
            shutil.rmtree(old, ignore_errors=True)
