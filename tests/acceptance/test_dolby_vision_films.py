"""Dolby Vision films through the real command: each frame's metadata arrives, or the film is refused and left alone."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from clips import X264, Clips
from command import QUICK, Command, Run, contents, finish, read_until

from dolby_vision import P5, P7, P81, P84, Flavor, Making, film
from media import DOLBY_VISION

#: See the fixture `encode`.
SCORED_AS_USUAL = True

SMALL = Making(frames=12, size="96x64")
FAST = ("--preset", "13")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dolby")


def metadata(path: Path) -> list[bytes | None]:
    """The Dolby Vision metadata of each frame, in the order of showing: libavutil's structure, byte for byte."""
    with av.open(str(path)) as container:
        return [
            next((bytes(d) for d in frame.side_data if d.type.name == "DOVI_METADATA"), None)
            for frame in container.decode(video=0)
        ]


def result(done: Run) -> dict[str, Any]:
    """The data of the only result of a run that went well."""
    assert done.code == 0, (done.err, done.out[-2000:])
    (event,) = done.results
    data: dict[str, Any] = event["data"]
    return data


def check_of(data: dict[str, Any]) -> str:
    """What the check of the metadata said; it passed."""
    (check,) = [c for c in data["checks"] if c["name"] == "dolby vision"]
    assert check["passed"]
    return str(check["detail"])


def chunks_of(done: Run) -> set[int]:
    return {e["data"]["chunk"] for e in done.events if e["event"] == "trial_complete"}


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ("p81.mkv out.mkv", (P81, "10.1")),
        ("p84.mkv out.mp4", (P84, "10.4")),
        ("p81.mp4 out.mp4", (P81, "10.1")),
        ("p84.hevc out.mkv", (P84, "10.4")),
    ],
)
def test_it_goes_in_one_piece_at_the_fixed_crf_and_every_frames_metadata_arrives(
    names: str, kind: tuple[Flavor, str], encode: Command, films: Path, folder: Path
) -> None:
    (name, written), (flavor, becomes) = names.split(), kind
    source, out = film(folder, name, replace(SMALL, flavor=flavor)), films / written
    done = encode(source, "-o", out, *FAST, "--json")
    data = result(done)
    assert check_of(data) == f"profile {becomes}, the metadata of 12 frames equal to the source's"
    before, after = metadata(source), metadata(out)
    assert len({*before}) == 12
    assert before == after
    # The record is there by its bytes, too.
    place = out.read_bytes().index(b"dvvC") + 4
    record = out.read_bytes()[place : place + 10]
    major_minor = record.index(b"\1\0")  # in Matroska the element's own header comes first
    assert record[major_minor + 2] >> 1 == 10
    assert (data["trials"], chunks_of(done)) == (1, {0})
    assert {e["data"]["crf"] for e in done.events if e["event"] == "trial_complete"} == {25}
    assert data["vmaf"]["mean"] > 50
    assert any(f"becomes profile {becomes}" in reason for reason in data["reasons"])
    assert any("in one piece at CRF 25" in reason for reason in data["reasons"])


def test_chunks_are_as_safe_where_they_are_asked_for(encode: Command, films: Path, folder: Path) -> None:
    # Four seconds in chunks of one, none of which begins at a key frame of the source but the first.
    source = film(folder, "chunks.mkv", replace(SMALL, frames=28, rate="7"))
    env = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.2"}
    done = encode(source, "-o", films / "out.mkv", *QUICK, "--strategy", "chunked", "--json", env=env)
    data = result(done)
    assert len(chunks_of(done)) >= 4
    assert check_of(data) == "profile 10.1, the metadata of 28 frames equal to the source's"
    before = metadata(source)
    assert len({*before}) == 28
    assert metadata(films / "out.mkv") == before
    assert not any("in one piece" in reason for reason in data["reasons"])


@pytest.mark.prove
def test_the_score_is_the_pictures_whatever_its_metadata(encode: Command, films: Path, folder: Path) -> None:
    plain = film(folder, "plain.mkv", replace(SMALL, frames=6, record=False, number=lambda _: None))
    dolby = film(folder, "six.mkv", replace(SMALL, frames=6))
    scores = []
    for number, source in enumerate((plain, dolby)):
        args = ("-o", films / f"{number}.mkv", *FAST, "--strategy", "direct", "--json")
        scores.append(result(encode(source, *args))["vmaf"])
    assert scores[0] == scores[1]
    assert metadata(films / "0.mkv") == [None] * 6


