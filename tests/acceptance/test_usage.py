import shlex
import shutil
from pathlib import Path

import pytest
from clips import Clips
from command import QUICK, Command, contents


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips.film(), films / "film.mkv"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--quality", "9"), "--quality"),
        (("--target-vmaf", "101"), "101"),
        (("--target-vmaf", "nan"), "nan"),
        (("--preset", "\N{SUPERSCRIPT TWO}"), "\N{SUPERSCRIPT TWO}"),
        (("--workers", "0"), "0"),
        (("--crf", "31.1"), "31.1"),
        (("--band", "nan"), "nan"),
        (("--band", "inf"), "inf"),
        (("--svt", "tune"), "tune"),
        (("--svt", "crf=3"), "crf"),
        (("--min-crf", "40", "--max-crf", "30"), "--min-crf"),
    ],
)
def test_wrong_words_on_the_command_line_are_named(
    flags: tuple[str, ...], said: str, encode: Command, films: Path, source: Path
) -> None:
    encode(source, *flags, "--json").assert_json_failed(2, said)
    assert list(films.iterdir()) == [source]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[encoding]\npresett = 3\n", "encoding.presett"),
        ("[encoding]\npreset = 99\n", "encoding.preset"),
        ("[encoding]\npreset = \n", "cannot be read"),
    ],
)
def test_a_wrong_key_of_the_configuration_is_named_with_its_file(
    text: str, said: str, encode: Command, films: Path, source: Path
) -> None:
    (films / "reelwright.toml").write_text(text)
    encode(source, "--json").assert_json_failed(2, "reelwright.toml", said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REELWRIGHT_ENCODING__PRESETT", "3", "encoding.presett"),
        ("REELWRIGHT_ENCODING__PRESET", "fast", "encoding.preset"),
        ("REELWRIGHT_ENCODING__SVT", "{tune", "REELWRIGHT_ENCODING__SVT"),
        ("REELWRIGHT_ENCODING__PRESET__X", "3", "encoding.preset"),
        ("REELWRIGHT_CONFIG", "nowhere.toml", "nowhere.toml"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, said: str, encode: Command, source: Path) -> None:
    encode(source, "--json", env={name: value}).assert_json_failed(2, said)
    assert list(source.parent.iterdir()) == [source]


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


FAKES = {
    "missing": (None, "There is no FFmpeg"),
    "old": ("echo 'ffmpeg version 4.4.2-0ubuntu0 Copyright'", "too old"),
    "without libvmaf": ('case "$*" in *-filters*) {real} "$@" | grep -v vmaf;; *) exec {real} "$@";; esac', "libvmaf"),
    "something else": ("echo hello", "does not answer like FFmpeg"),
    "broken": ("exit 3", "status 3"),
    "not executable": ("", "ermission denied"),
}


@pytest.mark.parametrize("kind", FAKES)
def test_an_ffmpeg_that_cannot_do_the_work_is_told(
    kind: str, encode: Command, source: Path, clips: Clips, tmp_path: Path
) -> None:
    text, said = FAKES[kind]
    fake = tmp_path / "ffmpeg"
    if text is not None:
        script(fake, text.format(real=shlex.quote(clips.ffmpeg)))
    if kind == "not executable":
        fake.chmod(0o644)
    before = contents(source.parent)
    run = encode(source, *QUICK, "--json", env={"REELWRIGHT_TOOLS__FFMPEG": str(fake)})
    run.assert_json_failed(5, str(fake), said)
    assert contents(source.parent) == before


def test_an_ffmpeg_that_crashes_while_it_encodes_is_told(
    encode: Command, films: Path, source: Path, clips: Clips, tmp_path: Path
) -> None:
    real = shlex.quote(clips.ffmpeg)
    fake = script(tmp_path / "ffmpeg", f'case "$*" in *out.mkv*|*matroska*) kill -SEGV $$;; esac\nexec {real} "$@"')
    before = contents(films)
    run = encode(source, *QUICK, "--json", env={"REELWRIGHT_TOOLS__FFMPEG": str(fake)})
    run.assert_json_failed(5, str(source), "chunk 0", "SIGSEGV")
    assert contents(films) == before
