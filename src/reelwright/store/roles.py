"""The rights a worker of a cluster needs in PostgreSQL, and no more; see decision 037."""

from collections.abc import Iterator

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
    if not role or "\0" in role or len(role.encode()) > LONGEST:
        raise UsageError(f"A role's name has 1 to {LONGEST} bytes.")
    name = '"{}"'.format(role.replace('"', '""'))
    yield f"CREATE ROLE {name} LOGIN;"
    yield f"-- psql asks for its password: \\password {name}"
    for table in READ:
        yield f"GRANT SELECT ON {table} TO {name};"
    yield f"GRANT UPDATE ({', '.join(CHANGED)}) ON store_workitem TO {name};"
    yield f"GRANT INSERT, UPDATE, DELETE ON store_workerbeat TO {name};"
