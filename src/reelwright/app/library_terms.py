"""What holds for a library: its settings, its rules, what a scan of it takes, and how its films are queued."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reelwright.app.encode import request_for
from reelwright.app.plugins import matchers
from reelwright.app.profiles import all_profiles
from reelwright.cli.commands import EncodeJob
from reelwright.config import Settings, explain, settings_from
from reelwright.errors import ReelwrightError, SourceError, UsageError
from reelwright.layers import Kind, Layer, find_profile
from reelwright.library.catalog import Catalog, Library, LibraryFile
from reelwright.library.films import Terms
from reelwright.library.hours import read_hours
from reelwright.library.marker import place_marker
from reelwright.library.order import Order
from reelwright.library.rule_text import near, rules_from
from reelwright.library.rules import Rule
from reelwright.library.schedule import check_expression
from reelwright.library.walk import Wanted
from reelwright.library_settings import LibrarySettings
from reelwright.planning.plan import HOW_ONLY, Request
from reelwright.planning.requests import plain_request as as_plain

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
REPLACE = "replace"
#: Key of a library's row beside its settings: the policy its plan was approved with.
APPROVED_POLICY = "approved_policy"


def plain_request(settings: Settings) -> Request:
    """What an encode would be asked for without any flag."""
    return request_for(settings, EncodeJob(sources=(), output=None))


def check_name(name: str) -> None:
    """Make sure that a name can be one.

    Raises:
        UsageError: it cannot: it is a key of the configuration and part of environment variables.
    """
    if not name or not set(name) <= LETTERS:
        raise UsageError(f"{name!r} is no name for a library: small letters, digits, - and _ make one.")


def checked_settings(name: str, tree: dict[str, object]) -> LibrarySettings:
    """Settings of a library.

    Raises:
        UsageError: one is unknown or cannot be.
    """
    try:
        found = LibrarySettings.model_validate(tree)
    except ValidationError as error:
        layer = Layer(kind=Kind.FLAGS, name=f"The library {name}", tree=tree)
        raise explain(error, layer)[0].error() from error
    for wrong in wrong_times(name, found):
        raise wrong
    return found


def wrong_times(name: str, own: LibrarySettings) -> Iterator[UsageError]:
    """What is wrong with the times at which a library is scanned and worked on."""
    for key, check in (("schedule", check_expression), ("hours", read_hours)):
        try:
            check(getattr(own, key))
        except ValueError as error:
            yield UsageError(f"The library {name}: {key} = {getattr(own, key)!r} is wrong: {error}.")


def settings_of(library: Library, settings: Settings) -> LibrarySettings:
    """A library's settings: the configuration's table over what `library add` was told."""
    table = settings.libraries.get(library.name)
    told = {name: value for name, value in library.settings.items() if name in LibrarySettings.model_fields}
    over = table.model_dump(exclude_unset=True) if table is not None else {}
    return checked_settings(library.name, {**told, **over})


def with_configured(catalog: Catalog, settings: Settings) -> None:
    """Add the libraries that only the configuration knows. A root without a marker gets one.

    Raises:
        UsageError: a table has no root, or the root is no folder.
        SourceError: the root is empty: its disk may not be mounted.
        ConflictError: the name or the root is another library's.
    """
    for error in add_configured(catalog, settings):
        raise error


def add_configured(catalog: Catalog, settings: Settings) -> list[ReelwrightError]:
    """As `with_configured`, but one that cannot be added stops none of the rest; returns what was wrong with them."""
    known = {library.name: library for library in catalog.libraries()}
    wrong = []
    for name, table in settings.libraries.items():
        if name in known and (not table.root or os.path.realpath(table.root) == known[name].root):
            continue
        try:
            _add_configured(catalog, name, table)
        except ReelwrightError as error:
            wrong.append(error)
    return wrong


def _add_configured(catalog: Catalog, name: str, table: LibrarySettings) -> None:
    check_name(name)
    if not table.root:
        raise UsageError(
            f"libraries.{name} has no root.", hint=f"Name it there, or use `reelwright library add {name} DIR`."
        )
    root = Path(os.path.realpath(table.root))
    if root.is_dir() and not any(root.iterdir()):
        raise SourceError(
            f"The root {root} of the library {name} is empty.",
            hint=f"Is its disk mounted? `reelwright library add {name} {root}` adds it as it is.",
        )
    catalog.add_library(name, os.fspath(root), place_marker(root), {})


def named(libraries: Sequence[Library], names: Sequence[str]) -> list[Library]:
    """The libraries of these names; all where none is named.

    Raises:
        UsageError: there is no such library, or none at all.
    """
    if not libraries:
        raise UsageError("There is no library yet.", hint="Add one with `reelwright library add NAME DIR`.")
    by_name = {library.name: library for library in libraries}
    for name in names:
        if name not in by_name:
            raise unknown(name, libraries)
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(libraries)


def unknown(name: str, libraries: Sequence[Library]) -> UsageError:
    """The error for a name nobody knows."""
    names = [library.name for library in libraries]
    return UsageError(f"There is no library {name}{near(name, names)}.", hint="`reelwright library list` names them.")


def wanted_by(library: Library, own: LibrarySettings, settings: Settings, now: float) -> Wanted:
    """Which files a scan takes. Our own folders below the root are left alone."""
    return Wanted(
        pattern=own.file_pattern or settings.input.file_pattern,
        min_size=own.min_size if own.min_size is not None else settings.input.min_size,
        max_size=own.max_size if own.max_size is not None else settings.input.max_size,
        exclude=(*own.exclude, *map(_literally, sorted(our_folders(library, own, settings)))),
        follow_links=own.follow_links,
        newest_ns=round((now - own.settle) * 1e9),
    )


def our_folders(library: Library, own: LibrarySettings, settings: Settings) -> frozenset[str]:
    """Our own folders below a library's root, relative to it."""
    places = [os.fspath(settings.work_dir), settings.placement.output_dir, own.output_dir]
    return frozenset(path for place in places if place and (path := _below(library.root, place)))


