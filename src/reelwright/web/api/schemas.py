"""What the API answers with. Bytes are whole numbers, times are RFC 3339 in UTC, unknown is null."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from ninja import Path, Query, Schema
from pydantic import Field

Item = TypeVar("Item")

#: Most rows of one answer, and how many there are unless asked for.
MOST, USUAL = 1000, 100
#: The largest number a row's id can be.
LARGEST = 2**63 - 1

JobId = Annotated[str, Path(pattern="^[0-9a-f]{4,64}$", description="A job's id, or its beginning.")]
WorkId = Annotated[str, Path(pattern="^[0-9a-f]{4,64}$", description="An id of the queue's work, or its beginning.")]
Label = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="A replacement's id.")]
LibraryName = Annotated[str, Path(pattern="^[a-z0-9_-]{1,128}$", description="A library's name.")]
FileId = Annotated[int, Path(ge=1, le=LARGEST, description="A library's file.")]
SheetId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="A sheet or a folder of frames.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows of one answer.")]
Cursor = Annotated[str, Query(max_length=200, description="The `next` of the answer before.")]


class Problem(Schema):
    """Why something was not answered or not done."""

    detail: str
    #: As the command line would have ended; only where the program refused.
    exit_code: int | None = None


class Slice(Schema, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    #: What `after` takes to go on; null: this was the end.
    next: str | None = None


class Said(Schema):
    """What came of a deed, in a sentence."""

    detail: str


class Progress(Schema):
    """How far a job is that runs. Percent from 0 to 100, seconds."""

    phase: str
    percent: float | None
    eta_seconds: float | None
    projected_vmaf: float | None
    projected_bytes: float | None


class JobOut(Schema):
    """A job."""

    id: str
    #: running, stopped, done, skipped, failed or cancelled.
    state: str
    source: str
    output: str
    created: dt.datetime | None
    updated: dt.datetime | None
    outcome: str | None
    reasons: list[str]
    bytes_before: int | None
    bytes_after: int | None
    vmaf: dict[str, Any] | None
    progress: Progress | None


class JobDetailOut(JobOut):
    """Everything about a job."""

    plan: dict[str, Any]
    steps: dict[str, dict[str, Any]]
    checks: list[dict[str, Any]]
    chunks: int | None
    settled: int


class EventOut(Schema):
    """One thing that happened."""

    event: str
    timestamp: dt.datetime
    status: str
    data: dict[str, Any]


class LibraryOut(Schema):
    """A library and its figures."""

    name: str
    root: str
    policy: str | None
    scanned: dt.datetime | None
    approved: dt.datetime | None
    paused: bool
    sources: int
    states: dict[str, int]
    bytes_before: int
    bytes_after: int
    bytes_saved: int


class FileOut(Schema):
    """A file of a library, and what was decided."""

    id: int
    library: str
    path: str
    size: int
    state: str
    action: str | None
    rule: str | None
    reasons: list[str]
    refusal: list[str]
    owner: str | None
    #: Foretold: bytes saved and seconds of work.
    saves: float | None
    costs: float | None
    job: str | None
    work: str | None
    note: list[str]
    facts: dict[str, Any] | None


class PlannedOut(Schema):
    """A file of a plan."""

    path: str
    size: int
    action: str
    rule: str
    reasons: list[str]
    saves: Sequence[float] | None
    seconds: float | None


class PlanOut(Schema):
    """A plan of a library; approving it names its id, so that nobody approves what he did not see."""

    id: str
    library: str
    policy: str
    made: dt.datetime
    files: int
    bytes: int
    saves: float
    saves_low: float
    saves_high: float
    seconds: float
    rough: bool
    others: dict[str, int]
    planned: list[PlannedOut]


class Approve(Schema):
    """What of a plan is approved: all of it, where neither files nor rule are given."""

    plan: str = Field(pattern="^[0-9a-f]{32}$")
    #: Ids of files of the library.
    files: list[Annotated[int, Field(ge=1, le=LARGEST)]] | None = Field(default=None, max_length=100_000)
    #: Every file that this rule decided.
    rule: str | None = Field(default=None, max_length=128)


class ApprovedOut(Schema):
    """What approving came to."""

    queued: int
    #: Path and reason of what is not as it was.
    refused: list[dict[str, str]]


class Answer(Schema):
    """An owner's word on a file; `rules` takes it back."""

    word: str = Field(pattern="^(encode|skip|remux|rules)$")


class WorkOut(Schema):
    """A piece of work of the queue."""

    id: str
    kind: str
    library: str
    path: str | None
    state: str
    attempts: int
    priority: float
    worker: str | None
    not_before: dt.datetime | None
    cancel_asked: bool
    updated: dt.datetime | None


class QueueOut(Schema):
    """The queue."""

    counts: dict[str, dict[str, int]]
    #: Libraries that are held back; an empty name stands for all.
    paused: list[str]
    items: list[WorkOut]


class KeptOut(Schema):
    """A film that was replaced, and its original."""

    id: str
    stage: str
    source: str
    output: str
    bytes_before: int
    bytes_after: int
    until: dt.datetime | None
    job: str | None
    why: str


class QuarantineOut(Schema):
    """Originals that are kept. Bytes: already saved, still held, and promised for when their time is over."""

    saved: int
    quarantined: int
    promised: int
    items: list[KeptOut]


class WorkerOut(Schema):
    """Who carries work out."""

    id: str
    host: str
    pid: int
    slots: int
    labels: list[str]
    about: dict[str, Any]
    heard: dt.datetime
    alive: bool
    #: Ids of the work it holds.
    holds: list[str]


class DayOut(Schema):
    """What a day brought. Bytes."""

    day: dt.date
    films: int
    before: int
    after: int
    cpu_seconds: float


class SavedOut(Schema):
    """What was saved. Bytes."""

    films: int
    before: int
    after: int
    saved: int
    share: float | None
    days: list[DayOut]


class HealthOut(Schema):
    """One thing doctor looked at."""

    name: str
    works: bool | None
    found: str
    advice: str
    kind: str
    optional: bool


class DoctorOut(Schema):
    """What doctor found, and when; `running`: it looks right now."""

    running: bool
    at: dt.datetime | None
    rows: list[HealthOut]


class SettingOut(Schema):
    """A setting in effect, with where it comes from; secrets are stars."""

    key: str
    value: Any
    changed: bool
    kind: str
    name: str
    line: int | None


class SheetOut(Schema):
    """A sheet or a folder of frames that can be looked at."""

    id: str
    name: str
    kind: str
    #: configured, or a job's.
    origin: str


class SequenceOut(Schema):
    """A sequence of a sheet or folder."""

    name: str
    folder: str
    frames: str
    missing: str
    outside: str
    rejects: dict[str, int]
    near_misses: list[dict[str, str]]
    problems: list[dict[str, Any]]
    failure: str | None
