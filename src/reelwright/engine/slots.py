"""How many encodes the workers that are alive can do at once, and a film's part of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.engine.leases import Worker
from reelwright.engine.trial_orders import ENCODES

#: Between two looks of a film's leader at the rows it waits for, and two counts of who is there, in seconds.
LOOK_SECONDS, COUNT_SECONDS = 0.4, 5.0
#: All leaders together ask the ledger no more often than this, in a second: looks, and rows of workers read for counts.
MOST_LOOKS, MOST_COUNTED = 400.0, 10_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """What there is at the moment."""

    #: Trials of this film that are worth posting.
    share: int
    total: int
    why: str
    #: Labels of each worker that encodes.
    labels: tuple[frozenset[str], ...] = ()
    #: Films that are led at the moment, and workers that are alive.
    films: int = 1
    workers: int = 0

    @property
    def look_seconds(self) -> float:
        """How long a film's leader waits between two looks: the longer, the more films there are.

        Each has one trial posted beyond its part, so a look that comes later leaves no worker without work.
        """
        return max(LOOK_SECONDS, self.films / MOST_LOOKS)

    @property
    def count_seconds(self) -> float:
        """The same between two counts, each of which reads every worker's row."""
        return max(COUNT_SECONDS, self.films * self.workers / MOST_COUNTED)

    def lacking(self, needs: frozenset[str]) -> frozenset[str]:
        """Of labels that are needed, those that the nearest worker lacks; empty: somebody has them all."""
        if not self.labels:
            return frozenset({ENCODES})
        return min((needs - have for have in self.labels), key=len)


def slots_of(workers: Sequence[Worker], films: int) -> Slots:
    """The part of one film among so many.

    One trial more than its part is worth posting: a worker that ends one need not wait for the film's leader.
    """
    encoding = [worker for worker in workers if ENCODES in worker.labels]
    total = sum(worker.slots for worker in encoding)
    share = math.ceil(total / max(1, films)) + 1
    places = f"{total} slot{'' if total == 1 else 's'} of {len(encoding)} worker{'' if len(encoding) == 1 else 's'}"
    shared = f", shared by {films} films" if films > 1 else ""
    labels = tuple(worker.labels for worker in encoding)
    return Slots(
        share=share, total=total, why=f"{places}{shared}", labels=labels, films=max(1, films), workers=len(workers)
    )
