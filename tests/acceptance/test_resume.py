"""Resume is the normal way to work: whatever ends a run, the same command goes on."""

import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from clips import X264, Clips
from command import Command, Run, contents, finish, frames, packets, read_until

if TYPE_CHECKING:
    import subprocess

#: Searched in chunks of a second, one trial at a time, with a band narrow enough for several trials a chunk.
SEARCH = ("--preset", "12", "--workers", "1", "--target-vmaf", "75", "--band", "0.2", "--deterministic", "--json")
SHORT_CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}
FRAMES = 12
GONE_SECONDS = 30.0
#: Six frames a second: a chunk of a second is six frames, and a trial takes a fraction of a second.
SLOW_GRAIN = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6,noise=alls=12:allf=t")


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    made = clips("resume.mkv", *SLOW_GRAIN, "-frames:v", str(FRAMES), *X264)
    return Path(shutil.copy(made, films / "film.mkv"))


def trials(run: Run, *, reused: bool) -> list[tuple[int, float]]:
    """The trials a run told of, as (chunk, CRF)."""
    rows: list[dict[str, Any]] = [e["data"] for e in run.events if e["event"] == "trial_complete"]
    return [(row["chunk"], row["crf"]) for row in rows if row["reused"] is reused]


def told_before_death(process: "subprocess.Popen[bytes]", seen: str) -> Run:
    """A killed run's output, its last line dropped where the kill cut it short."""
    out, err = process.communicate(timeout=60)
    whole = (seen + out.decode()).splitlines(keepends=True)
    return Run(code=process.returncode, out="".join(x for x in whole if x.endswith("\n")), err=err.decode())


def alive(folder: Path) -> list[psutil.Process]:
    """Living processes that name a folder on their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in words):
            found.append(process)
    return found


def assert_soon_gone(folder: Path) -> None:
    """Nothing of a dead run works on; the guard needs a moment."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := alive(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_a_killed_coordinator_leaves_nobody_behind_and_the_same_command_goes_on(
    encode: Command, films: Path, source: Path
) -> None:
    process = encode.begin(source, *SEARCH, env=SHORT_CHUNKS)
    seen = read_until(process, "trial_complete")
    process.kill()
    first = told_before_death(process, seen)
    assert_soon_gone(encode.state)
    second = encode(source, *SEARCH, env=SHORT_CHUNKS)
    assert second.code == 0, second.err
    made = Counter(trials(first, reused=False) + trials(second, reused=False))
    assert max(made.values()) == 1, "no committed trial was encoded again"
    assert set(trials(first, reused=False)) <= set(trials(second, reused=True))
    assert frames(films / "film.av1.mkv") == FRAMES
    assert sorted(contents(films)) == ["film.av1.mkv", "film.mkv"]


def test_the_output_is_the_same_whether_the_run_was_disturbed_or_not(
    encode: Command, films: Path, source: Path, tmp_path: Path
) -> None:
    process = encode.begin(source, *SEARCH, env=SHORT_CHUNKS)
    seen = read_until(process, "trial_complete")
    process.send_signal(signal.SIGINT)
    assert finish(process, seen).code == 130
    assert encode(source, *SEARCH, env=SHORT_CHUNKS).code == 0
    calm = Command(folder=films, state=tmp_path / "calm", environment=encode.environment)
    calm.state.mkdir()
    assert calm(source, "-o", "calm.mkv", *SEARCH, env=SHORT_CHUNKS).code == 0
    assert packets(films / "calm.mkv", "video") == packets(films / "film.av1.mkv", "video")


def test_a_killed_encoder_is_started_again_in_the_same_run(encode: Command, films: Path, source: Path) -> None:
    process = encode.begin(source, *SEARCH, env=SHORT_CHUNKS)
    seen = read_until(process, "encoding_started")
    victim = None
    while victim is None:
        assert process.poll() is None
        children = psutil.Process(process.pid).children(recursive=True)
        victim = next((c for c in children if any("libsvtav1" in word for word in words_of(c))), None)
    victim.kill()
    done = finish(process, seen)
    assert done.code == 0, done.err
    assert frames(films / "film.av1.mkv") == FRAMES


