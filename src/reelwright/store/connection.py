"""Django as the ledger uses it: set up once per process, with one ledger at a time.

Django keeps one connection per thread and one set of database settings per process. Opening a second ledger gives the
process new settings; a store of the first one says so from then on, instead of writing to the second.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from inspect import isfunction
from pathlib import Path
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, connections

from reelwright.databases import Place, Postgres
from reelwright.errors import ReelwrightError, ToolError, UsageError
from reelwright.site import settings as own
from reelwright.store import postgres, sqlite

Store = TypeVar("Store", bound=type)

#: A connection that was not spoken over for this long is looked at before it is used: servers and routers cut them.
IDLE_SECONDS = 5.0
#: Seconds before a call whose connection was lost is made again, each in turn: a server may be starting anew.
WAITS_FOR_SERVER = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
#: And before one that others were in the way of.
WAITS_FOR_OTHERS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)


def set_up(place: Place) -> None:
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
    _point_at(place)


def _point_at(place: Place) -> None:
    if _place_of(connections.settings[DEFAULT_DB_ALIAS]) == place:
        return
    # A new object: connections that were made for another ledger keep theirs and can be told apart.
    connections.settings[DEFAULT_DB_ALIAS] = {
        **connections.settings[DEFAULT_DB_ALIAS],
        **(postgres.django_settings(place) if isinstance(place, Postgres) else _sqlite_settings(place)),
        "PLACE": place,
    }


def _place_of(database: dict[str, Any]) -> Place | None:
    found: Place | None = database.get("PLACE")
    return found


def _sqlite_settings(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": sqlite.TIMEOUT,
            "init_command": sqlite.pragmas(sqlite3.sqlite_version_info),
        },
    }


@contextmanager
def speaking_to(place: Place) -> Iterator[None]:
    """Let this thread speak to the ledger; the database's errors become ours where they are not a defect.

    Raises:
        ReelwrightError: another ledger was opened in this process since.
        UsageError: the ledger is damaged or may not be written.
        ResourceError: the disk is full, the ledger is locked, or its server cannot be reached.
        ToolError: its server turned us away.
    """
    if _place_of(connections.settings[DEFAULT_DB_ALIAS]) != place:
        raise ReelwrightError(f"The ledger {place} is not open any more: this process opened another one since.")
    if _place_of(connections[DEFAULT_DB_ALIAS].settings_dict) != place or not _fresh(place):
        hang_up()
    try:
        yield
    except ImproperlyConfigured as error:  # Django's word for a driver that cannot be loaded
        raise ToolError(f"The ledger {place} cannot be opened ({error}).", hint=postgres.DRIVER_HINT) from error
    except Error as error:
        told = _explained(place, error)
        if isinstance(told, postgres.LostConnectionError):
            hang_up()
        if told is None:
            raise
        raise told from error
    connections[DEFAULT_DB_ALIAS].last_spoken = time.monotonic()  # type: ignore[attr-defined]


def _fresh(place: Place) -> bool:
    """Whether the connection can be trusted to be there; only one over a network has to be asked."""
    if not isinstance(place, Postgres):
        return True
    spoken: float = getattr(connections[DEFAULT_DB_ALIAS], "last_spoken", 0.0)
    return time.monotonic() - spoken < IDLE_SECONDS or postgres.usable()


def _explained(place: Place, error: Error) -> ReelwrightError | None:
    if isinstance(place, Postgres):
        return postgres.explain(place, error)
    return sqlite.explain(place, error.__cause__) if isinstance(error.__cause__, sqlite3.Error) else None


def hang_up() -> None:
    """Close this thread's connection, whichever ledger it was made for."""
    with suppress(Error):  # one that is broken says so once more
        connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]


def made_again(*but: str) -> Callable[[Store], Store]:
    """Make the public calls of a store again where the connection was lost or somebody was in the way.

    Each of them is one transaction that either is there as a whole or not at all, and making it twice comes to the same
    as once; not so those that are named, which add a row each time.
    """

    def wrap(store: Store) -> Store:
        for name, call in list(vars(store).items()):
            if isfunction(call) and not name.startswith("_") and name not in {*but, "close"}:
                setattr(store, name, _again(call))
        return store

    return wrap


def _again(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def calling(*args: Any, **options: Any) -> Any:
        for for_server, for_others in zip(WAITS_FOR_SERVER, WAITS_FOR_OTHERS, strict=True):
            try:
                return call(*args, **options)
            except postgres.LostConnectionError:
                time.sleep(for_server)
            except postgres.ContendedError:
                time.sleep(for_others)
        return call(*args, **options)

    return calling
