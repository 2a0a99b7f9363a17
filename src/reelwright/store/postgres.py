"""PostgreSQL as it is found: how it is connected to, what its errors mean, and what state its schema is in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, ProgrammingError, connections

from reelwright.databases import Postgres
from reelwright.errors import ReelwrightError, ResourceError, ToolError, UsageError
from reelwright.store.sqlite import TIMEOUT, LedgerState

DRIVER_HINT = "Install it beside Reelwright: pip install 'psycopg[binary]', or pip install 'reelwright[postgresql]'."
MIGRATE = "reelwright db migrate"
#: Names the lock on a database's schema; any number that others will not take.
_SCHEMA_LOCK = 0x7265656C

#: Asked of the connection where the URL does not say otherwise: a server that is gone is noticed within a minute, and
#: nobody waits for a lock any longer than for SQLite's.
_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "reelwright",
    "options": f"-c lock_timeout={TIMEOUT}s",
}


class LostConnectionError(ResourceError):
    """The database cannot be reached, or went away in the middle; what was not committed is not there."""


class ContendedError(ResourceError):
    """Somebody else was in the way of a transaction: it changed nothing, and can be made again."""


def django_settings(place: Postgres) -> dict[str, Any]:
    """What Django connects with."""
    return {
        "ENGINE": "reelwright.store.postgresql",
        "NAME": place.name,
        "USER": place.user,
        "PASSWORD": place.password,
        "HOST": place.host,
        "PORT": place.port,
        "OPTIONS": {**_DEFAULTS, **place.options},
    }


def check_driver() -> None:
    """Make sure that the driver is there.

    Raises:
        ToolError: it is not.
    """
    try:
        import psycopg  # noqa: F401, PLC0415 -- an extra that most have no need of
    except ImportError as error:
        raise ToolError(f"The driver for PostgreSQL cannot be loaded ({error}).", hint=DRIVER_HINT) from error


def explain(place: Postgres, error: Error) -> ReelwrightError | None:
    """What a database error means for whoever runs us; None where it can only be a defect of ours.

    Args:
        place: the ledger.
        error: Django's error; its cause is the driver's, whose `sqlstate` is the server's code where it sent one.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if state is None:
        return _explain_connection(place, error, said)
    for codes, told in _MEANINGS:
        if state.startswith(codes):
            return told(place, said)
    return None


def _lost(place: Postgres, said: str) -> ReelwrightError:
    return LostConnectionError(
        f"The ledger {place} cannot be reached ({said}).",
        hint="See whether the server runs and database.url is right, then run the same command again.",
    )


def _turned_away(place: Postgres, said: str) -> ReelwrightError:
    return ToolError(
        f"The server turned the ledger {place} away ({said}).",
        hint="Look at user, password and name in database.url; `createdb` makes a database.",
    )


def _contended(place: Postgres, said: str) -> ReelwrightError:
    return ContendedError(f"The ledger {place} is contended ({said}).", hint="Run the same command again.")


def _locked(place: Postgres, said: str) -> ReelwrightError:
    return ResourceError(f"The ledger {place} is held by others ({said}).", hint="Run the same command again.")


def _forbidden(place: Postgres, said: str) -> ReelwrightError:
    return UsageError(
        f"The ledger {place} may not be written ({said}).", hint="Give the role in database.url the right to."
    )


def _lacking(place: Postgres, said: str) -> ReelwrightError:
    return UsageError(f"The ledger {place} lacks what this version needs ({said}).", hint=f"Run `{MIGRATE}`.")


def _in_trouble(place: Postgres, said: str) -> ReelwrightError:
    return ResourceError(
        f"The ledger {place} could not be read or written ({said}).",
        hint="Look into the server's log for what it is short of, then run the same command again.",
    )


#: Beginnings of codes of errors, and what is said of them. https://www.postgresql.org/docs/current/errcodes-appendix.html
_MEANINGS: tuple[tuple[tuple[str, ...], Callable[[Postgres, str], ReelwrightError]], ...] = (
    (("40001", "40P01", "23505"), _contended),  # not serializable, a deadlock, somebody else was quicker
    (("08", "57P"), _lost),  # connections; shutting down, starting up
    (("28", "3D"), _turned_away),  # authorization; no such database
    (("55P03",), _locked),
    (("25006", "42501"), _forbidden),
    (("42P01", "42703"), _lacking),
    (("53", "54", "58", "XX"), _in_trouble),  # out of disk or memory; limits; the system; damage
)
#: What libpq says, without any code, where the server turned it away.
_REFUSALS = (
    "authentication failed",
    "does not exist",
    "no password supplied",
    "no pg_hba.conf entry",
    "permission denied",
)


def _explain_connection(place: Postgres, error: Error, said: str) -> ReelwrightError | None:
    """An error of the driver itself: a connection could not be made, or is gone; or it was used wrongly."""
    if isinstance(error, ProgrammingError) and "connection option" in said:
        return UsageError(f"database.url has an option libpq does not know ({said}).", hint="See its documentation.")
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if any(words in said for words in _REFUSALS):
        return _turned_away(place, said)
    return _lost(place, said)


def read_state(place: Postgres) -> LedgerState:
    """Look at a ledger's schema, over Django's connection.

    Raises:
        ReelwrightError: the server cannot be reached or turns us away.
        UsageError: the database holds other than UTF-8.
    """
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        if (encoding := cursor.fetchone()[0]) != "UTF8":
            raise UsageError(
                f"The database {place} holds text as {encoding}.", hint="Make it with `createdb --encoding UTF8`."
            )
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))")
        tables = frozenset(name for (name,) in cursor.fetchall())
        applied: list[tuple[str]] = []
        if "django_migrations" in tables:
            cursor.execute("SELECT name FROM django_migrations WHERE app = 'store' ORDER BY id")
            applied = cursor.fetchall()
    return LedgerState(tables=tables, applied=tuple(name for (name,) in applied), journal="")


def server_version() -> str:
    """The server's version, as it says it."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return str(version)


def usable() -> bool:
    """Whether this thread's connection still answers; one that was never made is made by its first use."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        return connection.connection is None or connection.is_usable()
    except Error:
        return False


@contextmanager
def alone() -> Iterator[None]:
    """Be the only one that changes the schema; others wait until this one is done. A connection that ends lets go."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [_SCHEMA_LOCK])
    try:
        yield
    finally:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_SCHEMA_LOCK])
            cursor.execute("RESET lock_timeout")
