"""Django as the ledger uses it: set up once per process, with one ledger at a time.

Django keeps one connection per thread and one set of database settings per process. Opening a second ledger gives the
process new settings; a store of the first one says so from then on, instead of writing to the second.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from reelwright.errors import ReelwrightError, UsageError
from reelwright.site import settings as own
from reelwright.store.sqlite import TIMEOUT, explain, pragmas


def set_up(path: Path) -> None:
    """Set Django up, the first time, and make this the process's ledger.

    Raises:
        UsageError: the process uses Django for another site.
    """
    if not settings.configured:
        # Configured here rather than through DJANGO_SETTINGS_MODULE: a variable left in somebody's shell must not
        # choose our ledger, and Django would set the time zone of this process and its children.
        settings.configure(**{name: getattr(own, name) for name in dir(own) if name.isupper()})
    if "reelwright.store" not in settings.INSTALLED_APPS:
        raise UsageError(
            "Django is set up for another site in this process.",
            hint="Add reelwright.store to its INSTALLED_APPS, or use the ledger from a process of its own.",
        )
    if not apps.ready:
        # What django.setup() does, but for the URL resolver and logging, which the ledger does not need.
        apps.populate(settings.INSTALLED_APPS)
    _point_at(path)


def _point_at(path: Path) -> None:
    if connections.settings[DEFAULT_DB_ALIAS]["NAME"] == str(path):
        return
    # A new object: connections that were made for another ledger keep theirs and can be told apart.
    connections.settings[DEFAULT_DB_ALIAS] = {
        **connections.settings[DEFAULT_DB_ALIAS],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": TIMEOUT,
            "init_command": pragmas(sqlite3.sqlite_version_info),
        },
    }


@contextmanager
def speaking_to(path: Path) -> Iterator[None]:
    """Let this thread speak to the ledger; SQLite's errors become ours where they are not a defect.

    Raises:
        ReelwrightError: another ledger was opened in this process since.
        UsageError: the ledger is damaged or may not be written.
        ResourceError: the disk is full, or the ledger is locked.
    """
    if connections.settings[DEFAULT_DB_ALIAS]["NAME"] != str(path):
        raise ReelwrightError(f"The ledger {path} is not open any more: this process opened another one since.")
    if connections[DEFAULT_DB_ALIAS].settings_dict["NAME"] != str(path):
        hang_up()
    try:
        yield
    except DatabaseError as error:
        told = explain(path, error.__cause__) if isinstance(error.__cause__, sqlite3.Error) else None
        if told is None:
            raise
        raise told from error


def hang_up() -> None:
    """Close this thread's connection, whichever ledger it was made for."""
    connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]
