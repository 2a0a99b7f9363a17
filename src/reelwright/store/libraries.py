"""The libraries' port on the ledger."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.db.transaction import atomic
from django.utils import timezone

from reelwright.databases import Place
from reelwright.engine.replacing import Stage
from reelwright.errors import BusyError, ConflictError
from reelwright.library.catalog import Counts, FileState, Library, LibraryFile, Probed
from reelwright.library.comparison import Changes, Remembered, Seen
from reelwright.library.rules import Choice
from reelwright.store import models
from reelwright.store.columns import exact, path_of, readable
from reelwright.store.connection import hang_up, made_again, speaking_to
from reelwright.store.library_rows import STATE_OF, codec_of, file_value, library_value
from reelwright.store.library_work import LibraryWork
from reelwright.store.reading import all_values

Item = TypeVar("Item")

#: Rows of a statement: SQLite limits its parameters.
_ROWS_AT_ONCE = 500
#: States a scan and a new decision leave alone.
_AT_WORK = (FileState.QUEUED, FileState.RUNNING)


@made_again()
class DjangoCatalog(LibraryWork):
    """The port on the ledger that was opened by `open_ledger`.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    def close(self) -> None:
        """See the port."""
        hang_up()

    def libraries(self) -> list[Library]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(models.Library.objects.order_by("name"), library_value)

    def add_library(self, name: str, root: str, marker: str, settings: Mapping[str, Any]) -> Library:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            same_name = models.Library.objects.filter(name=name).first()
            same_root = models.Library.objects.filter(root_exact=exact(root)).first()
            if same_name is not None and path_of(same_name.root_exact) != root:
                raise ConflictError(
                    f"There is a library {name} already: {same_name.root}.",
                    hint=f"Take another name, or forget that one first with `reelwright library remove {name}`.",
                )
            if same_root is not None and same_root.name != name:
                raise ConflictError(f"{same_root.root} is the library {same_root.name} already.")
            row = same_name or models.Library(name=name, root=readable(root), root_exact=exact(root))
            row.marker, row.settings = marker, dict(settings)
            row.save()
            return library_value(row)

    def remove_library(self, name: str) -> bool:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            found = models.Library.objects.filter(name=name).first()
            if found is None:
                return False
            models.LibraryFile.objects.filter(library=found)._raw_delete("default")  # noqa: SLF001 -- nothing refers to them
            found.delete()
            return True

    def remembered(self, library_id: int) -> list[Remembered]:
        """See the port."""
        columns = (
            "pk",
            "path_exact",
            "size_bytes",
            "mtime_ns",
            "inode",
            "hard_links",
            "symlink",
            "fingerprint",
            "gone",
        )
        with speaking_to(self.place):
            found = models.LibraryFile.objects.filter(library_id=library_id).order_by("pk").values_list(*columns)
            return [
                Remembered(
                    id=key, path=path_of(path), size=size, mtime_ns=int(mtime), inode=int(inode), hard_links=links,
                    symlink=symlink, fingerprint=read, gone=gone,
                )
                for key, path, size, mtime, inode, links, symlink, read, gone in found.iterator(chunk_size=5000)
            ]  # fmt: skip

    def scanned(self, library_id: int) -> dt.datetime | None:
        """See the port."""
        with speaking_to(self.place):
            return models.Library.objects.filter(pk=library_id).values_list("scanned", flat=True).first()

    def write_scan(self, library_id: int, changes: Changes, *, since: dt.datetime | None) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            _alone(library_id, since)
            files = models.LibraryFile.objects.filter(library_id=library_id)
            # Names are let go before they are taken: files may have changed names with each other.
            for ids in _parts([*_in_the_way(changes), *(row.id for row in changes.gone)]):
                files.filter(pk__in=ids).update(gone=True, updated=timezone.now())
            _move(chain(changes.same, changes.changed))
            for ids in _parts([row.id for row, _ in changes.changed]):
                _forget(files.filter(pk__in=ids))
            for part in _parts(changes.new):
                new = [_stat_row(_blank(library_id), seen) for seen in part]
                models.LibraryFile.objects.bulk_create(new, batch_size=_ROWS_AT_ONCE)

    def unprobed(self, library_id: int) -> list[LibraryFile]:
        """See the port."""
        found = models.LibraryFile.objects.filter(library_id=library_id, gone=False, facts__isnull=True).order_by("pk")
        with speaking_to(self.place):
            return all_values(found.select_related("library"), file_value)

    def write_probes(self, probes: Sequence[Probed]) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            for probe in probes:
                models.LibraryFile.objects.filter(pk=probe.id).update(
                    fingerprint=probe.fingerprint, facts=dict(probe.facts), refusal=list(probe.refusal),
                    codec=codec_of(probe.facts),
                    updated=timezone.now(),
                )  # fmt: skip

    def files(
        self, library_id: int, states: Iterable[FileState] | None = None, *, after: int = 0, limit: int | None = None
    ) -> list[LibraryFile]:
        """See the port."""
        found = models.LibraryFile.objects.filter(library_id=library_id, gone=False, pk__gt=after).order_by("pk")
        if states is not None:
            found = found.filter(state__in=[state.value for state in states])
        with speaking_to(self.place):
            return all_values(found.select_related("library"), file_value, limit)

    def find_file(self, library_id: int, path: str) -> LibraryFile | None:
        """See the port."""
        found = models.LibraryFile.objects.filter(library_id=library_id, gone=False, path_exact=exact(path))
        with speaking_to(self.place):
            return next(iter(all_values(found.select_related("library"), file_value)), None)

    def write_choices(self, choices: Mapping[int, Choice]) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            for key, choice in choices.items():
                row = models.LibraryFile.objects.filter(pk=key)
                row.update(
                    action=choice.action.value, rule=choice.rule, reasons=list(choice.reasons),
                    settings=dict(choice.settings), updated=timezone.now(),
                )  # fmt: skip
                row.exclude(state__in=[state.value for state in _AT_WORK]).update(state=STATE_OF[choice.action].value)

    def write_forecasts(self, forecasts: Mapping[int, tuple[float, float]]) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            for key, (saves, costs) in forecasts.items():
                models.LibraryFile.objects.filter(pk=key).update(saves=saves, costs=costs, updated=timezone.now())

    def counts(self) -> dict[str, Counts]:
        """See the port."""
        with speaking_to(self.place):
            found = {name: Counts() for name in models.Library.objects.order_by("name").values_list("name", flat=True)}
            sums = models.LibraryFile.objects.values("library__name", "gone", "state").annotate(
                number=Count("pk"), before=Sum("bytes_before"), after=Sum("bytes_after")
            )
            for row in sums.order_by():
                name = row["library__name"]
                found[name] = _added(found[name], row)
            for name, saved in _saved():
                found[name] = replace(found[name], bytes_saved=int(saved or 0))
            return found


