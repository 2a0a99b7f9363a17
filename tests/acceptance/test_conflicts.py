import shutil
import signal
from pathlib import Path

import pytest
from clips import Clips
from command import Command, digest, finish, read_until

#: See the fixture `encode`.
SCORED_AS_USUAL = True

#: Two chunks that are searched, one trial at a time: long enough to be disturbed.
SLOW = ("--preset", "12", "--workers", "1", "--target-vmaf", "70", "--band", "0.1", "--json")
SHORT_CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips.long(".mkv"), films / "film.mkv"))


@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_source_that_is_not_what_it_was_ends_the_run(
    how: str, clips: Clips, encode: Command, films: Path, source: Path
) -> None:
    run = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(run, "trial_complete")
    if how == "replaced":
        shutil.copy(clips.film(), films / "other")
        (films / "other").replace(source)
    else:
        source.unlink()
    finish(run, seen).assert_json_failed(
        8, str(source), "while it was being encoded", "Run" if how == "replaced" else "Bring"
    )
    left = list(films.iterdir())
    assert left == ([source] if how == "replaced" else [])
    assert how == "removed" or digest(source) == digest(clips.film())


def test_of_two_runs_of_one_job_the_second_names_the_first(encode: Command, films: Path, source: Path) -> None:
    first = encode.begin(source, *SLOW, env=SHORT_CHUNKS)
    seen = read_until(first, "trial_complete")
    encode(source, *SLOW, env=SHORT_CHUNKS).assert_json_failed(8, str(source), f"process {first.pid}")
    assert first.poll() is None, "the second run did not disturb the first"
    first.send_signal(signal.SIGINT)
    stopped = finish(first, seen)
    assert stopped.code == 130, stopped.err
    assert stopped.results[-1]["data"]["outcome"] == "interrupted"
    assert len(stopped.complaints) == 1
    assert list(films.iterdir()) == [source]
