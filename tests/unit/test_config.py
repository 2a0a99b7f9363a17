"""Settings from all their places, and errors that name the place."""

import json
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from reelwright.app.encode import limits_for
from reelwright.config import Settings, load_settings, near_miss
from reelwright.databases import Postgres
from reelwright.engine.pace import Limits
from reelwright.errors import UsageError
from reelwright.layers import find_file
from reelwright.places import user_config_dir
from reelwright.sections import parse_size


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def write(folder: Path, text: str, name: str = "reelwright.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.usefixtures("folder")
def test_without_anything_the_defaults_hold() -> None:
    assert load_settings({}) == Settings()
    assert Settings().encoding.target_vmaf == 93


def test_each_place_wins_over_the_one_before_it(folder: Path) -> None:
    write(folder, "[encoding]\ntarget_vmaf = 90\npreset = 4\n[processing]\nchunk_size = 5\n")
    environ = {"REELWRIGHT_ENCODING__TARGET_VMAF": "91", "REELWRIGHT_ENCODING__PRESET": "5"}
    found = load_settings(environ, {"encoding": {"target_vmaf": 92}})
    assert (found.encoding.target_vmaf, found.encoding.preset, found.processing.chunk_size) == (92, 5, 5)
    assert found.encoding.vmaf_model == "v0.6.1"


def test_the_same_keys_may_stand_in_json(folder: Path) -> None:
    write(folder, json.dumps({"encoding": {"preset": 3, "svt": {"tune": 0}}}), "reelwright.json")
    found = load_settings({})
    assert (found.encoding.preset, found.encoding.svt) == (3, {"tune": 0})


def test_nested_values_may_come_from_the_environment(folder: Path) -> None:
    write(folder, "[encoding.crf]\nsd = 20\nhd = 21\n")
    environ = {"REELWRIGHT_ENCODING__CRF__SD": "30", "REELWRIGHT_ENCODING__SVT": '{"tune": 0}'}
    found = load_settings(environ)
    assert (found.encoding.crf.sd, found.encoding.crf.hd, found.encoding.crf.uhd) == (30, 21, 29)
    assert found.encoding.svt == {"tune": 0}


def test_the_file_is_the_one_named_else_the_one_here_else_the_users(folder: Path) -> None:
    assert find_file({}) is None
    users = write(folder, "", "config/reelwright/reelwright.toml")
    assert find_file({}) == users
    write(folder, "")
    assert find_file({}) == Path("reelwright.toml")
    named = write(folder, "", "other.toml")
    assert find_file({"REELWRIGHT_CONFIG": str(named)}) == named
    with pytest.raises(UsageError, match=r"no configuration file .*gone\.toml"):
        find_file({"REELWRIGHT_CONFIG": str(folder / "gone.toml")})


@pytest.mark.parametrize("home", ["/etc/xdg", "", " ", None])
def test_the_users_folder_is_the_one_platformdirs_knows(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", home)
    assert user_config_dir() == platformdirs.user_config_dir("reelwright", appauthor=False)


@pytest.mark.usefixtures("folder")
def test_variables_of_ours_that_are_no_settings_are_left_alone() -> None:
    environ = {"REELWRIGHT_DEBUG": "1", "REELWRIGHT_RUN": "x", "PATH": "/bin", "REELWRIGHTER": "x"}
    assert load_settings(environ) == Settings()


TYPO = "encoding.targt_vmaf"


@pytest.mark.parametrize(
    ("text", "environ", "flags", "says"),
    [
        ("[encoding]\ntargt_vmaf = 93", {}, {}, ["reelwright.toml", f"no setting {TYPO}", "encoding.target_vmaf?"]),
        ("[encodings]\npreset = 3", {}, {}, ["reelwright.toml", "no setting encodings", "encoding?"]),
        (
            "",
            {"REELWRIGHT_ENCODING__TARGT_VMAF": "93"},
            {},
            ["environment", TYPO, "Did you mean REELWRIGHT_ENCODING__TARGET_VMAF?"],
        ),
        (
            "",
            {"REELWRIGHT_ENCODNG__PRESET": "3"},
            {},
            ["environment", "REELWRIGHT_ENCODNG__PRESET", "mean REELWRIGHT_ENCODING__PRESET?"],
        ),
        ("", {"REELWRIGHT_NOTHING": "93"}, {}, ["environment", "no setting nothing"]),
        ("[encoding]\npreset = 14", {}, {}, ["reelwright.toml", "encoding.preset = 14", "less than or equal to 13"]),
        ("[encoding]\npreset = 'x'", {}, {}, ["encoding.preset = 'x'", "integer"]),
        ("[encoding]\ntarget_vmaf = 100", {}, {}, ["encoding.target_vmaf = 100", "less than 100"]),
        ("[encoding]\ntarget_vmaf = nan", {}, {}, ["encoding.target_vmaf = nan"]),
        ("[processing]\nchunk_size = 0", {}, {}, ["processing.chunk_size = 0", "greater than 0"]),
        ("[processing]\nchunk_size = nan", {}, {}, ["processing.chunk_size = nan"]),
        ("[encoding.crf]\nsd = 0", {}, {}, ["encoding.crf.sd = 0"]),
        ("[encoding]\nencoder = 'x264'", {}, {}, ["encoding.encoder = 'x264'", "svt-av1"]),
        ("[input]\nmin_size = 'big'", {}, {}, ["input.min_size = 'big'", "expected a size such as 700MB"]),
        ("[input]\nmin_size = [1]", {}, {}, ["input.min_size = [1]", "expected a size"]),
        ("encoding = 5", {}, {}, ["reelwright.toml", "encoding = 5"]),
        ("", {"REELWRIGHT_ENCODING__PRESET": "fast"}, {}, ["environment", "encoding.preset = 'fast'"]),
        ("", {"REELWRIGHT_ENCODING": "5"}, {}, ["environment", "encoding = '5'"]),
        (
            "",
            {"REELWRIGHT_ENCODING": "5", "REELWRIGHT_ENCODING__PRESET": "3"},
            {},
            ["environment", "REELWRIGHT_ENCODING"],
        ),
        ("", {"REELWRIGHT_ENCODING__CRF": "5", "REELWRIGHT_ENCODING__CRF__SD": "3"}, {}, ["environment", "CRF"]),
        ("", {"REELWRIGHT_ENCODING__SVT": "{tune: 0}"}, {}, ["environment", "REELWRIGHT_ENCODING__SVT"]),
        ("", {}, {"encoding": {"target_vmaf": 200}}, ["command line", "encoding.target_vmaf = 200"]),
        ("[encoding\n", {}, {}, ["reelwright.toml cannot be read", "line 1"]),
        ("[encoding.svt]\ncrf = 20", {}, {}, ["encoding.svt", "crf is set by Reelwright itself"]),
        ("[encoding.svt]\ntune = '0:crf=9'", {}, {}, ["encoding.svt", "'tune=0:crf=9' is not KEY=VALUE"]),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_place_and_key(
    folder: Path, text: str, environ: dict[str, str], flags: dict[str, Any], says: list[str]
) -> None:
    write(folder, text)
    with pytest.raises(UsageError) as raised:
        load_settings(environ, flags)
    assert raised.value.exit_code == 2
    for part in says:
        assert part in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("reelwright.json", b"{"),
        ("reelwright.json", b"[1]"),
        ("reelwright.toml", b"\xff\xfe"),
        ("reelwright.toml", b"a"),
    ],
)
def test_a_file_that_cannot_be_read_names_itself(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(UsageError, match=f"configuration file {name}"):
        load_settings({})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", None),
        (None, None),
        (700, 700),
        ("700", 700),
        ("700B", 700),
        ("700 MB", 700_000_000),
        ("700m", 700_000_000),
        ("1.5GiB", 1_610_612_736),
        ("1.5 gib", 1_610_612_736),
        ("2TB", 2_000_000_000_000),
        ("1Ti", 2**40),
        (" 5 k ", 5000),
        ("0", 0),
    ],
)
def test_sizes_have_units(text: object, count: int | None) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    "text", ["big", "MB", "5 XB", "5MM", "1,5GB", "nan", "inf", "1e999", "-1", "-5MB", True, [1], {}]
)
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("encoding.presset", "Did you mean encoding.preset?"),
        ("placment", "Did you mean placement?"),
        ("nonsense.of.mine", ""),
    ],
)
def test_a_typing_error_is_answered_with_the_key_that_was_meant(key: str, hint: str) -> None:
    assert near_miss(key) == hint


