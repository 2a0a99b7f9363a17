"""The lowest frame of any chunk, before and after: fetched once somebody looks, kept in the work folder, bounded."""

import asyncio
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright.app.report import with_files
from reelwright.app.report_pictures import Files, fetch_pairs
from reelwright.app.wiring import utc_now
from reelwright.config import Settings
from reelwright.engine.jobs import Job
from reelwright.engine.offload import Offload
from reelwright.errors import BusyError, SourceError
from reelwright.report.dossier import Pair, Shot
from reelwright.report.gather import recorded
from reelwright.store.database import open_ledger
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.process import Runner

SIDES = ("source", "output")
#: Bytes all pictures of chunks may take; what was fetched first goes first.
MOST_BYTES = 256 * 2**20
#: Films whose indexes are kept at hand: reading one again means reading the film.
MOST_FILMS = 2
#: What source and output look like: sizes and times of change.
State = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """A film whose files were found to be what the job says."""

    state: State
    files: Files


class ChunkPictures:
    """Pictures by job and chunk. One is fetched at a time: each starts processes that read films.

    Args:
        settings: of the program.
        one: held while any pictures are fetched.
    """

    def __init__(self, settings: Settings, one: threading.Lock) -> None:
        self._settings, self._one = settings, one
        self._open: dict[str, Open] = {}

    @property
    def _root(self) -> Path:
        return self._settings.work_dir / "chunk-pictures"

    def picture(self, job: Job, shot: Shot, side: str) -> bytes | None:
        """One side of a shot, as WebP; both are fetched where they were not before. None: there is no such side.

        Raises:
            BusyError: other pictures are being fetched.
            SourceError: source or output are not what they were, or the frame cannot be had; it says why.
            ReelwrightError: a tool fails.
        """
        if side not in SIDES:
            return None
        state = state_of(job)
        if (kept := self._kept(job, shot, side, state)) is not None:
            return kept
        # Both sides are asked for at once: the second waits for the first, and then finds its picture.
        if not self._one.acquire(timeout=PATIENCE):
            raise BusyError("Pictures of another film are being fetched.")
        try:
            if (kept := self._kept(job, shot, side, state)) is None:
                pair = asyncio.run(self._fetched(job, shot, state))
                self._keep(job, shot, pair, state)
                kept = pair.source if side == "source" else pair.output
        finally:
            self._one.release()
        return kept

    def _place(self, job: Job, shot: Shot, side: str, state: State) -> Path:
        (_, then), (size, now) = state
        return self._root / job.id / f"{shot.frame:d}-{size:x}-{now ^ then:x}-{side}.webp"

    def _kept(self, job: Job, shot: Shot, side: str, state: State) -> bytes | None:
        with suppress(OSError):
            return self._place(job, shot, side, state).read_bytes()
        return None

    async def _fetched(self, job: Job, shot: Shot, state: State) -> Pair:
        settings = self._settings
        async with Runner(nice=settings.processing.nice) as runner:
            files = await self._files(job, state, runner)
            ffmpeg = find_ffmpeg(settings.tools.ffmpeg)
            pairs, missing = await fetch_pairs(runner, ffmpeg, job, files, shots=(shot,), tell=lambda _: None)
        if not pairs:
            raise SourceError(" ".join(missing))
        return pairs[0]

    async def _files(self, job: Job, state: State, runner: Runner) -> Files:
        known = self._open.get(job.id)
        if known is not None and known.state == state:
            return known.files
        with Offload() as offload:
            store = await offload(open_ledger, self._settings.ledger)
            try:
                dossier = await offload(recorded, store, job, utc_now())
                dossier, files = await with_files(
                    dossier, store, offload, runner, settings=self._settings, tell=lambda _: None
                )
            finally:
                await offload(store.close)
        if files is None:
            raise SourceError(" ".join(dossier.missing) or "There are no pictures of it.")
        while len(self._open) >= MOST_FILMS:
            del self._open[next(iter(self._open))]
        self._open[job.id] = Open(state=state, files=files)
        return files

    def _keep(self, job: Job, shot: Shot, pair: Pair, state: State) -> None:
        with suppress(OSError):
            make_room(self._root, MOST_BYTES - len(pair.source) - len(pair.output))
            for side, data in zip(SIDES, (pair.source, pair.output), strict=True):
                place = self._place(job, shot, side, state)
                place.parent.mkdir(parents=True, exist_ok=True)
                draft = place.with_suffix(".part")
                draft.write_bytes(data)
                draft.replace(place)


#: Seconds that a picture waits for others to be fetched.
PATIENCE = 60.0


def state_of(job: Job) -> State:
    """What source and output look like now.

    Raises:
        SourceError: one is gone.
    """
    found = []
    for name, path in (("source", job.source_path), ("output", job.output_path)):
        try:
            seen = os.stat(path)  # noqa: PTH116 - keeps odd bytes
        except OSError as error:
            raise SourceError(f"There are no pictures: the {name} cannot be read ({error.strerror}).") from error
        found.append((seen.st_size, seen.st_mtime_ns))
    return tuple(found)


def make_room(root: Path, most: int) -> None:
    """Remove pictures until the others take no more bytes than this, the oldest first."""
    found = sorted(((one.stat(), one) for one in root.glob("*/*")), key=lambda one: one[0].st_mtime, reverse=True)
    total = 0
    for seen, path in found:
        total += seen.st_size
        if total > most:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
