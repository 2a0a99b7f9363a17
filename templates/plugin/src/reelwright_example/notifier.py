"""A notifier: appends messages to a file. Yours sends them to where you look."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reelwright.notify.notices import Message
from reelwright.notify.port import NotSentError


class Log:
    """Appends each message to the file that the setting "path" names."""

    port_version = 1

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError where a setting cannot be."""
        if not isinstance(settings.get("path"), str) or not settings["path"]:
            raise ValueError("expected path, the file that messages are appended to")
        if strange := sorted(set(settings) - {"path"}):
            raise ValueError(f"there is no setting {strange[0]}")

    def send(self, message: Message, settings: Mapping[str, Any]) -> None:
        """Append a message; NotSentError says why it did not arrive."""
        try:
            with Path(settings["path"]).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{message.title}\n{message.body}\n")
        except OSError as error:
            raise NotSentError(f"the file cannot be written ({error.strerror})") from error


LOG = Log()