def _below(root: str, place: str) -> str | None:
    found = os.path.relpath(os.path.realpath(place), root)
    return None if found == "." or found.startswith("..") else found


def _literally(path: str) -> str:
    """A pattern that only this path fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def default_rules() -> str:
    """The rules that come with Reelwright, as TOML."""
    return package_files("reelwright.library").joinpath("default_rules.toml").read_text("utf-8")


def read_rules(place: str, settings: Settings) -> tuple[Rule, ...]:
    """The rules of a file; the ones that come with Reelwright where the place is empty.

    Args:
        place: the file, or empty.
        settings: they say which plugins' matchers a rule may name.

    Raises:
        UsageError: it cannot be read, or something in it is wrong.
    """
    if not place:
        return rules_from(tomllib.loads(default_rules()), "default_rules.toml")
    try:
        tree = tomllib.loads(Path(place).read_text("utf-8"))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(f"The rules {place} cannot be read: {said}.") from error
    return rules_from(tree, place, matchers(settings))


def film_settings(settings: Settings, *trees: Mapping[str, Any]) -> Settings:
    """Settings for one film: what its rule and what failures taught go over the rest, a profile under its own rule.

    Raises:
        UsageError: one cannot be, or there is no such profile.
    """
    for tree in trees:
        name = tree.get("profile")
        if isinstance(name, str) and name:
            profile = find_profile(name, all_profiles(os.environ), "A rule")
            settings = settings_from(settings, profile.settings)
        settings = settings_from(settings, tree)
    return settings


def most_percent(settings: Settings, own: LibrarySettings) -> float:
    """The share of its source that an output may take, in percent."""
    return float(own.max_encoded_percent or settings.placement.max_encoded_percent)


def output_dir(settings: Settings, own: LibrarySettings) -> str:
    """Where a tree of outputs is; empty: nowhere, and outputs go beside their films."""
    return own.output_dir or settings.placement.output_dir


def terms_of(settings: Settings, own: LibrarySettings) -> Terms:
    """What a library's films are queued by."""
    policy = {
        "policy": own.policy,
        "output_dir": output_dir(settings, own) if own.policy == "tree" else "",
        "max_encoded_percent": most_percent(settings, own),
        "container": settings.placement.container,
    }
    return Terms(order=Order(own.order), weight=own.weight, policy=policy)


class Effective:
    """Settings in effect for files, as plain values: made once for all files of one rule."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, Mapping[str, Any]] = {}

    def __call__(self, file: LibraryFile) -> Mapping[str, Any]:
        """What decides what comes out of a file, but for where it goes. Wrong settings make work that fails."""
        own = file.choice.settings if file.choice else {}
        key = json.dumps(dict(own), sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = self._made(own)
        return self._known[key]

    def _made(self, own: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            values = as_plain(plain_request(film_settings(self._settings, own)))
        except ReelwrightError as error:
            return {"wrong": error.message}
        return {name: value for name, value in values.items() if name not in HOW_ONLY}


def may_replace(library: Library) -> bool:
    """Whether a plan was approved that puts outputs in their films' places."""
    return library.approved is not None and library.settings.get(APPROVED_POLICY) == REPLACE
