"""What is worth telling: events become notices, and many notices become one message. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import Template
from typing import Any

from reelwright.events import Event, EventName
from reelwright.notify_settings import TemplateSettings
from reelwright.words import printable_path, size

#: Lines of one message; what is more is counted.
MOST_LINES = 20
#: Of what went wrong, so many letters are told.
LONGEST = 300


class What(StrEnum):
    """Kinds of notices, as the configuration names them; "placed" is for media servers alone."""

    FAILED = "failed"
    ASKED = "asked"
    DONE = "done"
    LIBRARY_DONE = "library_done"
    PLACED = "placed"


#: In the order of a message: what somebody has to see to comes first.
ORDER = tuple(What)
TITLES: Mapping[What, str] = {
    What.FAILED: "failed",
    What.ASKED: "waiting for your word",
    What.DONE: "done",
    What.LIBRARY_DONE: "finished libraries",
    What.PLACED: "placed",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that happened."""

    what: What
    #: Path of the source, or the library's name; may hold surrogate escapes.
    subject: str
    #: The event's own data, as it goes to `--json`.
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent: some words, and the notices they were made of."""

    title: str
    body: str
    notices: tuple[Notice, ...]
    #: How many more there were than are given here, by kind.
    more: Mapping[What, int] = field(default_factory=dict)


#: How a film ended.
_ENDS: Mapping[str, What] = {
    "asked": What.ASKED,
    "encoded": What.DONE,
    "remuxed": What.DONE,
    "failed": What.FAILED,
    "refused": What.FAILED,
}
_WORTH_TELLING: Mapping[EventName, What] = {
    EventName.PLACED: What.PLACED,
    EventName.LIBRARY_ASKS: What.ASKED,
    EventName.LIBRARY_DONE: What.LIBRARY_DONE,
}


def notice_of(event: Event) -> Notice | None:
    """The notice an event is worth; None for most."""
    what = _kind(event)
    return None if what is None else Notice(what=what, subject=event.file, data=event.data)


def _kind(event: Event) -> What | None:
    if event.event is EventName.RESULT:
        asked = event.data.get("decision") == "ask"
        # Skipped, done before, given up by its owner: he knows, or does not want to.
        return What.ASKED if asked else _ENDS.get(event.status)
    if event.event is EventName.LIBRARY_SCANNED:
        return What.FAILED if event.status == "failed" else None
    return _WORTH_TELLING.get(event.event)


def message_of(notices: Sequence[Notice], words: TemplateSettings, more: Mapping[What, int] | None = None) -> Message:
    """One message of everything that is to be told.

    Args:
        notices: what happened, the oldest first.
        words: the templates.
        more: how many happened that are only counted, by kind.
    """
    dropped = dict(more or {})
    counts = Counter(notice.what for notice in notices) + Counter(dropped)
    summary = ", ".join(f"{counts[what]} {TITLES[what]}" for what in ORDER if counts[what])
    ordered = sorted(notices, key=lambda notice: ORDER.index(notice.what))
    lines = [line_of(notice, words) for notice in ordered[:MOST_LINES]]
    if rest := counts.total() - len(lines):
        lines.append(f"… and {rest} more: `reelwright jobs` and `reelwright library status` list them.")
    title = Template(words.title).substitute(_Fields(summary=summary, count=str(counts.total())))
    return Message(title=title, body="\n".join(lines), notices=tuple(ordered), more=dropped)


def line_of(notice: Notice, words: TemplateSettings) -> str:
    """One notice in the words of its template."""
    if notice.what is What.PLACED:
        return printable_path(notice.subject)
    return Template(getattr(words, notice.what.value)).substitute(fields_of(notice))


class _Fields(dict[str, str]):
    """What a template may name; what is not known there is a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def fields_of(notice: Notice) -> Mapping[str, str]:
    """What a template may name, for one notice; what is not known is a dash."""
    data, path = notice.data, printable_path(notice.subject)
    before, after = data.get("bytes_before"), data.get("bytes_after")
    found = _Fields(file=path, name=path.rsplit("/", 1)[-1], library=path)
    said = data.get("reasons") or [data.get("message", ""), data.get("hint", "")]
    reasons = printable_path(" ".join(str(one) for one in said if one))
    if reasons:
        found["reasons"] = reasons if len(reasons) <= LONGEST else f"{reasons[:LONGEST]}…"
    if data.get("library"):
        found["library"] = printable_path(str(data["library"]))
    if data.get("output"):
        found["output"] = printable_path(str(data["output"]))
    if isinstance(before, int) and isinstance(after, int) and before:
        found |= {"saved": size(before - after), "percent": f"{100 * after / before:.1f} %"}
    vmaf = data.get("vmaf")
    if isinstance(vmaf, Mapping) and isinstance(vmaf.get("mean"), int | float):
        found["vmaf"] = f"{vmaf['mean']:.2f}"
    return found
