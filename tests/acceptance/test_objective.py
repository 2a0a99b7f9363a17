"""`--objective min-size` and `--max-output-size`, end to end on a tiny film."""

import json
import shutil
from pathlib import Path

import pytest
from brake import SHORT_CHUNKS, standing
from clips import X264, Clips
from command import Command, contents, frames
from test_resume import assert_soon_gone, told_before_death, trials

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


def test_a_film_weighed_as_a_whole_goes_on_where_it_was_killed(encode: Command, films: Path, source: Path) -> None:
    wishes = ("--objective", "min-size", "--target-vmaf", "90", "--preset", "13", "--workers", "1", "--json")
    process, seen, _ = standing(encode, source, *wishes)
    process.kill()
    first = told_before_death(process, seen)
    assert_soon_gone(encode.state)
    second = encode(source, *wishes, env=SHORT_CHUNKS)
    assert second.code == 0, second.err
    before, after = trials(first, reused=False), trials(second, reused=False)
    assert before, "something was committed before the kill"
    assert set(before) <= set(trials(second, reused=True))
    assert not set(before) & set(after), "no committed trial was encoded again"
    assert frames(films / "film.av1.mkv") == 30
    assert 89.6 <= second.results[0]["data"]["vmaf"]["mean"] <= 90.5
    # Nothing is accepted before every chunk has a trial, so all are known to the run that went on.
    assert {chunk for chunk, _ in before + after} == set(range(6))
