"""The contract of notifiers."""

from collections.abc import Iterable, Mapping
from typing import Any

from reelwright.notify.notices import Message, Notice, What, message_of
from reelwright.notify.port import Notifier, NotSentError
from reelwright.notify_settings import TemplateSettings
from reelwright.plugins.kinds import Kind
from reelwright.testing.held import check_port, held, one_line

#: Names as file systems have them.
ODD = ("/films/Ünïcode … [x264] (50%) $HOME `a`.mkv", "/films/\udcff.mkv", "/films/line\nbreak.mkv", "/films/<b>&.mkv")


def messages() -> list[Message]:
    """Messages such as are sent: one notice, a thousand, names that are hard to bear."""
    words = TemplateSettings()
    data = {"reasons": ["The disk is full.", "Free space."], "bytes_before": 10, "bytes_after": 4}
    failed = [Notice(what=What.FAILED, subject=name, data=data) for name in ODD]
    placed = [
        Notice(what=What.PLACED, subject=name, data={"output": name.replace(".mkv", ".av1.mkv"), "bytes": 4})
        for name in ODD
    ]
    many = [Notice(what=What.DONE, subject=f"/films/{k}.mkv", data=data) for k in range(1000)]
    return [
        message_of(failed[:1], words),
        message_of([*failed, *placed], words),
        message_of(many, words, {What.DONE: 5}),
    ]


def check_notifier(
    notifier: Notifier,
    *,
    settings: Mapping[str, Any],
    wrong: Iterable[Mapping[str, Any]],
    failing: Mapping[str, Any] | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Hold a notifier against its port. What arrived is yours to look at afterwards.

    Args:
        notifier: the plugin's.
        settings: with which messages arrive.
        wrong: settings that cannot be.
        failing: settings with which no message arrives, such as a port nobody listens at.
        secrets: passwords among the settings: nothing that is raised may repeat them.

    Raises:
        AssertionError: the port is not kept.
    """
    check_port(Kind.NOTIFIER, notifier)
    notifier.check(settings)
    for message in messages():
        notifier.send(message, settings)
    for other in wrong:
        try:
            notifier.check(other)
        except ValueError as error:
            _tells_nothing(error, secrets)
        else:
            raise AssertionError(f"settings with the keys {sorted(other)} should be wrong, and check() takes them")
    if failing is not None:
        notifier.check(failing)
        try:
            notifier.send(messages()[1], failing)
        except NotSentError as error:
            _tells_nothing(error, secrets)
        else:
            raise AssertionError("nothing can have arrived, and send() raised no NotSentError")


def _tells_nothing(error: Exception, secrets: Iterable[str]) -> None:
    one_line(str(error), "what it says")
    held(not any(secret in str(error) for secret in secrets), "what it says repeats a password")
