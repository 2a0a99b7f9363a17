"""The journal's twin without a disk."""

from collections.abc import Iterable

from reelwright.engine.replacing import Entry, Stage


class MemoryPlacementJournal:
    """See the port. It outlives whoever speaks to it, as a disk would."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def write(self, entry: Entry) -> None:
        """See the port."""
        self._entries[entry.order.id] = entry

    def entry(self, order_id: str) -> Entry | None:
        """See the port."""
        return self._entries.get(order_id)

    def entries(self, stages: Iterable[Stage] | None = None) -> list[Entry]:
        """See the port."""
        wanted = None if stages is None else set(stages)
        return [entry for entry in self._entries.values() if wanted is None or entry.stage in wanted]

    def close(self) -> None:
        """See the port."""
