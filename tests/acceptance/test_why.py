"""`why` as it is typed, on every kind of source."""

from pathlib import Path
from typing import Any

import pytest
from clips import LENGTH, PICTURE, TONE, X264, Clips
from command import Command, Run, contents

from warm import PROGRAM, run_program

#: See the fixture `encode`.
SCORED_AS_USUAL = True


def why(encode: Command, *args: str | Path) -> Run:
    variables = encode.variables({"REELWRIGHT_PROCESSING__TEMP_DIR": str(encode.state / "work")})
    done = run_program(
        [*PROGRAM, "why", *args],
        cwd=encode.folder,
        env=variables,
    )
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def data(run: Run) -> dict[str, Any]:
    """The result's data, of a run that printed nothing else."""
    assert (run.code, run.err) == (0, "")
    (event,) = run.events
    assert event["event"] == "result"
    found: dict[str, Any] = event["data"]
    return found


def test_a_film_is_explained_and_nothing_is_written(encode: Command, clips: Clips) -> None:
    said = why(encode, clips.film(), "-o", "out.mkv", "--profile", "small", "--preset", "12")
    assert (said.code, said.err) == (0, "")
    expected = ("decision  encode", "not-av1-yet", "VMAF 89 and 91", "preset 12", "profile small", "rough:", "out.mkv")
    for words in (*expected, "not begun", "h264: encode", "--target-vmaf"):
        assert words in said.out, words
    assert contents(encode.folder) == {}
    assert contents(encode.state) == {}


def test_json_holds_facts_plan_cost_and_changes(encode: Command, clips: Clips) -> None:
    said = data(why(encode, clips.film(), "--crf", "40", "--json"))
    assert (said["decision"], said["rule"], said["facts"]["width"]) == ("encode", "not-av1-yet", 160)
    assert (said["plan"]["request"]["crf"], said["plan"]["scoring"]["scaled_to"]) == (40.0, "1920x1080")
    assert said["cost"]["rough"]
    assert 0 < said["cost"]["seconds"]["low"] < said["cost"]["seconds"]["high"]
    assert said["known"] == {"job": None, "frames": None, "chunks": None, "trials": 0, "chunks_with_trials": 0}


@pytest.mark.parametrize(
    ("name", "args", "decision", "says"),
    [
        ("av1.mkv", (*PICTURE, *LENGTH, "-c:v", "libsvtav1", "-preset", "13"), "skip", "No flag does"),
        ("tone.mka", TONE, "unusable", "no picture"),
        (
            "interlaced.mkv",
            ("-f", "lavfi", "-i", "testsrc2=s=160x96:d=0.2", "-c:v", "libx264", "-flags", "+ildct+ilme"),
            "refuse",
            "--deinterlace bwdif",
        ),
    ],
)
def test_what_would_not_be_encoded_is_explained_as_well(
    name: str, args: tuple[str, ...], decision: str, says: str, request: pytest.FixtureRequest
) -> None:
    encode: Command = request.getfixturevalue("encode")
    path: Path = request.getfixturevalue("clips")(name, *args)
    said = why(encode, path)
    assert said.code == 0
    assert f"decision  {decision}" in said.out
    assert says in said.out
    found = data(why(encode, path, "--json"))
    assert (found["decision"], found["plan"], found["cost"]) == (decision, None, None)
    assert says in " ".join(found["changes"])


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "folder"])
def test_what_cannot_be_read_is_exit_code_4(kind: str, encode: Command, films: Path) -> None:
    path = films / "film.mkv"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text("" if kind == "empty" else "#EXTM3U\n/etc/passwd\n")
    why(encode, path, "--json").assert_json_failed(4)


def test_wrong_words_are_exit_code_2(encode: Command, clips: Clips) -> None:
    why(encode, clips.film(), "--profile", "smal").assert_failed(2, "no profile smal", "small?")
    why(encode, clips.film(), "-o", "out.mov").assert_failed(2, "out.mov")
    why(encode, clips.film(), "--prest", "3").assert_failed(2, "--prest", "--preset?")


def test_work_that_is_there_already_is_seen_and_priced(encode: Command, films: Path, clips: Clips) -> None:
    film = clips("explained.mkv", *PICTURE, "-frames:v", "12", *X264)
    quick = ("-o", "out.mkv", "--preset", "13", "--crf", "45")
    assert encode(film, *quick).code == 0
    before = contents(films)

    same = data(why(encode, film, *quick, "--json"))
    assert same["known"] == {"job": "done", "frames": 12, "chunks": 1, "trials": 1, "chunks_with_trials": 1}
    assert (same["cost"]["rough"], same["cost"]["trials"], same["cost"]["films"]) == (False, 1, 1)
    assert "done before" in same["changes"][0]

    # Another target is other work, and reuses the trial; another preset reuses none.
    other = data(why(encode, film, "-o", "out.mkv", "--preset", "13", "--target-vmaf", "80", "--json"))
    assert (other["known"]["job"], other["known"]["trials"]) == (None, 1)
    assert "--overwrite" in other["changes"][0]
    slower = data(why(encode, film, "-o", "new.mkv", "--preset", "12", "--json"))
    assert (slower["known"]["trials"], slower["known"]["chunks"], slower["cost"]["rough"]) == (0, 1, True)
    assert "1 trials of 1 of 1 chunks can be reused" in why(encode, film, *quick).out
    assert contents(films) == before
