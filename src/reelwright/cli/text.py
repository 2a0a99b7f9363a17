"""What the command line says of an event, in words that are safe on a terminal."""

from reelwright.events import Event, EventName
from reelwright.words import duration, printable_path, share, size

__all__ = ["complaint", "duration", "printable_path", "share", "size"]


def complaint(event: Event) -> str | None:
    """The one line that says why a source was not encoded; None for every other event."""
    if event.event is not EventName.RESULT or event.status not in {"failed", "refused", "interrupted", "cancelled"}:
        return None
    return f"reelwright: {printable_path(event.file)}: {printable_path(' '.join(event.data['reasons']))}"
