"""A copy of the film's pictures in the work folder, where its own file does not do to encode from.

Two kinds of film need one: of those whose frames can only be found by counting, each chunk would be decoded from the
film's beginning; and Dolby Vision of profile 7 is encoded with metadata that were converted first.
"""

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reelwright.engine.film import Film, Pictures, usage_of
from reelwright.engine.jobs import JobStore, StepKind, StepRecord, Usage
from reelwright.engine.offload import Offload
from reelwright.engine.placement import sync
from reelwright.engine.sounds import summed
from reelwright.errors import SourceError
from reelwright.events import Emitter, EventName
from reelwright.media.timing import Timing
from reelwright.tools.dovi_tool import convert_metadata
from reelwright.tools.hashing import content_hash
from reelwright.tools.seekable import CopyOrder, copy_pictures, extract_metadata, index_of_copy

#: Copies made in another way have another name.
VERSION = 1
LAYERS = {
    "MEL": "Its Dolby Vision enhancement layer was a minimal one (MEL), which adds nothing to the picture.",
    "FEL": "Its Dolby Vision enhancement layer was a full one (FEL): what it adds to the picture is not in the output.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A copy that was made, as its note says."""

    content: str
    start: int
    keys: tuple[int, ...]
    #: What the enhancement layer was: "FEL", "MEL" or "" where there was none.
    layer: str


def is_needed(film: Film) -> bool:
    """Whether the film is encoded from a copy."""
    return bool(film.plan.converter) or is_helped(film)


def is_helped(film: Film) -> bool:
    """Whether a copy spares decoding from the film's beginning for each chunk."""
    return film.index.timing is Timing.COUNTED and len(film.chunks) > 1


def copy_path(film: Film) -> Path:
    """Where the copy lies: its name says of what it is made, and how."""
    made_of = f"{VERSION} {film.index.source_id} {film.plan.video_index} {film.plan.converter}"
    return film.workspace.segments / f"copy-{hashlib.blake2b(made_of.encode(), digest_size=8).hexdigest()}.mkv"


def note_path(copy: Path) -> Path:
    """Where what is known of a copy lies; written last."""
    return copy.with_suffix(".json")


async def with_copy(film: Film, store: JobStore, offload: Offload, emit: Emitter) -> Film:
    """The film as it is decoded: from a copy where it needs one, made now or in an earlier run, and committed.

    Raises:
        SourceError: its Dolby Vision cannot be converted.
        ToolError, ResourceError: a tool failed, or the disk is full.
    """
    if not is_needed(film):
        return film
    copy = copy_path(film)
    made, usage = await asyncio.to_thread(recall, copy), None
    if made is None:
        try:
            made, usage = await make(film, copy, emit)
        except SourceError:
            if film.plan.converter:
                raise
            return film  # it is decoded from its beginning then
        film.check_source()
    await commit(film, made, usage, store, offload)
    index = index_of_copy(film.index, start=made.start, keys=made.keys)
    notes = (LAYERS[made.layer],) if made.layer in LAYERS else ()
    return replace(film, copied=Pictures(path=copy, video_index=0, index=index, notes=notes))


def recall(copy: Path) -> Made | None:
    """A copy that was made before; None where there is none, or it is not what it was."""
    try:
        said = json.loads(note_path(copy).read_text(encoding="ascii"))
        made = Made(content=said["content"], start=said["start"], keys=tuple(said["keys"]), layer=said["layer"])
        return made if content_hash(copy) == made.content else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def make(film: Film, copy: Path, emit: Emitter) -> tuple[Made, Usage]:
    """Make a copy; it then lies under its name, synced, with its note beside it."""
    part = copy.with_name(f"{copy.name}.part")
    rpus, better = (film.workspace.working / f"{name}.part" for name in ("source-rpus", "rpus"))
    usages, layer = [], ""

    def tell(message: dict[str, Any]) -> None:
        done = {"phase": "copy", "done": message["frame"], "total": 2 * film.index.frames}
        emit(EventName.PROGRESS, "copying", **done)

    emit(EventName.PROGRESS, "copying", phase="copy", done=0, total=2 * film.index.frames)
    try:
        if film.plan.converter:
            read = await extract_metadata(film.runner, film.source, film.plan.video_index, rpus)
            finished, layer = await convert_metadata(film.runner, rpus, better)
            usages += [usage_of(read.finished), usage_of(finished)]
        order = CopyOrder(
            source=film.source, video_index=film.plan.video_index, index=film.workspace.index, out=part,
            rpus=better if film.plan.converter else None,
        )  # fmt: skip
        answer = await copy_pictures(film.runner, order, tell)
        content = await asyncio.to_thread(content_hash, part)
        await asyncio.to_thread(keep, part, copy)
    finally:
        for path in (part, rpus, better):
            path.unlink(missing_ok=True)
    said = {**answer.result, "content": content, "layer": layer}
    note = note_path(copy)
    part = note.with_name(f"{note.name}.part")
    part.write_text(json.dumps(said), encoding="ascii")
    await asyncio.to_thread(keep, part, note)
    made = Made(content=content, start=said["start"], keys=tuple(said["keys"]), layer=layer)
    return made, summed([*usages, usage_of(answer.finished)])


def keep(part: Path, final: Path) -> None:
    """Force a file to the disk under its name."""
    sync(part)
    os.replace(part, final)  # noqa: PTH105
    sync(final.parent)


async def commit(film: Film, made: Made, usage: Usage | None, store: JobStore, offload: Offload) -> None:
    """Commit that there is a copy; where an earlier run made it, with what that took."""
    former = (await offload(store.steps, film.job_id)).get(StepKind.COPY)
    used = usage or (former.usage if former else Usage())
    result = {"content": made.content, "converter": film.plan.converter, "layer": made.layer}
    await offload(store.commit_step, film.job_id, StepRecord(kind=StepKind.COPY, result=result, usage=used))


def remove_copy(film: Film) -> None:
    """Remove the copy of a film that is done: it is as large as the film, and quickly made again."""
    if film.copied is not None:
        for path in (note_path(film.copied.path), film.copied.path):
            path.unlink(missing_ok=True)
