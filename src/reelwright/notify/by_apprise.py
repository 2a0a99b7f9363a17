"""Messages by Apprise, to whatever service a URL of its names."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from reelwright.notify.notices import Message
from reelwright.notify.port import NotSentError


def schema_of(url: str) -> str:
    """What a URL begins with, which says the service and nothing else; empty where it is no URL."""
    found = re.match(r"([A-Za-z0-9]{2,20})://", url.strip())
    return found[1].lower() if found else ""


def wrong_url(url: str) -> str:
    """What is wrong with a URL, as the end of a sentence that does not repeat it; empty where nothing is."""
    import apprise  # noqa: PLC0415 - most runs tell nobody

    _silence()
    if apprise.Apprise.instantiate(url) is not None:
        return ""
    schema = schema_of(url)
    return f"{schema}://… is no URL that Apprise knows" if schema else "it is no URL such as ntfy://topic"


class ByApprise:
    """Sends to one URL of Apprise: the setting "url". It may hold a password and is never repeated."""

    port_version = 1

    def check(self, settings: Mapping[str, Any]) -> None:
        """Make sure that Apprise knows the URL.

        Raises:
            ValueError: it does not.
        """
        if problem := wrong_url(str(settings.get("url", ""))):
            raise ValueError(problem)

    def send(self, message: Message, settings: Mapping[str, Any]) -> None:
        """Send a message.

        Raises:
            NotSentError: it did not arrive.
        """
        import apprise  # noqa: PLC0415 - most runs tell nobody

        _silence()
        to = apprise.Apprise()
        if not to.add(str(settings["url"])):
            raise NotSentError("Apprise does not know its URL", again=False)
        # As text and not as Markdown: a file's name is full of what Markdown obeys.
        if not to.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
            raise NotSentError("the service did not take it")


def _silence() -> None:
    """Apprise logs what it sends to, with passwords in it."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
