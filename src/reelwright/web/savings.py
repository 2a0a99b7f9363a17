"""What was saved, day by day: the ledger's outcomes, added up once and then only the new ones."""

import datetime as dt
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Sum

from reelwright.engine.replacing import Stage
from reelwright.store import models

#: Outcomes that stand for a film that became smaller, or did not.
MADE = "encoded"


@dataclass(slots=True)
class Day:
    """What a day brought. Bytes."""

    films: int = 0
    before: int = 0
    after: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What was saved since the beginning, and each day. Bytes."""

    films: int = 0
    before: int = 0
    after: int = 0
    #: What originals that were replaced would have saved, were they not in quarantine, or back in their places.
    held: int = 0
    days: dict[dt.date, Day] = field(default_factory=dict)

    @property
    def saved(self) -> int:
        """Bytes of the sources that their outputs do not need, without those that are held."""
        return self.before - self.after - self.held

    @property
    def share(self) -> float | None:
        """Share of the sources' bytes that was saved; None before the first."""
        return self.saved / self.before if self.before else None


class Savings:
    """Keeps the sums. A row of the ledger never changes once it is there, so each is read once a process."""

    def __init__(self) -> None:
        self._days: dict[dt.date, Day] = defaultdict(Day)
        self._last = 0
        self._one = threading.Lock()

    def now(self) -> Saved:
        """The sums as the ledger has them now."""
        with self._one:
            rows = models.Outcome.objects.filter(pk__gt=self._last, outcome=MADE).order_by("pk")
            columns = ("pk", "created", "bytes_before", "bytes_after", "cpu_seconds")
            for key, created, before, after, cpu in rows.values_list(*columns).iterator(5000):
                self._last = key
                if before is not None and after is not None:
                    day = self._days[created.date()]
                    day.films, day.before, day.after = day.films + 1, day.before + before, day.after + after
                    day.cpu_seconds += cpu or 0.0
            days = dict(sorted(self._days.items()))
        return Saved(
            films=sum(d.films for d in days.values()), before=sum(d.before for d in days.values()),
            after=sum(d.after for d in days.values()), days=days, held=_held(),
        )  # fmt: skip


def _held() -> int:
    rows = models.Placement.objects.filter(stage__in=[Stage.DONE.value, Stage.RESTORED.value])
    sums = rows.aggregate(before=Sum("bytes_before"), after=Sum("bytes_after"))
    return (sums["before"] or 0) - (sums["after"] or 0)


SAVINGS = Savings()
