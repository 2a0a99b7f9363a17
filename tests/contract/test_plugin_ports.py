"""The ports of plugins: what is built in is held to the suites that plugins' authors are given, and these can fail."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from reelwright.encoders import NAMES
from reelwright.notify.port import NotSentError
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import StepSpec
from reelwright.testing import check_encoder, check_matcher, check_notifier, check_raster_step
from reelwright.testing.encoders import check_facts
from reelwright.tools.children.raster import APPLY
from reelwright.tools.encoders import PORTS

#: As they are written, for each built-in step that is no colour's.
EXAMPLES = {
    "blur": "blur:size=3",
    "sharpen": "sharpen",
    "resize": "resize:size=10x6",
    "crop": "crop:area=3:2:1:1",
    "pad": "pad:size=80x50",
    "mask": "mask:ratio=2.39",
    "flip": "flip",
    "flop": "flop",
    "rotate": "rotate:degrees=90",
}


class BuiltIn:
    """A built-in step as an object of the port."""

    port_version = 1

    def __init__(self, name: str) -> None:
        self.spec: StepSpec = STEPS[name]
        self._apply = APPLY[name]

    def apply(self, pixels: Any, values: Any) -> Any:
        """As the rendering child does: what comes out is float32 in one piece."""
        return np.ascontiguousarray(self._apply(pixels, values), np.float32)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_built_in_raster_step_keeps_the_port(name: str) -> None:
    check_raster_step(BuiltIn(name), examples=[EXAMPLES[name]], wrong=[f"{name}:nonsense=1"])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_built_in_encoder_says_of_itself_keeps_the_port(name: str) -> None:
    check_facts(PORTS[name])


class Versioned:
    """A built-in encoder's port with the version that a plugin says."""

    port_version = 1

    def __init__(self, name: str, **other: Any) -> None:
        self._port, self._other = PORTS[name], other

    def __getattr__(self, name: str) -> Any:
        return self._other[name] if name in self._other else getattr(self._port, name)


def test_a_built_in_encoder_keeps_the_port() -> None:
    """The others are held by `test_encoder_port.py`, which asks more; this is the suite for plugins."""
    check_encoder(Versioned("svt-av1"))  # type: ignore[arg-type]


class Good:
    """Keeps every port there is, but for what a test takes away."""

    port_version = 1
    meaning = "anything"
    spec = StepSpec(name="my.step", summary="nothing", local=True)

    def check(self, wanted: Any) -> None:
        if wanted in ("wrong", {}):
            raise ValueError("it is wrong")

    def holds(self, wanted: Any, facts: Any) -> bool | None:  # noqa: ARG002
        return True

    def found(self, facts: Any) -> str:  # noqa: ARG002
        return "something"

    def apply(self, pixels: Any, values: Any) -> Any:  # noqa: ARG002
        return pixels

    def send(self, message: Any, settings: Mapping[str, Any]) -> None:  # noqa: ARG002
        if settings.get("fails"):
            raise NotSentError("it fails")


def as_matcher(one: Any) -> None:
    check_matcher(one, holds=[("x", {"width": 1}, True)], wrong=["wrong"])


def as_step(one: Any) -> None:
    check_raster_step(one, examples=["my.step"])


def as_notifier(one: Any) -> None:
    check_notifier(one, settings={"a": 1}, wrong=[{}], failing={"fails": "s3cret"}, secrets=["s3cret"])


@pytest.mark.parametrize("suite", [as_matcher, as_step, as_notifier])
def test_the_suites_take_what_keeps_its_port(suite: Callable[[Any], None]) -> None:
    suite(Good())


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


DICE = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("suite", "name", "value", "said"),
    [
        (as_matcher, "port_version", 9, "made for version 9"),
        (as_matcher, "meaning", "two\nlines", "its meaning"),
        (as_matcher, "holds", lambda _w, _f: 1, "twice was expected"),
        (as_matcher, "holds", lambda _w, facts: bool(facts["width"]), "'width'"),
        (as_matcher, "check", lambda _w: None, "should be wrong"),
        (as_matcher, "found", lambda _f: "", "what it found"),
        (as_step, "apply", lambda p, _v: p.astype(np.float64), "no array of float32"),
        (as_step, "apply", lambda p, _v: p[:, :1], "was foretold"),
        (as_step, "apply", lambda p, _v: p * np.float32(DICE.random()), "from one time to the next"),
        (as_step, "apply", lambda p, _v: p - p[:1, :1], "looks at places"),
        (as_step, "apply", lambda p, _v: np.full_like(p, np.nan), "no numbers"),
        (as_notifier, "send", lambda _m, _s: None, "nothing can have arrived"),
        (as_notifier, "check", lambda _s: None, "should be wrong"),
        (as_notifier, "send", lambda _m, s: raising(NotSentError("to s3cret"))() if "fails" in s else 0, "a password"),
    ],
)
def test_the_suites_find_what_breaks_a_port(
    suite: Callable[[Any], None], name: str, value: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Good()
    monkeypatch.setattr(one, name, value, raising=True)
    with pytest.raises((AssertionError, KeyError), match=said):
        suite(one)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"own_quality": lambda _crf: 5}, "on its own scale"),
        ({"codec_args": lambda _order: ("-c:v", "libx264")}, "it does not name -c:v libaom-av1"),
        ({"version": lambda _said: "1"}, "an empty log"),
        ({"facts": 3}, "no reelwright.encoders.Encoder"),
    ],
)
def test_the_suite_of_encoders_finds_what_breaks_the_port(other: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_encoder(Versioned("aom", **other))  # type: ignore[arg-type]
