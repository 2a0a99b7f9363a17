"""Plugins: announced, enabled, loaded, and, where something is wrong with them, left out and told."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import install
from reelwright.app.plugin_rows import rows
from reelwright.app.plugins import everything, matchers, ready, step_specs, use_encoders
from reelwright.config import Settings
from reelwright.encoders import ENCODERS, find
from reelwright.errors import UsageError
from reelwright.plugins.discovery import Announced, State, _loaded, announced, loaded, not_installed
from reelwright.plugins.kinds import PORTS, Kind
from reelwright.tools.encoders import _BY_FFMPEG
from reelwright.tools.encoders import PORTS as ENCODER_PORTS

MATCHER = """
class Any:
    port_version = {version}
    meaning = "anything"
    def check(self, wanted): pass
    def holds(self, wanted, facts): return True
    def found(self, facts): return "something"
ANY = Any()
"""
GROUP = PORTS[Kind.MATCHER].group


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages; what was loaded from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules), dict(ENCODERS), dict(ENCODER_PORTS), dict(_BY_FFMPEG)
    _loaded.cache_clear()
    yield tmp_path
    _loaded.cache_clear()
    for name in set(sys.modules) - known[0]:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]
    for registry, before in zip((ENCODERS, ENCODER_PORTS, _BY_FFMPEG), known[1:], strict=True):
        registry.clear()
        registry.update(before)


def enabling(*names: str) -> Settings:
    return Settings.model_validate({"plugins": {"enabled": names}})


def only(found: list[Announced], name: str) -> Announced:
    (one,) = [one for one in found if one.name == name]
    return one


def test_no_line_of_a_plugin_is_run_before_the_configuration_names_it(site: Path) -> None:
    trap = "raise SystemExit('it was run')"
    install(site, "Trap.Plugin", {GROUP: {"trap.any": "ANY"}}, trap)
    one = only(announced(), "trap.any")
    assert (one.state, one.distribution, one.version) == (State.OFF, "trap-plugin", "1.0")
    assert loaded(Kind.MATCHER, ()) == []
    assert only(everything(Settings()), "trap.any").state is State.OFF
    assert "trap_plugin" not in sys.modules
    broken = only(loaded(Kind.MATCHER, ("trap_PLUGIN",)), "trap.any")
    assert broken.state is State.BROKEN
    assert broken.problem == "The matcher trap.any of trap-plugin cannot be loaded: SystemExit: it was run."


def test_what_is_enabled_and_keeps_its_port_is_ready(site: Path) -> None:
    install(site, "good", {GROUP: {"good.any": "ANY"}}, MATCHER.format(version=1))
    found = matchers(enabling("good"))
    assert list(found) == ["good.any"]
    assert found["good.any"].holds("x", {}) is True
    assert matchers(Settings()) == {}


@pytest.mark.parametrize(
    ("code", "attribute", "problem"),
    [
        ("1/0", "ANY", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("import no_such_module_here", "ANY", "cannot be loaded: ModuleNotFoundError"),
        ("def (", "ANY", "cannot be loaded: SyntaxError"),
        ("", "ANY", "cannot be loaded: AttributeError"),
        (MATCHER.format(version=1), "Any", "is a class; an object of it is expected"),
        (MATCHER.format(version=2), "ANY", "is made for version 2 of the port; this Reelwright has version 1"),
        ("ANY = 3", "ANY", "does not say for which version of the port it is made (port_version = 1)"),
        (
            "class A:\n  port_version = 1\n  meaning = 'm'\n  holds = 3\nANY = A()",
            "ANY",
            "has no check(), holds(), found() (see reelwright.library.plugged.Matcher)",
        ),
    ],
)
def test_what_is_wrong_with_a_plugin_is_told_in_one_sentence(
    site: Path, code: str, attribute: str, problem: str
) -> None:
    install(site, "bad", {GROUP: {"bad.any": attribute}}, code)
    install(site, "good", {GROUP: {"good.any": "ANY"}}, MATCHER.format(version=1))
    settings = enabling("bad", "good")
    assert list(matchers(settings)) == ["good.any"]
    told = only(everything(settings), "bad.any").problem
    assert told.startswith(f"The matcher bad.any of bad {problem}")
    assert "\n" not in told
    (row,) = [row for row in rows(settings) if row.name == "bad.any"]
    assert (row.works, row.optional, row.advice) == (False, True, told)


def test_of_two_plugins_with_the_same_name_neither_is_used(site: Path) -> None:
    for name in ("one", "two"):
        install(site, name, {GROUP: {"same.any": "ANY"}}, MATCHER.format(version=1))
    assert matchers(enabling("one", "two")) == {}
    problems = [one.problem for one in everything(enabling("one", "two")) if one.name == "same.any"]
    assert problems[0] == "The matcher same.any of one has a name that two announces as well."
    assert list(matchers(enabling("two"))) == ["same.any"]


def test_a_name_without_a_period_could_be_one_of_ours_and_is_not_taken(site: Path) -> None:
    install(site, "bold", {GROUP: {"codec": "ANY"}}, MATCHER.format(version=1))
    assert matchers(enabling("bold")) == {}
    assert "has no name of the form plugin.thing" in only(everything(enabling("bold")), "codec").problem


def test_a_name_that_no_package_has_is_told(site: Path) -> None:
    install(site, "good", {GROUP: {"good.any": "ANY"}}, MATCHER.format(version=1))
    assert not_installed(["Good", "goood"]) == ["goood"]
    (row,) = [row for row in rows(enabling("goood")) if row.name == "goood"]
    assert (row.works, row.optional) == (False, True)


ENCODER = """
from dataclasses import replace
from reelwright.tools.encoders.aom import Aom
from reelwright.encoders import AOM
class Mine(Aom):
    port_version = 1
