"""When each frame is shown, in the reading child: as the container stamps it, or worked out where it does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from reelwright.tools.children.beginning import opened

#: Bare streams. FFmpeg's readers make times up, each version its own; what counts is the order and the rate.
BARE = frozenset({"h264", "hevc", "mpegvideo", "m4v", "obu"})
#: Discs stamp some pictures and leave the others to their own flags; FFmpeg's readers guess those, often wrongly.
SPARSE = "mpeg"


@dataclass(frozen=True, kw_only=True)
class Times:
    """When the frames are shown."""

    #: Frames have to be found by counting: what FFmpeg stamps them with is not this.
    counted: bool
    base: Fraction
    pts: list[int | None]


def rises(pts: Sequence[int | None]) -> bool:
    """Whether every frame has a time, each later than the one before."""
    known = [p for p in pts if p is not None]
    return len(known) == len(pts) and all(a < b for a, b in pairwise(known))


def times_of(
    pts: list[int | None], durations: list[int], slots: list[int], facts: dict[str, Any], *, sparse: bool
) -> Times:
    """The frames' times.

    Args:
        pts: what the decoder says of each frame.
        durations: how long each frame is shown by its own word, in ticks; 0: it does not say.
        slots: DTS of the film's packets, in order.
        facts: of the container: "format", "time_base", "rate".
        sparse: some packets carry no time, and `pts` is None for their frames.
    """
    base = facts["time_base"]
    if facts["format"] in BARE or not any(p is not None for p in pts):
        return Times(counted=True, base=1 / Fraction(facts["rate"]), pts=list(range(len(pts))))
    if facts["format"] == "avi" and not rises(pts) and len(slots) >= len(pts) and rises(slots):
        # A chunk's place is its time. Chunks are in the order of decoding, but one frame is shown for each.
        return Times(counted=True, base=base, pts=list(slots[: len(pts)]))
    if sparse:
        return Times(counted=True, base=base, pts=filled(pts, durations))
    return Times(counted=False, base=base, pts=pts)


def filled(pts: list[int | None], durations: list[int]) -> list[int | None]:
    """Times where some are missing: a frame is shown when the one before it has been."""
    found = list(pts)
    for k in range(1, len(found)):
        before = found[k - 1]
        if found[k] is None and before is not None and durations[k - 1] > 0:
            found[k] = before + durations[k - 1]
    for k in range(len(found) - 2, -1, -1):
        after = found[k + 1]
        if found[k] is None and after is not None and durations[k] > 0:
            found[k] = after - durations[k]
    return found


def stored_times(path: str, index: int) -> Iterator[int | None]:
    """PTS of each of the film's packets as it is stored, and None where FFmpeg would make one up."""
    with opened(path, fflags="nofillin") as container:
        for packet in container.demux(container.streams[index]):
            if packet.size:
                yield packet.pts
