"""The part of the libraries' port that has to do with work: queueing, what it came to, the owner's word."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.transaction import atomic
from django.utils import timezone

from reelwright.databases import Place
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.leases import Work, WorkRow, WorkState
from reelwright.library.catalog import FileState, LibraryFile, Standing
from reelwright.library.comparison import Seen
from reelwright.library.rules import Action, Choice
from reelwright.store import models
from reelwright.store.columns import exact, path_of, readable
from reelwright.store.connection import made_again, speaking_to
from reelwright.store.leases import add_items
from reelwright.store.library_rows import STATE_OF, file_value
from reelwright.store.reading import all_values, first_value
from reelwright.store.rows import outcome_value
from reelwright.store.work_rows import work_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

_AT_WORK = (FileState.QUEUED.value, FileState.RUNNING.value)
_ROWS_AT_ONCE = 500


@made_again()
class LibraryWork:
    """What `DjangoCatalog` does for the queue."""

    place: Place

    def queue(self, library_id: int, choices: Mapping[int, Choice], works: Mapping[int, Work]) -> int:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            for key, choice in choices.items():
                found = models.LibraryFile.objects.filter(pk=key, library_id=library_id, gone=False)
                found.exclude(state=FileState.RUNNING.value).update(
                    state=FileState.QUEUED.value, work=works[key].id, **_choice_columns(choice)
                )
            return add_items(list(works.values()))

    def approve(self, library_id: int, policy: str) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            for row in models.Library.objects.select_for_update().filter(pk=library_id):
                row.approved = row.approved or timezone.now()
                row.settings = {**row.settings, "approved_policy": policy}
                row.save(update_fields=["approved", "settings", "updated"])

    def file(self, file_id: int) -> LibraryFile | None:
        """See the port."""
        with speaking_to(self.place):
            return first_value(_files(pk=file_id), file_value)

    def at_work(self, library_id: int) -> list[tuple[LibraryFile, WorkRow | None]]:
        """See the port."""
        with speaking_to(self.place):
            # Two columns of all of them, then the whole of those that differ: most wait in both tables.
            files = dict(
                models.LibraryFile.objects.filter(library_id=library_id, state__in=_AT_WORK).values_list("pk", "work")
            )
            rows = models.WorkItem.objects.filter(lane__owner__in=_owner(library_id))
            alive = set(
                rows.filter(state__in=[WorkState.READY.value, WorkState.LEASED.value]).values_list("work", flat=True)
            )
            running = set(
                models.LibraryFile.objects.filter(library_id=library_id, state=FileState.RUNNING.value).values_list(
                    "pk", flat=True
                )
            )
            odd = [key for key, work in files.items() if work not in alive or key in running]
            found: list[tuple[LibraryFile, WorkRow | None]] = []
            for part in _parts(odd):
                known = {
                    row.work.id: row
                    for row in all_values(
                        models.WorkItem.objects.filter(work__in=[files[key] for key in part if files[key]])
                        .select_related("lane").order_by("pk"),
                        work_row,
                    )
                }  # fmt: skip
                found += [(file, known.get(file.work_id or "")) for file in all_values(_files(pk__in=part), file_value)]
            return found

    def stand(self, file_id: int, standing: Standing) -> None:
        """See the port."""
        known = {
            "job_id": standing.job_id,
            "bytes_before": standing.bytes_before,
            "bytes_after": standing.bytes_after,
        }
        with speaking_to(self.place), atomic(durable=True):
            models.LibraryFile.objects.filter(pk=file_id).update(
                state=standing.state.value, note=list(standing.note), updated=timezone.now(),
                **{name: value for name, value in known.items() if value is not None},
            )  # fmt: skip

    def answer(self, file_id: int, owner: Action | None, choice: Choice) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            row = models.LibraryFile.objects.filter(pk=file_id)
            row.update(owner=None if owner is None else owner.value, **_choice_columns(choice))
            row.exclude(state__in=_AT_WORK).update(state=STATE_OF[choice.action].value, note=[])

    def became(self, file_id: int, seen: Seen, fingerprint: str) -> None:
        """See the port."""
        with speaking_to(self.place), atomic(durable=True):
            row = models.LibraryFile.objects.filter(pk=file_id)
            # A scan that came first has taken the output for a new file: it is this one.
            other = models.LibraryFile.objects.filter(library_id__in=row.values("library_id"), gone=False)
            other.filter(path_exact=exact(seen.path)).exclude(pk=file_id).delete()
            row.update(
                path=readable(seen.path), path_exact=exact(seen.path), size_bytes=seen.size,
                mtime_ns=str(seen.mtime_ns), inode=str(seen.inode), hard_links=seen.hard_links, symlink=seen.symlink,
                gone=False, fingerprint=fingerprint, updated=timezone.now(),
            )  # fmt: skip

    def outputs_below(self, root: str) -> frozenset[str]:
        """See the port."""
        start = exact(root.rstrip("/") + "/")
        with speaking_to(self.place):
            found = models.Job.objects.filter(output_path_exact__gte=start, output_path_exact__lt=start[:-1] + b"0")
            paths = found.values_list("output_path_exact", flat=True)
            return frozenset(path_of(bytes(path)[len(start) :]) for path in paths)

    def has_twin(self, library_id: int, path: str) -> bool:
        """See the port."""
        stem = exact(path.rpartition(".")[0] or path)
        with speaking_to(self.place):
            # "." is 2e and "/" is 2f: everything that goes on with a period after the stem.
            near = models.LibraryFile.objects.filter(
                library_id=library_id, gone=False, path_exact__gt=stem + b".", path_exact__lt=stem + b"/"
            ).values_list("path_exact", flat=True)
            others = [bytes(other)[len(stem) + 1 :] for other in near if bytes(other) != exact(path)]
            return any(b"." not in ending and b"/" not in ending for ending in others)

    def outcomes_at(self, path: str) -> list[OutcomeRecord]:
        """See the port."""
        found = models.Outcome.objects.filter(source_path_exact=exact(path)).order_by("pk")
        with speaking_to(self.place):
            return all_values(found, outcome_value)

    def outcomes_after(self, last: int, limit: int) -> list[tuple[int, OutcomeRecord]]:
        """See the port."""
        found = models.Outcome.objects.filter(pk__gt=last).order_by("pk")
        with speaking_to(self.place):
            return all_values(found, lambda row: (row.pk, outcome_value(row)), limit)

    def files_of_work(self, prefix: str, limit: int) -> list[LibraryFile]:
        """See the port."""
        with speaking_to(self.place):
            return all_values(_files(work__startswith=prefix), file_value, limit)


def _files(**wanted: Any) -> "QuerySet[models.LibraryFile]":
    return models.LibraryFile.objects.filter(**wanted).select_related("library").order_by("pk")


def _owner(library_id: int) -> "QuerySet[models.Library, str]":
    return models.Library.objects.filter(pk=library_id).values_list("name", flat=True)


def _choice_columns(choice: Choice) -> dict[str, Any]:
    return {
        "action": choice.action.value,
        "rule": choice.rule,
        "reasons": list(choice.reasons),
        "settings": dict(choice.settings),
        "updated": timezone.now(),
    }


def _parts(ids: list[int]) -> "Iterable[list[int]]":
    return (ids[start : start + _ROWS_AT_ONCE] for start in range(0, len(ids), _ROWS_AT_ONCE))
