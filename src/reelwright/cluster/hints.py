"""Tells the broker of rows, from a thread of its own: whether and when it hears holds nothing back."""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from reelwright.cluster.celery_app import PATIENCE_SECONDS, QUEUES, TASKS, arguments_of, make_app
from reelwright.engine.leases import Work

logger = logging.getLogger(__name__)

#: Messages that wait; a broker that is away longer misses some, which are sent again.
MOST_WAITING = 10_000
#: After a failure the broker is left alone for so long, and what is to be sent meanwhile is dropped.
PAUSE_SECONDS = 5.0
#: A message that nobody took for so long is thrown away: what waits is told of anew, and queues would only grow.
OLD_SECONDS = 300.0


class Hints:
    """The sender.

    Args:
        broker: URL; empty: nobody is told.
    """

    def __init__(self, broker: str) -> None:
        self._app = make_app(broker) if broker else None
        self._waiting: queue.Queue[Work | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._send_on, name="hints", daemon=True)
        self._away_until = 0.0
        #: What the broker said last when it did not take a message; empty: it takes them.
        self.trouble = ""

    def __call__(self, works: Sequence[Work]) -> None:
        """Tell of rows; does not wait."""
        for work in works if self._app is not None else ():
            with suppress(queue.Full):
                self._waiting.put_nowait(work)

    def __enter__(self) -> Self:
        if self._app is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._app is None:
            return
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(2 * PATIENCE_SECONDS)

    def _send_on(self) -> None:
        while (work := self._waiting.get()) is not None:
            if time.monotonic() >= self._away_until:
                self._send(work)
        if self._app is not None:
            self._app.close()

    def _send(self, work: Work) -> None:
        assert self._app is not None  # noqa: S101 - there is no thread without it
        try:
            self._app.send_task(
                TASKS[work.kind], kwargs=arguments_of(work), queue=QUEUES[work.kind], retry=False, ignore_result=True,
                expires=OLD_SECONDS, expiration=OLD_SECONDS,
            )  # fmt: skip
            self.trouble = ""
        except Exception as error:  # noqa: BLE001 - whatever a broker's client raises: it is only a hint
            self._away_until = time.monotonic() + PAUSE_SECONDS
            if not self.trouble:
                logger.warning("The broker takes no messages (%s); workers look by themselves.", error)
            self.trouble = str(error)
