"""What is told, in which words, and how often."""

import datetime as dt
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.events import Event, EventName
from reelwright.notify import mailbox as mailboxes
from reelwright.notify.mailbox import MOST_WAITING, Channel, Mailbox
from reelwright.notify.notices import MOST_LINES, Message, Notice, What, message_of, notice_of
from reelwright.notify.pacing import HOUR, LONGEST_WAIT, Pace, due, wait_before
from reelwright.notify.port import NotSentError
from reelwright.notify_settings import TemplateSettings

WORDS = TemplateSettings()
EAGER = Pace(gather=0, per_hour=1000, attempts=3)


def event(name: EventName, status: str = "", **data: Any) -> Event:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Event(event=name, timestamp=now, file="/films/a.mkv", job=None, status=status, data=data)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (event(EventName.RESULT, "encoded"), What.DONE),
        (event(EventName.RESULT, "failed"), What.FAILED),
        (event(EventName.RESULT, "refused"), What.FAILED),
        (event(EventName.RESULT, "skipped"), None),
        (event(EventName.RESULT, "already_done"), None),
        (event(EventName.RESULT, "interrupted"), None),
        (event(EventName.RESULT, "cancelled"), None),
        (event(EventName.RESULT, "asked"), What.ASKED),
        (event(EventName.RESULT, "skipped", decision="ask"), What.ASKED),
        (event(EventName.PLACED, "placed", output="/out/a.mkv"), What.PLACED),
        (event(EventName.LIBRARY_DONE, "done", library="films"), What.LIBRARY_DONE),
        (event(EventName.ERROR_OCCURRED, "failed"), None),
        (event(EventName.PROGRESS, "trials"), None),
    ],
)
def test_few_events_are_worth_telling(found: Event, what: What | None) -> None:
    notice = notice_of(found)
    assert (None if notice is None else notice.what) == what


def failed(number: int) -> Notice:
    return Notice(what=What.FAILED, subject=f"/films/{number}.mkv", data={"reasons": ["The disk is full."]})


def test_a_message_says_what_happened_in_the_words_of_the_templates() -> None:
    data = {"bytes_before": 1000, "bytes_after": 423, "vmaf": {"mean": 93.126}, "reasons": []}
    done = Notice(what=What.DONE, subject="/films/b.mkv", data=data)
    message = message_of([done, failed(1)], WORDS)
    assert message.title == "Reelwright: 1 failed, 1 done"
    assert message.body == "failed: 1.mkv: The disk is full.\ndone: b.mkv, 42.3 % of the source, VMAF 93.13"
    own = TemplateSettings(title="$count", done="$file $saved $output $$5")
    assert message_of([done], own).body == "/films/b.mkv 577 B – $5"
    assert message_of([done], own).title == "1"


def test_what_a_name_holds_is_no_template_and_breaks_no_line() -> None:
    odd = Notice(what=What.FAILED, subject="/films/$reasons\n\x1b[2J\udcff.mkv", data={"reasons": ["$file"]})
    body = message_of([odd], WORDS).body
    assert "\n" not in body
    assert "\x1b" not in body
    assert body.startswith("failed: $reasons")
    assert body.endswith(": $file")
    body.encode()


@settings(max_examples=25)
@given(st.lists(st.sampled_from(What), max_size=60), st.dictionaries(st.sampled_from(What), st.integers(0, 5000)))
def test_every_notice_is_a_line_or_counted(kinds: list[What], more: dict[What, int]) -> None:
    notices = [Notice(what=what, subject=f"/{k}") for k, what in enumerate(kinds)]
    message = message_of(notices, WORDS, more)
    lines = message.body.splitlines()
    assert len(lines) <= MOST_LINES + 1
    total = len(kinds) + sum(more.values())
    counted = int(lines[-1].split()[2]) if lines and lines[-1].startswith("… and") else 0
    assert len(lines) - bool(counted) + counted == total


@given(
    st.lists(st.floats(0, 300), min_size=1, max_size=200),
    st.floats(0, 3600),
    st.integers(1, 20),
)
def test_no_hour_has_more_messages_than_was_said_and_nothing_waits_for_ever(
    gaps: list[float], gather: float, per_hour: int
) -> None:
    pace, sent, now, since = Pace(gather=gather, per_hour=per_hour, attempts=1), list[float](), 0.0, None
    for gap in [*gaps, 1e9]:
        now += gap
        if since is not None and (at := due(since, sent, pace)) <= now:
            assert at >= since + gather
            assert at <= max(since + gather, (sent[-1] if sent else 0) + HOUR)
            sent.append(at)
            since = None
        since = now if since is None else since
    for first, last in zip(sent, sent[per_hour:], strict=False):
        assert last - first >= HOUR * (1 - 1e-9)


