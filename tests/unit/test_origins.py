"""Where each value comes from, and every problem there is."""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.cli.config import origin_words, show_report
from reelwright.cli.toml import toml_lines, toml_value
from reelwright.config import load_settings
from reelwright.errors import UsageError
from reelwright.origins import Origin, check, line_numbers, trace


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "reelwright.toml"


TEXT = """# a comment
profile = "mine"

[encoding]
band = [
  0.5,  # below
  1
]
svt.film-grain = 8
[profiles.mine.encoding]
preset = 3
"""
ENVIRON = {"REELWRIGHT_ENCODING__SVT__TUNE": "0", "REELWRIGHT_INPUT__MIN_SIZE": "1MB"}


def of(environ: dict[str, str], flags: dict[str, Any], key: str) -> Origin:
    (found,) = [o for o in trace(environ, flags).origins if ".".join(filter(None, (o.section, o.key))) == key]
    return found


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("profile", "mine", "file reelwright.toml, line 2; default none"),
        ("encoding.band", [0.5, 1.0], "file reelwright.toml, line 5; default [1.0, 1.0]"),
        ("encoding.svt.film-grain", 8, "file reelwright.toml, line 9; default none"),
        ("encoding.svt.tune", "0", "environment REELWRIGHT_ENCODING__SVT__TUNE; default none"),
        ("encoding.preset", 3, "profile mine; default 6"),
        ("encoding.target_vmaf", 95.0, "command line; default 93"),
        ("encoding.max_crf", 50, "default"),
        ("input.min_size", 1_000_000, "environment REELWRIGHT_INPUT__MIN_SIZE; default none"),
    ],
)
def test_each_value_says_where_it_comes_from(file: Path, key: str, value: object, words: str) -> None:
    file.write_text(TEXT)
    found = of(ENVIRON, {"encoding": {"target_vmaf": 95.0}}, key)
    assert found.value == value
    assert origin_words(found) == words


def test_a_value_set_to_its_default_has_its_place_and_is_no_change(file: Path) -> None:
    file.write_text("[encoding]\npreset = 6\n")
    found = of({}, {}, "encoding.preset")
    assert (found.kind, found.changed, origin_words(found)) == ("file", False, "file reelwright.toml, line 2")


@pytest.mark.parametrize(
    "flags", [{}, {"profile": "grain", "encoding": {"svt": {"tune": "2"}}}, {"tools": {"ffmpeg": 'a"b\\c\x7f é'}}]
)
def test_what_is_shown_can_be_pasted_and_means_the_same(
    file: Path, flags: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TEXT)
    show_report(trace(ENVIRON, flags), as_json=False)
    shown = capsys.readouterr().out
    expected = load_settings(ENVIRON, flags)
    profiles = file.read_text().partition("[profiles")
    file.write_text(shown + profiles[1] + profiles[2])
    assert load_settings({}) == expected


def test_json_holds_every_value_and_marks_the_changed_ones(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('{"encoding": {"preset": 3}}')
    file.rename(file.with_suffix(".json"))
    show_report(trace({}), as_json=True)
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["file"] == "reelwright.json"
    changed = [row for row in data["settings"] if row["changed"]]
    assert [(row["section"], row["key"], row["value"], row["default"], row["line"]) for row in changed] == [
        ("encoding", "preset", 3, 6, None)
    ]
    assert len(data["settings"]) > 20


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_are_those_the_values_begin_on(file: Path, newline: str) -> None:
    text = '[a]\nx = 1\ny = """\nx = 5\n"""\n\n# z\n[b.c]\nz = [1,\n2]\nq.r = 3'
    file.write_bytes(text.replace("\n", newline).encode())
    assert line_numbers(file) == {("a", "x"): 2, ("a", "y"): 3, ("b", "c", "z"): 9, ("b", "c", "q", "r"): 11, ("a",): 1,
                                  ("b", "c"): 8}  # fmt: skip


def problems(text: str | None, environ: dict[str, str], file: Path) -> list[str]:
    if text is not None:
        file.write_text(text)
    return [str(problem.error()) for problem in check(environ).problems]


def test_every_problem_is_told_and_not_only_the_first(file: Path) -> None:
    text = "profile = 'arhive'\nbla = 3\n[encoding]\npreset = 99\ntargt_vmaf = 3\n"
    text += "[profiles.archive.encoding]\npreset = 3\n[profiles.x.encodng]\npreset = 3\n"
    text += "[profiles.y.encoding]\npreset = 99\n"
    environ = {
        "REELWRIGHT_ENCODNG__PRESET": "0",
        "REELWRIGHT_ENCODING__SVT": "{a",
        "REELWRIGHT_PROFILE": "smal",
        "REELWRIGHT_DEBUG": "1",
    }
    found = "\n".join(problems(text, environ, file))
    for said in (
        "reelwright.toml: there is no profile arhive. Did you mean archive?",
        "reelwright.toml: there is no setting bla.",
        "reelwright.toml: encoding.preset = 99 is wrong: input should be less than or equal to 13.",
        "reelwright.toml: there is no setting encoding.targt_vmaf. Did you mean encoding.target_vmaf?",
        "reelwright.toml: profiles.archive has the name of a built-in profile.",
        "reelwright.toml, profile x: there is no setting encodng. Did you mean encoding?",
        "reelwright.toml, profile y: encoding.preset = 99 is wrong",
        "(REELWRIGHT_ENCODNG__PRESET). Did you mean REELWRIGHT_ENCODING__PRESET?",
        "The environment: REELWRIGHT_ENCODING__SVT is no JSON",
        "The environment: there is no profile smal. Did you mean small?",
    ):
        assert said in found
    assert len(found.splitlines()) == 10


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        ("[encoding", {}, "reelwright.toml cannot be read"),
        ("profiles = 3", {}, "profiles is wrong"),
        ("profile = 3", {}, "profile = 3 is wrong"),
        (None, {"REELWRIGHT_CONFIG": "gone.toml"}, "no configuration file gone.toml"),
        (
            "[encoding]\nmin_crf = 40\n",
            {"REELWRIGHT_ENCODING__MAX_CRF": "30"},
            "min_crf 40 is above encoding.max_crf 30",
        ),
        (None, {"REELWRIGHT_ENCODING": "5", "REELWRIGHT_ENCODING__PRESET": "3"}, "lies inside a setting"),
        ("a = " + "[" * 5000, {}, "nested too deeply"),
    ],
)
def test_what_is_wrong_altogether_is_told_as_well(
    file: Path, text: str | None, environ: dict[str, str], says: str
) -> None:
    assert says in "\n".join(problems(text, environ, file))


