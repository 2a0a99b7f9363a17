"""Values of rows; a row that cannot be read is skipped with a warning, and stops nothing."""

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


def first_value(found: QuerySet[Row], value: Callable[[Row], Value]) -> Value | None:
    """The value of the first row that can be read; None where there is none."""
    return next(iter(all_values(found, value)), None)


def all_values(found: QuerySet[Row], value: Callable[[Row], Value], limit: int | None = None) -> list[Value]:
    """The values of the first rows; one that cannot be read is skipped with a warning."""
    try:
        return [value(row) for row in found.all()[:limit]]
    except (ValueError, TypeError, KeyError, OperationalError) as error:
        if not _unreadable(error):
            raise
    # Django reads a whole result or none of it: look at each row by itself to find the broken ones.
    values: list[Value] = []
    for key in found.values_list("pk", flat=True)[:limit]:
        try:
            values += [value(row) for row in found.filter(pk=key)]
        except (ValueError, TypeError, KeyError, OperationalError) as error:
            if not _unreadable(error):
                raise
            logger.warning("Row %r of %s cannot be read and is skipped: %s", key, found.model._meta.db_table, error)  # noqa: SLF001 -- as above
    return values


def _unreadable(error: Exception) -> bool:
    """Whether the row is at fault; any other failure of the database is not to be taken for an empty ledger."""
    if isinstance(error, OperationalError):
        return isinstance(error.__cause__, sqlite3.Error) and "decode to UTF-8" in str(error)
    return True
