"""From paths on a command line to pairs of source and output."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.config import InputSettings
from reelwright.engine.discover import default_name, expand_braces, films_below, is_wanted, outputs_for
from reelwright.errors import UsageError

RULES = InputSettings()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.mkv", ["*.mkv"]),
        ("*.{mkv,mp4}", ["*.mkv", "*.mp4"]),
        ("{a,b}.{c,d}", ["a.c", "a.d", "b.c", "b.d"]),
        ("*.{m{kv,p4},avi}", ["*.mkv", "*.mp4", "*.avi"]),  # one inside another
        ("a{,b}", ["a", "ab"]),  # nothing is a choice too
        ("{a}", ["a"]),
        ("a}b,c", ["a}b,c"]),  # nothing was opened
    ],
)
def test_braces_are_choices(pattern: str, names: list[str]) -> None:
    assert expand_braces(pattern) == names


@pytest.mark.parametrize("pattern", ["*.{mkv,mp4", "{", "{a,{b}"])
def test_an_open_brace_is_an_error_of_usage(pattern: str) -> None:
    with pytest.raises(UsageError, match="open brace"):
        expand_braces(pattern)


@pytest.mark.parametrize(
    ("name", "size", "rules", "wanted"),
    [
        ("film.mkv", 5, {}, True),
        ("FILM.MKV", 5, {}, True),
        ("caf\udce9.Mp4", 5, {}, True),
        ("film.txt", 5, {}, False),
        ("mkv", 5, {}, False),
        (".film.mkv", 5, {}, False),  # hidden, as our own unfinished outputs are
        (".reelwright-0123.tmp", 5, {"file_pattern": "*"}, False),
        ("film.mkv", 0, {}, True),  # an empty one is found, and then says why it fails
        ("film.mkv", 999, {"min_size": "1kB"}, False),
        ("film.mkv", 1000, {"min_size": "1kB"}, True),
        ("film.mkv", 1000, {"max_size": "1kB"}, True),
        ("film.mkv", 1001, {"max_size": "1kB"}, False),
        ("film.mkv", 1, {"max_size": "0"}, False),
    ],
)
def test_a_file_is_picked_up_by_its_name_and_size(name: str, size: int, rules: dict[str, str], *, wanted: bool) -> None:
    assert is_wanted(name, size, InputSettings.model_validate(rules)) is wanted


def test_films_are_found_in_the_order_of_their_names_and_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    for name in ("b.mkv", "a/2.mp4", "a/1.mp4", "a/note.txt", "c.mkv/d.mkv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.mkv").symlink_to("nowhere")
    found = [path.relative_to(tmp_path).as_posix() for path in films_below(tmp_path, RULES)]
    assert found == ["b.mkv", "a/1.mp4", "a/2.mp4", "c.mkv/d.mkv"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("film.mp4", "film.av1.mkv"),
        ("film.mkv", "film.av1.mkv"),
        ("film", "film.av1.mkv"),
        ("a.b.c.mkv", "a.b.c.av1.mkv"),
        ("x" * 251 + ".mkv", "x" * 247 + ".av1.mkv"),
        ("é" * 125 + ".mkv", "é" * 123 + ".av1.mkv"),  # 250 bytes: no half letter is left
        ("x" + "é" * 125 + ".mkv", "x" + "é" * 123 + ".av1.mkv"),
        ("\U0001f3ac" * 62 + ".mkv", "\U0001f3ac" * 61 + ".av1.mkv"),
        ("caf\udce9.mkv", "caf\udce9.av1.mkv"),  # a byte that is no UTF-8 stays that byte
        ("\udce9" * 251 + ".mkv", "\udce9" * 247 + ".av1.mkv"),
    ],
)
def test_an_output_beside_its_source_has_a_name_that_fits(source: str, name: str) -> None:
    assert default_name(Path("/films") / source) == name


@given(st.text(min_size=1, max_size=300).filter(lambda s: not set(s) & {"/", "\0"} and s.strip(".")))
def test_no_default_name_is_longer_than_a_name_may_be(name: str) -> None:
    source = Path("/films") / name
    try:
        found = default_name(source)
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for c in name)  # no file has such a name
        return
    assert len(os.fsencode(found)) <= 255
    assert found.endswith(".av1.mkv")
    assert found.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == found


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for name in ("a.mp4", "sub/b.mkv", "lone.avi"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "out").mkdir()
    return tmp_path


def pairs(films: Path, sources: list[str], output: str | None, output_dir: str = "") -> list[tuple[str, str]]:
    given_dir = str(films / output_dir) if output_dir else ""
    to = None if output is None else f"{films}/{output}"
    found = outputs_for([films / "in" / s for s in sources], to, RULES, given_dir)
    return [(s.relative_to(films / "in").as_posix(), o.relative_to(films).as_posix()) for s, o in found]


@pytest.mark.parametrize(
    ("sources", "output", "output_dir", "expected"),
    [
        (["a.mp4"], None, "", [("a.mp4", "in/a.av1.mkv")]),
        (["a.mp4"], "x.mkv", "", [("a.mp4", "x.mkv")]),
        (["a.mp4"], "x.MKV", "", [("a.mp4", "x.MKV")]),
        (["a.mp4"], "out", "", [("a.mp4", "out/a.mkv")]),  # it is a folder
        (["a.mp4"], "new/", "", [("a.mp4", "new/a.mkv")]),  # it is to be one
        (["a.mp4"], None, "lib", [("a.mp4", "lib/a.mkv")]),
        (["a.mp4"], "x.mkv", "lib", [("a.mp4", "x.mkv")]),  # the command line wins
        (["a.mp4", "lone.avi"], "new", "", [("a.mp4", "new/a.mkv"), ("lone.avi", "new/lone.mkv")]),
        (["a.mp4", "lone.avi"], None, "", [("a.mp4", "in/a.av1.mkv"), ("lone.avi", "in/lone.av1.mkv")]),
        (
            ["."],
            "new",
            "",
            [("a.mp4", "new/a.mkv"), ("lone.avi", "new/lone.mkv"), ("sub/b.mkv", "new/sub/b.mkv")],  # the tree is kept
        ),
        (["sub"], None, "", [("sub/b.mkv", "in/sub/b.av1.mkv")]),
        (["sub"], None, "lib", [("sub/b.mkv", "lib/b.mkv")]),
    ],
)
def test_each_film_goes_where_it_was_told(
    films: Path, sources: list[str], output: str | None, output_dir: str, expected: list[tuple[str, str]]
) -> None:
    assert pairs(films, sources, output, output_dir) == expected


def test_the_setting_names_outputs_that_nobody_named(films: Path) -> None:
    sources = [films / "in" / "a.mkv"]
    named = [
        outputs_for(sources, None, RULES, "", container="mp4"),
        outputs_for(sources, f"{films}/new/", RULES, "", mark=".part", container="mp4"),
        outputs_for(sources, f"{films}/b.mkv", RULES, "", container="mp4"),
    ]
    assert [out.name for ((_, out),) in named] == ["a.av1.mp4", "a.part.mp4", "b.mkv"]


@pytest.mark.parametrize(
    ("sources", "output", "says"),
    [
        (["a.mp4"], "x.mov", "neither a Matroska nor an MP4 file"),
        (["a.mp4"], "x", "neither a Matroska nor an MP4 file"),
        (["a.mp4", "a.mp4"], "new", "would both become"),
        (["a.mp4", "a.mkv"], None, "would both become"),
    ],
)
def test_outputs_that_cannot_be_are_refused(films: Path, sources: list[str], output: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        pairs(films, sources, output)


def test_an_output_in_a_folder_has_a_name_that_fits_too(films: Path) -> None:
    name = "x" * 252 + ".ts"  # 255 bytes, and .mkv is one longer than .ts
    ((_, output),) = outputs_for([films / "in" / name], f"{films}/new/", RULES, "")
    assert output == films / "new" / ("x" * 251 + ".mkv")


def test_a_path_too_long_to_be_looked_at_is_a_source_like_any_other(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300 + ".mp4")  # it fails later, with a sentence of its own
    assert outputs_for([long], str(tmp_path / "a.mkv"), RULES, "") == [(long, tmp_path / "a.mkv")]
    assert outputs_for([tmp_path / "a.mp4"], f"{tmp_path}/{'y' * 300}.mkv", RULES, "")
