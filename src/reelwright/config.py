"""Settings: what there is to set, and loading it. Unknown keys and wrong values are errors that name the place."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, Field, ValidationError

from reelwright.cluster_settings import ClusterSettings
from reelwright.databases import Place, checked_url, parse_url, without_password
from reelwright.encoding_settings import EncodingSettings
from reelwright.errors import UsageError
from reelwright.layers import Kind, Layer, merge, stack, variable_of
from reelwright.library_settings import LibrarySettings
from reelwright.notify_settings import NotifySettings, is_secret
from reelwright.plugin_settings import PluginSettings
from reelwright.profiles import Profile
from reelwright.sections import Section, Size


def checked_link(value: str) -> str:
    """An address of a page; empty: none.

    Raises:
        ValueError: it is none of the web's.
    """
    if value and not re.fullmatch(r"https?://[^\s\"'<>]+", value):
        raise ValueError("expected an address such as http://flower.example:5555/")
    return value


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
    #: How much every encode yields to other programs, 0 to 19; more than 0 leaves them more memory, 10 and more a core.
    nice: int = Field(default=0, ge=0, le=19)
    #: Most memory of one encode or scoring; empty: any.
    memory_per_encode: Size = None
    #: Seconds to wait for space on the work disk when it is nearly full; 0: not at all.
    disk_wait: float = Field(default=3600, ge=0)
    #: Results are taken in the order of chunks, and what is known at the start decides: the same bytes every time.
    deterministic: bool = False
    #: Where work folders live; empty: the user's state folder.
    temp_dir: str = ""


class PlacementSettings(Section):
    """Where outputs go."""

    output_dir: str = ""
    #: What an output is written as where its name does not say it.
    container: Literal["mkv", "mp4"] = "mkv"
    policy: Literal["tree", "beside", "replace"] = "tree"
    #: How long a replaced original is kept; its bytes are not saved before.
    quarantine_days: int = Field(default=30, ge=0)
    #: Copy subtitles, artwork and descriptions beside an output that goes into another tree.
    copy_sidecars: bool = False
    max_encoded_percent: float = Field(default=80, gt=0)


class SequenceSettings(Section):
    """How image sequences are rendered."""

    #: Raster steps, in order; what the command line or a sheet says takes their place.
    steps: tuple[str, ...] = ()
    #: Colours exactly, or by a cube whose error is measured.
    transform: Literal["exact", "preview"] = "exact"


class QueueSettings(Section):
    """How the films of libraries are worked on."""

    #: Films at once: one fills a machine already, through its chunks.
    films: int = Field(default=1, ge=1, le=64)
    #: Seconds that what runs may take to end by itself when the worker is told to end.
    grace: float = Field(default=5, ge=0)
    #: Seconds before the second go at a film that failed; they double with each further one.
    retry_delay: float = Field(default=30, ge=0)


class WebSettings(Section):
    """The pages of `serve`."""

    #: Address to offer them at; one that other machines reach wants a user with a password first.
    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    #: Names the pages are called by beside this machine's own, behind a proxy: "films.example".
    names: tuple[str, ...] = ()
    #: Want a password on this machine as well.
    login: bool = False
    #: Where Flower is, to link to; empty: nowhere.
    flower: Annotated[str, AfterValidator(checked_link)] = ""
    #: Sheets, and folders of them or of frames, that the page of sequences offers.
    sequences: tuple[str, ...] = ()


class ToolSettings(Section):
    """Outside programs."""

    #: Path of FFmpeg; empty: the one that ships with imageio-ffmpeg.
    ffmpeg: str = ""


class DatabaseSettings(Section):
    """Where the ledger is."""

    #: SQLite file; empty: in the user's state folder.
    path: str = ""
    #: PostgreSQL instead of a file: "postgresql://USER:PASSWORD@HOST:5432/NAME".
    url: Annotated[str, AfterValidator(checked_url)] = ""


class Settings(Section):
    """All of it."""

    #: The profile in effect; empty: none.
    profile: str = ""
    input: InputSettings = InputSettings()
    processing: ProcessingSettings = ProcessingSettings()
    encoding: EncodingSettings = EncodingSettings()
    placement: PlacementSettings = PlacementSettings()
    sequences: SequenceSettings = SequenceSettings()
    queue: QueueSettings = QueueSettings()
    web: WebSettings = WebSettings()
    tools: ToolSettings = ToolSettings()
    database: DatabaseSettings = DatabaseSettings()
    cluster: ClusterSettings = ClusterSettings()
    plugins: PluginSettings = PluginSettings()
    notify: NotifySettings = NotifySettings()
    #: Libraries by name; what is set here goes before what `library add` was told.
    libraries: dict[str, LibrarySettings] = Field(default_factory=dict)

    @property
    def work_dir(self) -> Path:
        """Where work folders live."""
        return Path(self.processing.temp_dir) if self.processing.temp_dir else state_dir() / "work"

    @property
    def ledger(self) -> Place:
        """Where the ledger is."""
        if self.database.url:
            return parse_url(self.database.url)
        return Path(self.database.path) if self.database.path else state_dir() / "ledger.sqlite3"


def state_dir() -> Path:
    """The user's state folder."""
    return platformdirs.user_state_path("reelwright", appauthor=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong with the settings."""

    #: Which place: "reelwright.toml", "The environment", …
    place: str
    #: The setting, such as "encoding.preset"; empty where it is none's.
    key: str
    #: The whole sentence.
    message: str
    hint: str = ""

    def error(self) -> UsageError:
        """The error to end with."""
        return UsageError(self.message, hint=self.hint)


def explain(error: ValidationError, layer: Layer) -> list[Problem]:
    """Every problem of a tree of settings, each as one sentence."""
    return [_problem(problem, layer) for problem in error.errors()]


def _problem(problem: Mapping[str, Any], layer: Layer) -> Problem:
    key = ".".join(str(part) for part in problem["loc"])
    place = layer.label
    if problem["type"] == "extra_forbidden":
        said, hint = f"there is no setting {key}", near_miss(key)
        if layer.kind is Kind.ENVIRONMENT:
            key = ".".join([key, *first_path(problem["input"])])
            said, hint = f"there is no setting {key} ({variable_of(key)})", near_variable(key)
        return Problem(place=place, key=key, message=f"{place}: {said}.", hint=hint)
    expected = str(problem["msg"]).removeprefix("Value error, ")
    if isinstance(problem["input"], dict) and problem["type"] == "value_error" and expected.startswith(f"{key}."):
        return Problem(place=place, key=key, message=f"{place}: {expected}.")  # two settings that exclude each other
    shown = "(not shown)" if is_secret(key) else without_password(repr(problem["input"]))
    wrong = f"{key} = {shown} is wrong: {expected[0].lower()}{expected[1:]}"
    return Problem(place=place, key=key, message=f"{place}: {wrong}.")


def first_path(value: object) -> list[str]:
    """The keys down to the first value of a tree: a wrong section's name stands in a variable with its key."""
    path = []
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path.append(str(key))
    return path


def known_keys() -> list[str]:
    """Every setting and section there is: "encoding.preset"."""
    sections = [(name, table) for name, table in Settings() if isinstance(table, Section)]
    return [
        *(f"{name}.{inner}" for name, table in sections for inner in type(table).model_fields),
        *Settings.model_fields,
    ]


def near_miss(key: str) -> str:
    """A question after the key that was probably meant; empty where none is near."""
    close = get_close_matches(key, known_keys(), n=1)
    return f"Did you mean {close[0]}?" if close else ""


def near_variable(key: str) -> str:
    """A question after the environment's variable that was probably meant; empty where none is near."""
    close = get_close_matches(key, known_keys(), n=1)
    return f"Did you mean {variable_of(close[0])}?" if close else ""


def problems_of(layer: Layer, below: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a layer, laid over what is right."""
    try:
        Settings.model_validate(merge(below, layer.tree))
    except ValidationError as error:
        return explain(error, layer)
    return []


def problems_of_profile(profile: Profile, place: str) -> list[Problem]:
    """What is wrong with one of the file's own profiles."""
    label = f"{place}, profile {profile.name}"
    layer = Layer(kind=Kind.FILE, name=label, tree=profile.settings)
    if "profile" in profile.settings:
        message = f"{label}: a profile cannot name another one."
        return [Problem(place=label, key="profile", message=message)]
    return problems_of(layer, {})


def settings_from(below: Settings | None, tree: Mapping[str, Any]) -> Settings:
    """Settings with a tree of values over them; nothing is read from anywhere.

    Raises:
        UsageError: a key nobody knows, or a value that cannot be.
    """
    try:
        return Settings.model_validate(merge(below.model_dump() if below else {}, tree))
    except ValidationError as error:
        raise explain(error, Layer(kind=Kind.CALL, tree=tree))[0].error() from error


def load_settings(
    environ: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None, file: Path | None = None
) -> Settings:
    """Settings from all their places. Each is checked by itself, so that the error names the place.

    Raises:
        UsageError: a key nobody knows, a value that cannot be, or a profile that does not exist.
    """
    found = stack(os.environ if environ is None else environ, flags, file)
    for profile in found.profiles.values():
        if not profile.built_in and (wrong := problems_of_profile(profile, str(found.file))):
            raise wrong[0].error()
    merged: dict[str, Any] = {}
    for layer in found.layers:
        if wrong := problems_of(layer, merged):
            raise wrong[0].error()
        merged = merge(merged, layer.tree)
    return Settings.model_validate(merged)