@pytest.mark.parametrize("text", [None, "", TEXT, "profile = 'small'\n"])
def test_where_check_finds_nothing_the_settings_load(file: Path, text: str | None) -> None:
    assert problems(text, ENVIRON, file) == []
    load_settings(ENVIRON)


def test_a_secret_may_lie_in_a_file_that_a_variable_names(file: Path) -> None:
    secret = file.with_name("database_url")
    secret.write_text("postgresql://a:b@c/d\n")
    named = {"REELWRIGHT_DATABASE__URL_FILE": str(secret)}
    assert load_settings(named).database.url == "postgresql://a:b@c/d"
    assert of(named, {}, "database.url").kind == "environment"
    both = {**named, "REELWRIGHT_DATABASE__URL": "postgresql://c/d"}
    (said,) = problems(None, both, file)
    assert "both REELWRIGHT_DATABASE__URL and REELWRIGHT_DATABASE__URL_FILE are set" in said
    (said,) = problems(None, {"REELWRIGHT_CLUSTER__BROKER_FILE": str(file.parent)}, file)
    assert f"the file {file.parent} of REELWRIGHT_CLUSTER__BROKER_FILE cannot be read (Is a directory)" in said
    # Of what is no secret there is no such variable.
    (said,) = problems(None, {"REELWRIGHT_ENCODING__PRESET_FILE": str(secret)}, file)
    assert "there is no setting encoding.preset_file" in said


def test_the_login_of_flower_is_shown_nowhere(file: Path) -> None:
    assert problems(None, {"REELWRIGHT_CLUSTER__FLOWER_LOGIN": "me:long enough"}, file)[0].count("long enough") == 0
    assert of({"REELWRIGHT_CLUSTER__FLOWER_LOGIN": "me:long-enough"}, {}, "cluster.flower_login").value == "**********"


keys = st.text(min_size=1, max_size=6)
values = st.one_of(
    st.integers(-(2**40), 2**40), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)
lists = st.lists(values, max_size=3)
trees = st.recursive(
    st.one_of(values, lists), lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=3), max_leaves=6
)


@given(st.dictionaries(keys, trees, max_size=4))
def test_every_tree_written_as_toml_reads_back(tree: dict[str, Any]) -> None:
    assert tomllib.loads("\n".join(toml_lines(tree))) == tree
    assert tomllib.loads(f"x = {toml_value(tree)}") == {"x": tree}


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["encoding", "profile", "profiles", "input", "x"]), trees, max_size=4))
def test_check_and_load_agree_on_any_file(tree: dict[str, Any]) -> None:
    """Where one finds nothing the other loads, and nothing but a UsageError comes of any tree."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.toml"
        path.write_text("\n".join(toml_lines(tree)), encoding="utf-8", newline="\n")
        wrong = check({}, path).problems
        try:
            load_settings({}, file=path)
        except UsageError:
            assert wrong
        else:
            assert not wrong
