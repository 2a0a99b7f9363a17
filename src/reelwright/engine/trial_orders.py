"""A trial as a row of leased work: what its worker needs to know, as plain values, and the film found again from it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reelwright.engine.decoding import Decoding
from reelwright.engine.film import Film, Pictures
from reelwright.engine.job_state import TrialStep
from reelwright.engine.jobs import TrialRecord
from reelwright.engine.leases import LIBRARY_LABEL, TRIAL, Work
from reelwright.engine.seekable import copy_path, recall
from reelwright.engine.trials import keys_of
from reelwright.engine.workspace import take_stamp, workspace_for
from reelwright.errors import ConflictError, ReelwrightError, SourceError
from reelwright.planning.division import divide
from reelwright.planning.once_read import plan_once_read
from reelwright.planning.requests import plain_request, request_from
from reelwright.planning.windows import Window
from reelwright.quality.steps import Goal
from reelwright.tools.capabilities import Capabilities
from reelwright.tools.devices import Device
from reelwright.tools.dovi_tool import with_conversion
from reelwright.tools.index import file_digest, load_index
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner
from reelwright.tools.seekable import index_of_copy
from reelwright.version import VERSION

#: Labels that a worker must have for a row, beside its library's: see decision 037.
ENCODES = "encode"
#: Whose a library's trials are: another than its films', so that a pause lets a film that was begun go on.
OWNER = "{}/trials"
WORK_LABEL = "work:{}"
BUILD_LABEL = "build:{}"
#: How often a trial is begun at the most whose workers fell silent: it may be what silenced them.
MOST_LOST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialOrder:
    """One trial, for whoever carries it out."""

    job: str
    library: str
    source_id: str
    size_bytes: int
    mtime_ns: int
    index_digest: str
    request: dict[str, Any]
    chunk: int
    start: int
    end: int
    crf: float
    trial_key: str
    why: str
    windows: tuple[Window, ...] | None = None
    predicted: float | None = None
    unsure: float | None = None
    goal: Goal | None = None
    #: Pictures are decoded from the copy in the work folder.
    copied: bool = False
    #: It was encoded earlier, and is scored anew.
    known: TrialRecord | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Whereabouts:
    """Where a film lies, in words that mean the same on every machine."""

    library: str
    #: Below the library's root; may hold surrogate escapes.
    path: str
    #: Of the work folder.
    work_id: str


ORDERS = TypeAdapter(TrialOrder)
RECORDS = TypeAdapter(TrialRecord)


def build_label(tools: Capabilities, encoder: str) -> str:
    """The label of everybody whose encodes are the same bytes: builds, architecture, and our own version."""
    facts = {**tools.encode_build(encoder), "encoder": encoder, "scores": tools.version, "reelwright": VERSION}
    text = json.dumps(facts, sort_keys=True)
    return BUILD_LABEL.format(hashlib.blake2b(text.encode(), digest_size=6).hexdigest())


def work_for_trial(
    film: Film, step: TrialStep, known: TrialRecord | None, where: Whereabouts, index_digest: str
) -> Work:
    """A trial as work. The same trial of the same job is the same row, whoever leads the film."""
    order = TrialOrder(
        job=film.job_id, library=where.library, source_id=film.index.source_id, size_bytes=film.stamp.size_bytes,
        mtime_ns=film.stamp.mtime_ns, index_digest=index_digest, request=plain_request(film.plan.request),
        chunk=step.chunk.index, start=step.chunk.start, end=step.chunk.end, crf=step.crf,
        why=step.why, windows=step.windows, predicted=step.predicted, unsure=step.unsure, goal=step.goal,
        copied=film.copied is not None, known=known, trial_key=keys_of(film, step)[1],
    )  # fmt: skip
    payload = {**ORDERS.dump_python(order, mode="json"), "path": where.path}
    needs = frozenset({
        ENCODES, LIBRARY_LABEL.format(where.library), WORK_LABEL.format(where.work_id),
        build_label(film.tools, film.plan.request.encoder),
    })  # fmt: skip
    told = {name: value for name, value in payload.items() if name not in {"why", "predicted", "unsure"}}
    text = json.dumps([told, sorted(needs)], sort_keys=True)
    mark = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    return Work(
        id=f"{film.job_id}/{order.trial_key}/{mark}", kind=TRIAL, owner=OWNER.format(where.library), payload=payload,
        needs=needs, attempts_allowed=MOST_LOST,
    )  # fmt: skip


def order_from(payload: Mapping[str, Any]) -> tuple[TrialOrder, str]:
    """The order again, and the film's path below its library's root.

    Raises:
        ValueError: it is none.
    """
    values = {name: value for name, value in payload.items() if name not in {"path", "threads"}}
    try:
        return ORDERS.validate_python(values), str(payload["path"])
    except (ValidationError, KeyError) as error:
        raise ValueError(f"this is no trial's work: {error}") from error


def record_from(result: Mapping[str, Any]) -> TrialRecord:
    """The trial that a row's result tells of.

    Raises:
        ReelwrightError: it tells of none.
    """
    try:
        return RECORDS.validate_python(result["trial"])
    except (ValidationError, KeyError, TypeError) as error:
        raise ReelwrightError(f"A worker's result cannot be read: {error}.") from error


def step_of(order: TrialOrder, film: Film) -> TrialStep:
    """The step that was ordered, of the film as it was found here.

    Raises:
        ConflictError: this machine would make other bytes of it.
    """
    chunk = film.chunks[order.chunk] if order.chunk < len(film.chunks) else None
    if chunk is not None and (chunk.start, chunk.end) == (order.start, order.end):
        step = TrialStep(
            chunk=chunk, crf=order.crf, why=order.why, windows=order.windows, predicted=order.predicted,
            unsure=order.unsure, goal=order.goal, again=order.known is not None,
        )  # fmt: skip
        if keys_of(film, step)[1] == order.trial_key:
            return step
    raise ConflictError(
        "This worker would make other bytes than the film's leader expects.",
        hint="All workers of a film need the same Reelwright, FFmpeg and encoder.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """What a worker makes trials with."""

    runner: Runner
    tools: Capabilities
    work_dir: Path
    device: Device
    threads: int
    memory_limit: int | None


async def film_here(order: TrialOrder, source: Path, bench: Bench) -> Film:
    """The film of an order as this machine sees it: planned again from the same facts, which gives the same plan.

    Raises:
        SourceError: the film is not here.
        ConflictError: it, or its index in the work folder, is not what the leader has.
    """
    try:
        stamp = take_stamp(source)
    except OSError as error:
        raise SourceError(f"The film cannot be found at {source} ({error.strerror}).") from error
    if (stamp.size_bytes, stamp.mtime_ns) != (order.size_bytes, order.mtime_ns):
        raise ConflictError("The film has changed since its leader read it.", hint="Its leader begins it anew.")
    workspace = workspace_for(bench.work_dir, order.source_id)
    try:
        if file_digest(workspace.index) != order.index_digest:
            raise ConflictError(
                "The film's index in the work folder is another one.", hint="Its leader begins it anew."
            )
        index = load_index(workspace.index)
    except (OSError, ValueError) as error:
        raise SourceError(f"The film's index cannot be read in the work folder {bench.work_dir}: {error}.") from error
    info = await with_conversion(bench.runner, await probe(bench.runner, bench.tools.ffmpeg, source))
    request = request_from(order.request)
    plan = plan_once_read(info, request, index)
    video = info.film.video if info.film else None
    film = Film(
        runner=bench.runner, tools=bench.tools, source=source, stamp=stamp, info=info, plan=plan, index=index,
        chunks=divide(index, plan.request), workspace=workspace, output=Path(), job_id=order.job,
        threads=bench.threads, memory_limit=bench.memory_limit,
        decoding=Decoding(bench.device, bit_depth=video.bit_depth if video else None),
    )  # fmt: skip
    return with_known_copy(film) if order.copied else film


def with_known_copy(film: Film) -> Film:
    """The film as it is decoded from the copy that its leader has made.

    Raises:
        SourceError: there is none in the work folder.
    """
    copy = copy_path(film)
    if (made := recall(copy)) is None:
        raise SourceError("The copy of the film's pictures is not in the work folder.")
    index = index_of_copy(film.index, start=made.start, keys=made.keys)
    return replace(film, copied=Pictures(path=copy, video_index=0, index=index))
