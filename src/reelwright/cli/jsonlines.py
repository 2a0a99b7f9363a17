"""Events as JSON lines."""

from typing import TextIO

from reelwright.cli.text import complaint
from reelwright.events import Event


class JsonSink:
    """Writes each event as one line, at once; what a failure means to people goes to `err` as well."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    def emit(self, event: Event) -> None:
        """Write one line."""
        if sentence := complaint(event):
            print(sentence, file=self._err, flush=True)
        print(event.to_json(), file=self._out, flush=True)
