"""What is wrong with the configuration, also what only the rooms further in can tell: hours, schedules, rules."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reelwright.app.library_terms import check_name, film_settings, read_rules, wrong_times
from reelwright.config import Problem, Settings, load_settings
from reelwright.errors import ReelwrightError
from reelwright.library_settings import LibrarySettings
from reelwright.origins import Examined
from reelwright.origins import check as check_values


def check(environ: Mapping[str, str], file: Path | None = None) -> Examined:
    """Look at a configuration file, the one in effect if none is given, and at the environment: all that is wrong.

    Libraries are looked at where everything else is right: what they mean depends on it.
    """
    found = check_values(environ, file)
    if found.problems:
        return found
    settings = load_settings({**environ, "REELWRIGHT_CONFIG": found.file} if found.file else environ)
    problems = [problem for name, table in settings.libraries.items() for problem in _problems(name, table, settings)]
    return replace(found, problems=tuple(problems))


def _problems(name: str, table: LibrarySettings, settings: Settings) -> Iterator[Problem]:
    for error in _wrong(name, table, settings):
        yield Problem(place=f"The library {name}", key=f"libraries.{name}", message=error.message, hint=error.hint)


def _wrong(name: str, table: LibrarySettings, settings: Settings) -> Iterator[ReelwrightError]:
    try:
        check_name(name)
    except ReelwrightError as error:
        yield error
    yield from wrong_times(name, table)
    try:
        for rule in read_rules(table.rules, settings):
            film_settings(settings, rule.settings)
    except ReelwrightError as error:
        yield error
