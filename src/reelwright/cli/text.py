"""Words for people: sizes, times and names that are safe on a terminal."""

import os

TYPE_CHECKING = False  # as in typing, which takes longer to import than this module
if TYPE_CHECKING:
    from reelwright.events import Event


def printable_path(path: str | os.PathLike[str]) -> str:
    r"""A name without control characters and broken bytes: `\n` and `\xff` instead of the real thing."""
    text = os.fsencode(os.fspath(path)).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def complaint(event: "Event") -> str | None:
    """The one line that says why a source was not encoded; None for every other event."""
    if event.event.value != "result" or event.status not in {"failed", "refused", "interrupted"}:
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


def rate(frames: float | None) -> str:
    """Frames per second, with the digits FFmpeg shows."""
    if not frames:
        return "unknown rate"
    hundredths = round(frames * 100)
    if not hundredths:
        return f"{frames:.4f} fps"
    if hundredths % 100:
        return f"{frames:.2f} fps"
    return f"{frames / 1000:.0f}k fps" if hundredths % 100_000 == 0 else f"{frames:.0f} fps"


def safe_title(text: str) -> str:
    """A stream's own words on one line, as FFmpeg would print them, without what a terminal obeys."""
    return printable_path(text.translate({0x08: None, 0x0B: None, 0x0C: None, 0x0D: " "}))
