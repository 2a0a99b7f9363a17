"""When a message may leave: gathered for a while, so many an hour, tried again a few times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

HOUR = 3600.0
#: Seconds from one try to the next: each waits this many times longer than the one before.
FIRST_WAIT, LONGER, LONGEST_WAIT = 5.0, 4.0, 900.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often somebody wants to hear."""

    #: Seconds in which what happens is gathered.
    gather: float
    #: Messages an hour, at the most.
    per_hour: int
    #: Tries of one message.
    attempts: int


def due(waiting_since: float, sent: Sequence[float], pace: Pace) -> float:
    """When what waits may be sent.

    Args:
        waiting_since: when the first of it happened, in seconds of any clock.
        sent: when messages were sent, by the same clock, the oldest first.
        pace: how often.
    """
    gathered = waiting_since + pace.gather
    if len(sent) < pace.per_hour:
        return gathered
    return max(gathered, sent[-pace.per_hour] + HOUR)


def wait_before(attempt: int) -> float:
    """Seconds before a try; the first is 0 and does not wait."""
    return 0.0 if attempt == 0 else min(LONGEST_WAIT, FIRST_WAIT * LONGER ** (attempt - 1))
