"""What is tried after a failure: by its cause, bounded, with growing delays, and never a lower target."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest

from reelwright.config import Settings, settings_from
from reelwright.errors import (
    BusyError,
    ConflictError,
    DiskFullError,
    ReelwrightError,
    RefusedError,
    ResourceError,
    SourceError,
    ToolError,
    UsageError,
    ValidationFailedError,
)
from reelwright.library.films import FilmWork, with_remedy
from reelwright.library.retrying import ATTEMPTS, LONGEST, MOST_ATTEMPTS, Cause, Conditions, after, cause_of
from reelwright.library.rules import Action
from reelwright.tools.failures import OutOfMemoryError, StalledError, bad_end

HOW = Conditions(parallel=4, preset=6, presets=(0, 13), hwaccel="none", attempt=1)
ENCODER = ("ffmpeg", "-i", "film.mkv")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OutOfMemoryError("Encoding chunk 1 failed: out of memory."), Cause.MEMORY),
        (ResourceError("No resources."), Cause.MEMORY),
        (DiskFullError("The disk is full."), Cause.DISK),
        (bad_end("Encoding chunk 1", ENCODER, 1, "av_interleaved_write_frame(): No space left on device"), Cause.DISK),
        (bad_end("Encoding chunk 1", ENCODER, 1, "Cannot allocate memory"), Cause.MEMORY),
        (bad_end("Encoding chunk 1", ENCODER, -11, "Svt[error]"), Cause.CRASH),
        (bad_end("Scoring chunk 1", ENCODER, -11, ""), Cause.CRASH),
        (bad_end("Scoring chunk 1", ENCODER, 1, ""), Cause.TOOL),
        (ToolError("FFmpeg is missing."), Cause.TOOL),
        (StalledError("Encoding chunk 1 failed: made no progress."), Cause.STALL),
        (BusyError("Another run has it."), Cause.BUSY),
        (ConflictError("The source changed."), Cause.CONFLICT),
        (SourceError("It is truncated."), Cause.SOURCE),
        (RefusedError("Dolby Vision 5."), Cause.REFUSED),
        (UsageError("No such profile."), Cause.USAGE),
        (ValidationFailedError("Frames differ."), Cause.CHECKS),
        (ReelwrightError("A defect."), Cause.DEFECT),
    ],
)
def test_the_cause_is_the_errors_place_in_the_tree(error: ReelwrightError, cause: Cause) -> None:
    assert cause_of(error) is cause


def test_where_a_device_decodes_a_tools_failure_at_decoding_is_the_devices() -> None:
    error = bad_end("Encoding chunk 1", ENCODER, 1, "[h264 @ 0x1] Failed to get pixel format. Error while decoding")
    assert cause_of(error, hwaccel="cuda") is Cause.DECODE
    assert cause_of(error) is Cause.CRASH


@pytest.mark.parametrize(
    ("cause", "how", "settings"),
    [
        (Cause.MEMORY, HOW, {"processing": {"parallel_jobs": 2}}),
        (Cause.MEMORY, replace(HOW, parallel=1), {"processing": {"parallel_jobs": 1}}),
        (Cause.DECODE, replace(HOW, hwaccel="cuda"), {"encoding": {"hwaccel": "none"}}),
        (Cause.CHECKS, replace(HOW, hwaccel="cuda"), {"encoding": {"hwaccel": "none"}}),
        (Cause.CRASH, HOW, {"processing": {"parallel_jobs": 2}}),
        (Cause.CRASH, replace(HOW, attempt=2), {"encoding": {"preset": 7}}),
        (Cause.CRASH, replace(HOW, attempt=2, preset=13), {"encoding": {"preset": 12}}),
        (Cause.STALL, HOW, {}),
        (Cause.STALL, replace(HOW, attempt=2), {"processing": {"parallel_jobs": 2}}),
        (Cause.DISK, HOW, {}),
        (Cause.BUSY, HOW, {}),
        (Cause.LOST, HOW, {}),
        (Cause.TOOL, HOW, {}),
    ],
)
def test_only_the_suspect_part_is_changed(cause: Cause, how: Conditions, settings: dict[str, dict[str, int]]) -> None:
    again = after(cause, how)
    assert again is not None
    assert again.settings == settings
    settings_from(Settings(), again.settings)  # they are settings


@pytest.mark.parametrize(
    "cause", [Cause.SOURCE, Cause.REFUSED, Cause.USAGE, Cause.CONFLICT, Cause.DEFECT, Cause.CHECKS]
)
def test_what_no_other_go_would_mend_stops(cause: Cause) -> None:
    assert after(cause, HOW) is None


def test_goes_are_bounded_and_their_delays_grow() -> None:
    for cause in ATTEMPTS:
        how = replace(HOW, hwaccel="cuda")
        tries = [after(cause, replace(how, attempt=attempt)) for attempt in range(1, MOST_ATTEMPTS + 2)]
        delays = [again.delay for again in tries if again is not None]
        assert len(delays) == ATTEMPTS[cause] - 1
        assert all(first <= second <= LONGEST for first, second in pairwise(delays))
        assert all(second == 2 * first for first, second in pairwise(delays) if second < LONGEST)
    assert after(Cause.DISK, HOW, dt.timedelta(0)) is not None


def test_no_remedy_ever_touches_what_is_aimed_at() -> None:
    touched = {
        f"{section}.{key}"
        for cause in Cause
        for attempt in range(1, MOST_ATTEMPTS + 1)
        if (again := after(cause, replace(HOW, hwaccel="cuda", attempt=attempt))) is not None
        for section, table in again.settings.items()
        for key in table
    }
    assert touched == {"processing.parallel_jobs", "encoding.hwaccel", "encoding.preset"}


def test_what_failures_taught_adds_up() -> None:
    film = FilmWork(library="films", file=1, fingerprint="f", action=Action.ENCODE)
    film = with_remedy(film, {"encoding": {"hwaccel": "none"}})
    film = with_remedy(film, {"encoding": {"preset": 7}, "processing": {"parallel_jobs": 1}})
    film = with_remedy(film, {"processing": {"parallel_jobs": 2}})
    assert film.remedy == {"encoding": {"hwaccel": "none", "preset": 7}, "processing": {"parallel_jobs": 2}}
