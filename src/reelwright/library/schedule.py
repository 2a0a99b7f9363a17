"""When a library is to be scanned: by its cron expression, else whenever its queue is empty, once an hour at the most.

Times are those of the clock on the wall, without a zone: a scan at three is at three in summer and in winter. Where the
clocks are put back, an expression is not due a second time in the hour that comes twice; where they are put forward,
what was due in the hour that is left out is due right after it.
"""

import datetime as dt
from dataclasses import dataclass

from cronsim import CronSim, CronSimError

#: Between two scans of a library that has no expression of its own.
LEAST = dt.timedelta(hours=1)
EXPECTED = 'expected a cron expression such as "0 3 * * *" (minute, hour, day, month, weekday)'
#: Any moment: only to find out whether an expression can be read and ever comes true.
_SOME_DAY = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - see the module


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What decides whether a library is scanned now."""

    #: Empty: the default rule.
    expression: str
    #: Times on the wall. When it was scanned last; None: never.
    scanned: dt.datetime | None
    now: dt.datetime
    #: Nothing of it waits or runs.
    queue_empty: bool
    #: Something below its root changed since.
    changed: bool = False


def is_due(standing: Standing) -> bool:
    """Whether a library is to be scanned now."""
    if standing.scanned is None or standing.changed:
        return True
    if standing.expression:
        return next_due(standing.expression, standing.scanned) <= standing.now
    # A clock that was put back must not keep it from being scanned for longer than an hour.
    return standing.queue_empty and not standing.now - LEAST < standing.scanned <= standing.now


def next_due(expression: str, after: dt.datetime) -> dt.datetime:
    """The first moment after another at which an expression is due.

    Raises:
        ValueError: it is no expression, or never comes true.
    """
    try:
        return next(CronSim(expression, after))
    except CronSimError as error:
        raise ValueError(f"{error}; {EXPECTED}") from error
    except StopIteration as error:
        raise ValueError(f"it never comes true; {EXPECTED}") from error


def check_expression(expression: str) -> None:
    """Make sure that an expression can be read; an empty one stands for the default rule.

    Raises:
        ValueError: it cannot.
    """
    if expression:
        next_due(expression, _SOME_DAY)
