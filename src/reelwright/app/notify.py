"""Notifications: who is told what, from the settings; and a sink beside those of a run."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar, Token
from functools import partial
from pathlib import Path
from typing import Any

from reelwright.app.plugins import notifiers
from reelwright.cli.commands import CheckRow
from reelwright.config import Settings
from reelwright.events import Event, EventSink
from reelwright.notify.by_apprise import ByApprise, schema_of, wrong_url
from reelwright.notify.by_webhook import ByWebhook
from reelwright.notify.mailbox import Channel, Mailbox
from reelwright.notify.notices import Message, Notice, What, notice_of
from reelwright.notify.pacing import Pace
from reelwright.notify.port import Notifier, NotSentError

#: Seconds that the end of a run waits for its last messages; Apprise alone takes some to be imported.
GRACE = 15.0
#: A media server wants to hear soon: files are gathered for some seconds only.
WEBHOOK_GATHER, WEBHOOK_PER_HOUR = 10.0, 120
Tell = Callable[[str], None]
_SENDING: ContextVar[bool] = ContextVar("reelwright_sending", default=False)


class Told:
    """Hands each event on, and what is worth telling to the mailboxes.

    Args:
        sink: the run's own.
        boxes: of those who are told.
        work_dir: what is placed below it is on its way to its place, and is told of when it is there.
    """

    def __init__(self, sink: EventSink, boxes: Sequence[Mailbox], work_dir: Path) -> None:
        self._sink, self._boxes, self._work_dir = sink, tuple(boxes), work_dir.absolute()

    def emit(self, event: Event) -> None:
        """Take one event."""
        self._sink.emit(event)
        if self._boxes and (notice := notice_of(event)) is not None and not self._on_its_way(notice):
            for box in self._boxes:
                box.put(notice)

    def _on_its_way(self, notice: Notice) -> bool:
        output = notice.data.get("output")
        if notice.what not in {What.DONE, What.PLACED} or not output:
            return False
        return Path(output).absolute().is_relative_to(self._work_dir)


@asynccontextmanager
async def notifying(settings: Settings, sink: EventSink) -> AsyncIterator[EventSink]:
    """A sink that also notifies, as the settings say; what waits at the end is sent then.

    Inside another such block, as a daemon's around its jobs, the sink is given back as it is: one daemon is one sender,
    however many jobs it runs.
    """
    if _SENDING.get():
        yield sink
        return
    boxes = [Mailbox(channel, settings.notify.templates, complain) for channel in channels(settings, complain)]
    sending = _SENDING.set(True)
    try:
        yield Told(sink, boxes, settings.work_dir)
    finally:
        _leave(sending)
        if boxes:
            await asyncio.to_thread(close_all, boxes)


def _leave(sending: Token[bool]) -> None:
    """End of the block; a generator that is closed late may be in another context, where nothing was set."""
    with suppress(ValueError):
        _SENDING.reset(sending)


def close_all(boxes: Sequence[Mailbox], grace: float = GRACE) -> None:
    """Close mailboxes, all within one grace time; whose message did not get away by then is told."""
    for box in boxes:
        box.hurry()
    end = time.monotonic() + grace
    for box in boxes:
        if not box.close(max(0.0, end - time.monotonic())):
            complain(f"The last notification by {box.name} had not left when the run ended.")


def complain(sentence: str) -> None:
    """A failed notification is told where errors are, and stops nothing."""
    sys.stderr.write(f"reelwright: {sentence}\n")


def channels(settings: Settings, tell: Tell) -> list[Channel]:
    """Everybody who is told, as the settings name them.

    Args:
        settings: all of them.
        tell: hears of those that cannot be.
    """
    return [channel for make in (_apprise, _webhooks, _plugged) for channel in make(settings, tell)]


def _pace(settings: Settings) -> Pace:
    notify = settings.notify
    return Pace(gather=notify.gather, per_hour=notify.per_hour, attempts=notify.attempts)


def _wanted(settings: Settings) -> frozenset[What]:
    return frozenset(map(What, settings.notify.on))


def _apprise(settings: Settings, tell: Tell) -> Iterator[Channel]:  # noqa: ARG001 - as its neighbours
    for secret in settings.notify.urls:
        url = secret.get_secret_value()
        yield Channel(
            name=f"Apprise ({schema_of(url) or 'no URL'})",
            wants=_wanted(settings),
            send=partial(_send, ByApprise(), {"url": url}),
            pace=_pace(settings),
        )


def _webhooks(settings: Settings, tell: Tell) -> Iterator[Channel]:  # noqa: ARG001 - as its neighbours
    pace = Pace(gather=WEBHOOK_GATHER, per_hour=WEBHOOK_PER_HOUR, attempts=settings.notify.attempts)
    for name, table in settings.notify.webhooks.items():
        yield Channel(
            name=f"webhook {name}",
            wants=frozenset({What.PLACED}),
            send=partial(_send, ByWebhook(), table.model_dump()),
            pace=pace,
        )


def _plugged(settings: Settings, tell: Tell) -> Iterator[Channel]:
    tables = settings.notify.plugins
    known = notifiers(settings) if tables else {}
    for name, table in tables.items():
        if name not in known:
            tell(f"There is no notifier {name}: `reelwright doctor` shows the plugins that are installed.")
            continue
        try:
            known[name].check(table)
        except ValueError as error:
            tell(f"The notifier {name}: {error}.")
        except Exception as error:  # noqa: BLE001 - others' code
            tell(f"The notifier {name} failed when it looked at its settings, with {type(error).__name__}.")
        else:
            send = partial(_send, known[name], table)
            yield Channel(name=name, wants=_wanted(settings), send=send, pace=_pace(settings))


def _send(notifier: Notifier, table: Mapping[str, Any], message: Message) -> None:
    notifier.send(message, table)


def rows(settings: Settings) -> list[CheckRow]:
    """What `doctor` says of notifications; nothing is sent."""
    wrong: list[str] = []
    found = channels(settings, wrong.append)
    urls = [secret.get_secret_value() for secret in settings.notify.urls]
    wrong += [f"notify.urls: {problem}." for problem in map(wrong_url, urls) if problem]
    if not found and not wrong:
        return []
    names = ", ".join(channel.name for channel in found) or "nobody can be told"
    advice = "" if wrong else "`reelwright notify test` sends a message."
    row = CheckRow(name="notify", works=not wrong, found=names, advice=advice, kind="notifier", optional=True)
    return [row, *(CheckRow(name="", works=False, found=one, kind="notifier", optional=True) for one in wrong)]


def send_test(settings: Settings) -> list[CheckRow]:
    """Send a message to everybody, at once and once; what came of each."""
    wrong: list[str] = []
    found = channels(settings, wrong.append)
    row = partial(CheckRow, kind="notifier")
    rows = [row(name="", works=False, found=sentence) for sentence in wrong]
    return [*rows, *(row(name=channel.name, **_tried(channel)) for channel in found)]


def _tried(channel: Channel) -> dict[str, Any]:
    placed = Notice(what=What.PLACED, subject="test", data={"output": "/reelwright/test.mkv", "bytes": 0})
    title, body = "Reelwright: a test", "If you read this, notifications arrive."
    try:
        channel.send(Message(title=title, body=body, notices=(placed,)))
    except NotSentError as error:
        return {"works": False, "found": f"was not sent: {error}"}
    except Exception as error:  # noqa: BLE001 - others' code, whose words may hold a password
        return {"works": False, "found": f"was not sent: it failed with {type(error).__name__}"}
    return {"works": True, "found": "sent"}
