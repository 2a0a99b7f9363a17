"""At what offset the pictures of two films fit: distances of small pictures, and what windows of frames say."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

#: Mean luma, 0 to 255, of each block of a frame's picture: block means hardly feel grain and compression,
#: and follow whatever moves.
Blocks = tuple[float, ...]
Pictures = Sequence[Blocks]

#: How many frames to either side an offset is told; one more is tried, because what fits best at the edge of what
#: was tried may fit better beyond it, or nowhere.
REACH = 5
TRIED = range(-REACH - 1, REACH + 2)
#: Frames of one window.
WINDOW = 8
#: Frames of one stretch: long enough to tell a standing difference of the pictures from movement.
STRETCH = 48
#: A film moves clearly where its own frames differ by this many levels (rms) from the next in one window of so many.
MOVING_LEVELS, MOVING_SHARE = 1.0, 10
#: Levels of luma (rms over blocks) below which two pictures count as alike: nothing can be told from less.
FLOOR = 0.05
#: A window speaks for an offset whose mean square distance is below this share of every other's.
CLEAR = 0.4
#: A stretch does below this share: of two seconds of frames less says as much.
CLEAR_STRETCH = 0.8
#: Two frames changed places where each fits the other's place with less than this share of its own distance.
SWAPPED = 0.35
#: Two films are of different pictures where they are this far apart (levels, rms) and correlate less than that.
DIFFERENT_LEVELS, LIKENESS = 12.0, 0.5
#: How many frames, spread over a film, are looked at for that.
SAMPLE = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What the frames [start, end) say: the offset they fit at, or None where they cannot tell."""

    start: int
    end: int
    offset: int | None


def distance(one: Blocks, other: Blocks) -> float:
    """Distance of two pictures in levels of luma, rms over their blocks."""
    return math.dist(one, other) / math.sqrt(len(one))


def partners(
    reference: Pictures, distorted: Pictures, start: int, end: int
) -> Iterator[tuple[int, list[tuple[Blocks, Blocks]]]]:
    """Each offset with the frames [start, end) and their partners in the distorted film.

    At the ends fewer frames have a partner; an offset is left out where that is not half of them.
    """
    for offset in TRIED:
        first, last = max(start, -offset), min(end, len(distorted) - offset)
        if 2 * (last - first) >= end - start:
            yield offset, list(zip(reference[first:last], distorted[first + offset : last + offset], strict=True))


def energies(reference: Pictures, distorted: Pictures, start: int, end: int) -> dict[int, float]:
    """Mean square distance of the frames [start, end) to those of the distorted film at each offset."""
    return {
        offset: math.fsum(distance(a, b) ** 2 for a, b in pairs) / len(pairs)
        for offset, pairs in partners(reference, distorted, start, end)
    }


def clear_offset(found: dict[int, float], clear: float = CLEAR) -> int | None:
    """The offset that fits clearly better than every other, or None."""
    if len(found) < 2:  # noqa: PLR2004 - one offset cannot be better than another
        return None
    best, second = sorted(found, key=lambda offset: (found[offset], abs(offset)))[:2]
    floor = FLOOR**2
    if abs(best) > REACH:
        return None
    return best if found[best] + floor < clear * (found[second] + floor) else None


def variances(reference: Pictures, distorted: Pictures, start: int, end: int) -> dict[int, float]:
    """The same less what stands: each block's mean difference over the frames, at each offset by itself.

    Another scaler, a mark or another brightness differ all the time and hide small movement. Steady movement is
    taken off with them, so this proves less than `energies`, but it favours no offset.
    """
    found = {}
    for offset, pairs in partners(reference, distorted, start, end):
        blocks = zip(*([b - a for a, b in zip(one, other, strict=True)] for one, other in pairs), strict=True)
        found[offset] = fmean(variance_of(block) for block in blocks)
    return found


