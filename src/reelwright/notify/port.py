"""The port of notifiers: whoever can carry a message out of here."""

from collections.abc import Mapping
from typing import Any, Protocol

from reelwright.notify.notices import Message


class NotSentError(Exception):
    """A message did not arrive: why, as the end of a sentence, without addresses and passwords."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        #: Whether it may arrive when it is tried again.
        self.again = again


class Notifier(Protocol):
    """A notifier. Port version 1: `port_version` is 1.

    It runs in a thread of its own, is never called twice at once, and can neither stop nor slow a job: what it raises
    is told in one sentence and tried again a bounded number of times.
    """

    port_version: int

    def check(self, settings: Mapping[str, Any]) -> None:
        """Look at its table [notify.plugins."plugin.thing"] without sending anything.

        Raises:
            ValueError: a setting is wrong; what it says ends a sentence and repeats no password.
        """
        ...

    def send(self, message: Message, settings: Mapping[str, Any]) -> None:
        """Send one message; it should give up after some seconds.

        Raises:
            NotSentError: it did not arrive.
        """
        ...
