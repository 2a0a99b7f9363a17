"""Chunks decoded once into memory: the same bytes and the same scores as when each encode and score reads the film."""

import asyncio
import json
import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from reelwright.app.wiring import services
from reelwright.config import settings_from
from reelwright.engine import held as module
from reelwright.engine.held import HeldFrames
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.pace import Limits
from reelwright.engine.pipeline import Options, encode_film
from reelwright.events import Event
from reelwright.planning import windows
from reelwright.planning.plan import Request
from reelwright.tools.process import Runner

#: Chunks within one group of pictures: only the first begins with a key frame.
LONG_GROUPS = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "500", "-sc_threshold", "0", "-bf", "2")
#: Each begins with a key frame, and its own second frame leads its score.
KEYS_AT_CUTS = (*LONG_GROUPS, "-force_key_frames", "3")
FILMS = {
    "8 bit, one group of pictures": ("yuv420p", LONG_GROUPS),
    "10 bit 4:2:2, key frames at the cuts": ("yuv422p10le", KEYS_AT_CUTS),
}


class Silent:
    """Takes events and keeps none."""

    def emit(self, event: Event) -> None:
        """Nothing is done with them."""


def make(folder: Path, pix_fmt: str, codec: tuple[str, ...]) -> Path:
    """Six seconds, which are two chunks of 72 frames."""
    looks = [f"testsrc2=s=160x90:r=24:d=2,hue=h={100 * k},noise=alls=14:allf=t" for k in range(3)]
    inputs = [word for look in looks for word in ("-f", "lavfi", "-i", look)]
    graph = "".join(f"[{k}:v]" for k in range(3)) + f"concat=n=3,format={pix_fmt}"
    path = folder / "film.mkv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *inputs, "-filter_complex", graph]
    subprocess.run([*command, *codec, str(path)], check=True)
    return path


def encode(film: Path, name: str, crf: float | None = None, **asked: Any) -> tuple[OutcomeRecord, dict[Any, Any]]:
    """Encode with an empty ledger; the outcome, and of each trial and sample its bytes and its scores."""
    folder = film.parent / name
    folder.mkdir()
    ledger = folder / "ledger.sqlite3"
    request = Request(
        target_vmaf=88.0, band_low=87.0, band_high=89.0, preset=13, deterministic=True, chunk_seconds=4,
        crf=crf, vmaf_model="vmaf_v0.6.1neg", **asked,
    )  # fmt: skip

    async def run() -> OutcomeRecord:
        settings = settings_from(None, {"database": {"path": str(ledger)}})
        async with services(settings, Silent(), Request()) as ready:
            options = Options(work_dir=folder / "work", limits=Limits(workers=2))
            return await encode_film(film, folder / "out.mkv", request, options, ready)

    outcome = asyncio.run(run())
    with sqlite3.connect(ledger) as rows:
        rows.row_factory = sqlite3.Row
        found = [dict(row) for row in rows.execute("SELECT * FROM store_trial")]
    return outcome, {
        (r["start"], r["crf"], r["windows"]): (r["packets_digest"], r["size_bytes"], json.loads(r["frame_scores"]))
        for r in found
    }


def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is spawned to decode a chunk from here on."""
    seen: list[str] = []
    run = Runner.run

    async def heard(self: Runner, argv: Any, *, what: str, **options: Any) -> Any:
        if what.startswith("Decoding chunk"):
            seen.append(what)
        return await run(self, argv, what=what, **options)

    monkeypatch.setattr(Runner, "run", heard)
    return seen


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
@pytest.mark.parametrize("kind", FILMS)
def test_bytes_and_scores_are_those_of_a_film_that_is_read_each_time(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make(tmp_path, *FILMS[kind])
    monkeypatch.setattr(windows, "DEARER", 0.1)  # samples all but free: each chunk is sampled
    seen = decodings(monkeypatch)
    outcome, held = encode(film, "held")
    assert outcome.outcome == "encoded", outcome
    chunks = len({start for start, _, _ in held})
    assert sorted(seen) == [f"Decoding chunk {k}" for k in range(chunks)], "each chunk once"
    monkeypatch.delattr(os, "memfd_create")
    _, read = encode(film, "read")
    assert len(seen) == chunks
    assert any(windows not in {None, "null"} for _, _, windows in held), "none was sampled"
    assert held == read


def test_of_a_sample_each_frame_that_is_scored_scores_as_where_all_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make(tmp_path, *FILMS["8 bit, one group of pictures"])
    monkeypatch.setattr(windows, "DEARER", 0.1)  # samples all but free: each chunk is sampled
    (_, thirds), (_, whole) = encode(film, "thirds"), encode(film, "whole", scored_frames="every")
    both = [key for key in thirds if key in whole and key[2] not in {None, "null"}]
    assert both
    for key in both:
        (digest, _, some), (same, _, every) = thirds[key], whole[key]
        assert digest == same
        assert len(every) == 16
        assert some == every[1::3]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
def test_a_chunk_that_does_not_decode_whole_is_read_from_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = make(tmp_path, *FILMS["8 bit, one group of pictures"])
    seen = decodings(monkeypatch)
    monkeypatch.setattr(module, "is_all_there", lambda *_: False)
    outcome, trials = encode(film, "out", crf=50.0)
    assert outcome.outcome == "encoded", outcome
    assert len(seen) == len(trials) > 1


def test_memory_is_given_back_with_the_frames() -> None:
    held = HeldFrames(lambda size: size < 100)
    assert held._file(None) is None
    assert held._file(100) is None
    held._granted = 50  # to chunks that are being decoded
    assert held._file(50) is None
    held._granted = 0
    if not hasattr(os, "memfd_create"):
        return
    for index in range(2):
        file = held._file(99)
        assert file is not None
        held._files[index] = file
    kept, gone = held._files[0], held._files[1]
    held.keep_only({0})
    os.fstat(kept)
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(gone)
    held.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(kept)
