"""The AV1 route of a sequence: part by part through the quality engine, with no more on the disk than is under way."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_sequence_late_frames import packets, reused
from test_sequence_render import Studio, pictures

from pictures import ramp, write_still

pytestmark = pytest.mark.prove

FRAMES = range(1001, 1073)
ARGS = ("--profile", "av1", "--deterministic", "--workers", "1", "--json")


class SmallStudio(Studio):
    """Chunks of a second, so that a movie of three seconds has parts."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}

    def disk(self) -> list[str]:
        """Lossless films in the work folder."""
        return [p.name for p in (self.root / "work").glob("*/segments/*.mkv") if "-av1" in p.name]


@pytest.fixture
def studio(tmp_path: Path) -> SmallStudio:
    made = SmallStudio(tmp_path)
    for number in FRAMES:
        write_still(made.frame(number), ramp(192, 108, number) * 0.8 + 0.1)
    return made


def run_until_killed(studio: SmallStudio, event: str, times: int) -> int:
    """Start a rendering and kill it at an event's so-manieth time; the most lossless films seen at once."""
    process = subprocess.Popen(
        studio.argv(*ARGS), cwd=studio.root, env=studio.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    most = 0
    for line in process.stdout:
        most = max(most, len(studio.disk()))
        times -= json.loads(line)["event"] == event
        if not times:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return most


def test_a_killed_run_goes_on_where_it_stopped_and_gives_the_same_packets(studio: SmallStudio) -> None:
    assert run_until_killed(studio, "analysis_complete", 2) == 1
    run = studio(*ARGS)
    assert run.code == 0, run.err
    rendered = [e["data"] for e in run.events if e["event"] == "progress" and e["data"].get("phase") == "render"]
    assert rendered[0]["done"] >= 48  # the first part was taken up
    movie = studio.out / "sh010.mkv"
    assert len(pictures(movie)) == 73
    data = run.results[-1]["data"]
    assert data["vmaf"]["frames"] == 73
    assert abs(data["vmaf"]["mean"] - 93) < 3
    assert not list((studio.root / "work").iterdir())
    resumed = packets(movie)
    movie.rename(studio.root / "resumed.mkv")
    (studio.root / "ledger.sqlite3").unlink()
    assert studio(*ARGS).code == 0
    assert packets(movie) == resumed

    write_still(studio.frame(1060), ramp(192, 108, 3))
    run = studio(*ARGS)
    assert run.code == 0, run.err
    fresh, taken = reused(run)
    assert (fresh + taken, fresh < 40) == (73, True)
    now = packets(movie)
    assert len(now) == 73
    assert now[: 73 - 25] == resumed[: 73 - 25]
    chunks: list[dict[str, Any]] = studio.manifest("sh010.mkv")["chunks"]["sh010.mkv"]
    assert [c["start"] for c in chunks[1:]] == [c["end"] for c in chunks[:-1]]
    assert (chunks[0]["start"], chunks[-1]["end"]) == (0, 73)
