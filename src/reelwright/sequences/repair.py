"""What stands in each place of a movie: the frame itself, or what the policy puts there where it is missing or broken.

Whether a file can be read is only known when it is: so each place has a list of files to try, in order, and what is
drawn where none of them can be used. The movie always has as many frames as were planned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from reelwright.errors import UsageError

#: Files that are tried for one place before something is drawn: frames around a hole may be broken as well.
MOST_TRIED = 16


class Missing(StrEnum):
    """What to do where a frame is missing or broken."""

    #: Nothing is rendered.
    ERROR = "error"
    #: The nearest frame before it; before the first, the nearest after it.
    HOLD = "hold"
    #: The nearest frame; of two equally near, the earlier.
    NEAREST = "nearest"
    BLACK = "black"
    CHECKER = "checker"
    #: A picture that says which frame is missing and why.
    PLACEHOLDER = "placeholder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A file that may stand in a place."""

    #: Number of the frame it is.
    number: int
    path: str
    #: Where it was retrieved from; None: the sequence's own folder.
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One frame of the movie."""

    number: int
    #: Files to try, in this order.
    tried: tuple[Candidate, ...]
    #: What is drawn where none can be used: "error", "black", "checker" or "placeholder".
    otherwise: Missing


def fill(
    wanted: Sequence[int],
    own: Mapping[int, str],
    policy: Missing,
    *,
    retrieved: Iterable[tuple[str, Mapping[int, str]]] = (),
) -> tuple[Place, ...]:
    """Say for each planned frame what may stand there.

    The frame's own file comes first, then the same frame from other places in their order, then what the policy says.

    Args:
        wanted: numbers of the planned frames, in the order of the movie.
        own: paths of the frames there are, by number.
        policy: what to do where a frame is missing or broken.
        retrieved: other places with their frames, by number: sibling versions, backups.

    Raises:
        UsageError: nothing is planned.
    """
    if not wanted:
        raise UsageError("No frame is planned.", hint="Give the sheet's row a first and a last frame.")
    others = tuple(retrieved)
    drawn = policy if policy in {Missing.ERROR, Missing.BLACK, Missing.CHECKER} else Missing.PLACEHOLDER
    near = {Missing.HOLD: _before_then_after, Missing.NEAREST: _outwards}.get(policy)
    places = []
    for place, number in enumerate(wanted):
        tried = [Candidate(number=number, path=own[number])] if number in own else []
        tried += [
            Candidate(number=number, path=found[number], place=label) for label, found in others if number in found
        ]
        if near is not None:
            tried += [Candidate(number=n, path=own[n]) for n in islice(near(place, wanted, own), MOST_TRIED)]
        places.append(Place(number=number, tried=tuple(tried), otherwise=drawn))
    return tuple(places)


def _before_then_after(place: int, wanted: Sequence[int], own: Mapping[int, str]) -> Iterator[int]:
    yield from (n for n in reversed(wanted[:place]) if n in own)
    yield from (n for n in wanted[place + 1 :] if n in own)


def _outwards(place: int, wanted: Sequence[int], own: Mapping[int, str]) -> Iterator[int]:
    for away in range(1, len(wanted)):
        for k in (place - away, place + away):
            if 0 <= k < len(wanted) and wanted[k] in own:
                yield wanted[k]


def holes(places: Sequence[Place]) -> tuple[int, ...]:
    """Numbers of the planned frames whose own file is not there."""
    return tuple(p.number for p in places if not any(c.number == p.number and c.place is None for c in p.tried))
