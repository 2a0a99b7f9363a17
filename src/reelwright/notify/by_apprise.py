"""Messages by Apprise, to whatever service a URL of its names."""

import logging
import re
from collections.abc import Iterable

from reelwright.notify.notices import Message
from reelwright.notify.port import NotSentError


def schema_of(url: str) -> str:
    """What a URL begins with, which says the service and nothing else; empty where it is no URL."""
    found = re.match(r"([A-Za-z0-9]{2,20})://", url.strip())
    return found[1].lower() if found else ""


def wrong_urls(urls: Iterable[str]) -> list[str]:
    """What is wrong with URLs, a sentence each, without repeating one."""
    import apprise  # noqa: PLC0415 - most runs tell nobody

    _silence()
    wrong = []
    for number, url in enumerate(urls, start=1):
        if apprise.Apprise.instantiate(url) is None:
            schema = schema_of(url)
            wrong.append(
                f"notify.urls: number {number} ({f'{schema}://…' if schema else 'no URL'}) is none Apprise knows."
            )
    return wrong


class ByApprise:
    """Sends to one URL of Apprise.

    Args:
        url: as Apprise has it; it may hold a password and is never repeated.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, message: Message) -> None:
        """Send a message.

        Raises:
            NotSentError: it did not arrive.
        """
        import apprise  # noqa: PLC0415 - most runs tell nobody

        _silence()
        to = apprise.Apprise()
        if not to.add(self._url):
            raise NotSentError("Apprise does not know its URL", again=False)
        # As text and not as Markdown: a file's name is full of what Markdown obeys.
        if not to.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
            raise NotSentError("the service did not take it")


def _silence() -> None:
    """Apprise logs what it sends to, with passwords in it."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