def test_an_ordinary_film_goes_in_one_piece_where_that_is_asked_for(encode: Command, films: Path, clips: Clips) -> None:
    source = clips("dolby-slow.mkv", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=6", "-frames:v", "14", *X264)
    env = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1.2"}  # two chunks, otherwise
    args = ("-o", films / "out.mkv", *FAST, "--strategy", "direct", "--crf", "50", "--json")
    done = encode(source, *args, env=env)
    data = result(done)
    assert (data["trials"], chunks_of(done)) == (1, {0})
    assert {e["data"]["crf"] for e in done.events if e["event"] == "trial_complete"} == {50}
    with av.open(str(films / "out.mkv")) as container:
        keys = [k for k, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    assert keys == [0, 7]  # 1.2 seconds of 6 frames
    assert any("in one piece at CRF 50" in reason for reason in data["reasons"])
    assert not any("Dolby" in reason for reason in data["reasons"])
    refused = encode(source, "-o", films / "no.mkv", "--strategy", "direct", "--zone", "0-1:crf=20")
    refused.assert_failed(3, "--zone needs chunks", "--strategy chunked")


@pytest.mark.parametrize(
    ("name", "changes", "args"),
    [
        ("p5.mkv", {"flavor": P5}, ()),
        ("p5.ts", {"flavor": P5}, ()),
        ("p7.mkv", {"flavor": P7}, ()),
        ("p7.hevc", {"flavor": P7}, ("--strategy", "direct")),
        ("p7.mp4", {"flavor": P7}, ("--strategy", "chunked")),
        ("p81.mkv", {}, ("--scale", "48x32")),
        ("p81.mkv", {}, ("--crop", "auto")),
        ("p81.mkv", {}, ("--zone", "0-1:crf=20")),
        ("untagged.mkv", {"colors": False}, ()),
        # Only the analysis sees these.
        ("gap.mkv", {"number": lambda k: None if k == 5 else k}, ()),
        ("first.mkv", {"number": lambda k: None if k else 0}, ()),
        ("hidden.mkv", {"number": lambda k: k if k > 16 else None, "record": False, "frames": 20}, ()),
    ],
)
def test_what_would_not_arrive_whole_is_refused_and_nothing_is_written(
    name: str, changes: dict[str, Any], args: tuple[str, ...], encode: Command, folder: Path
) -> None:
    source = film(folder, name, replace(SMALL, **changes))
    before = contents(folder)
    out = encode.folder / "out.mkv"
    said = SAID[args[0] if name == "p81.mkv" else name.partition(".")[0]]
    encode(source, "-o", out, *args).assert_failed(3, *said)
    assert contents(folder) == before
    assert contents(encode.folder) == {}


SAID = {
    "p5": ("profile 5", "profile 8"),
    "p7": ("profile 7", "dovi_tool -m 2 convert"),
    "--scale": ("--scale", "would make that wrong"),
    "--crop": ("--crop", "would make that wrong"),
    "--zone": ("one piece", "--strategy chunked"),
    "untagged": ("tagged unknown", "bt2020/smpte2084/bt2020nc"),
    "gap": ("on 11 of its 12 frames", "inject-rpu"),
    "first": ("on 1 of its 12 frames", "inject-rpu"),
    "hidden": ("on 3 of its 20 frames", "inject-rpu"),
}


def test_an_excerpt_has_the_metadata_of_its_own_frames(encode: Command, films: Path, folder: Path) -> None:
    source = film(folder, "long.mkv", replace(SMALL, frames=60))
    data = result(encode(source, "-o", films / "out.mkv", *FAST, "--start", "1.5", "--duration", "0.5", "--json"))
    assert check_of(data) == "profile 10.1, the metadata of 12 frames equal to the source's"
    assert metadata(films / "out.mkv") == metadata(source)[36:48]


def test_a_killed_run_begins_the_encode_again_and_a_finished_encode_is_never_made_twice(
    encode: Command, films: Path, folder: Path
) -> None:
    source = film(folder, "p81.mkv", SMALL)
    args = (source, "-o", films / "out.mkv", *FAST, "--json")
    process = encode.begin(*args)
    seen = read_until(process, "encoding_started")
    time.sleep(0.3)
    process.kill()
    finish(process, seen)
    assert contents(films) == {}
    assert result(encode(*args))["trials"] == 1
    # The same encode under another name: only joined and checked.
    again = result(encode(source, "-o", films / "again.mkv", *FAST, "--json"))
    assert again["trials"] == 0
    assert check_of(again).startswith("profile 10.1")


def test_av1_with_dolby_vision_is_skipped_and_encoded_again_only_where_that_is_asked_for(
    encode: Command, films: Path, folder: Path
) -> None:
    source = film(folder, "six.mkv", replace(SMALL, frames=6))
    result(encode(source, "-o", films / "first.mkv", *FAST, "--json"))
    assert result(encode(films / "first.mkv", "-o", films / "no.mkv", "--json"))["outcome"] == "skipped"
    data = result(encode(films / "first.mkv", "-o", films / "second.mkv", *FAST, "--strategy", "direct", "--json"))
    assert check_of(data) == "profile 10.1, the metadata of 6 frames equal to the source's"
    assert any("AV1 already" in reason and "again" in reason for reason in data["reasons"])
    assert metadata(films / "second.mkv") == metadata(source)


def test_a_dry_run_says_what_would_become_of_it(encode: Command, films: Path, folder: Path) -> None:
    done = encode(film(folder, "p84.mkv", replace(SMALL, flavor=P84)), "--dry-run", "--json")
    reasons = " ".join(result(done)["reasons"])
    assert "Dolby Vision 8.4 becomes profile 10.4" in reasons
    assert "begins the encode again" in reasons
    assert contents(films) == {}


@pytest.mark.prove
@pytest.mark.skipif(not DOLBY_VISION.is_dir(), reason=f"there is no {DOLBY_VISION}")
def test_a_real_film_keeps_the_metadata_of_all_its_frames(encode: Command, films: Path) -> None:
    source = DOLBY_VISION / "profile81_259frames.mkv"
    data = result(encode(source, "-o", films / "out.mkv", *QUICK, "--json"))
    assert check_of(data) == "profile 10.1, the metadata of 259 frames equal to the source's"
    assert metadata(films / "out.mkv") == metadata(source)
