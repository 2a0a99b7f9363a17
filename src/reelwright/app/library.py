"""Libraries: added, scanned, decided, listed."""

import os
import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files as package_files
from pathlib import Path

from pydantic import ValidationError

from reelwright.app.encode import request_for
from reelwright.app.library_plan import apply_plan, make_plan, read_plan_file
from reelwright.app.wiring import load, run_to_end
from reelwright.cli.commands import EncodeJob
from reelwright.cli.library_commands import Applied, NewLibrary, PlanDone, ScanFailure, ScansDone
from reelwright.config import Settings, explain
from reelwright.engine.offload import Offload
from reelwright.errors import ReelwrightError, SourceError, UsageError
from reelwright.events import EventSink
from reelwright.layers import Kind, Layer
from reelwright.library.catalog import Catalog, Counts, FileState, Library, LibraryFile
from reelwright.library.deciding import decide_all
from reelwright.library.marker import check_marker, place_marker
from reelwright.library.rule_text import near, rules_from
from reelwright.library.rules import Rule
from reelwright.library.scan import Scanned, Tell, look_into, scan
from reelwright.library.walk import Wanted
from reelwright.library_settings import LibrarySettings
from reelwright.planning.plan import Request
from reelwright.store.database import open_ledger
from reelwright.tools.process import Runner

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Libraries:
    """What the command line can ask of libraries; the ledger is opened by the first call."""

    def __init__(self) -> None:
        self.settings = load({})

    def catalog(self) -> Catalog:
        """The libraries in the ledger."""
        place = open_ledger(self.settings.ledger).place
        from reelwright.store.libraries import DjangoCatalog  # models load once Django is set up

        return DjangoCatalog(place)

    def add(self, new: NewLibrary) -> Library:
        """Add a library, or change the settings of the one with this name and root.

        Raises:
            UsageError: the name, the root or a setting cannot be.
            ConflictError: the name or the root is taken.
        """
        check_name(new.name)
        wanted = checked_settings(new.name, dict(new.settings))
        if wanted.rules:
            read_rules(wanted.rules)
        root = os.path.realpath(new.root)
        marker = place_marker(Path(root))
        return self.catalog().add_library(new.name, root, marker, new.settings)

    def remove(self, name: str) -> None:
        """Forget a library.

        Raises:
            UsageError: there is none of that name.
        """
        if not self.catalog().remove_library(name):
            raise unknown(name, self.catalog().libraries())

    def listed(self) -> list[tuple[Library, Counts]]:
        """All libraries, by name."""
        catalog = self.catalog()
        counts = catalog.counts()
        return [(library, counts.get(library.name, Counts())) for library in catalog.libraries()]

    def scan(self, names: Sequence[str], tell: Tell, *, probe: bool) -> ScansDone:
        """Scan libraries one after the other; one that cannot be scanned stops none of the rest.

        Raises:
            UsageError: there is no such library, or no library at all.
        """
        catalog = self.catalog()
        with_configured(catalog, self.settings)
        chosen = named(catalog.libraries(), names)
        done: list[Scanned] = []
        failed: list[ScanFailure] = []
        for library in chosen:
            try:
                done.append(self._scanned(catalog, library, tell, probe=probe))
            except ReelwrightError as error:
                failed.append(
                    ScanFailure(library=library.name, message=error.message, hint=error.hint, exit_code=error.exit_code)
                )
        return ScansDone(scanned=done, failed=failed)

    def _scanned(self, catalog: Catalog, library: Library, tell: Tell, *, probe: bool) -> Scanned:
        own = settings_of(library, self.settings)
        rules = read_rules(own.rules)
        found = scan(catalog, library, wanted_by(library, own, self.settings, time.time()), tell)
        if not probe:
            return found

        async def look() -> int:
            request, workers = plain_request(self.settings), os.cpu_count() or 1
            with Offload() as offload:
                async with Runner(nice=self.settings.processing.nice) as runner:
                    try:
                        return await look_into(runner, offload, catalog, library, request, tell, workers=workers)
                    finally:
                        await offload(catalog.close)

        probed = run_to_end(look)
        decide_all(catalog, library, rules, time.time())
        return replace(found, probed=probed)

    def files(self, name: str, states: Sequence[FileState] | None, limit: int | None) -> list[LibraryFile]:
        """Files of a library.

        Raises:
            UsageError: there is none of that name.
        """
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [name])
        return catalog.files(library.id, states, limit=limit)

    def plan(self, name: str, output: Path | None, sink: EventSink, *, samples: bool) -> PlanDone:
        """Say what would be done with a library, and write it down.

        Raises:
            UsageError: there is no such library, or the plan cannot be written.
            SourceError: its root is away.
        """
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [name])
        return make_plan(self.settings, catalog, library, output, sink, samples=samples)

    def apply(self, plan: Path) -> Applied:
        """Queue what a plan says, but for files that changed since.

        Raises:
            UsageError: it is no plan, or there is no such library.
            SourceError: the library's root is away.
            ConflictError: it is another library's plan.
        """
        found = read_plan_file(plan)
        catalog = self.catalog()
        (library,) = named(catalog.libraries(), [found.library])
        return apply_plan(catalog, library, found)

    def default_rules(self) -> str:
        """The rules of a library that has none of its own."""
        return default_rules()


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
        return LibrarySettings.model_validate(tree)
    except ValidationError as error:
        layer = Layer(kind=Kind.FLAGS, name=f"The library {name}", tree=tree)
        raise explain(error, layer)[0].error() from error


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
        ConflictError: the name or the root is another library's.
    """
    known = {library.name: library for library in catalog.libraries()}
    for name, table in settings.libraries.items():
        check_name(name)
        if name in known and (not table.root or os.path.realpath(table.root) == known[name].root):
            continue
        if not table.root:
            raise UsageError(
                f"libraries.{name} has no root.", hint=f"Name it there, or use `reelwright library add {name} DIR`."
            )
        root = os.path.realpath(table.root)
        catalog.add_library(name, root, place_marker(Path(root)), {})


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
    places = [os.fspath(settings.work_dir), settings.placement.output_dir, own.output_dir]
    ours = [path for place in places if place and (path := _below(library.root, place))]
    return Wanted(
        pattern=own.file_pattern or settings.input.file_pattern,
        min_size=own.min_size if own.min_size is not None else settings.input.min_size,
        max_size=own.max_size if own.max_size is not None else settings.input.max_size,
        exclude=(*own.exclude, *map(_literally, ours)),
        follow_links=own.follow_links,
        newest_ns=round((now - own.settle) * 1e9),
    )


def _below(root: str, place: str) -> str | None:
    found = os.path.relpath(os.path.realpath(place), root)
    return None if found == "." or found.startswith("..") else found


def _literally(path: str) -> str:
    """A pattern that only this path fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def default_rules() -> str:
    """The rules that come with Reelwright, as TOML."""
    return package_files("reelwright.library").joinpath("default_rules.toml").read_text("utf-8")


def read_rules(place: str) -> tuple[Rule, ...]:
    """The rules of a file; the ones that come with Reelwright where the place is empty.

    Raises:
        UsageError: it cannot be read, or something in it is wrong.
    """
    if not place:
        return rules_from(tomllib.loads(default_rules()), "default_rules.toml")
    try:
        tree = tomllib.loads(Path(place).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"The rules {place} cannot be read: {error}.") from error
    return rules_from(tree, place)


def away(library: Library) -> str:
    """Why a library's root cannot be used now; empty where it can."""
    try:
        check_marker(Path(library.root), library.marker)
    except SourceError as error:
        return error.message
    return ""
