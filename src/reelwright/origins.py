"""Where each setting comes from, and everything that is wrong with the places."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from reelwright.config import Problem, Settings, load_settings, problems_of, problems_of_profile
from reelwright.databases import without_password
from reelwright.errors import UsageError
from reelwright.layers import (
    Kind,
    Layer,
    find_file,
    find_profile,
    merge,
    ours,
    own_profiles,
    read_environment,
    read_file,
    stack,
    variable_of,
)
from reelwright.profiles import PROFILES, Profile

#: Longer files are read without line numbers, which are found by reading the file anew for each line.
MOST_LINES = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """One setting, its value, and where that comes from."""

    #: Section and key: "encoding", "preset"; the section is empty for what stands above all sections.
    section: str
    key: str
    #: Passwords in it are replaced by stars.
    value: Any
    default: Any
    kind: str
    #: The file, the profile or the environment's variable; empty for the others.
    name: str
    #: Line in the file, counted from 1; None where that is not known.
    line: int | None

    @property
    def changed(self) -> bool:
        """Whether the value is another one than the default."""
        return bool(self.value != self.default)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Every setting in effect."""

    file: str | None
    origins: tuple[Origin, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What was looked at, and what is wrong."""

    file: str | None
    #: Variables that were looked at.
    variables: tuple[str, ...]
    problems: tuple[Problem, ...]


def leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The values of a tree by their path; an empty table is a value."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found.update(leaves(value, (*path, key)))
        else:
            found[*path, key] = value
    return found


def plain(value: BaseModel) -> dict[str, Any]:
    """Settings as a tree of lists, numbers and words; what is not set is an empty word, as in a file."""
    return {key: "" if item is None else item for key, item in _dumped(value).items()}


def _dumped(value: BaseModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value:
        if isinstance(item, BaseModel):
            found[key] = plain(item)
        else:
            found[key] = list(item) if isinstance(item, tuple) else item
    return found


def trace(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Report:
    """Every setting with its origin.

    Raises:
        UsageError: the settings cannot be loaded.
    """
    settings = load_settings(environ, flags)
    found = stack(environ, flags)
    lines = line_numbers(found.file) if found.file else {}
    defaults = leaves(plain(Settings()))
    origins = tuple(
        _origin(path, value, defaults.get(path), found.layers, lines)
        for path, value in sorted(leaves(plain(settings)).items(), key=lambda leaf: len(leaf[0]) > 1)
    )
    return Report(file=str(found.file) if found.file else None, origins=origins)


def _origin(
    path: tuple[str, ...],
    value: object,
    default: object,
    layers: tuple[Layer, ...],
    lines: Mapping[tuple[str, ...], int],
) -> Origin:
    layer = next((layer for layer in reversed(layers) if _holds(layer.tree, path)), None)
    kind = layer.kind if layer else Kind.DEFAULT
    name = variable_of(".".join(path)) if kind is Kind.ENVIRONMENT else layer.name if layer else ""
    line = lines.get(path) if kind is Kind.FILE else None
    *section, key = path
    value = without_password(value) if isinstance(value, str) else value
    return Origin(
        section=".".join(section), key=key, value=value, default=default, kind=kind.value, name=name, line=line
    )


def _holds(tree: object, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return False
        tree = tree[key]
    return True


def line_numbers(path: Path) -> dict[tuple[str, ...], int]:
    """The line each value of a TOML file begins on.

    tomllib does not say. But a file's beginning is TOML itself wherever it ends between two values, so the first
    beginning that holds a value ends with it.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if path.suffix == ".json" or len(lines) > MOST_LINES:
        return {}
    found: dict[tuple[str, ...], int] = {}
    begins = 1
    for number in range(1, len(lines) + 1):
        try:
            tree = tomllib.loads("".join(lines[:number]))
        except ValueError:
            continue  # in the middle of a value
        for leaf in leaves(tree):
            found.setdefault(leaf, begins)
        begins = number + 1
    return found


def check(environ: Mapping[str, str], file: Path | None = None) -> Examined:
    """Look at a configuration file, the one in effect if none is given, and at the environment: all that is wrong."""
    problems: list[Problem] = []
    path, tree = _file(environ, file, problems)
    profiles = _profiles(tree.pop("profiles", {}), str(path), problems)
    variables = tuple(name for name, _ in ours(environ))
    layers = [Layer(kind=Kind.FILE, name=str(path), tree=tree)] if path else []
    layers.append(Layer(kind=Kind.ENVIRONMENT, tree=_environment(environ, problems)))
    for layer in layers:
        problems += problems_of(layer, {})
        problems += _named_profile(layer, profiles)
    if not problems:
        # Each is right by itself; together they may still exclude each other.
        merged: dict[str, Any] = {}
        for layer in layers:
            problems += problems_of(layer, merged)
            merged = merge(merged, layer.tree)
    return Examined(file=str(path) if path else None, variables=variables, problems=tuple(problems))


def _problem(error: UsageError, place: str, key: str = "") -> Problem:
    return Problem(place=place, key=key, message=error.message, hint=error.hint)


def _file(environ: Mapping[str, str], file: Path | None, problems: list[Problem]) -> tuple[Path | None, dict[str, Any]]:
    path = file
    try:
        path = path or find_file(environ)
        return path, read_file(path) if path else {}
    except UsageError as error:
        problems.append(_problem(error, str(path or "The environment")))
        return path, {}


def _environment(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    right: dict[str, str] = {}
    for name, value in ours(environ):
        try:
            read_environment({**right, name: value})
            right[name] = value
        except UsageError as error:
            problems.append(_problem(error, "The environment"))
    return read_environment(right)


def _profiles(found: object, place: str, problems: list[Problem]) -> dict[str, Profile]:
    profiles = dict(PROFILES)
    tables = found if isinstance(found, dict) else {"": found}
    for name, table in tables.items():
        try:
            own = own_profiles({name: table} if name else table, place)
        except UsageError as error:
            problems.append(_problem(error, place, f"profiles.{name}" if name else "profiles"))
            continue
        profiles |= own
        problems += [problem for profile in own.values() for problem in problems_of_profile(profile, place)]
    return profiles


def _named_profile(layer: Layer, profiles: Mapping[str, Profile]) -> list[Problem]:
    name = layer.tree.get("profile")
    if not isinstance(name, str) or not name:
        return []
    try:
        find_profile(name, profiles, layer.label)
    except UsageError as error:
        return [_problem(error, layer.label, "profile")]
    return []
