"""The zoo: every source by its name. To add one, write one function in a module below and decorate it."""

from collections.abc import Callable
from dataclasses import dataclass

from zoo.studio import Film, Studio

Build = Callable[[Studio], Film]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source and how encoding it ends."""

    name: str
    build: Build
    exit_code: int = 0
    #: Words of the one sentence a source that is not encoded ends with.
    said: str = ""
    #: Only looked at by `make prove`: another codec or container of a kind that is looked at already.
    rare: bool = False


ZOO: dict[str, Source] = {}


def source(build: Build) -> Build:
    """A source that is encoded, exactly."""
    return _add(Source(name=build.__name__, build=build))


def rare(build: Build) -> Build:
    """A source that is encoded, exactly, and much like another."""
    return _add(Source(name=build.__name__, build=build, rare=True))


def ends(exit_code: int, said: str) -> Callable[[Build], Build]:
    """A source that is not encoded: the exit code, and words of the sentence that says why."""

    def add(build: Build) -> Build:
        return _add(Source(name=build.__name__, build=build, exit_code=exit_code, said=said))

    return add


def _add(entry: Source) -> Build:
    assert entry.name not in ZOO, entry.name
    ZOO[entry.name] = entry
    return entry.build
