"""`--max-encoded-percent`: what is not worth it is not placed, ends well, and costs no more than it must."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from clips import TONE, X264, Clips
from command import Command, contents, frames

EASY = ("--preset", "13", "--crf", "63")
#: So good that it is larger than its source.
LAVISH = ("--preset", "13", "--crf", "5")
CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.1"}
#: Ten seconds of few frames: many chunks that take little time each.
SLOW = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6")
FRAMES = 60


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    made = clips("long-tone.mkv", *SLOW, *TONE, "-frames:v", str(FRAMES), *X264, "-crf", "40", "-c:a", "aac")
    return Path(shutil.copy(made, films / "film.mkv"))


def test_a_film_too_large_is_given_up_early_and_nothing_is_placed(encode: Command, films: Path, source: Path) -> None:
    before = contents(films)
    run = encode(source, *LAVISH, "--max-encoded-percent", "80", "--workers", "1", "--json", env=CHUNKS)
    assert run.code == 0, run.err
    assert run.err == ""
    data = run.results[0]["data"]
    assert (data["decision"], data["outcome"], data["exit_code"]) == ("skip", "skipped", 0)
    assert (data["bytes_before"], data["bytes_after"], data["vmaf"]) == (source.stat().st_size, None, None)
    assert data["reasons"][0].startswith("Not worth it: ")
    assert "above the 80 % asked for" in data["reasons"][0]
    # Eleven chunks there are; three or four tell.
    assert 3 <= data["trials"] <= 4
    assert contents(films) == before
    with sqlite3.connect(encode.state / "ledger.sqlite3") as ledger:
        assert ledger.execute("select status from store_job").fetchall() == [("skipped",)]


def test_without_the_limit_the_same_film_is_encoded_from_the_trials_that_were_kept(
    encode: Command, films: Path, source: Path
) -> None:
    first = encode(source, *LAVISH, "--max-encoded-percent", "80", "--workers", "1", "--json", env=CHUNKS)
    made = first.results[0]["data"]["trials"]
    again = encode(source, *LAVISH, "--max-encoded-percent", "80", "--workers", "1", "--json", env=CHUNKS)
    assert again.results[0]["data"]["outcome"] == "skipped"
    assert again.results[0]["data"]["trials"] == 0
    whole = encode(source, *LAVISH, "--json", env=CHUNKS)
    assert whole.code == 0, whole.err
    data = whole.results[0]["data"]
    assert data["outcome"] == "encoded"
    assert data["trials"] == 11 - made
    assert data["bytes_after"] > data["bytes_before"]
    assert frames(films / "film.av1.mkv") == FRAMES
    # It is the same job: the limit changes nothing of what comes out.
    assert first.results[0]["job"] == whole.results[0]["job"]


def test_a_film_within_the_limit_is_encoded(encode: Command, films: Path, source: Path) -> None:
    run = encode(source, *EASY, "--max-encoded-percent", "99", "--json")
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    assert data["outcome"] == "encoded"
    assert data["bytes_after"] <= 0.99 * data["bytes_before"]
    assert frames(films / "film.av1.mkv") == FRAMES


def test_the_container_counts_too(encode: Command, films: Path, source: Path) -> None:
    """Between what the packets take and what the file takes: only the assembled file says that it is too large."""
    size = encode(source, *EASY, "--json").results[0]["data"]["bytes_after"]
    (films / "film.av1.mkv").unlink()
    percent = 100 * (size - 1) / source.stat().st_size
    before = contents(films)
    run = encode(source, *EASY, "--max-encoded-percent", f"{percent:.6f}", "--json")
    assert run.results[0]["data"]["outcome"] == "skipped"
    assert run.results[0]["data"]["trials"] == 0
    assert "encoding_complete" in run.out
    assert contents(films) == before
    enough = encode(source, *EASY, "--max-encoded-percent", f"{percent + 0.01:.6f}", "--json")
    assert enough.results[0]["data"]["outcome"] == "encoded"


def test_the_setting_for_libraries_is_no_limit_for_encode(encode: Command, films: Path, source: Path) -> None:
    setting = {"REELWRIGHT_PLACEMENT__MAX_ENCODED_PERCENT": "1"}
    run = encode(source, *EASY, env=setting)
    assert run.code == 0, run.err
    assert (films / "film.av1.mkv").is_file()


def test_people_read_why_and_the_table_counts_it(encode: Command, source: Path, films: Path) -> None:
    shutil.copy(source, films / "other.mkv")
    run = encode(films, "-o", "out", *LAVISH, "--max-encoded-percent", "1", env=CHUNKS)
    assert run.code == 0, run.err
    assert run.out.count("skipped: Not worth it: ") == 2
    assert "2 films    2 skipped" in run.out
    assert not any((films / "out").iterdir())


@pytest.mark.parametrize("value", ["0", "-5", "much", "nan"])
def test_a_limit_that_is_none_is_wrong_usage(encode: Command, value: str) -> None:
    run = encode("film.mkv", "--max-encoded-percent", value, "--json")
    assert run.code == 2
    assert json.loads(run.out)["data"]["outcome"] == "failed"
