"""Progress, as typed events that leave through sinks: the terminal, JSON lines, the ledger."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class EventName(StrEnum):
    """The names other programs rely on."""

    FILE_DISCOVERED = "file_discovered"
    ANALYSIS_STARTED = "analysis_started"
    ANALYSIS_COMPLETE = "analysis_complete"
    ENCODING_STARTED = "encoding_started"
    SEGMENT_COMPLETE = "segment_complete"
    ENCODING_COMPLETE = "encoding_complete"
    ERROR_OCCURRED = "error_occurred"
    RESOURCES_CHANGED = "resources_changed"
    PROGRESS = "progress"
    TRIAL_COMPLETE = "trial_complete"
    SOUND_COMPLETE = "sound_complete"
    VALIDATION_COMPLETE = "validation_complete"
    PLACED = "placed"
    RESULT = "result"
    #: A library was scanned, or could not be; the file is its root.
    LIBRARY_SCANNED = "library_scanned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened to one file."""

    event: EventName
    timestamp: dt.datetime
    #: Path of the source; may hold surrogate escapes for names that are not UTF-8.
    file: str
    job: str | None
    status: str
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """One JSON object on one line; ASCII only, so that any name survives any pipe."""
        return json.dumps(
            {
                "event": self.event.value,
                "timestamp": self.timestamp.isoformat().replace("+00:00", "Z"),
                "file": self.file,
                "job": self.job,
                "status": self.status,
                "data": self.data,
            },
            default=str,
        )


class EventSink(Protocol):
    """Whoever wants to know."""

    def emit(self, event: Event) -> None:
        """Take one event. Must not raise and must not block for long."""


class NullSink:
    """Takes events and forgets them."""

    def emit(self, event: Event) -> None:
        """Forget the event."""


class Tee:
    """Hands each event to several sinks."""

    def __init__(self, sinks: Iterable[EventSink]) -> None:
        self._sinks = tuple(sinks)

    def emit(self, event: Event) -> None:
        """Hand the event to each sink in turn."""
        for sink in self._sinks:
            sink.emit(event)


class Emitter:
    """Stamps events of one file with the time and hands them to a sink."""

    def __init__(self, sink: EventSink, file: str, now: Callable[[], dt.datetime]) -> None:
        self._sink = sink
        self._file = file
        self._now = now
        self.job: str | None = None

    def __call__(self, event: EventName, status: str, **data: Any) -> None:
        """Emit one event about the file."""
        self._sink.emit(
            Event(event=event, timestamp=self._now(), file=self._file, job=self.job, status=status, data=data)
        )
