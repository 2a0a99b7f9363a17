"""The analysis step: a film's index, made in one pass over the source or recalled from an earlier one."""

import os
import shutil
from pathlib import Path
from typing import Any

from reelwright.engine.film import usage_of
from reelwright.engine.jobs import SourceRecord, SourceStamp, Usage
from reelwright.engine.services import Services
from reelwright.engine.workspace import Locks, Workspace, reading_folder, take_stamp, workspace_for
from reelwright.errors import ConflictError, RefusedError
from reelwright.events import Emitter, EventName
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning.dynamic_hdr import HINT, uncarried
from reelwright.tools.index import file_digest, load_index, make_index


class Reader:
    """Finds the index of one film.

    Args:
        source: the film.
        stamp: what the file system said of it at the start.
        info: the probe's facts.
        work_dir: where work folders live.
        services: with what it is read.
        emit: takes the film's events.
        locks: holds the film's work folder from here on.
        look: black borders are asked for; an index of before they were looked for does not do.
    """

    def __init__(
        self,
        *,
        source: Path,
        stamp: SourceStamp,
        info: MediaInfo,
        work_dir: Path,
        services: Services,
        emit: Emitter,
        locks: Locks,
        look: bool = False,
    ) -> None:
        self.source = source
        self.stamp = stamp
        self.info = info
        self.work_dir = work_dir
        self.services = services
        self.emit = emit
        self.locks = locks
        self.look = look
        #: What reading the film took in this run; nothing where an earlier index was recalled.
        self.usage = Usage()

    async def analyse(self, video_index: int) -> tuple[FrameIndex, Workspace]:
        """The committed index if it is still good, else one pass over the film.

        Raises:
            SourceError: the film is damaged or cut off.
            ConflictError: another run works on it, or it changed while it was read.
        """
        known = await self.services.offload(self.services.store.find_source, self.stamp)
        if known is not None:
            workspace = workspace_for(self.work_dir, known.source_id).make()
            self.locks.hold(workspace)
            if (index := recall_index(workspace, known)) and (index.visible is not None or not self.look):
                self._tell(index, reused=True)
                return index, workspace
        return await self._read(video_index)

    async def _read(self, video_index: int) -> tuple[FrameIndex, Workspace]:
        reading = reading_folder(self.work_dir, self.stamp).make()
        # Two readers of one path meet here, before either knows which film it is.
        self.locks.hold(reading)
        self.emit(EventName.ANALYSIS_STARTED, "reading", bytes=self.stamp.size_bytes, seconds=self._seconds())
        answer = await make_index(self.services.runner, self.source, video_index, reading.index, self._tell_progress)
        self.usage = usage_of(answer.finished)
        index = load_index(reading.index)
        if (reason := uncarried(index)) is not None:
            raise RefusedError(reason, hint=HINT)
        if take_stamp(self.source) != self.stamp:
            raise ConflictError("The source changed while it was read.", hint="Run this again when it is complete.")
        workspace = workspace_for(self.work_dir, index.source_id).make()
        self.locks.hold(workspace)
        os.replace(reading.index, workspace.index)  # noqa: PTH105
        await self._commit(index, workspace)
        shutil.rmtree(reading.root, ignore_errors=True)
        self.locks.release(reading)
        self._tell(index, reused=False)
        return index, workspace

    async def _commit(self, index: FrameIndex, workspace: Workspace) -> None:
        record = SourceRecord(
            stamp=self.stamp,
            source_id=index.source_id,
            index_digest=file_digest(workspace.index),
            frames=index.frames,
            facts=source_facts(self.info, index),
        )
        await self.services.offload(self.services.store.remember_source, record)

    def _tell_progress(self, message: dict[str, Any]) -> None:
        self.emit(
            EventName.PROGRESS,
            "reading",
            phase="analyse",
            frame=message["frame"],
            seconds=message["seconds"],
            total_seconds=self._seconds(),
        )

    def _tell(self, index: FrameIndex, *, reused: bool) -> None:
        self.emit(
            EventName.ANALYSIS_COMPLETE,
            "analysed",
            source_id=index.source_id,
            frames=index.frames,
            seconds=round(float(index.duration), 3),
            rate=str(index.rate),
            reused=reused,
            **({"unshowable": index.unshowable} if index.unshowable else {}),
        )

    def _seconds(self) -> float | None:
        return float(self.info.duration) if self.info.duration is not None else None


def recall_index(workspace: Workspace, known: SourceRecord) -> FrameIndex | None:
    """A committed index, if its file is there, is what was committed, and tells all that is asked of it today."""
    try:
        if file_digest(workspace.index) != known.index_digest:
            return None
        index = load_index(workspace.index)
    except (OSError, ValueError):
        return None
    return None if index.hdr10plus_of is None else index


def source_facts(info: MediaInfo, index: FrameIndex) -> dict[str, Any]:
    """The facts of a source that the ledger keeps."""
    film = info.film
    video = film.video if film else None
    return {
        "container": info.container,
        "codec": film.codec if film else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frames": index.frames,
        "seconds": float(index.duration),
        "streams": len(info.streams),
    }
