"""Words for people: sizes, times and names without anything a terminal or a page could obey."""

import os


def printable_path(path: str | os.PathLike[str]) -> str:
    r"""A name without control characters and broken bytes: `\n` and `\xff` instead of the real thing."""
    text = os.fsencode(os.fspath(path)).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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


def timecode(seconds: float) -> str:
    """A place in a film as 0:07.25 or 1:02:03.50."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 100:02}.{rest % 100:02}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


def share(part: float | None, whole: float | None) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.1f} %" if part is not None and whole else "?"