MINE = Mine(facts=replace(AOM, name={name!r}, ffmpeg={ffmpeg!r}))
"""


def test_an_encoder_is_known_once_it_is_enabled(site: Path) -> None:
    code = ENCODER.format(name="mine.slow", ffmpeg="libmine")
    install(site, "mine", {PORTS[Kind.ENCODER].group: {"mine.slow": "MINE"}}, code)
    assert Settings.model_validate({"encoding": {"encoder": "mine.slow"}}).encoding.encoder == "mine.slow"
    with pytest.raises(UsageError, match=r"There is no encoder mine\.slow"):
        find("mine.slow")
    use_encoders(enabling("mine"))
    use_encoders(enabling("mine"))
    assert find("mine.slow").ffmpeg == "libmine"


@pytest.mark.parametrize(
    ("name", "ffmpeg", "problem"),
    [
        ("mine.slow", "libaom-av1", "takes FFmpeg's libaom-av1, which is aom's already"),
        ("other.name", "libmine", "calls itself other.name"),
    ],
)
def test_an_encoder_takes_nobodys_place(site: Path, name: str, ffmpeg: str, problem: str) -> None:
    install(site, "mine", {PORTS[Kind.ENCODER].group: {"mine.slow": "MINE"}}, ENCODER.format(name=name, ffmpeg=ffmpeg))
    assert ready(Kind.ENCODER, enabling("mine")) == {}
    assert only(everything(enabling("mine")), "mine.slow").problem == f"The encoder mine.slow of mine {problem}."
    assert _BY_FFMPEG["libaom-av1"].facts.name == "aom"


def test_a_raster_step_carries_the_place_where_the_child_finds_it(site: Path) -> None:
    code = """
from reelwright.sequences.steps import StepSpec
class Step:
    port_version = 1
    spec = StepSpec(name="mine.step", summary="nothing")
    def apply(self, pixels, values): return pixels
STEP = Step()
class Odd(Step):
    spec = "a word"
ODD = Odd()
"""
    install(site, "mine", {PORTS[Kind.RASTER_STEP].group: {"mine.step": "STEP", "mine.odd": "ODD"}}, code)
    specs = step_specs(enabling("mine"))
    assert {name: spec.origin for name, spec in specs.items()} == {"mine.step": "mine:STEP"}
    assert "has a spec that is no" in only(everything(enabling("mine")), "mine.odd").problem
