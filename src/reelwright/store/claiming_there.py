"""Claims on PostgreSQL: what `claiming` decides, as one statement, so that many machines can take work at once."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import connection

from reelwright.engine.leases import Lease, Worker
from reelwright.store.work_rows import lease_from

if TYPE_CHECKING:
    from psycopg import Cursor

# `me` holds the worker's row, so that nobody takes its leases back meanwhile. `waiting` are the lanes with work for it,
# each with its first row. `taken` walks down the lanes, the fairest first, and stops at the first rows that nobody else
# has locked: PostgreSQL runs a LATERAL join row by row and no further than the LIMIT, so no more is locked than is
# taken. Where several lanes have work, one row is taken, and the next call looks anew who comes first.
_CLAIM = """
WITH me AS MATERIALIZED (
    SELECT id FROM store_workerbeat WHERE id = %(worker)s AND until > clock_timestamp() FOR UPDATE
), waiting AS MATERIALIZED (
    SELECT lane.id, lane.owner, lane.kind, lane.needs, first.priority, first.id AS oldest
    FROM me, store_worklane AS lane, LATERAL (
        SELECT item.id, item.priority FROM store_workitem AS item
        WHERE item.lane_id = lane.id AND item.state = 'ready'
            AND (item.not_before IS NULL OR item.not_before <= clock_timestamp())
        ORDER BY item.priority DESC, item.id LIMIT 1
    ) AS first
    WHERE lane.kind = ANY(%(kinds)s) AND string_to_array(lane.needs, E'\\n') <@ %(labels)s
        AND NOT EXISTS (SELECT FROM store_workpause WHERE owner IN ('', lane.owner))
), fairest AS (
    SELECT waiting.*, CASE WHEN (SELECT count(DISTINCT owner) FROM waiting) = 1 THEN 0 ELSE (
        SELECT count(*) FROM store_workitem AS held JOIN store_worklane AS theirs ON theirs.id = held.lane_id
        WHERE theirs.owner = waiting.owner AND held.state = 'leased'
    ) END AS busy
    FROM waiting
), taken AS MATERIALIZED (
    SELECT free.id, lane.owner, lane.kind, lane.needs
    FROM (SELECT * FROM fairest ORDER BY busy, priority DESC, oldest) AS lane, LATERAL (
        SELECT item.id FROM store_workitem AS item
        WHERE item.lane_id = lane.id AND item.state = 'ready'
            AND (item.not_before IS NULL OR item.not_before <= clock_timestamp())
        ORDER BY item.priority DESC, item.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS free
    LIMIT CASE WHEN (SELECT count(*) FROM waiting) = 1 THEN %(limit)s ELSE 1 END
)
UPDATE store_workitem AS item
SET state = 'leased', token = item.token + 1, attempts = item.attempts + 1, worker = %(worker)s,
    leased = clock_timestamp(), not_before = NULL, updated = clock_timestamp()
FROM taken WHERE taken.id = item.id
RETURNING item.id, item.work, taken.kind, taken.owner, taken.needs, item.payload, item.priority,
    item.attempts_allowed, item.token, item.attempts
"""


def claim_there(worker: Worker, kinds: Collection[str], limit: int) -> list[Lease]:
    """Lease ready work; each step is a transaction of its own."""
    leases: list[Lease] = []
    while len(leases) < limit and (found := _claim(worker, kinds, limit - len(leases))):
        leases += found
    return leases


def _claim(worker: Worker, kinds: Collection[str], limit: int) -> list[Lease]:
    asked = {"worker": worker.id, "kinds": list(kinds), "labels": list(worker.labels), "limit": limit}
    connection.ensure_connection()
    # Prepared, which Django's own cursors are not: planning this takes longer than carrying it out.
    with connection.wrap_database_errors, _cursor() as cursor:
        rows = cursor.execute(_CLAIM, asked, prepare=True).fetchall()
    # In the order they were taken: a lane's rows come by priority, then age.
    rows.sort(key=lambda row: (-row[6], row[0]))
    return [lease_from(worker.id, row) for row in rows]


def _cursor() -> "Cursor[tuple[Any, ...]]":
    from psycopg import Cursor  # noqa: PLC0415 -- an extra; it is there, for a connection is

    return Cursor(connection.connection)
