"""The rights a worker of a cluster needs in PostgreSQL, and no more; see decision 037."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reelwright.databases import Place
from reelwright.errors import UsageError

#: Read by a worker that encodes: which schema it is, where libraries are, what waits.
READ = ("django_migrations", "store_library", "store_workitem", "store_worklane", "store_workpause", "store_workerbeat")
#: Of a row of work, what claiming, committing and giving back change; not whose it is, nor how often it may be tried.
CHANGED = (
    "state", "attempts", "token", "worker", "leased", "not_before", "cancel_asked", "payload", "result", "updated",
)  # fmt: skip

#: PostgreSQL cuts longer names.
LONGEST = 63


def rights_of_encoder(role: str) -> Iterator[str]:
    """SQL that makes a role for workers with `--queues encode`, to be given to psql by the ledger's owner.

    Raises:
        UsageError: that is no name of a role.
    """
    name = quoted(role)
    yield f"CREATE ROLE {name} LOGIN;"
    yield f"-- psql asks for its password: \\password {name}"
    yield from _grants(name)


def quoted(role: str) -> str:
    """A role's name as SQL has it.

    Raises:
        UsageError: that is no name of a role.
    """
    if not role or "\0" in role or len(role.encode()) > LONGEST:
        raise UsageError(f"A role's name has 1 to {LONGEST} bytes.")
    return '"{}"'.format(role.replace('"', '""'))


def _grants(name: str) -> Iterator[str]:
    for table in READ:
        yield f"GRANT SELECT ON {table} TO {name};"
    yield f"GRANT UPDATE ({', '.join(CHANGED)}) ON store_workitem TO {name};"
    yield f"GRANT INSERT, UPDATE, DELETE ON store_workerbeat TO {name};"


def grant_to_encoder(place: Place, role: str, password: str) -> None:
    """Make the role with its password, or give one that is there both anew; all of it or nothing.

    Args:
        place: the ledger, opened as its owner, who may make roles.
        role: its name.
        password: it is sent as its SCRAM verifier only.

    Raises:
        UsageError: the ledger is a file, or that is no name or no password.
        ResourceError: the server cannot be reached.
        ToolError: the server turned us away: whoever owns the ledger may make no roles.
    """
    if isinstance(place, Path):
        raise UsageError(f"The ledger {place} is a file, which knows no roles.", hint="Set database.url.")
    if not password:
        raise UsageError("The role's password is empty.")
    name = quoted(role)
    from django.db import connection as plain  # noqa: PLC0415 -- once Django is set up
    from django.db import transaction  # noqa: PLC0415

    from reelwright.store import connection, postgres  # noqa: PLC0415

    postgres.check_driver()
    connection.set_up(place)
    try:
        with connection.speaking_to(place), transaction.atomic(), plain.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role])
            there: Any = cursor.fetchone()
            if not there[0]:
                cursor.execute(f"CREATE ROLE {name} LOGIN")
            verifier = plain.connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            cursor.execute(f"ALTER ROLE {name} PASSWORD '{verifier.decode()}'")
            for statement in _grants(name):
                cursor.execute(statement)
    finally:
        connection.hang_up()
