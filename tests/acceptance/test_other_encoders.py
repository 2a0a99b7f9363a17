"""Films by another encoder than the usual one, and encoders that do not work here."""

import json

import av
import pytest
from clips import Clips
from command import Command

from reelwright.encoders import ENCODERS
from warm import PROGRAM, run_program

#: Two chunks of five frames.
SLOW = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5", "-frames:v", "10")


def doctor(encode: Command) -> dict[str, dict[str, object]]:
    """What `doctor` says, by name."""
    done = run_program([*PROGRAM, "doctor", "--json"], env=encode.variables(), cwd=encode.folder)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["data"]["checks"]}


def test_a_film_is_encoded_by_libaom_in_chunks_that_are_searched_in_whole_crfs(encode: Command, clips: Clips) -> None:
    film = clips("encoders-slow.mkv", *SLOW, "-c:v", "libx264", "-preset", "ultrafast", "-g", "4")
    run = encode(
        film, "-o", "out.mkv", "--encoder", "aom", "--preset", "13", "--target-vmaf", "80", "--band", "4",
        "--max-crf", "60.75", "--json", env={"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"},
    )  # fmt: skip
    assert run.code == 0, run.err
    data = run.results[-1]["data"]
    assert all(check["passed"] for check in data["checks"])
    assert data["vmaf"]["frames"] == 10
    crfs = [e["data"]["crf"] for e in run.events if e["event"] == "trial_complete"]
    assert len(crfs) >= 2
    assert all(crf == int(crf) for crf in crfs)
    with av.open(str(encode.folder / "out.mkv")) as container:
        stream = container.streams.video[0]
        assert stream.metadata["ENCODER"].startswith("libaom 3.")
        assert " by Reelwright " in stream.metadata["ENCODER"]
        assert "row-mt=1" in stream.metadata["ENCODER_OPTIONS"]
    # Done is done, and another encoder's trials are not these.
    again = encode(film, "-o", "out.mkv", "--encoder", "aom", "--preset", "13", "--target-vmaf", "80", "--band", "4",
        "--max-crf", "60.75", "--json", env={"REELWRIGHT_PROCESSING__CHUNK_SIZE": "1"})  # fmt: skip
    assert again.results[-1]["data"]["outcome"] == "already_done"


def test_doctor_lists_every_encoder_and_device_with_whether_it_works_here(encode: Command) -> None:
    rows = doctor(encode)
    for encoder in ENCODERS.values():
        row = rows[encoder.name]
        assert row["kind"] == "encoder"
        assert row["optional"] == (encoder.name != "svt-av1")
        if not row["works"]:
            assert f"; it needs {encoder.device}" in str(row["found"])
    assert rows["svt-av1"]["works"]
    assert rows["aom"]["works"]
    assert str(rows["aom"]["found"]).startswith("libaom 3.")
    devices = {name: row for name, row in rows.items() if row["kind"] == "device"}
    assert "hwaccel cuda" in devices
    assert all(row["works"] or "does not open: " in str(row["found"]) for row in devices.values())


def test_an_encoder_without_its_device_ends_the_run_before_anything_is_read(encode: Command, clips: Clips) -> None:
    name = "nvenc"
    if doctor(encode)[name]["works"]:
        pytest.skip(f"{name} works here")
    run = encode(clips.film(), "-o", "out.mkv", "--encoder", name, "--json")
    sentence = run.assert_json_failed(5, f"The encoder {name} does not work here: ", "--encoder svt-av1 runs anywhere")
    assert str(ENCODERS[name].device) in sentence
    assert [event["event"] for event in run.events] == ["result"]
    assert list(encode.folder.iterdir()) == []
    assert not (encode.state / "work").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--encoder", "nvec"), "Did you mean nvenc?"),
        (("--encoder", "aom", "--svt", "tune=0"), "The parameter tune is SVT-AV1's"),
        (("--encoder", "aom", "--profile", "grain"), "is SVT-AV1's, and the encoder asked for is aom"),
        (("--encoder", "aom", "--crf", "30.5"), "The encoder aom has no CRF 30.5"),
        (("--encoder", "aom", "--zone", "0-1:svt.tune=0"), "The parameter tune is SVT-AV1's"),
    ],
)
def test_what_an_encoder_cannot_do_is_wrong_usage(
    encode: Command, clips: Clips, args: tuple[str, ...], said: str
) -> None:
    encode(clips.film(), "-o", "out.mkv", *args).assert_failed(2, said)
    assert list(encode.folder.iterdir()) == []


def test_a_wrong_encoder_in_the_environment_is_told_with_its_key_and_the_nearest(encode: Command, clips: Clips) -> None:
    run = encode(clips.film(), "-o", "out.mkv", env={"REELWRIGHT_ENCODING__ENCODER": "libaom"})
    run.assert_failed(2, "encoding.encoder = 'libaom' is wrong", "aom")
