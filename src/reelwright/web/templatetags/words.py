"""Words for pages: the ones the command line uses, as template filters."""

import datetime as dt
import json
import re
from collections.abc import Iterable

from django import template
from django.utils import timezone

from reelwright import words
from reelwright.origins import Origin

#: Names of settings that are nobody's to see.
SECRET = re.compile(r"password|passwd|secret|token|api_?key|credential", re.IGNORECASE)

register = template.Library()

register.filter("bytes", words.size)
register.filter("span", words.duration)
register.filter("timecode", words.timecode)


@register.filter
def name(path: object) -> str:
    """A path without anything a page could obey; templates escape it besides."""
    return words.printable_path(str(path))


@register.filter
def joined(parts: Iterable[object], between: str = " ") -> str:
    """Several texts as one, printable."""
    return words.printable_path(between.join(str(part) for part in parts))


@register.filter
def leaf(path: object) -> str:
    """The last part of a path, printable."""
    return words.printable_path(str(path).rsplit("/", 1)[-1])


@register.filter
def percent(share: float | None, digits: int = 0) -> str:
    """A share of one as percent; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


@register.filter
def change(share: float) -> str:
    """A share that was saved, as what became of the size."""
    sign = "\u2212" if share >= 0 else "+"
    return f"{sign}{abs(100 * share):.0f} %"


@register.filter
def begins(text: str, start: str) -> bool:
    """Whether an address lies at or below another."""
    return text == start or text.startswith(f"{start}/")


@register.filter
def prefixed(text: str, before: str) -> str:
    """A part of a query, with & after it; nothing for nothing."""
    return f"{before}{text}&" if text else ""


@register.filter
def hours(seconds: float | None) -> str:
    """A long span of work in hours or days."""
    if seconds is None:
        return "–"
    if seconds < 172800:  # noqa: PLR2004 - two days
        return words.duration(seconds)
    return f"{seconds / 86400:.0f} days"


@register.filter
def fixed(value: float | None, digits: int = 2) -> str:
    """A number with so many digits; a dash where it is not known."""
    return "–" if value is None else f"{value:.{digits}f}"


@register.filter
def number(value: int | None) -> str:
    """A whole number with thin spaces between thousands."""
    return "–" if value is None else f"{value:,}".replace(",", "\u2009")


@register.filter
def ago(moment: dt.datetime | None) -> str:
    """How long ago a moment was, in one unit."""
    if moment is None:
        return "never"
    seconds = max(0.0, (timezone.now() - moment).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


@register.filter
def spots(count: int) -> range:
    """Something to go over so many times."""
    return range(count)


@register.filter
def plainly(value: float) -> str:
    """A number as SVG takes it, whatever the language of the page."""
    return f"{value:g}"


@register.filter
def shown(origin: Origin) -> str:
    """A setting's value as the file would have it; what says by its name that it is a secret is stars."""
    if SECRET.search(origin.key) and origin.value:
        return "****"
    value = origin.value
    return words.printable_path(json.dumps(value, ensure_ascii=False, default=str))
