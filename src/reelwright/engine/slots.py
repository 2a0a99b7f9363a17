"""How many encodes the workers that are alive can do at once, and a film's part of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reelwright.engine.leases import Worker
from reelwright.engine.trial_orders import ENCODES


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """What there is at the moment."""

    #: Trials of this film that are worth posting.
    share: int
    total: int
    why: str
    #: Labels of each worker that encodes.
    labels: tuple[frozenset[str], ...] = ()

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
    return Slots(share=share, total=total, why=f"{places}{shared}", labels=tuple(worker.labels for worker in encoding))
