"""Files of a library, filtered and sorted: quick with 100,000, because all of it is asked of one index."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict

from reelwright.library.catalog import FileState, LibraryFile
from reelwright.store import models
from reelwright.store.library_rows import file_value
from reelwright.store.reading import all_values

Kept = TypeVar("Kept")

PAGE = 50
#: Order by name, or by a number, the largest first.
SORTS = {"name": "path", "size": "size_bytes", "saves": "saves"}
#: Below every saving there can be: files of which nothing is foretold come last.
NOTHING = -1e18


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What of a library is asked for; an empty text: any."""

    library: int
    state: str = ""
    rule: str = ""
    codec: str = ""
    text: str = ""
    sort: str = "name"
    #: Id of the last row of the page before; 0: from the beginning.
    after: int = 0


def wanted_of(library: int, query: QueryDict) -> Wanted:
    """What a request asks for; what makes no sense is as if it was not asked."""
    state, sort, after = query.get("state", ""), query.get("sort", "name"), query.get("after", "")
    return Wanted(
        library=library, state=state if state in {one.value for one in FileState} else "",
        rule=query.get("rule", "")[:128], codec=query.get("codec", "")[:64], text=query.get("text", "").strip()[:200],
        sort=sort if sort in SORTS else "name",
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0,  # noqa: PLR2004
    )  # fmt: skip


def page_of(wanted: Wanted) -> tuple[list[LibraryFile], bool]:
    """The files of a page, and whether there are more."""
    keys = list(ordered(filtered(wanted), wanted).values_list("pk", flat=True)[: PAGE + 1])
    rows = models.LibraryFile.objects.filter(pk__in=keys[:PAGE]).select_related("library")
    known = {file.id: file for file in all_values(rows, file_value)}
    return [known[key] for key in keys[:PAGE] if key in known], len(keys) > PAGE


def filtered(wanted: Wanted) -> "QuerySet[models.LibraryFile]":
    """The files that are asked for."""
    found = models.LibraryFile.objects.filter(library_id=wanted.library, gone=False)
    for name in ("state", "rule", "codec"):
        if value := getattr(wanted, name):
            found = found.filter(**{name: value})
    return found.filter(path__icontains=wanted.text) if wanted.text else found


def ordered(found: "QuerySet[models.LibraryFile]", wanted: Wanted) -> "QuerySet[models.LibraryFile]":
    """In order, those after the page before."""
    column = SORTS[wanted.sort]
    by_name = column == "path"
    key = F(column) if column != "saves" else Coalesce(F(column), Value(NOTHING))
    found = found.annotate(sorted_by=key)
    if wanted.after:
        last = models.LibraryFile.objects.filter(pk=wanted.after).annotate(sorted_by=key)
        value = last.values_list("sorted_by", flat=True).first()
        if value is not None:
            beyond = Q(sorted_by__gt=value) if by_name else Q(sorted_by__lt=value)
            found = found.filter(beyond | Q(sorted_by=value, pk__gt=wanted.after))
    return found.order_by("sorted_by" if by_name else "-sorted_by", "pk")


def states(library: int) -> dict[str, int]:
    """How many files are in each state, as it is now."""
    found = models.LibraryFile.objects.filter(library_id=library, gone=False)
    return dict(found.order_by().values_list("state").annotate(number=Count("pk")))


class Remembered(Generic[Kept]):
    """A value that is made anew once it is older than some seconds: sums over a whole library."""

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self._seconds, self._most = seconds, most
        self._values: dict[object, tuple[float, Kept]] = {}

    def get(self, key: object, make: Callable[[], Kept]) -> Kept:
        """The value of a key."""
        now = time.monotonic()
        found = self._values.get(key)
        if found is None or now - found[0] > self._seconds:
            found = self._values[key] = now, make()
            while len(self._values) > self._most:
                self._values.pop(next(iter(self._values)), None)
        return found[1]

    def forget(self) -> None:
        """Something changed."""
        self._values.clear()


def choices(library: int) -> dict[str, list[tuple[str, int]]]:
    """States, rules and codecs there are, with their numbers."""
    found = models.LibraryFile.objects.filter(library_id=library, gone=False)
    rows = found.order_by().values_list("state", "rule", "codec").annotate(number=Count("pk"))
    sums: dict[str, dict[str, int]] = {"state": {}, "rule": {}, "codec": {}}
    for *values, number in rows:
        for name, value in zip(sums, values, strict=True):
            if value:
                sums[name][value] = sums[name].get(value, 0) + number
    return {name: sorted(one.items(), key=lambda item: (-item[1], item[0])) for name, one in sums.items()}


CHOICES: Remembered[dict[str, list[tuple[str, int]]]] = Remembered(10.0)
FIGURES: Remembered[Any] = Remembered(10.0)
