"""Lists by parts: each answer says where the next one begins, and that row is found by an index however far it is."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja.errors import HttpError

from reelwright.store.reading import all_values

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


def cursor(*keys: object) -> str:
    """Where a list goes on, as a word that says nothing to anybody else."""
    return base64.urlsafe_b64encode(json.dumps(keys, default=str).encode()).decode().rstrip("=")


def keys_of(text: str, count: int) -> list[Any]:
    """What a cursor was made of.

    Raises:
        HttpError: it was not made here.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(key, int | str) for key in found):
        raise HttpError(422, "after: this is no `next` of an answer before.")
    return found


def newest_after(rows: "QuerySet[Row]", after: str) -> "QuerySet[Row]":
    """Rows by when they last changed, the newest first, those after a cursor."""
    found = rows.order_by("-updated", "-pk")
    if not after:
        return found
    moment, key = keys_of(after, 2)
    try:
        when = dt.datetime.fromisoformat(str(moment))
        when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise HttpError(422, "after: this is no `next` of an answer before.") from error
    return found.filter(Q(updated__lt=when) | Q(updated=when, pk__lt=str(key)))


def part(found: "QuerySet[Row]", value: Callable[[Row], Value], limit: int) -> tuple[list[Value], bool]:
    """So many values, and whether more follow."""
    values = all_values(found, value, limit + 1)
    return values[:limit], len(values) > limit
