"""Every row of what the engine wrote, as plain values, to be carried away."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import Model

from reelwright.databases import Place
from reelwright.store import models
from reelwright.store.connection import speaking_to
from reelwright.store.reading import all_values

#: By the name people see; what libraries are made of has a richer form of its own.
TABLES: dict[str, type[Model]] = {
    "sources": models.Source,
    "jobs": models.Job,
    "steps": models.Step,
    "fates": models.StreamFate,
    "trials": models.Trial,
    "events": models.Event,
}
_ROWS_AT_ONCE = 2000


def every_row(place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of each table with its name; each table begins with an empty row.

    Bytes of paths are left out: beside each is the path as people read it.
    """
    return chain.from_iterable(_rows(place, name, model) for name, model in TABLES.items())


def _rows(place: Place, name: str, model: type[Model]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, {}
    last: Any = None
    while True:
        with speaking_to(place):
            found = model._default_manager.order_by("pk")  # noqa: SLF001 -- Django's documented way
            found = found if last is None else found.filter(pk__gt=last)
            keys = list(found.values_list("pk", flat=True)[:_ROWS_AT_ONCE])
            rows = all_values(found.filter(pk__lte=keys[-1]), _plain) if keys else []
        yield from ((name, row) for row in rows)
        if not keys:
            return
        last = keys[-1]


def _plain(row: Model) -> dict[str, Any]:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}  # noqa: SLF001
    return {column: value for column, value in values.items() if not isinstance(value, bytes | memoryview)}
