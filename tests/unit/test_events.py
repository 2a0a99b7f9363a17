"""Events as JSON, and who gets them."""

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.events import Emitter, Event, EventName, NullSink, Tee

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 120000, tzinfo=dt.UTC)
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too


def event(file: str = "a.mkv", **data: Any) -> Event:
    return Event(event=EventName.PLACED, timestamp=NOON, file=file, job="j", status="placed", data=data)


def test_an_event_is_one_line_with_its_names() -> None:
    assert json.loads(event(bytes=5).to_json()) == {
        "event": "placed",
        "timestamp": "2026-03-01T12:00:00.120000Z",
        "file": "a.mkv",
        "job": "j",
        "status": "placed",
        "data": {"bytes": 5},
    }


@given(file=any_text, said=any_text)
def test_any_name_survives_as_ascii_on_one_line(file: str, said: str) -> None:
    line = event(file, said=said).to_json()
    assert line.isascii()
    assert len(line.splitlines()) == 1
    found = json.loads(line)
    assert (found["file"], found["data"]["said"]) == (file, said)


def test_bytes_that_are_no_utf8_come_back_as_they_were() -> None:
    name = "caf\udce9\udcff.mkv"
    assert json.loads(event(name).to_json())["file"].encode("utf-8", "surrogateescape") == b"caf\xe9\xff.mkv"


@pytest.mark.parametrize(("value", "text"), [(Fraction(24000, 1001), "24000/1001"), (Path("/a"), "/a")])
def test_what_json_cannot_say_is_said_in_words(value: object, text: str) -> None:
    assert json.loads(event(value=value).to_json())["data"]["value"] == text


class Kept:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


def test_an_emitter_stamps_its_file_job_and_time_on_events_for_every_sink() -> None:
    one, two = Kept(), Kept()
    emit = Emitter(Tee([one, NullSink(), two]), "a.mkv", lambda: NOON)
    emit(EventName.FILE_DISCOVERED, "found", bytes=5)
    emit.job = "j"
    emit(EventName.PLACED, "placed")
    assert one.events == two.events
    assert [(e.event.value, e.job, e.file, e.timestamp, dict(e.data)) for e in one.events] == [
        ("file_discovered", None, "a.mkv", NOON, {"bytes": 5}),
        ("placed", "j", "a.mkv", NOON, {}),
    ]


def test_the_names_that_other_programs_rely_on_are_these() -> None:
    assert {name.value for name in EventName} == {
        *("file_discovered", "analysis_started", "analysis_complete", "encoding_started", "segment_complete"),
        "sound_complete",
        *("encoding_complete", "error_occurred", "progress", "trial_complete", "validation_complete", "placed"),
        *("resources_changed", "result", "library_scanned"),
    }
