"""`config` and `profiles` as they are typed."""

import json
from pathlib import Path

import pytest
from clips import Clips
from command import Command, Run

from warm import PROGRAM, run_program

#: See the fixture `encode`.
SCORED_AS_USUAL = True


def run(encode: Command, *args: str | Path, env: dict[str, str] | None = None) -> Run:
    done = run_program(
        [*PROGRAM, *args],
        cwd=encode.folder,
        env=encode.variables({"XDG_CONFIG_HOME": str(encode.state / "config"), **(env or {})}),
    )
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def test_show_says_where_each_value_comes_from(encode: Command, films: Path) -> None:
    (films / "reelwright.toml").write_text("[encoding]\nmax_crf = 45\n")
    shown = run(encode, "config", "show", "--profile", "archive", "--preset", "3", "--svt", "tune=0",
                env={"REELWRIGHT_PROCESSING__CHUNK_SIZE": "5"})  # fmt: skip
    assert (shown.code, shown.err) == (0, "")
    lines = {line.split(" = ")[0]: " ".join(line.split()) for line in shown.out.splitlines() if " = " in line}
    assert lines["preset"] == "preset = 3 # command line; default 6"
    assert lines["target_vmaf"] == "target_vmaf = 95.5 # profile archive; default 93"
    assert lines["max_crf"] == "max_crf = 50.0 # profile archive"
    assert lines["chunk_size"] == "chunk_size = 5.0 # environment REELWRIGHT_PROCESSING__CHUNK_SIZE; default 10"
    assert lines["tune"] == 'tune = "0" # command line; default none'
    assert shown.out.startswith("# file: reelwright.toml\n")


def test_show_as_json_is_one_object(encode: Command, films: Path) -> None:
    (films / "reelwright.json").write_text('{"profile": "small"}')
    shown = run(encode, "config", "show", "--json")
    (event,) = shown.events
    assert (event["event"], event["data"]["file"], shown.err) == ("result", "reelwright.json", "")
    rows = {(row["section"], row["key"]): row for row in event["data"]["settings"]}
    assert rows["encoding", "target_vmaf"]["kind"] == "profile"


def test_check_is_content_or_tells_every_problem(encode: Command, films: Path) -> None:
    first = run(encode, "config", "check").out  # the variable is the ledger's place, which the test sets
    assert first == "ok    no configuration file: the defaults hold and 1 variable of the environment\n"
    (films / "reelwright.toml").write_text("[encoding]\npreset = 5\n")
    assert run(encode, "config", "check").out.startswith("ok    reelwright.toml and 1 variable")
    other = films / "other.toml"
    other.write_text("[encoding]\npresett = 5\n[placment]\n")
    failed = run(encode, "config", "check", other)
    assert (failed.code, failed.out) == (2, "")
    assert [line.rpartition(": ")[2] for line in failed.err.splitlines()] == [
        "there is no setting encoding.presett. Did you mean encoding.preset?",
        "there is no setting placment. Did you mean placement?",
    ]
    result = run(encode, "config", "check", other, "--json")
    data = result.events[-1]["data"]
    assert (result.code, data["ok"], data["exit_code"], len(data["problems"])) == (2, False, 2, 2)
    assert data["problems"][0]["key"] == "encoding.presett"


def test_check_sees_what_is_wrong_with_a_librarys_hours_schedule_rules_and_name(encode: Command, films: Path) -> None:
    (films / "rules.toml").write_text('[[rule]]\nname = "a"\nthen = "encode"\nsettings.encoding.presett = 4\n')
    (films / "reelwright.toml").write_text(
        '[libraries.one]\nroot = "/one"\nhours = "22-"\nschedule = "0 99 * * *"\nrules = "nowhere.toml"\n'
        '[libraries.two]\nroot = "/two"\nrules = "rules.toml"\n[libraries."Not so"]\nroot = "/three"\n'
    )
    failed = run(encode, "config", "check")
    assert (failed.code, failed.out) == (2, "")
    words = [
        "schedule = '0 99",
        "hours = '22-'",
        "nowhere.toml cannot be read",
        "encoding.presett",
        "'Not so' is no name",
    ]
    lines = failed.err.splitlines()
    assert [word in line for word, line in zip(words, lines, strict=True)] == [True] * 5


@pytest.mark.parametrize("command", [("config", "show"), ("profiles",), ("encode", "a.mkv")])
def test_a_broken_file_ends_every_command_that_needs_it(command: tuple[str, ...], encode: Command, films: Path) -> None:
    (films / "reelwright.toml").write_text("[profiles.mine.encoding]\nprest = 5\n")
    run(encode, *command).assert_failed(2, "reelwright.toml, profile mine", "encoding.prest", "encoding.preset?")


def test_profiles_are_shown_in_full(encode: Command, films: Path) -> None:
    (films / "reelwright.toml").write_text("[profiles.mine]\nwhy = 'for the sofa'\nencoding.preset = 4\n")
    everything = run(encode, "profiles")
    assert everything.code == 0
    for name in ("balanced", "archive", "small", "grain", "anime", "mine: for the sofa"):
        assert name in everything.out
    one = run(encode, "profiles", "grain")
    assert "tune = 0" in one.out
    assert "archive" not in one.out
    (event,) = run(encode, "profiles", "mine", "--json").events
    assert event["data"]["profiles"][0]["settings"] == {"encoding": {"preset": 4}}
    run(encode, "profiles", "grian").assert_failed(2, "no profile grian", "grain?")


def test_an_encode_follows_its_profile(encode: Command, clips: Clips) -> None:
    film = clips.film()
    planned = encode(film, "-o", "out.mkv", "--profile", "grain", "--preset", "12", "--dry-run", "--json")
    assert planned.code == 0
    (plan,) = [event["data"]["plan"] for event in planned.events if "plan" in event["data"]]
    assert plan["request"]["preset"] == 12
    assert "tune" in plan["parameters"]
    encode(film, "--profile", "grian", "--json").assert_json_failed(2, "no profile grian", "grain?")


@pytest.mark.parametrize("text", ["", json.dumps({"encoding": {"preset": 14}})])
def test_json_files_are_checked_as_toml_ones(text: str, encode: Command, films: Path) -> None:
    (films / "reelwright.json").write_text(text)
    run(encode, "config", "check").assert_failed(2, "reelwright.json")
