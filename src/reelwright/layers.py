"""The layers settings are laid in: file < environment < flags, a profile directly under the one that names it."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from reelwright.errors import UsageError
from reelwright.places import FILE_NAMES, user_config_dir
from reelwright.profiles import PROFILES, Profile

PREFIX = "REELWRIGHT_"
#: Variables of ours that are no settings.
NOT_SETTINGS = frozenset({"REELWRIGHT_DEBUG", "REELWRIGHT_CONFIG", "REELWRIGHT_RUN"})
#: Settings that hold passwords. A file may hold each instead, as containers are given secrets, and NAME_FILE names it:
#: what a process was started with is seen by more than its own user.
SECRETS = frozenset({
    "REELWRIGHT_DATABASE__URL", "REELWRIGHT_CLUSTER__BROKER", "REELWRIGHT_CLUSTER__FLOWER_LOGIN",
    "REELWRIGHT_NOTIFY__URLS",
})  # fmt: skip
FROM_FILE = "_FILE"


class Kind(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    PROFILE = "profile"
    FILE = "file"
    ENVIRONMENT = "environment"
    FLAGS = "command line"
    #: From Python.
    CALL = "call"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Raw settings of one place."""

    kind: Kind
    #: The file's path or the profile's name; empty for the others.
    name: str = ""
    tree: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The place as the beginning of a sentence."""
        if self.kind is Kind.PROFILE:
            return f"Profile {self.name}"
        return self.name or f"The {self.kind.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """Every layer, the lowest first, and the profiles there are."""

    #: The configuration file; None where there is none.
    file: Path | None
    layers: tuple[Layer, ...]
    #: Those built in, then the file's own.
    profiles: Mapping[str, Profile]


def find_file(environ: Mapping[str, str]) -> Path | None:
    """The configuration file: $REELWRIGHT_CONFIG, else one in this folder, else the user's.

    Raises:
        UsageError: the one named by the variable does not exist.
    """
    if named := environ.get("REELWRIGHT_CONFIG"):
        if not Path(named).is_file():
            raise UsageError(f"There is no configuration file {named} (REELWRIGHT_CONFIG).")
        return Path(named)
    folders = (Path(), Path(user_config_dir()))
    candidates = [folder / name for folder in folders for name in FILE_NAMES]
    return next((path for path in candidates if path.is_file()), None)


def read_file(path: Path) -> dict[str, Any]:
    """A configuration file's tables.

    Raises:
        UsageError: it cannot be read, or is not TOML or JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"The configuration file {path} cannot be read: {error}.") from error
    except RecursionError as error:
        raise UsageError(f"The configuration file {path} cannot be read: it is nested too deeply.") from error
    if not isinstance(found, dict):
        raise UsageError(f"The configuration file {path} must hold tables such as [encoding].")
    return found


def ours(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Variables that are meant to be settings, sorted, so that a table's own comes before those of its keys."""
    return sorted((n, v) for n, v in environ.items() if n.startswith(PREFIX) and n not in NOT_SETTINGS)


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings among the environment's variables: REELWRIGHT_SECTION__KEY; REELWRIGHT_SECTION__KEY_FILE of a secret.

    Raises:
        UsageError: a value is broken JSON, one variable stands for a table and another for something in it, or a
            secret's file cannot be read, or is named beside the secret itself.
    """
    found: dict[str, Any] = {}
    for name, value in ours(environ):
        if (secret := name.removesuffix(FROM_FILE)) != name and secret in SECRETS:
            if secret in environ:
                raise UsageError(f"The environment: both {secret} and {name} are set.", hint="Set one of them.")
            name, value = secret, secret_in(name, value)  # noqa: PLW2901 - the file's words are the variable's
        *tables, key = name.removeprefix(PREFIX).lower().split("__")
        place = found
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise UsageError(f"The environment: {name} lies inside a setting that has a value of its own.")
        place[key] = value_of(name, value)
    return found


def secret_in(name: str, path: str) -> str:
    """What the file of a secret holds, without the end of its last line.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"The environment: the file {path} of {name} cannot be read ({said}).") from error


def value_of(name: str, value: str) -> object:
    """A variable's value; a table is written as JSON.

    Raises:
        UsageError: it begins like JSON and is none.
    """
    try:
        return json.loads(value) if value.startswith("{") else value
    except ValueError as error:
        raise UsageError(f"The environment: {name} is no JSON: {error}.") from error


def variable_of(key: str) -> str:
    """The environment's name of a setting such as "encoding.preset"."""
    return PREFIX + key.upper().replace(".", "__")


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def own_profiles(found: object, place: str) -> dict[str, Profile]:
    """The profiles of a file's `[profiles.NAME]` tables, not yet checked but for their shape.

    Raises:
        UsageError: they are no tables, or one takes the name of a built-in one.
    """
    tables = found if isinstance(found, dict) else {"": None}
    profiles = {}
    for name, table in tables.items():
        if not isinstance(table, dict) or not isinstance(table.get("why", ""), str):
            where = f"profiles.{name}" if name else "profiles"
            raise UsageError(f"{place}: {where} is wrong: expected tables such as [profiles.mine.encoding].")
        if name in PROFILES:
            raise UsageError(
                f"{place}: profiles.{name} has the name of a built-in profile.", hint=f"Call it my-{name}, for example."
            )
        why = table.get("why", "")
        settings = {key: value for key, value in table.items() if key != "why"}
        profiles[name] = Profile(name=name, purpose=why or f"from {place}", why=why, settings=settings, built_in=False)
    return profiles


def find_profile(name: str, profiles: Mapping[str, Profile], place: str) -> Profile:
    """The profile of that name.

    Args:
        name: as it was written.
        profiles: those there are.
        place: who names it, as the beginning of a sentence.

    Raises:
        UsageError: there is none.
    """
    if name in profiles:
        return profiles[name]
    near = get_close_matches(name, profiles, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(profiles)}."
    raise UsageError(f"{place}: there is no profile {name}.", hint=hint)


def stack(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Stack:
    """Every layer there is. Of several profiles that are named, the one named highest is in effect, and no other.

    Raises:
        UsageError: a place cannot be read, or names a profile that does not exist.
    """
    path = file or find_file(environ)
    tree = read_file(path) if path else {}
    profiles = {**PROFILES, **own_profiles(tree.pop("profiles", {}), str(path))}
    layers = [Layer(kind=Kind.FILE, name=str(path), tree=tree)] if path else []
    layers.append(Layer(kind=Kind.ENVIRONMENT, tree=read_environment(environ)))
    layers.append(Layer(kind=Kind.FLAGS, tree=dict(flags or {})))
    naming = next((k for k in reversed(range(len(layers))) if "profile" in layers[k].tree), None)
    # What is no name is told where every wrong value is.
    if naming is not None and isinstance(name := layers[naming].tree["profile"], str) and name:
        chosen = find_profile(name, profiles, layers[naming].label)
        layers.insert(naming, Layer(kind=Kind.PROFILE, name=name, tree=chosen.settings))
    return Stack(file=path, layers=tuple(layers), profiles=profiles)