def words_of(process: psutil.Process) -> list[str]:
    """A process's command line; empty once it is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_run_again_after_success_it_verifies_and_encodes_nothing(encode: Command, films: Path, source: Path) -> None:
    assert encode(source, *SEARCH, env=SHORT_CHUNKS).code == 0
    before = contents(films)
    again = encode(source, *SEARCH, env=SHORT_CHUNKS)
    assert (again.code, again.results[0]["data"]["outcome"]) == (0, "already_done")
    assert trials(again, reused=False) == []
    assert contents(films) == before


def test_an_output_that_was_changed_since_is_not_called_done_nor_replaced(
    encode: Command, films: Path, source: Path
) -> None:
    assert encode(source, *SEARCH, env=SHORT_CHUNKS).code == 0
    output = films / "film.av1.mkv"
    output.write_bytes(output.read_bytes()[:-1] + b"!")
    before = contents(films)
    encode(source, *SEARCH, env=SHORT_CHUNKS).assert_json_failed(8, str(output), "--overwrite")
    assert contents(films) == before
    replaced = encode(source, *SEARCH, "--overwrite", env=SHORT_CHUNKS)
    assert (replaced.code, trials(replaced, reused=False)) == (0, [])
    assert contents(films) != before


def test_another_target_reuses_every_trial(encode: Command, source: Path) -> None:
    low = encode(source, *SEARCH, env=SHORT_CHUNKS)
    high = encode(source, "-o", "high.mkv", *SEARCH, "--target-vmaf", "80", env=SHORT_CHUNKS)
    assert high.code == 0, high.err
    assert set(trials(high, reused=True)) == set(trials(low, reused=False))
    assert set(trials(high, reused=False)).isdisjoint(trials(low, reused=False))
    assert high.results[0]["data"]["vmaf"]["mean"] > low.results[0]["data"]["vmaf"]["mean"]


def test_a_committed_trial_whose_file_was_spoiled_is_made_again(encode: Command, films: Path, source: Path) -> None:
    first = encode(source, *SEARCH, env=SHORT_CHUNKS)
    segments = sorted(encode.state.glob("work/*/segments/*.mkv"))
    spoiled = segments[0].read_bytes()
    segments[0].write_bytes(spoiled[: len(spoiled) // 2])
    segments[1].unlink()
    (films / "film.av1.mkv").unlink()
    second = encode(source, *SEARCH, env=SHORT_CHUNKS)
    assert second.code == 0, second.err
    assert len(trials(second, reused=False)) <= 2
    assert set(trials(second, reused=True)) < set(trials(first, reused=False))
    assert frames(films / "film.av1.mkv") == FRAMES


def test_a_closed_terminal_ends_the_run_in_good_order(encode: Command, films: Path, source: Path) -> None:
    process = encode.begin(source, *SEARCH, env=SHORT_CHUNKS)
    seen = read_until(process, "trial_complete")
    process.send_signal(signal.SIGHUP)
    assert finish(process, seen).code == 130
    assert alive(encode.state) == []
    assert sorted(contents(films)) == ["film.mkv"]


def test_a_job_killed_between_placing_and_its_commit_is_found_done(encode: Command, source: Path) -> None:
    """The validated file is under its name, but the ledger was not told."""
    import sqlite3  # noqa: PLC0415

    assert encode(source, *SEARCH, env=SHORT_CHUNKS).code == 0
    with sqlite3.connect(encode.state / "ledger.sqlite3") as ledger:
        ledger.execute("UPDATE store_job SET status = 'open'")
        ledger.execute("DELETE FROM store_step WHERE kind = 'place'")
    ledger.close()
    again = encode(source, *SEARCH, env=SHORT_CHUNKS)
    assert (again.code, again.results[0]["data"]["outcome"]) == (0, "already_done")
