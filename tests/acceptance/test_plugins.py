"""The template of plugins, built and installed: its own tests, and each of its parts in use."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest
from clips import Clips
from command import Command, Run

from installed import install_template
from pictures import write_still

ENABLED = {"REELWRIGHT_PLUGINS__ENABLED": "Reelwright.Example"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder it is installed in, and the copy it was built from."""
    return install_template(tmp_path_factory.mktemp("template"))


class Reelwright(Command):
    """Any command, in an environment that has the plugin."""

    def argv(self, args: Iterable[str | bytes | Path], *, before: tuple[str, ...] = ()) -> list[str | bytes | Path]:
        """The command line."""
        return [*before, sys.executable, "-P", "-m", "reelwright", *args]


@pytest.fixture
def reelwright(encode: Command, template: tuple[Path, Path]) -> Reelwright:
    installed = {"PYTHONPATH": str(template[0]), "REELWRIGHT_PROCESSING__TEMP_DIR": str(encode.state / "work")}
    return Reelwright(folder=encode.folder, state=encode.state, environment={**encode.environment, **installed})


def test_the_templates_own_tests_pass_in_an_environment_that_has_it(template: tuple[Path, Path]) -> None:
    site, copy = template
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_its_encoder_encodes_once_it_is_enabled_and_its_notifier_tells(reelwright: Reelwright, clips: Clips) -> None:
    args = ("encode", clips.film(), "-o", "out.mkv", "--encoder", "example.rav1e", "--crf", "50", "--preset", "13")
    log = reelwright.state / "log.txt"
    table = json.dumps({"example.log": {"path": str(log)}})
    told = {"REELWRIGHT_NOTIFY__PLUGINS": table, "REELWRIGHT_NOTIFY__ON": "done, failed"}
    done = reelwright(*args, "--json", env={**ENABLED, **told})
    assert done.code == 0, done.err
    with av.open(str(reelwright.folder / "out.mkv")) as film:
        assert film.streams.video[0].codec_context.name in {"av1", "libdav1d"}
    assert done.results[-1]["data"]["outcome"] == "encoded"
    assert log.read_text().splitlines()[0] == "Reelwright: 1 done"
    assert "VMAF" in log.read_text()


def test_its_matcher_decides_in_a_librarys_rules(reelwright: Reelwright, clips: Clips, films: Path) -> None:
    for name in ("Metropolis (1927).mkv", "Alien (1979).mkv", "holiday.mkv"):
        (films / name).write_bytes(clips.film().read_bytes())
        os.utime(films / name, (1_600_000_000,) * 2)
    rules = reelwright.state / "rules.toml"
    rules.write_text('[[rule]]\nname = "silent"\nwhen = { "example.title_year" = "1900..1929" }\nthen = "ask"\n')

    def run(*args: str | Path) -> Run:
        done = reelwright(*args, env=ENABLED)
        assert done.code == 0, done.err
        return done

    run("library", "add", "films", films, "--rules", rules)
    run("library", "scan", "--json")
    shown = run("library", "files", "films", "--json").results[-1]["data"]["files"]
    assert {file["path"]: file["state"] for file in shown} == {
        "Metropolis (1927).mkv": "asked",
        "Alien (1979).mkv": "skipped",
        "holiday.mkv": "skipped",
    }
    (asked,) = [file for file in shown if file["state"] == "asked"]
    assert asked["reasons"] == ["Example.title_year is 1927."]


def test_its_raster_step_changes_a_sequences_pictures(reelwright: Reelwright) -> None:
    frames = reelwright.folder / "frames"
    frames.mkdir()
    for number in (1, 2):
        write_still(frames / f"sh.{number:04d}.exr", np.full((36, 64, 3), 0.5, np.float32))
    plain = ("--rate", "24", "--no-slate", "--no-burn-ins", "--colorspace", "display")
    args = ("sequence", "render", "frames", "-o", "out/", *plain, "--step", "example.vignette:strength=1")
    done = reelwright(*args, env=ENABLED)
    assert done.code == 0, done.err
    with av.open(str(reelwright.folder / "out" / "sh.mov")) as movie:
        picture = next(movie.decode(video=0)).to_ndarray(format="gray")
    assert picture[0, 0] < 20
    assert picture[18, 32] > 110
