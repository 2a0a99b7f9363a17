"""In which order a library's films are encoded."""

from dataclasses import dataclass
from enum import StrEnum


class Order(StrEnum):
    """What comes first."""

    #: The most bytes saved for an hour of CPU, as predicted.
    SAVING = "saving"
    LARGEST = "largest"
    SMALLEST = "smallest"
    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What the order looks at."""

    #: Bytes.
    size: int
    mtime_ns: int
    #: Bytes and CPU seconds; None: nobody has predicted them.
    saves: float | None = None
    costs: float | None = None


def priority(order: Order, candidate: Candidate, *, weight: float = 1.0) -> float:
    """Rank of a film among those of all libraries: higher comes first.

    Ranks of one order are comparable between libraries, and a library of weight 2 goes before one of weight 1 where
    both have films of equal rank. `Order.NAME` ranks all alike: the queue takes equal ones by name.
    """
    if order is Order.SAVING:
        if candidate.saves is None or candidate.costs is None:
            # Nobody knows: as if a tenth of its bytes were saved in the time of its size at 1 MB/s.
            return weight * 1e5
        return weight * max(candidate.saves, 0.0) / max(candidate.costs, 1e-3)
    if order is Order.NAME:
        return weight
    days = candidate.mtime_ns / 86400e9
    return {
        Order.LARGEST: weight * candidate.size,
        Order.SMALLEST: -candidate.size / weight,
        Order.NEWEST: weight * days,
        Order.OLDEST: -days / weight,
    }[order]
