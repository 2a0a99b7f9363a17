"""A run whose machine gets short of memory under way. That cannot be provoked safely, so what is free is told here."""

import asyncio
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import pytest

from reelwright.app.wiring import services
from reelwright.config import settings_from
from reelwright.encoders import SVT_AV1
from reelwright.engine import pace
from reelwright.engine.jobs import OutcomeRecord, UsageSample
from reelwright.engine.pace import Gauges, Limits
from reelwright.engine.pipeline import Options, encode_film
from reelwright.engine.resources import RESERVE_BYTES
from reelwright.events import Event, EventName
from reelwright.planning.plan import Request

PLENTY = 64 << 30
SCENES = 5


@dataclass
class Heard:
    """Every event, and what is done when one comes."""

    free: list[int]
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def of(self, name: EventName) -> list[Event]:
        return [event for event in self.events if event.event is name]

    def memory(self) -> int:
        """What is free: one figure after the other, then plenty."""
        return self.free.pop(0) if self.free else PLENTY


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five scenes of a second."""
    path = tmp_path_factory.mktemp("scenes") / "film.mkv"
    looks = [f"testsrc2=s=160x90:r=8:d=1,hue=h={60 * k},noise=alls=12:allf=t" for k in range(SCENES)]
    inputs = [word for look in looks for word in ("-f", "lavfi", "-i", look)]
    graph = "".join(f"[{k}:v]format=yuv420p,setsar=1[v{k}];" for k in range(SCENES))
    graph += "".join(f"[v{k}]" for k in range(SCENES)) + f"concat=n={SCENES}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *inputs, "-filter_complex", graph]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", str(path)], check=True)
    return path


@pytest.fixture
def film(scenes: Path, tmp_path: Path) -> Path:
    """The film in a folder of its own."""
    return Path(shutil.copy(scenes, tmp_path))


def encode(film: Path, heard: Heard, workers: int, preset: int = 1) -> tuple[OutcomeRecord, list[UsageSample]]:
    """Encode in this process, slowly; the outcome, and what the ledger then knows of what it took."""
    tree = {"database": {"path": str(film.parent / "ledger.sqlite3")}, "processing": {"chunk_size": 1}}
    request = Request(crf=40.0, preset=preset, chunk_seconds=1.0, vmaf_model="vmaf_v0.6.1neg")
    options = Options(work_dir=film.parent / "work", limits=Limits(workers=workers))

    async def run() -> tuple[OutcomeRecord, list[UsageSample]]:
        async with services(settings_from(None, tree), heard, Request()) as ready:
            outcome = await encode_film(film, film.with_name("out.mkv"), request, options, ready)
            seen = await ready.offload(
                lambda: ready.store.usage_of(160, 90, encoder=SVT_AV1.ffmpeg, preset=preset, limit=99)
            )
            return outcome, seen

    return asyncio.run(run())


def watched(monkeypatch: pytest.MonkeyPatch, heard: Heard) -> None:
    """Let the run see what is told here, at every look; no time passes, so that nothing is put right again.

    Raw pictures are not held: whether there is room for them is asked as well, and would take the figures told here.
    """
    monkeypatch.setattr(pace.Pace, "has_room", lambda *_: False)
    monkeypatch.setattr(pace, "Gauges", lambda: Gauges(free_memory=heard.memory, clock=lambda: 0.0))
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.0)


def test_when_memory_is_nearly_gone_the_youngest_is_put_off_and_begun_again(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(free=[RESERVE_BYTES // 8])
    watched(monkeypatch, heard)
    outcome, seen = encode(film, heard, workers=3)
    assert (outcome.outcome, outcome.exit_code) == ("encoded", 0)
    (change,) = heard.of(EventName.RESOURCES_CHANGED)
    assert "youngest encode is put off; 2 encodes at once from now on" in change.data["why"]
    (begun,) = heard.of(EventName.ENCODING_STARTED)
    assert outcome.trials == begun.data["chunks"] == len(seen)
    lanes = [len(e.data["lanes"]) for e in heard.events[heard.events.index(change) :] if "lanes" in e.data]
    gone = next(k for k, count in enumerate(lanes) if count <= 2)  # the one put off takes a moment to end
    assert max(lanes[gone:]) <= 2


def test_when_memory_gets_short_those_under_way_go_on_and_fewer_are_begun(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(free=[RESERVE_BYTES - 1])
    watched(monkeypatch, heard)
    outcome, seen = encode(film, heard, workers=2)
    assert outcome.exit_code == 0
    (change,) = heard.of(EventName.RESOURCES_CHANGED)
    assert change.data["workers"] == 1
    assert outcome.trials == len(seen)


def test_the_ledger_keeps_what_each_trial_was_given_and_took(film: Path) -> None:
    _, seen = encode(film, Heard(free=[]), workers=1, preset=12)
    assert seen
    for sample in seen:
        assert (sample.width, sample.height) == (160, 90)
        assert sample.threads in {1, 2}
        assert sample.cpu_idle is None or 0 <= sample.cpu_idle <= 1
        assert sample.encode.peak_rss_bytes > 10 << 20
        assert sample.score.cpu_seconds > 0
