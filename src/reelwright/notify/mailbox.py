"""A mailbox: takes notices at once, and sends them from a thread of its own, gathered, paced and a few times."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from reelwright.notify.notices import Message, Notice, What, message_of
from reelwright.notify.pacing import HOUR, Pace, due, wait_before
from reelwright.notify.port import NotSentError
from reelwright.notify_settings import TemplateSettings

#: Notices that wait; of more than these the oldest are only counted.
MOST_WAITING = 1000

Send = Callable[[Message], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """Somebody who is told: who, of what, how, how often."""

    #: For people, without address and password: "apprise (discord)", "webhook home".
    name: str
    wants: frozenset[What]
    #: Sends one message. Raises NotSentError, or anything else.
    send: Send
    pace: Pace


class Mailbox:
    """One channel's notices on their way. Nothing it does is ever waited for, but `close`, and that not for long.

    Args:
        channel: who is told.
        words: templates of the messages.
        tell: hears, in a sentence, that a message was given up.
        clock: seconds; for tests.
    """

    def __init__(
        self,
        channel: Channel,
        words: TemplateSettings,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel, self._words, self._tell, self._clock = channel, words, tell, clock
        self._changed = threading.Condition()
        self._waiting: deque[Notice] = deque()
        self._dropped: Counter[What] = Counter()
        self._since: float | None = None
        self._sent: list[float] = []
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """Whose it is."""
        return self._channel.name

    def put(self, notice: Notice) -> None:
        """Take a notice; most channels do not want most of them."""
        if notice.what not in self._channel.wants:
            return
        with self._changed:
            if self._closing:
                return
            self._waiting.append(notice)
            if len(self._waiting) > MOST_WAITING:
                self._dropped[self._waiting.popleft().what] += 1
            if self._since is None:
                self._since = self._clock()
                self._changed.notify()
            if self._thread is None:  # whoever is never told anything needs none
                self._thread = threading.Thread(target=self._work, name=f"notify {self._channel.name}", daemon=True)
                self._thread.start()

    def hurry(self) -> None:
        """Send at once what waits, in one message tried once, and end after that."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def close(self, grace: float) -> bool:
        """Hurry, and wait for the end.

        Args:
            grace: seconds to wait for that.

        Returns:
            Whether it ended within them.
        """
        self.hurry()
        if self._thread is None:
            return True
        self._thread.join(grace)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (message := self._next()) is not None:
            self._deliver(message)

    def _next(self) -> Message | None:
        """Wait until a message may leave; None: there will be no more."""
        with self._changed:
            while not self._closing:
                if self._since is None:
                    self._changed.wait()
                    continue
                left = due(self._since, self._sent, self._channel.pace) - self._clock()
                if left <= 0:
                    break
                self._changed.wait(left)
            if not self._waiting:
                return None
            message = message_of(tuple(self._waiting), self._words, dict(self._dropped))
            self._waiting.clear()
            self._dropped.clear()
            self._since = None
            now = self._clock()
            self._sent = [*(t for t in self._sent if t > now - HOUR), now]
            return message

    def _deliver(self, message: Message) -> None:
        """Send a message, a few times where that may help."""
        why = ""
        for attempt in range(self._channel.pace.attempts):
            if attempt and not self._waited(wait_before(attempt)):
                break
            try:
                self._channel.send(message)
            except NotSentError as error:
                why = str(error)
                if not error.again:
                    break
            except Exception as error:  # noqa: BLE001 - a plugin's, or a library's: its words may hold a password
                why = f"it failed with {type(error).__name__}"
            else:
                return
        self._tell(f"A notification by {self._channel.name} was given up: {why}.")

    def _waited(self, seconds: float) -> bool:
        """Wait before another try; False: we are closing, and there will be none."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closing, seconds)
