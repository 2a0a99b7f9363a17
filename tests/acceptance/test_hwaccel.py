"""Decoding on a device: pictures are software's or software decodes, whatever the device does."""

from collections import Counter
from pathlib import Path

import pytest
from clips import Clips
from command import Command, Run, packets
from devices import stand_in

QUICK = ("--preset", "13", "--crf", "45")
#: Two chunks.
SHORT_CHUNKS = {"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"}


def decoded(
    encode: Command, *args: str | Path, fault: str = "", whole: bool = False
) -> tuple[Run, Counter[str], list[str]]:
    """Encode with a stand-in; the run, what the device was asked for, and what was told of decoding.

    Args:
        encode: the command.
        args: its arguments.
        fault: what is wrong with the device.
        whole: as one chunk, else as two.
    """
    log = encode.state / "device.log"
    log.write_text("", encoding="utf-8")
    env = {"REELWRIGHT_TOOLS__FFMPEG": str(stand_in(encode.state)), "FAULT": fault, "DEVICE_LOG": str(log)}
    run = encode(*args, "--json", env=env if whole else {**SHORT_CHUNKS, **env})
    told = [e["data"]["why"] for e in run.events if e["event"] == "resources_changed"]
    return run, Counter(log.read_text(encoding="utf-8").split()), told


@pytest.fixture(scope="session")
def film(clips: Clips) -> Path:
    """Two chunks of five frames."""
    slow = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5,noise=alls=12:allf=t", "-frames:v", "10")
    return clips("hwaccel-slow.mkv", *slow, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "4")


@pytest.fixture(scope="module")
def software(film: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[bytes]]:
    """The packets software leads to."""
    folder = tmp_path_factory.mktemp("software")
    command = Command(folder=folder, state=folder)
    assert command(film, *QUICK, "-o", "soft.mkv", env=SHORT_CHUNKS).code == 0
    return packets(folder / "soft.mkv", "video")


def test_a_device_that_is_right_decodes_and_changes_no_byte(
    encode: Command, film: Path, software: list[list[bytes]]
) -> None:
    run, asked, told = decoded(encode, film, *QUICK, "-o", "out.mkv", "--hwaccel", "cuda")
    assert run.code == 0, run.err
    assert packets(encode.folder / "out.mkv", "video") == software
    # Every first trial is scored against software's pictures, which is the proof.
    assert asked == {"look": 1, "encode": 2}
    assert told == []
    assert not [reason for reason in run.results[-1]["data"]["reasons"] if "ecod" in reason]
    # What decodes is no part of the work.
    again = encode(film, *QUICK, "-o", "out.mkv", "--json", env=SHORT_CHUNKS)
    assert again.results[-1]["data"]["outcome"] == "already_done"


def test_later_trials_decode_both_sides_on_the_device(encode: Command, film: Path) -> None:
    search = ("--preset", "13", "--target-vmaf", "65", "--band", "0.1", "--min-crf", "48", "--max-crf", "50")
    run, asked, told = decoded(encode, film, *search, "-o", "out.mkv", "--hwaccel", "cuda", whole=True)
    assert run.code == 0, run.err
    assert told == []
    trials = Counter(e["data"]["chunk"] for e in run.events if e["event"] == "trial_complete")
    assert asked["encode"] == trials.total() > len(trials)
    assert asked["score"] == trials.total() - len(trials)


def test_a_device_that_spoils_one_frame_is_found_before_any_trial_counts(
    encode: Command, film: Path, software: list[list[bytes]]
) -> None:
    fault = "wrong in one frame"
    run, asked, told = decoded(encode, film, *QUICK, "-o", "out.mkv", "--hwaccel", "cuda", fault=fault)
    assert run.code == 0, run.err
    assert packets(encode.folder / "out.mkv", "video") == software
    assert asked["encode"] in {1, 2}  # two chunks may have begun on it at once
    assert len(told) == 1
    assert "cuda is given up (Pictures that cuda decoded of chunk" in told[0]
    assert "software decodes from here on" in told[0]
    said = [reason for reason in run.results[-1]["data"]["reasons"] if reason.startswith("Decoding: ")]
    assert said == [f"Decoding: {told[0]}."]


def test_a_device_that_goes_wrong_later_is_found_as_well(encode: Command, film: Path) -> None:
    search = ("--preset", "13", "--target-vmaf", "65", "--band", "0.1", "--min-crf", "48", "--max-crf", "50")
    fault = "wrong later"
    run, asked, told = decoded(encode, film, *search, "-o", "out.mkv", "--hwaccel", "cuda", fault=fault, whole=True)
    assert run.code == 0, run.err
    assert asked["score"] == 1
    assert len(told) == 1
    assert "Pictures that cuda decoded" in told[0]


def test_a_device_that_fails_under_way_is_given_up_and_the_film_is_encoded_all_the_same(
    encode: Command, film: Path, software: list[list[bytes]]
) -> None:
    run, _, told = decoded(encode, film, *QUICK, "-o", "out.mkv", "--hwaccel", "cuda", fault="fails")
    assert run.code == 0, run.err
    assert packets(encode.folder / "out.mkv", "video") == software
    assert len(told) == 1
    assert "the device is lost" in told[0]


def test_a_device_that_leaves_the_film_to_software_is_told(encode: Command, film: Path) -> None:
    run, asked, told = decoded(encode, film, *QUICK, "-o", "out.mkv", "--hwaccel", "cuda", fault="declines")
    assert run.code == 0, run.err
    assert asked == {"look": 1}
    assert len(told) == 1
    assert "cuda is given up (it does not decode such a film)" in told[0]


@pytest.mark.parametrize("name", ["vaapi", "auto"])
def test_without_a_device_software_decodes_and_says_so_once(encode: Command, clips: Clips, name: str) -> None:
    run = encode(clips.film(), *QUICK, "-o", "out.mkv", "--hwaccel", name, "--json")
    if "resources_changed" not in {event["event"] for event in run.events}:
        pytest.skip(f"a device opens here for {name}")
    assert run.code == 0, run.err
    told = [e["data"]["why"] for e in run.events if e["event"] == "resources_changed"]
    assert len(told) == 1
    assert told[0].endswith("software decodes")
    assert (name if name != "auto" else "no device opens here") in told[0]
    assert f"Decoding: {told[0]}." in run.results[-1]["data"]["reasons"]


def test_an_unknown_device_is_wrong_usage_and_those_there_are_are_listed(encode: Command, clips: Clips) -> None:
    run = encode(clips.film(), "-o", "out.mkv", "--hwaccel", "cudda")
    run.assert_failed(2, "There is no device cudda", "This FFmpeg has cuda, vaapi")
    assert not (encode.state / "work").exists()
