"""Events as JSON lines."""

from typing import TextIO

from reelwright.events import Event


class JsonSink:
    """Writes each event as one line, at once."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def emit(self, event: Event) -> None:
        """Write one line."""
        print(event.to_json(), file=self._out, flush=True)
