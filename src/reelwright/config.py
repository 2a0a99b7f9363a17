"""Settings: defaults < file < environment < flags. Unknown keys and wrong values are errors that name the place."""

import json
import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from reelwright.errors import UsageError

PREFIX = "REELWRIGHT_"
#: Variables of ours that are no settings.
NOT_SETTINGS = frozenset({"REELWRIGHT_DEBUG", "REELWRIGHT_CONFIG", "REELWRIGHT_RUN"})
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(value: object) -> object:
    """Bytes of a size such as 700, "700 MB" or "1.5GiB"; None for an empty one.

    Raises:
        ValueError: it is no size.
    """
    if value in {"", None}:
        return None
    text = str(value).strip().lower().removesuffix("b").strip()
    digits = text.rstrip("kmgti").strip()
    unit = text[len(digits) :].strip()
    if unit not in UNITS:
        raise ValueError("expected a size such as 700MB or 1.5GiB")
    try:
        return int(float(digits) * UNITS[unit])
    except ValueError as error:
        raise ValueError("expected a size such as 700MB or 1.5GiB") from error


Size = Annotated[int | None, BeforeValidator(parse_size)]


class Section(BaseModel):
    """A table of the file: frozen, and a typing error in a key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InputSettings(Section):
    """What discovery picks up; a file named on the command line is always taken."""

    source_dir: str = ""
    file_pattern: str = "*.{mkv,mp4,m4v,mov,avi,webm,ts,m2ts,mts,mpg,mpeg,vob,wmv,flv}"
    min_size: Size = None
    max_size: Size = None


class ProcessingSettings(Section):
    """How the work is done."""

    #: Seconds, upper bound of a chunk.
    chunk_size: float = Field(default=10, gt=0, le=600)
    #: Encodes at once; 0: decided from CPU, memory and disk.
    parallel_jobs: int = Field(default=0, ge=0, le=1024)
    #: Where work folders live; empty: the user's state folder.
    temp_dir: str = ""


class CrfSettings(Section):
    """Fixed CRFs of the direct strategy, by picture height."""

    sd: float = Field(default=25, ge=1, le=70)
    hd: float = Field(default=25, ge=1, le=70)
    uhd: float = Field(default=29, ge=1, le=70)


class EncodingSettings(Section):
    """What is aimed at, and the encoder's own settings."""

    encoder: Literal["svt-av1"] = "svt-av1"
    preset: int = Field(default=6, ge=0, le=13)
    target_vmaf: float = Field(default=93, gt=0, lt=100)
    vmaf_model: str = "v0.6.1"
    svt: dict[str, str | int | float] = {}
    crf: CrfSettings = CrfSettings()


class PlacementSettings(Section):
    """Where outputs go."""

    output_dir: str = ""
    policy: Literal["tree", "beside", "replace"] = "tree"
    quarantine_days: int = Field(default=30, ge=0)
    max_encoded_percent: float = Field(default=80, gt=0)


class ToolSettings(Section):
    """Outside programs."""

    #: Path of FFmpeg; empty: the one that ships with imageio-ffmpeg.
    ffmpeg: str = ""


class DatabaseSettings(Section):
    """Where the ledger is."""

    #: SQLite file; empty: in the user's state folder.
    path: str = ""


class Settings(Section):
    """All of it."""

    input: InputSettings = InputSettings()
    processing: ProcessingSettings = ProcessingSettings()
    encoding: EncodingSettings = EncodingSettings()
    placement: PlacementSettings = PlacementSettings()
    tools: ToolSettings = ToolSettings()
    database: DatabaseSettings = DatabaseSettings()

    @property
    def work_dir(self) -> Path:
        """Where work folders live."""
        return Path(self.processing.temp_dir) if self.processing.temp_dir else state_dir() / "work"

    @property
    def ledger_path(self) -> Path:
        """The ledger's SQLite file."""
        return Path(self.database.path) if self.database.path else state_dir() / "ledger.sqlite3"


def state_dir() -> Path:
    """The user's state folder."""
    return platformdirs.user_state_path("reelwright", appauthor=False)


def find_file(environ: Mapping[str, str]) -> Path | None:
    """The configuration file: $REELWRIGHT_CONFIG, else one in this folder, else the user's.

    Raises:
        UsageError: the one named by the variable does not exist.
    """
    if named := environ.get("REELWRIGHT_CONFIG"):
        if not Path(named).is_file():
            raise UsageError(f"There is no configuration file {named} (REELWRIGHT_CONFIG).")
        return Path(named)
    folders = (Path(), platformdirs.user_config_path("reelwright", appauthor=False))
    candidates = [folder / name for folder in folders for name in ("reelwright.toml", "reelwright.json")]
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
    if not isinstance(found, dict):
        raise UsageError(f"The configuration file {path} must hold tables such as [encoding].")
    return found


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings among the environment's variables: REELWRIGHT_SECTION__KEY."""
    found: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        section, *keys = name.removeprefix(PREFIX).lower().split("__")
        place = found.setdefault(section, {})
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        if keys:
            place[keys[-1]] = read_value(name, value)
        else:
            found[section] = value
    return found


def read_value(name: str, text: str) -> object:
    """A variable's value: a table where it begins like one, else the text itself.

    Raises:
        UsageError: it begins like a table and is none.
    """
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f'{name} is no table such as {{"tune": 0}}: {error}.') from error


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def explain(error: ValidationError, origin: str) -> UsageError:
    """The first problem of a tree of settings, as one sentence."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return UsageError(f"{origin}: there is no setting {key}.", hint=near_miss(key))
    expected = str(problem["msg"]).removeprefix("Value error, ")
    return UsageError(f"{origin}: {key} = {problem['input']!r} is wrong: {expected[0].lower()}{expected[1:]}.")


def near_miss(key: str) -> str:
    """A question after the key that was probably meant; empty where none is near."""
    known = [f"{name}.{inner}" for name, table in Settings() for inner in type(table).model_fields]
    close = get_close_matches(key, [*known, *Settings.model_fields], n=1)
    return f"Did you mean {close[0]}?" if close else ""


def load_settings(
    environ: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None, file: Path | None = None
) -> Settings:
    """Settings from all their places. Each is checked by itself, so that the error names the place.

    Raises:
        UsageError: a key nobody knows, or a value that cannot be.
    """
    environ = os.environ if environ is None else environ
    path = file or find_file(environ)
    layers = [
        (f"{path}", read_file(path) if path else {}),
        ("The environment", read_environment(environ)),
        ("The command line", dict(flags or {})),
    ]
    merged: dict[str, Any] = {}
    for origin, layer in layers:
        merged = merge(merged, layer)
        try:
            Settings.model_validate(merged)
        except ValidationError as error:
            raise explain(error, origin) from error
    return Settings.model_validate(merged)
