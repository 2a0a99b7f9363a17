"""Named settings: what is built in, how a file adds its own, and where a profile lies among the layers."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.config import Settings, load_settings, problems_of_profile
from reelwright.errors import UsageError
from reelwright.layers import Kind, Layer, merge, stack
from reelwright.profiles import PROFILES

NAMES = sorted(PROFILES)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "reelwright.toml"


@pytest.mark.parametrize("name", NAMES)
def test_each_built_in_profile_is_valid_and_says_why(name: str) -> None:
    profile = PROFILES[name]
    assert profile.name == name
    assert problems_of_profile(profile, "built in") == []
    assert profile.why.endswith(".")
    assert "\n" not in profile.purpose + profile.why


@pytest.mark.parametrize("name", NAMES)
def test_each_built_in_profile_sets_all_that_is_aimed_at(name: str) -> None:
    assert {"target_vmaf", "band", "preset", "min_crf", "max_crf"} <= set(PROFILES[name].settings["encoding"])


@pytest.mark.usefixtures("file")
def test_balanced_is_the_defaults() -> None:
    assert load_settings({}, {"profile": "balanced"}).encoding == Settings().encoding


MINE = "[profiles.mine.encoding]\npreset = 1\ntarget_vmaf = 97\n"


@pytest.mark.parametrize(
    ("text", "environ", "flags", "expected"),
    [
        # preset and target, which the profile `mine` sets to 1 and 97
        (MINE, {}, {}, (6, 93)),
        (f"profile = 'mine'\n{MINE}", {}, {}, (1, 97)),
        (f"profile = 'mine'\n[encoding]\npreset = 9\n{MINE}", {}, {}, (9, 97)),
        (f"[encoding]\npreset = 9\ntarget_vmaf = 80\n{MINE}", {"PROFILE": "mine"}, {}, (1, 97)),
        (MINE, {"PROFILE": "mine", "ENCODING__PRESET": "8"}, {}, (8, 97)),
        (f"profile = 'mine'\n{MINE}", {"ENCODING__PRESET": "8"}, {}, (8, 97)),
        (f"[encoding]\npreset = 9\n{MINE}", {"ENCODING__PRESET": "8"}, {"profile": "mine"}, (1, 97)),
        (MINE, {}, {"profile": "mine", "encoding": {"preset": 2}}, (2, 97)),
        # one profile is in effect, the one that is named highest
        (f"profile = 'mine'\n{MINE}", {}, {"profile": "small"}, (4, 90)),
        (f"profile = 'mine'\n{MINE}", {"PROFILE": "small"}, {}, (4, 90)),
        (f"profile = 'mine'\n{MINE}", {}, {"profile": ""}, (6, 93)),
    ],
)
def test_a_profile_lies_directly_under_what_names_it(
    file: Path, text: str, environ: dict[str, str], flags: dict[str, Any], expected: tuple[int, float]
) -> None:
    file.write_text(text)
    found = load_settings({f"REELWRIGHT_{name}": value for name, value in environ.items()}, flags)
    assert (found.encoding.preset, found.encoding.target_vmaf) == expected


def test_encoder_parameters_a_profile_does_not_name_stay(file: Path) -> None:
    file.write_text("[encoding.svt]\nfilm-grain = 8\ntune = 2\n")
    assert load_settings({}, {"profile": "grain"}).encoding.svt == {"film-grain": 8, "tune": 0}


@pytest.mark.parametrize(
    ("text", "flags", "says"),
    [
        ("profile = 'arhive'", {}, ["reelwright.toml: there is no profile arhive. Did you mean archive?"]),
        ("", {"profile": "smal"}, ["The command line: there is no profile smal. Did you mean small?"]),
        ("", {"profile": "qqq"}, ["There are balanced, archive, small, grain, anime."]),
        (MINE, {"profile": "mien"}, ["Did you mean mine?"]),
        ("profile = 5", {}, ["profile = 5 is wrong", "valid string"]),
        ("[profiles.archive.encoding]\npreset = 1", {}, ["profiles.archive has the name of a built-in", "my-archive"]),
        (
            "[profiles.mine.encoding]\npresset = 1",
            {},
            ["profile mine: there is no setting encoding.presset", "preset?"],
        ),
        ("[profiles.mine.encoding]\npreset = 99", {}, ["profile mine: encoding.preset = 99"]),
        ("[profiles.mine]\nprofile = 'small'", {}, ["a profile cannot name another one"]),
        ("[profiles.mine]\nwhy = 5", {}, ["profiles.mine is wrong: expected tables"]),
        ("profiles = 5", {}, ["profiles is wrong: expected tables"]),
        ("[profiles]\nmine = 5", {}, ["profiles.mine is wrong: expected tables"]),
    ],
)
def test_a_wrong_profile_is_one_sentence(file: Path, text: str, flags: dict[str, Any], says: list[str]) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        load_settings({}, flags)
    for part in says:
        assert part in str(raised.value)


def test_a_profile_of_ones_own_has_its_purpose(file: Path) -> None:
    file.write_text("[profiles.mine]\nwhy = 'for the sofa'\nencoding.preset = 4\n")
    mine = stack({}).profiles["mine"]
    assert (mine.purpose, mine.built_in) == ("for the sofa", False)
    assert mine.settings == {"encoding": {"preset": 4}}


keys = st.sampled_from("abc")
trees = st.recursive(st.integers(0, 3), lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=8)
tables = st.dictionaries(keys, trees, max_size=3)


@given(tables, tables, tables)
def test_laying_trees_over_each_other_may_be_done_in_any_grouping(a: Any, b: Any, c: Any) -> None:
    def over(*trees: Any) -> Any:
        merged: dict[str, Any] = {}
        for tree in trees:
            merged = merge(merged, tree)
        return merged

    assert over(a) == a
    assert over(a, a) == a
    assert over(a, {}) == a
    # A value in the place of a table, and a table in that of a value, replace it; so the top one always holds.
    assert over(over(a, b), c) == over(a, b, c)
    assert set(over(a, b)) == {*a, *b}


def test_places_are_named_as_people_know_them() -> None:
    labels = [Layer(kind=kind, name=name, tree={}).label for kind, name in
              ((Kind.FILE, "a.toml"), (Kind.ENVIRONMENT, ""), (Kind.FLAGS, ""), (Kind.PROFILE, "small"))]  # fmt: skip
    assert labels == ["a.toml", "The environment", "The command line", "Profile small"]
