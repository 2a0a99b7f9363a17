"""`--scenes` and `--export-scenes` with real films."""

import json
import shutil
from pathlib import Path

import pytest
from clips import PICTURE, X264, Clips
from command import QUICK, Command, Run, contents, frames


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips("still.mkv", *PICTURE, "-frames:v", "96", *X264), films / "film.mkv"))


def chunks(run: Run) -> list[int]:
    """Frames of each chunk, of a run that tried each once."""
    made = [e["data"] for e in run.events if e["event"] == "trial_complete"]
    return [t["frames"] for t in sorted(made, key=lambda t: t["chunk"])]


def test_given_cuts_are_used_and_another_form_of_them_is_the_same_job(
    encode: Command, films: Path, source: Path
) -> None:
    (films / "a.json").write_text(
        '{"frames":96,"scenes":[{"start_frame":0,"end_frame":60},{"start_frame":60,"end_frame":96}]}'
    )
    run = encode(source.name, *QUICK, "--scenes", "a.json", "--export-scenes", "b.csv", "--json")
    assert run.code == 0, run.err
    assert chunks(run) == [60, 36]
    assert frames(films / "film.av1.mkv") == 96
    again = encode(source.name, *QUICK, "--scenes", "b.csv", "--json")
    assert again.results[0]["data"]["outcome"] == "already_done"
    assert again.results[0]["job"] == run.results[0]["job"]


def test_a_dry_run_writes_the_cuts_which_zones_may_be_added_to(encode: Command, films: Path, source: Path) -> None:
    run = encode(source.name, *QUICK, "--export-scenes", "cuts.json", "--dry-run", "--json")
    assert run.code == 0, run.err
    assert run.results[0]["data"]["outcome"] == "planned"
    value = json.loads((films / "cuts.json").read_text())
    assert value["frames"] == 96
    assert value["scenes"][0]["start"] == 0
    assert value["scenes"][-1]["end"] == 96
    assert not (films / "film.av1.mkv").exists()
    value["zones"] = [{"start": 24, "end": 72, "crf": 30}]
    (films / "cuts.json").write_text(json.dumps(value))
    encoded = encode(source.name, *QUICK, "--scenes", "cuts.json", "--json")
    assert encoded.code == 0, encoded.err
    tried = [e["data"] for e in encoded.events if e["event"] == "trial_complete"]
    assert {t["frames"] for t in tried if t["crf"] == 30} == {48}
    assert {t["frames"] for t in tried if t["crf"] == 45} == {24}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("nonsense", "neither JSON nor a CSV file"),
        ('{"frames":9,"scenes":[{"start_frame":0,"end_frame":5}]}', '"frames" is 9, but scene 1 ends before frame 5'),
        ('{"frames":9,"scenes":[{"start_frame":0,"end_frame":9}]}', "a film with 9 frames; this one has 96"),
    ],
)
def test_a_list_that_cannot_be_used_is_wrong_usage(
    encode: Command, films: Path, source: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (films / "s.json").write_text(text)
    before = contents(films)
    run = encode(source.name, *QUICK, "--scenes", "s.json", "--json")
    assert run.code == 2
    assert said in run.complaints[0]
    assert json.loads(run.out.splitlines()[-1])["data"]["exit_code"] == 2
    assert contents(films) == before


def test_a_list_is_of_one_film(encode: Command, films: Path, source: Path) -> None:
    shutil.copy(source, films / "other.mkv")
    encode(films, "-o", "out", "--export-scenes", "s.json", "--dry-run").assert_failed(2, "of one film")


def test_a_name_without_a_form_is_wrong_usage(encode: Command) -> None:
    encode("film.mkv", "--export-scenes", "s.txt").assert_failed(2, "ends in none of .json, .av1an.json and .csv")


def test_a_list_that_lies_there_is_kept(encode: Command, films: Path, source: Path) -> None:
    (films / "s.json").write_text("mine")
    encode(source.name, "--export-scenes", "s.json", "--dry-run").assert_failed(8, "says something else", "--overwrite")
    assert (films / "s.json").read_text() == "mine"
