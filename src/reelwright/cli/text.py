"""What the command line says of an event, in words that are safe on a terminal."""

from reelwright.words import duration, printable_path, share, size

TYPE_CHECKING = False  # as in typing, which takes longer to import than this module
if TYPE_CHECKING:
    from reelwright.events import Event

__all__ = ["complaint", "duration", "printable_path", "share", "size"]


def complaint(event: "Event") -> str | None:
    """The one line that says why a source was not encoded; None for every other event."""
    if event.event.value != "result" or event.status not in {"failed", "refused", "interrupted", "cancelled"}:
        return None
    return f"reelwright: {printable_path(event.file)}: {printable_path(' '.join(event.data['reasons']))}"


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
