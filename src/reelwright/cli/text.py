"""Words for people: sizes, times and names that are safe on a terminal."""

import os

from reelwright.events import Event, EventName


def printable_path(path: str | os.PathLike[str]) -> str:
    r"""A name without control characters and broken bytes: `\n` and `\xff` instead of the real thing."""
    text = os.fsencode(os.fspath(path)).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def complaint(event: Event) -> str | None:
    """The one line that says why a source was not encoded; None for every other event."""
    if event.event is not EventName.RESULT or event.status not in {"failed", "refused", "interrupted", "cancelled"}:
        return None
    return f"reelwright: {printable_path(event.file)}: {printable_path(' '.join(event.data['reasons']))}"


def size(count: float | None) -> str:
    """Bytes in the unit that fits."""
    if count is None:
        return "?"
    value = float(count)
    if abs(value) < 999.5:  # noqa: PLR2004 - more would be rounded to a thousand
        return f"{value:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if abs(value) < 999.5 or unit == "TB":  # noqa: PLR2004
            break
    return f"{value:.3g} {unit}" if abs(value) < 999.5 else f"{value:.0f} {unit}"  # noqa: PLR2004


def duration(seconds: float | None) -> str:
    """Seconds as 45s, 12m05s or 3h20m."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole}s"
    if whole < 3600:  # noqa: PLR2004
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def share(part: float | None, whole: float | None) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.1f} %" if part is not None and whole else "?"