def test_work_and_ledger_lie_in_the_state_folder_unless_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    assert load_settings({}).work_dir == folder / "state" / "reelwright" / "work"
    assert load_settings({}).ledger == folder / "state" / "reelwright" / "ledger.sqlite3"
    found = load_settings({"REELWRIGHT_PROCESSING__TEMP_DIR": "/w", "REELWRIGHT_DATABASE__PATH": "/l.db"})
    assert (found.work_dir, found.ledger) == (Path("/w"), Path("/l.db"))


def test_what_a_run_may_take_comes_from_the_settings(folder: Path) -> None:
    write(folder, '[processing]\nnice = 10\nmemory_per_encode = "2 GiB"\ndisk_wait = 0\nparallel_jobs = 3\n')
    limits = limits_for(load_settings({}))
    assert limits == Limits(workers=3, nice=10, memory_per_encode=2 << 30, disk_wait=0)


@pytest.mark.usefixtures("folder")
def test_a_run_takes_what_it_needs_unless_told_otherwise() -> None:
    assert limits_for(load_settings({})) == Limits()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("key", "value"), [("nice", "20"), ("nice", "-1"), ("disk_wait", "-1"), ("memory_per_encode", "lots")]
)
def test_what_no_run_can_take_names_the_setting(key: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"processing.{key}"):
        load_settings({f"REELWRIGHT_PROCESSING__{key.upper()}": value})


@pytest.mark.parametrize(
    "url", ["mysql://u:s3cret@h/x", "postgresql://u:s3cret@h", "postgresql://u:s3cret@h:port/x", "//u:s3@cret@h/x"]
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_database_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="expected a URL such as postgresql://") as caught:
        load_settings({"REELWRIGHT_DATABASE__URL": url})
    assert "s3cret" not in str(caught.value)
    assert "cret@" not in str(caught.value)


def test_a_database_of_a_server_goes_before_a_file(folder: Path) -> None:
    write(folder, '[database]\npath = "/l.db"\nurl = "postgres://u%40x:p%2Fw@[::1]:5433/films?sslmode=require"\n')
    found = load_settings({}).ledger
    assert isinstance(found, Postgres)
    assert (found.user, found.password, found.host, found.port) == ("u@x", "p/w", "::1", "5433")
    assert (found.name, found.options) == ("films", {"sslmode": "require"})
    assert "p/w" not in f"{found} {found!r}"
    assert found.exists()
