"""What a report is made of: everything the ledger and the files tell of one job."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reelwright.engine.jobs import Job, OutcomeRecord, StepKind, StepRecord, TrialRecord
from reelwright.events import Event
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning.stream_ledger import Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A frame worth looking at."""

    #: Which chunk it stands for: "worst", "median" or "best".
    kind: str
    chunk: int
    #: First frame of its chunk, and the frame itself.
    start: int
    frame: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The same frame of source and output, as WebP in sRGB."""

    shot: Shot
    seconds: float
    source: bytes
    output: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """Everything known of one job. What could not be had is None or empty, and `missing` says why."""

    job: Job
    steps: Mapping[StepKind, StepRecord]
    outcomes: Sequence[OutcomeRecord]
    trials: Sequence[TrialRecord]
    events: Sequence[Event]
    #: The stream ledger; empty for jobs from before there was one.
    ledger: Sequence[Entry] = ()
    #: Facts of the files as they are now.
    source: MediaInfo | None = None
    output: MediaInfo | None = None
    index: FrameIndex | None = None
    pairs: tuple[Pair, ...] = ()
    #: Sentences on pictures that could not be had.
    missing: tuple[str, ...] = ()
    made: dt.datetime