def _saved() -> Iterator[tuple[str, int | None]]:
    """Bytes saved by each library. A replaced film's work has the id of its placement."""
    kept = models.Placement.objects.filter(order_id=OuterRef("work")).exclude(stage=Stage.EXPIRED.value)
    freed = models.LibraryFile.objects.filter(hard_links=1, bytes_after__isnull=False).exclude(Exists(kept))
    sums = freed.values("library__name").annotate(saved=Sum(F("bytes_before") - F("bytes_after"))).order_by()
    return iter(sums.values_list("library__name", "saved"))


def _alone(library_id: int, since: dt.datetime | None) -> None:
    """Note that the library is scanned now, if nobody noted that since; until the commit others wait here.

    Raises:
        BusyError: somebody did.
    """
    unchanged = models.Library.objects.filter(pk=library_id, scanned=since)
    if not unchanged.update(scanned=timezone.now()):
        raise BusyError(
            "The library was scanned, or removed, by another process while it was read here; nothing was changed.",
            hint="Scan again if need be.",
        )


def _in_the_way(changes: Changes) -> list[int]:
    """Rows whose present name another row takes."""
    moved = [(row, seen) for row, seen in chain(changes.same, changes.changed) if row.path != seen.path or row.gone]
    taken = {seen.path for _, seen in moved} | {seen.path for seen in changes.new}
    return [row.id for row, _ in moved if row.path in taken]


def _move(moved: Iterable[tuple[Remembered, Seen]]) -> None:
    """Give rows their new names and stat data. Django's own way, a CASE for each column, takes minutes for 100,000."""
    table = connection.ops.quote_name(models.LibraryFile._meta.db_table)  # noqa: SLF001 -- Django's documented way
    columns = "path, path_exact, size_bytes, mtime_ns, inode, hard_links, symlink, gone, updated"
    settings = ", ".join(f"{column} = %s" for column in columns.split(", "))
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    statement = f"UPDATE {table} SET {settings} WHERE id = %s"  # noqa: S608 -- made of the model's own names
    with connection.cursor() as cursor:
        # A part at a time: all of them as parameters are some hundred megabytes.
        for part in _parts(moved):
            cursor.executemany(
                statement,
                [
                    (
                        readable(seen.path), exact(seen.path), seen.size, str(seen.mtime_ns), str(seen.inode),
                        seen.hard_links, seen.symlink, False, now, row.id,
                    )
                    for row, seen in part
                ],
            )  # fmt: skip


def _stat_row(row: models.LibraryFile, seen: Seen) -> models.LibraryFile:
    row.path, row.path_exact = readable(seen.path), exact(seen.path)
    row.size_bytes, row.mtime_ns, row.inode = seen.size, str(seen.mtime_ns), str(seen.inode)
    row.hard_links, row.symlink, row.gone = seen.hard_links, seen.symlink, False
    return row


def _blank(library_id: int) -> models.LibraryFile:
    return models.LibraryFile(library_id=library_id, state=FileState.MET.value, refusal=[], reasons=[], settings={})


def _forget(rows: "QuerySet[models.LibraryFile]") -> None:
    """What was known of other content; what is being worked on finds out by itself that its source changed."""
    rows.update(
        fingerprint=None, facts=None, codec=None, refusal=[], action=None, rule=None, reasons=[], settings={},
        saves=None, costs=None, updated=timezone.now(),
    )  # fmt: skip
    rows.exclude(state__in=[state.value for state in _AT_WORK]).update(state=FileState.MET.value)


def _added(counts: Counts, row: Mapping[str, Any]) -> Counts:
    states = dict(counts.states)
    if not row["gone"]:
        states[FileState(row["state"])] = states.get(FileState(row["state"]), 0) + row["number"]
    return Counts(
        states=states,
        sources=counts.sources + (0 if row["gone"] else row["number"]),
        gone=counts.gone + (row["number"] if row["gone"] else 0),
        # PostgreSQL's sums of large numbers are decimals.
        bytes_before=counts.bytes_before + int(row["before"] or 0),
        bytes_after=counts.bytes_after + int(row["after"] or 0),
    )


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while part := list(islice(left, _ROWS_AT_ONCE)):
        yield part
