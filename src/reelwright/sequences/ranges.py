"""Frame numbers as ranges people can paste: `1001-1010,1015-1021x2`. Both ends belong to a range."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

#: First and last of frames without a gap.
Run = tuple[int, int]
#: So many frames of equal distance are written with their step.
FEWEST_STEPS = 3

#: Frames that a sentence names.
SHOWN = 20


def runs(frames: Iterable[int]) -> tuple[Run, ...]:
    """Frames as runs without gaps, in order; a frame given twice counts once."""
    found: list[Run] = []
    for frame in sorted(frames):
        if found and frame <= found[-1][1] + 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return tuple(found)


def gaps(present: Sequence[Run], first: int, last: int) -> tuple[Run, ...]:
    """What of the frames from first to last is in none of the runs."""
    found, begin = [], first
    for start, end in present:
        if begin < min(start, last + 1):
            found.append((begin, min(start - 1, last)))
        begin = max(begin, end + 1)
    return (*found, (begin, last)) if begin <= last else tuple(found)


def outside(present: Sequence[Run], first: int | None, last: int | None) -> tuple[Run, ...]:
    """What of the runs is before the first or after the last frame."""
    found = []
    for start, end in present:
        if first is not None and start < first:
            found.append((start, min(end, first - 1)))
        if last is not None and end > last:
            found.append((max(start, last + 1), end))
    return tuple(found)


def count(these: Iterable[Run]) -> int:
    """How many frames there are."""
    return sum(end - start + 1 for start, end in these)


def numbers(these: Iterable[Run], most: int | None = None) -> list[int]:
    """The frames one by one, at most so many."""
    return list(islice((frame for start, end in these for frame in range(start, end + 1)), most))


def text(these: Sequence[Run]) -> str:
    """As people paste it into a render dialog; single frames of equal distance with their step."""
    return ",".join(_parts(these))


def _parts(these: Sequence[Run]) -> Iterator[str]:
    at = 0
    while at < len(these):
        start, end = these[at]
        after = at + 1
        if start == end:
            after = _steps_until(these, at)
        if after - at >= FEWEST_STEPS:
            yield f"{start}-{these[after - 1][0]}x{these[at + 1][0] - start}"
            at = after
        else:
            yield f"{start}-{end}" if end > start else str(start)
            at += 1


def _steps_until(these: Sequence[Run], at: int) -> int:
    """Where the single frames end that follow each other in the distance of the first two."""
    after = at + 1
    while after < len(these) and these[after][0] == these[after][1]:
        if these[after][0] - these[after - 1][0] != these[at + 1][0] - these[at][0]:
            break
        after += 1
    return after


def listed(numbers: Sequence[int]) -> str:
    """Numbers for a sentence: the first ones, and how many more there are."""
    more = len(numbers) - SHOWN
    return ", ".join(map(str, numbers[:SHOWN])) + (f" and {more} more" if more > 0 else "")
