"""Find what others announce, and load what the configuration names. Nothing found here stops the program.

Installed is not enabled: a package gets into an environment as somebody's dependency, and a plugin is code that runs
with all that its user may do. So what is installed is read from metadata alone, and no line of a plugin is run before
`plugins.enabled` names the distribution it comes with.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.metadata import EntryPoint, distributions

from reelwright.plugins.kinds import PORTS, Kind, Port, wrong_with

#: A plugin's own word, a period, and the name of the thing: what is built in never has a period.
NAME = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*")
#: What is said of a failure is cut after so many letters.
LONGEST = 300


class State(StrEnum):
    """How far an announced thing got."""

    #: Installed; the configuration does not name its distribution.
    OFF = "off"
    #: Enabled; nobody has needed it yet.
    ENABLED = "enabled"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """Something a distribution announces, and what became of it."""

    kind: Kind
    name: str
    #: The distribution's name as pip has it, in small letters with hyphens, and its version.
    distribution: str
    version: str
    #: "package.module:attribute".
    origin: str
    state: State
    #: What is wrong, a sentence; empty where nothing is.
    problem: str = ""
    #: The object; None where it was not loaded.
    thing: object = None


def normalized(name: str) -> str:
    """A distribution's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def announced(enabled: Iterable[str] = ()) -> list[Announced]:
    """Everything installed that announces something to us, from metadata alone: no code of it is run.

    Args:
        enabled: names of distributions whose plugins are used.
    """
    wanted = {normalized(name) for name in enabled}
    groups = {port.group: port for port in PORTS.values()}
    found: dict[tuple[str, str, str], Announced] = {}
    for distribution in distributions():
        if "[reelwright." not in (distribution.read_text("entry_points.txt") or ""):
            continue  # to parse the metadata of every package there is takes half a second
        name = normalized(distribution.name or "")
        for entry in distribution.entry_points:
            if entry.group in groups:
                thing = _announced(groups[entry.group], entry, name, distribution.version or "", enabled=name in wanted)
                # An environment's folders are searched in order; what comes first is what is imported.
                found.setdefault((thing.kind, thing.name, thing.distribution), thing)
    return _without_doubles(sorted(found.values(), key=lambda thing: (thing.distribution, thing.kind, thing.name)))


def _announced(port: Port, entry: EntryPoint, distribution: str, version: str, *, enabled: bool) -> Announced:
    thing = Announced(
        kind=port.kind,
        name=entry.name,
        distribution=distribution,
        version=version,
        origin=entry.value,
        state=State.ENABLED if enabled else State.OFF,
    )
    if not NAME.fullmatch(entry.name):
        return broken(thing, "has no name of the form plugin.thing in small letters")
    return thing


def _without_doubles(things: Sequence[Announced]) -> list[Announced]:
    """Of two enabled plugins that take the same name neither is used: which one is meant is not ours to say."""
    by_name: dict[tuple[Kind, str], list[Announced]] = {}
    for thing in things:
        if thing.state is State.ENABLED:
            by_name.setdefault((thing.kind, thing.name), []).append(thing)
    told = []
    for thing in things:
        others = [o.distribution for o in by_name.get((thing.kind, thing.name), []) if o != thing]
        clash = thing.state is State.ENABLED and others
        told.append(broken(thing, f"has a name that {', '.join(others)} announces as well") if clash else thing)
    return told


def loaded(kind: Kind, enabled: Sequence[str]) -> list[Announced]:
    """The enabled plugins of a kind, each loaded once a process: those that are ready, and those that are broken."""
    return list(_loaded(kind, tuple(sorted({normalized(name) for name in enabled}))))


@cache
def _loaded(kind: Kind, enabled: tuple[str, ...]) -> tuple[Announced, ...]:
    if not enabled:
        return ()
    return tuple(load(one) for one in announced(enabled) if one.kind is kind and one.state is not State.OFF)


def load(one: Announced) -> Announced:
    """Load an enabled plugin; whatever it does instead is its problem and not ours."""
    if one.state is not State.ENABLED:
        return one
    port = PORTS[one.kind]
    try:
        thing = EntryPoint(name=one.name, value=one.origin, group=port.group).load()
        problem = wrong_with(port, thing)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - others' code: whatever it raises, we go on
        return broken(one, f"cannot be loaded: {said(error)}")
    return broken(one, problem) if problem else replace(one, state=State.READY, thing=thing)


def said(error: BaseException) -> str:
    """What an error of others' code says, on one line."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def broken(one: Announced, problem: str) -> Announced:
    """The same, with what is wrong with it, as the end of a sentence."""
    sentence = f"The {one.kind} {one.name} of {one.distribution} {problem}."
    return replace(one, state=State.BROKEN, problem=sentence)


def not_installed(enabled: Iterable[str]) -> list[str]:
    """Names among those enabled that no installed distribution with a plugin has."""
    there = {one.distribution for one in announced()}
    return [name for name in enabled if normalized(name) not in there]
