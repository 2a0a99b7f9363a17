"""Events into the ledger."""

import logging

from reelwright.engine.jobs import JobStore
from reelwright.engine.offload import Offload
from reelwright.events import Event, EventName


class LedgerSink:
    """Hands events to the store's thread, in order; a failure there never stops the work."""

    def __init__(self, store: JobStore, offload: Offload) -> None:
        self._store = store
        self._offload = offload

    def emit(self, event: Event) -> None:
        """Queue the event for the ledger. Progress is not stored."""
        if event.event is not EventName.PROGRESS:
            self._offload.later(self._add, event)

    def _add(self, event: Event) -> None:
        try:
            self._store.add_event(event)
        except Exception:
            logging.getLogger(__name__).exception("An event could not be stored")
