"""Tells of a run as it goes: events to the terminal or as JSON lines, and the exit code at the end."""

import logging
import sys
from typing import TYPE_CHECKING

from reelwright.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.events import Event, EventSink


def told(work: "Callable[[EventSink], Sequence[OutcomeRecord]]", *, as_json: bool) -> int:
    """Do the work with a sink that tells of it; the worst exit code of its sources.

    Raises:
        ReelwrightError: it ended before or outside any one source.
    """
    from reelwright.events import Tee  # noqa: PLC0415

    logging.getLogger("reelwright").addHandler(logging.NullHandler())
    heard = Interruption()
    try:
        if as_json:
            from reelwright.cli.jsonlines import JsonSink  # noqa: PLC0415

            outcomes = work(Tee([heard, JsonSink(sys.stdout, sys.stderr)]))
        else:
            from reelwright.cli.terminal import Terminal  # noqa: PLC0415

            with Terminal() as terminal:
                outcomes = work(Tee([heard, terminal]))
    except InterruptedRunError as error:
        if heard.told:
            return error.exit_code
        raise
    return max((outcome.exit_code for outcome in outcomes), default=0)


class Interruption:
    """Hears whether the source under way has told of the interruption itself: it is told once."""

    def __init__(self) -> None:
        self.told = False

    def emit(self, event: "Event") -> None:
        """Take one event."""
        self.told = self.told or event.status == "interrupted"
