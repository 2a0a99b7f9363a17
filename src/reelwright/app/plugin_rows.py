"""What `doctor` says of plugins and notifications. None of them stops an encode, so none of them is a failure."""

from collections.abc import Iterable, Iterator

from reelwright.app import notify
from reelwright.app.plugins import everything
from reelwright.cli.commands import CheckRow
from reelwright.config import Settings
from reelwright.plugins.discovery import Announced, State, not_installed


def rows(settings: Settings) -> list[CheckRow]:
    """A row for each plugin that is installed or named, and those of notifications."""
    enabled = settings.plugins.enabled
    missing = [
        CheckRow(
            name=name,
            works=False,
            found="plugins.enabled names it, and no installed package of this name has a plugin",
            advice="Install it where Reelwright is, or take it out of plugins.enabled.",
            kind="plugin",
            optional=True,
        )
        for name in not_installed(enabled)
    ]
    return [*plugin_rows(everything(settings)), *missing, *notify.rows(settings)]


def plugin_rows(found: Iterable[Announced]) -> Iterator[CheckRow]:
    """A row for each thing a plugin gives."""
    for one in found:
        told = f"{one.kind} of {one.distribution} {one.version}".rstrip()
        works: bool | None = True
        advice = ""
        if one.state is State.OFF:
            works, told = None, f"{told}, not enabled: none of its code was run"
            advice = f'To use it: plugins.enabled = ["{one.distribution}"].'
        elif one.state is State.BROKEN:
            works, advice = False, one.problem
        yield CheckRow(name=one.name, works=works, found=told, advice=advice, kind="plugin", optional=True)