def test_waits_between_tries_grow_and_are_bounded() -> None:
    waits = [wait_before(k) for k in range(10)]
    assert waits == sorted(waits)
    assert waits[0] == 0
    assert waits[-1] == LONGEST_WAIT


class Recorder:
    """Takes messages, and fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.got, self.tries = list(failures), list[Message](), 0
        self.arrived = threading.Event()

    def __call__(self, message: Message) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.got.append(message)
        self.arrived.set()


def box(send: Recorder, pace: Pace = EAGER, wants: frozenset[What] = frozenset(What)) -> tuple[Mailbox, list[str]]:
    told: list[str] = []
    return Mailbox(Channel(name="somebody", wants=wants, send=send, pace=pace), WORDS, told.append), told


def test_a_thousand_films_are_one_message_or_few() -> None:
    send = Recorder()
    mailbox, told = box(send, Pace(gather=3600, per_hour=6, attempts=1))
    for number in range(MOST_WAITING + 234):
        mailbox.put(failed(number))
    assert mailbox.close(20)
    (message,) = send.got
    assert message.title == f"Reelwright: {MOST_WAITING + 234} failed"
    assert message.body.endswith(
        f"… and {MOST_WAITING + 234 - MOST_LINES} more: `reelwright jobs` and `reelwright library status` list them."
    )
    assert told == []


def test_a_mailbox_takes_only_what_is_wanted_and_starts_nothing_for_the_rest() -> None:
    send = Recorder()
    mailbox, _ = box(send, wants=frozenset({What.PLACED}))
    before = threading.active_count()
    mailbox.put(failed(1))
    assert threading.active_count() == before
    assert mailbox.close(20)
    mailbox.put(Notice(what=What.PLACED, subject="late"))
    assert send.tries == 0


def test_a_message_that_fails_is_tried_again_and_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "wait_before", lambda _attempt: 0.0)
    send = Recorder(NotSentError("the server is away"), ValueError("a library's own"))
    mailbox, told = box(send)
    mailbox.put(failed(1))
    assert send.arrived.wait(20)
    assert mailbox.close(20)
    assert (send.tries, len(send.got), told) == (3, 1, [])


@pytest.mark.parametrize(
    ("failure", "tries", "why"),
    [
        (NotSentError("the server answered 503"), 3, "the server answered 503"),
        (NotSentError("the server answered 401", again=False), 1, "the server answered 401"),
        (RuntimeError("https://user:secret@host"), 3, "it failed with RuntimeError"),
    ],
)
def test_tries_are_bounded_and_the_end_is_told_without_a_password(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, tries: int, why: str
) -> None:
    waited = threading.Event()
    monkeypatch.setattr(mailboxes, "wait_before", lambda _attempt: 0.0)
    send = Recorder(*[failure] * 10)
    mailbox, told = box(send)

    def tell(sentence: str) -> None:
        told.append(sentence)
        waited.set()

    mailbox._tell = tell
    mailbox.put(failed(1))
    assert waited.wait(20)
    assert mailbox.close(20)
    assert send.tries == tries
    assert told == [f"A notification by somebody was given up: {why}."]


def test_whoever_closes_does_not_wait_for_a_server_that_hangs() -> None:
    free = threading.Event()

    class Hanging(Recorder):
        def __call__(self, message: Message) -> None:  # noqa: ARG002 - as its parent
            self.arrived.set()
            free.wait(60)

    send = Hanging()
    mailbox, _ = box(send)
    mailbox.put(failed(1))
    assert send.arrived.wait(20)
    assert not mailbox.close(0.05)
    free.set()
    assert mailbox.close(20)


def test_a_close_ends_the_wait_for_another_try() -> None:
    send = Recorder(*[NotSentError("away")] * 5)
    mailbox, told = box(send)  # the second try would come after seconds, the third after many
    mailbox.put(failed(1))
    assert mailbox.close(60)
    assert send.tries == 1
    assert told == ["A notification by somebody was given up: away."]
