"""`--objective min-size` and `--max-output-size`, end to end on a tiny film."""

import json
import shutil
from pathlib import Path

import pytest
from clips import X264, Clips
from command import Command, contents

SLOW = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6")
CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.1"}


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    made = clips("slow.mkv", *SLOW, "-frames:v", "30", *X264, "-crf", "20")
    return Path(shutil.copy(made, films / "film.mkv"))


def test_a_film_is_weighed_as_a_whole_and_says_what_it_expects(encode: Command, source: Path) -> None:
    run = encode(source, "--objective", "min-size", "--target-vmaf", "90", "--preset", "13", "--json", env=CHUNKS)
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    assert data["outcome"] == "encoded"
    events = [json.loads(line) for line in run.out.splitlines()]
    taken = [e["data"] for e in events if e["event"] == "segment_complete"]
    assert sorted(t["chunk"] for t in taken) == list(range(6))
    # Six chunks of five frames: one step of one of them moves the film's mean by a tenth or two.
    assert 89.6 <= data["vmaf"]["mean"] <= 90.5
    assert all("bytes a frame for a point of VMAF" in t["why"] or "floor" in t["why"] for t in taken)
    told = [e["data"] for e in events if e["event"] == "progress" and e["data"].get("projected_bytes_range")]
    assert told
    assert all(
        low <= known["projected_bytes"] <= high for known in told for low, high in [known["projected_bytes_range"]]
    )


def test_a_size_that_cannot_be_kept_ends_with_the_figures(encode: Command, films: Path, source: Path) -> None:
    before = contents(films)
    run = encode(source, "--crf", "12", "--preset", "13", "--max-output-size", "2K", "--json", env=CHUNKS)
    assert run.code == 0, run.err
    data = run.results[0]["data"]
    assert (data["decision"], data["outcome"]) == ("skip", "skipped")
    assert (
        "above the 0.002 MB asked for" in data["reasons"][0] or "above the 0.00205 MB asked for" in data["reasons"][0]
    )
    assert data["trials"] < 5
    assert contents(films) == before
