"""`--zone`: parts with a CRF, a target or parameters of their own, seen in what is really encoded."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from clips import PICTURE, X264, Clips
from command import QUICK, Command, contents, frames

CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.1"}


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips("still.mkv", *PICTURE, "-frames:v", "96", *X264), films / "film.mkv"))


def trials(encode: Command) -> dict[tuple[int, int], tuple[float, int, str]]:
    """CRF, preset and tune of the trials in the ledger, by frames."""
    with sqlite3.connect(encode.state / "ledger.sqlite3") as ledger:
        rows = ledger.execute("select start, end, crf, preset, parameters from store_trial").fetchall()
    return {(a, b): (crf, preset, json.loads(p).get("tune", "")) for a, b, crf, preset, p in rows}


def test_each_zone_is_encoded_as_it_says_and_the_rest_as_without(encode: Command, films: Path, source: Path) -> None:
    zones = ("--zone", "24f-2:crf=30", "--zone", "2.5-end:preset=12,svt.tune=0")
    run = encode(source.name, *QUICK, *zones, "--json", env=CHUNKS)
    assert run.code == 0, run.err
    made = trials(encode)
    assert {k: v for k, v in made.items() if k[1] <= 24} == {(0, 24): (45, 13, "")}
    assert {v for k, v in made.items() if 24 <= k[0] < 48} == {(30, 13, "")}
    assert {v for k, v in made.items() if 48 <= k[0] < 60} == {(45, 13, "")}
    assert {v for k, v in made.items() if k[0] >= 60} == {(45, 12, "0")}
    assert frames(films / "film.av1.mkv") == 96
    data = run.results[0]["data"]
    assert "Zone frame 24 to 0:02: crf=30." in data["reasons"]
    assert all(check["passed"] for check in data["checks"])
    # Without the zones the untouched chunk is reused; what had other parameters is not.
    plain = encode(source.name, "-o", "plain.mkv", *QUICK, "--zone", "24f-2:crf=45", "--json", env=CHUNKS)
    reused = {e["data"]["chunk"] for e in plain.events if e["event"] == "trial_complete" and e["data"]["reused"]}
    assert reused == {0, 1}
    assert plain.results[0]["job"] != run.results[0]["job"]


def test_a_zone_is_searched_to_its_own_target(encode: Command, source: Path) -> None:
    run = encode(
        *(source.name, "--preset", "13", "--target-vmaf", "80", "--band", "6", "--zone", "0-1:target=93"),
        *("--json", "--workers", "1"),
        env=CHUNKS,
    )
    assert run.code == 0, run.err
    accepted = {e["data"]["chunk"]: e["data"] for e in run.events if e["event"] == "segment_complete"}
    scores = {
        (e["data"]["chunk"], e["data"]["crf"]): e["data"]["score"] for e in run.events if e["event"] == "trial_complete"
    }
    for number, chunk in accepted.items():
        if chunk["within_band"]:
            target = 93 if number == 0 else 80
            assert abs(scores[number, chunk["crf"]] - target) <= 6
    assert accepted[0]["crf"] < min(c["crf"] for k, c in accepted.items() if k)


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (("0-2:crf=20", "1-3:crf=30"), "overlap in frames 24 to 47"),
        (("3-9:crf=20",), "goes beyond the film: the film has 96 frames"),
        (("2-1:crf=20",), "holds no frame"),
        (("0-1:svt.crf=20",), "crf is set by Reelwright itself"),
    ],
)
def test_zones_that_cannot_be_are_wrong_usage(
    encode: Command, films: Path, source: Path, zones: tuple[str, ...], said: str
) -> None:
    before = contents(films)
    run = encode(source.name, *QUICK, *(part for zone in zones for part in ("--zone", zone)), "--json")
    assert run.code == 2
    assert said in run.complaints[0]
    assert json.loads(run.out.splitlines()[-1])["data"]["exit_code"] == 2
    assert contents(films) == before


def test_a_zone_that_is_none_is_told_with_an_example(encode: Command) -> None:
    run = encode("film.mkv", "--zone", "10-20")
    assert run.code == 2
    assert "such as 0:10-0:20:target=95" in run.err


def test_a_zone_and_an_excerpt_go_together(encode: Command, films: Path, source: Path) -> None:
    run = encode(source.name, *QUICK, "--zone", "1-3:crf=30", "--start", "2", "--duration", "1.5", env=CHUNKS)
    assert run.code == 0, run.err
    assert frames(films / "film.excerpt-2s-3.5s.av1.mkv") == 36
    assert {k: v[0] for k, v in trials(encode).items()} == {(48, 72): 30, (72, 84): 45}
