"""The ledger's tables, brought up to date."""

import secrets
from pathlib import Path

from reelwright.cli.commands import MigrateDone
from reelwright.config import load_settings
from reelwright.errors import UsageError
from reelwright.store.database import migrate_ledger
from reelwright.store.roles import grant_to_encoder


def migrated() -> MigrateDone:
    """Bring the ledger up to date.

    Raises:
        UsageError: the settings are wrong, or the ledger is of a newer version or another program's.
        ResourceError: its server cannot be reached.
        ToolError: its server turned us away, or the driver is missing.
    """
    from reelwright.web.site import Site, configure

    configure(Site(host="127.0.0.1", port=0, secret=secrets.token_hex(32)))  # the pages' tables as well
    place = load_settings().ledger
    return MigrateDone(ledger=str(place), applied=migrate_ledger(place))


def granted(role: str, password: Path) -> str:
    """Make a role for workers that encode, with the password a file holds; returns the ledger.

    Raises:
        UsageError: the file cannot be read, or see `grant_to_encoder`, as for the next two.
        ResourceError: the server cannot be reached.
        ToolError: the server turned us away.
    """
    try:
        word = password.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"The password's file {password} cannot be read ({error}).") from error
    place = load_settings().ledger
    grant_to_encoder(place, role, word)
    return str(place)