def variance_of(values: Sequence[float]) -> float:
    """Mean square distance from the mean."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def spans(count: int, length: int) -> list[tuple[int, int]]:
    """Ranges of frames that cover a film; the last one reaches back to be whole."""
    starts = list(range(0, max(1, count - length + 1), length))
    if starts[-1] + length < count:
        starts.append(count - length)
    return [(start, min(count, start + length)) for start in starts]


def windows_of(reference: Pictures, distorted: Pictures) -> list[Window]:
    """What each window of two films of equal length says."""
    return [
        Window(start=start, end=end, offset=clear_offset(energies(reference, distorted, start, end)))
        for start, end in spans(len(reference), WINDOW)
    ]


def stretches_of(reference: Pictures, distorted: Pictures) -> list[Window]:
    """What each stretch of two films says where a standing difference is taken off; slower, for films with one."""
    return [
        Window(start=start, end=end, offset=clear_offset(variances(reference, distorted, start, end), CLEAR_STRETCH))
        for start, end in spans(len(reference), STRETCH)
    ]


def moves_clearly(pictures: Pictures) -> bool:
    """Whether a film moves so much that another film of the same pictures would show it."""
    found = [energies(pictures, pictures, start, end) for start, end in spans(len(pictures), WINDOW)]
    moving = [e for e in found if min((v for k, v in e.items() if k), default=0.0) > MOVING_LEVELS**2]
    return len(moving) * MOVING_SHARE >= len(found)


def moved_windows(windows: Sequence[Window]) -> list[Window]:
    """Windows that fit elsewhere, where that is no accident of one window with a mark or a fade in it.

    Two that speak one after another for one offset are no accident; nor is a fifth of all that speak.
    """
    speaking = [window for window in windows if window.offset is not None]
    moved = [window for window in speaking if window.offset]
    runs = [a for a, b in pairwise(speaking) if a.offset and a.offset == b.offset]
    if runs:
        return [window for window in moved if window.offset == runs[0].offset and window.start >= runs[0].start]
    return moved if len(moved) * 5 >= len(speaking) else []


def swapped_frames(reference: Pictures, distorted: Pictures) -> list[int]:
    """Frames that changed places with the next one."""
    found = []
    for frame in range(min(len(reference), len(distorted)) - 1):
        own = min(distance(reference[frame], distorted[frame]), distance(reference[frame + 1], distorted[frame + 1]))
        if own <= 10 * FLOOR:
            continue
        other = max(distance(reference[frame], distorted[frame + 1]), distance(reference[frame + 1], distorted[frame]))
        if other < SWAPPED * own:
            found.append(frame)
    return found


def are_different(reference: Pictures, distorted: Pictures) -> bool:
    """Whether two films of equal length show different pictures altogether."""
    step = max(1, len(reference) // SAMPLE)
    frames = zip(reference[::step], distorted[::step], strict=True)
    pairs = [pair for one, other in frames for pair in zip(one, other, strict=True)]
    if not pairs:
        return False
    apart = math.sqrt(math.fsum((a - b) ** 2 for a, b in pairs) / len(pairs))
    return apart > DIFFERENT_LEVELS and correlation(pairs) < LIKENESS


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Pearson's correlation; 0 where one side does not vary."""
    mean_a = math.fsum(a for a, _ in pairs) / len(pairs)
    mean_b = math.fsum(b for _, b in pairs) / len(pairs)
    square_a = math.fsum((a - mean_a) ** 2 for a, _ in pairs)
    square_b = math.fsum((b - mean_b) ** 2 for _, b in pairs)
    both = math.fsum((a - mean_a) * (b - mean_b) for a, b in pairs)
    return both / math.sqrt(square_a * square_b) if square_a > 0 and square_b > 0 else 0.0


def missing_piece(longer: Pictures, shorter: Pictures) -> int | None:
    """The frame of the longer film at which the frames begin that the shorter one lacks; None where nothing fits.

    The shorter film is taken for the longer one with one piece cut out. The best place counts if the pictures then
    fit clearly better than at the worst place, and at no window better elsewhere.
    """
    lacking, count = len(longer) - len(shorter), len(shorter)
    before, after = running_energy(longer, shorter), running_energy(longer[::-1], shorter[::-1])
    totals = [before[cut] + after[count - cut] for cut in range(count + 1)]
    best = min(range(count + 1), key=totals.__getitem__)
    floor = FLOOR**2 * count
    if totals[best] + floor >= CLEAR * (max(totals) + floor):
        return None
    rest = [*longer[:best], *longer[best + lacking :]]
    fits = not are_different(rest, shorter) and not moved_windows(windows_of(rest, shorter))
    return best if fits else None


def running_energy(one: Pictures, other: Pictures) -> list[float]:
    """Sums of the square distances of the first 0, 1, 2, … frames, as many as both have."""
    return [0.0, *accumulate(distance(a, b) ** 2 for a, b in zip(one, other, strict=False))]
