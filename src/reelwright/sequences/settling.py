"""Which frames of a folder that is being written to are finished: those that nobody has changed for a while."""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: A file is finished once it looked the same so many times in a row; or was last written so many seconds ago.
LOOKS, OLD_SECONDS = 2, 60.0

#: Size, and time of the last change in nanoseconds.
Stamp = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settling:
    """What was seen of a folder's files, look by look."""

    #: By name: what a file looked like, and how many looks in a row it has.
    seen: Mapping[str, tuple[Stamp, int]] = field(default_factory=dict)

    def look(self, stamps: Mapping[str, Stamp], *, now_ns: int) -> "Settling":
        """What is known after another look.

        Args:
            stamps: what the files look like now; one that is gone is not among them.
            now_ns: the time, in nanoseconds since 1970.
        """
        found = {}
        for name, stamp in stamps.items():
            before, times = self.seen.get(name, (None, 0))
            times = times + 1 if before == stamp else 0
            if before is None and now_ns - stamp[1] > OLD_SECONDS * 1e9:
                times = LOOKS
            found[name] = (stamp, times)
        return Settling(seen=found)

    @property
    def settled(self) -> dict[str, Stamp]:
        """Files that are finished, with what they look like."""
        return {name: stamp for name, (stamp, times) in self.seen.items() if times >= LOOKS}

    @property
    def unsettled(self) -> frozenset[str]:
        """Files that are still being written, or have just come."""
        return frozenset(name for name, (_, times) in self.seen.items() if times < LOOKS)
