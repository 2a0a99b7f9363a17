"""The kinds of plugins there are: where each is announced, which version its port has, and what an object must have."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a plugin adds."""

    MATCHER = "matcher"
    ENCODER = "encoder"
    RASTER_STEP = "raster step"
    NOTIFIER = "notifier"


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """What an object of a kind must be."""

    kind: Kind
    #: The group of entry points in which a distribution announces it.
    group: str
    #: Counted up whenever an object of before would not do any more.
    version: int
    #: Attributes it has to have; those with parentheses are called.
    members: tuple[str, ...]
    #: Where the port is described.
    described: str


PORTS: dict[Kind, Port] = {
    port.kind: port
    for port in (
        Port(
            kind=Kind.MATCHER,
            group="reelwright.matchers",
            version=1,
            members=("meaning", "check()", "holds()", "found()"),
            described="reelwright.library.plugged.Matcher",
        ),
        Port(
            kind=Kind.ENCODER,
            group="reelwright.encoders",
            version=1,
            members=("facts", "environment", "device_args", "filters", "own_quality()", "codec_args()", "version()"),
            described="reelwright.tools.encoders.EncoderPort",
        ),
        Port(
            kind=Kind.RASTER_STEP,
            group="reelwright.raster_steps",
            version=1,
            members=("spec", "apply()"),
            described="reelwright.sequences.steps.RasterStep",
        ),
        Port(
            kind=Kind.NOTIFIER,
            group="reelwright.notifiers",
            version=1,
            members=("check()", "send()"),
            described="reelwright.notify.port.Notifier",
        ),
    )
}


def wrong_with(port: Port, thing: object) -> str:
    """What keeps an object from being of a kind, as the end of a sentence; empty where nothing does.

    A class that was announced in place of an object of it lacks nothing and still cannot be called, so it is told.
    """
    if isinstance(thing, type):
        return "is a class; an object of it is expected"
    version = getattr(thing, "port_version", None)
    if version is None:
        return f"does not say for which version of the port it is made (port_version = {port.version})"
    if version != port.version:
        return f"is made for version {version} of the port; this Reelwright has version {port.version}"
    if missing := list(_missing(port, thing)):
        return f"has no {', '.join(missing)} (see {port.described})"
    return ""


def _missing(port: Port, thing: object) -> Iterator[str]:
    for member in port.members:
        name = member.removesuffix("()")
        found = getattr(thing, name, None)
        if found is None or (name != member and not callable(found)):
            yield member
