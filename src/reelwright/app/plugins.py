"""Plugins that the configuration enables, put where they belong."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from reelwright.config import Settings
from reelwright.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reelwright.library.plugged import Matcher
    from reelwright.notify.port import Notifier
    from reelwright.plugins.discovery import Announced
    from reelwright.sequences.steps import StepSpec


def use_encoders(settings: Settings) -> None:
    """Make the encoders of plugins known beside those that are built in."""
    ready(Kind.ENCODER, settings)


def matchers(settings: Settings) -> "Mapping[str, Matcher]":
    """Matchers of rules, by name."""
    return {name: cast("Matcher", one.thing) for name, one in ready(Kind.MATCHER, settings).items()}


def step_specs(settings: Settings) -> "Mapping[str, StepSpec]":
    """Raster steps, by name, each with the origin by which the rendering child finds it."""
    steps = ready(Kind.RASTER_STEP, settings)
    return {name: replace(cast("Any", one.thing).spec, origin=one.origin) for name, one in steps.items()}


def notifiers(settings: Settings) -> "Mapping[str, Notifier]":
    """Notifiers, by name."""
    return {name: cast("Notifier", one.thing) for name, one in ready(Kind.NOTIFIER, settings).items()}


def ready(kind: Kind, settings: Settings) -> "dict[str, Announced]":
    """The plugins of a kind that work, by name; where none is enabled, nothing is looked for."""
    if not settings.plugins.enabled:
        return {}
    from reelwright.plugins.discovery import State, loaded

    settled = map(settle, loaded(kind, settings.plugins.enabled))
    return {one.name: one for one in settled if one.state is State.READY}


def everything(settings: Settings) -> "list[Announced]":
    """Everything installed, what is enabled also loaded and put to use: what `doctor` shows."""
    from reelwright.plugins.discovery import announced, load

    return [settle(load(one)) for one in announced(settings.plugins.enabled)]


def settle(one: "Announced") -> "Announced":
    """Look at a loaded plugin with the eyes of the room that is to use it."""
    from reelwright.plugins.discovery import State, broken, said

    if one.state is not State.READY:
        return one
    try:
        problem = _LOOKS[one.kind](one) if one.kind in _LOOKS else ""
    except Exception as error:  # noqa: BLE001 - others' code
        problem = f"failed when it was looked at: {said(error)}"
    return broken(one, problem) if problem else one


def _encoder(one: "Announced") -> str:
    from reelwright.encoders import Encoder
    from reelwright.tools.encoders import add_port

    port: Any = one.thing
    if not isinstance(port.facts, Encoder):
        return "has facts that are no reelwright.encoders.Encoder"
    if port.facts.name != one.name:
        return f"calls itself {port.facts.name}"
    try:
        add_port(port)
    except ValueError as error:
        return str(error)
    return ""


def _raster_step(one: "Announced") -> str:
    from reelwright.sequences.steps import StepSpec

    spec = cast("Any", one.thing).spec
    if not isinstance(spec, StepSpec):
        return "has a spec that is no reelwright.sequences.steps.StepSpec"
    return "" if spec.name == one.name else f"calls itself {spec.name}"


_LOOKS: "Mapping[Kind, Callable[[Announced], str]]" = {Kind.ENCODER: _encoder, Kind.RASTER_STEP: _raster_step}
