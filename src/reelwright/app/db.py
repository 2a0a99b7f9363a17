"""The ledger's tables, brought up to date."""

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
    place = load_settings().ledger
    return MigrateDone(ledger=str(place), applied=migrate_ledger(place))
