"""Celery's worker, in a thread: takes messages, shows them to Flower, and has our loop carry out what they name."""

import logging
import threading
from collections.abc import Sequence

from celery.worker import WorkController, state

from reelwright.cluster.celery_app import PATIENCE_SECONDS, CarryOut, make_app

logger = logging.getLogger(__name__)

#: Of Celery's configuration, which remote control tells whoever asks.
SAYS = "reelwright_says"


class Consumer:
    """A Celery worker between `start` and `stop`.

    Args:
        broker: its URL.
        name: what Flower calls it.
        queues: of the broker, which it takes from.
        slots: bodies at once: as many as there is room for work.
        carry_out: what the tasks do, in their threads.
    """

    def __init__(self, broker: str, *, name: str, queues: Sequence[str], slots: int, carry_out: CarryOut) -> None:
        self._app = make_app(broker, carry_out)
        self._name, self._queues, self._slots = name, queues, slots
        self._thread = threading.Thread(target=self._run, name="celery", daemon=True)

    def start(self) -> None:
        """Begin to take messages; a broker that is away is tried again and again."""
        self._thread.start()

    def say(self, troubles: Sequence[str]) -> None:
        """What keeps this worker from work, for its page in Flower, which shows it with the configuration."""
        self._app.conf[SAYS] = list(troubles)

    def stop(self) -> None:
        """Take no more, let the bodies end, and end. Blocks."""
        # The consumer's loop, and its tries to reach a broker that is away, look at this between two steps, and end in
        # their own thread: ended from this one, after a lost connection, it was seen to wait for itself.
        state.should_stop = 0  # type: ignore[assignment]
        self._thread.join(2 * PATIENCE_SECONDS)

    def _run(self) -> None:
        # Not `celery.apps.worker.Worker`: that one takes the process' signals and its standard output.
        try:
            worker = WorkController(
                app=self._app, hostname=self._name, queues=list(self._queues), concurrency=self._slots,
                pool="threads", task_events=True, without_gossip=True, without_mingle=True, loglevel="WARNING",
            )  # fmt: skip
            worker.start()
        except Exception as error:  # noqa: BLE001 - no message, no harm: the loop looks by itself
            logger.warning("Celery's worker ended (%s); this worker looks for work by itself.", error)
