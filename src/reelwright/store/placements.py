"""The journal of replacements on the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from reelwright.databases import Place
from reelwright.engine.jobs import SourceStamp
from reelwright.engine.replacing import Entry, Order, Stage
from reelwright.store import models
from reelwright.store.columns import exact, readable
from reelwright.store.connection import hang_up, made_again, speaking_to
from reelwright.store.reading import all_values, first_value

#: Columns of an entry that have their own in the table.
_OWN = ("stage", "until", "changed")


@made_again()
class DjangoPlacementJournal:
    """The port on the ledger that was opened by `open_ledger`; every write is on the disk when it returns.

    Args:
        place: Where the ledger is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    def close(self) -> None:
        """See the port."""
        hang_up()

    def write(self, entry: Entry) -> None:
        """See the port."""
        order = entry.order
        values: dict[str, Any] = {
            "job_id": order.job_id, "stage": entry.stage.value, "source_path": readable(order.source.path),
            "source_path_exact": exact(order.source.path), "final_path": readable(order.final),
            "kept_path": readable(entry.kept), "bytes_before": entry.bytes_before, "bytes_after": entry.bytes_after,
            "entry": plain_entry(entry), "until": entry.until, "changed": entry.changed,
        }  # fmt: skip
        with speaking_to(self.place):
            models.Placement.objects.update_or_create(order_id=order.id, defaults=values)

    def entry(self, order_id: str) -> Entry | None:
        """See the port."""
        with speaking_to(self.place):
            return first_value(models.Placement.objects.filter(order_id=order_id), _entry)

    def entries(self, stages: Iterable[Stage] | None = None) -> list[Entry]:
        """See the port."""
        found = models.Placement.objects.order_by("pk")
        if stages is not None:
            found = found.filter(stage__in=[stage.value for stage in stages])
        with speaking_to(self.place):
            return all_values(found, _entry)


def plain_entry(entry: Entry) -> dict[str, Any]:
    """What of an entry is in the JSON column."""
    return {name: value for name, value in asdict(entry).items() if name not in _OWN}


def _entry(row: models.Placement) -> Entry:
    told: Mapping[str, Any] = row.entry
    order = {**told["order"], "source": SourceStamp(**told["order"]["source"])}
    rest = {name: value for name, value in told.items() if name not in {"order", "sidecars"}}
    return Entry(
        **rest, order=Order(**order), stage=Stage(row.stage), until=row.until, changed=row.changed,
        sidecars=tuple((before, after) for before, after in told["sidecars"]),
    )  # fmt: skip
