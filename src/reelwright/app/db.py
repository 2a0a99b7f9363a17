"""The ledger's tables, brought up to date."""

import secrets

from reelwright.cli.commands import MigrateDone
from reelwright.config import load_settings
from reelwright.store.database import migrate_ledger


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
